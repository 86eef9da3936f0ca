//! Two answers to one question: when the first is late a second is asked for, and whichever speaks first is
//! the answer. The other is dropped, which closes its connection.

use std::pin::Pin;

use futures_util::{StreamExt, stream};
use tracing::warn;

use super::Answer;
use crate::chat::{ModelError, ModelEvent};

/// Comes when the first answer is late.
pub(super) type Late = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Asks for the second answer; `None` where nobody is there to give it.
pub(super) type Second = Box<dyn FnOnce() -> Option<Answer> + Send>;

enum Race {
    /// The first was asked, and is not late yet.
    First(Answer, Late, Second),
    Both(Answer, Answer),
    Decided(Answer),
}

/// The first of two answers to speak; the second is asked for once the first is `late`, and not if that has
/// begun or failed by then. It fails only when both do.
pub(super) fn hedged(first: Answer, late: Late, second: Second) -> Answer {
    Box::pin(stream::unfold(Race::First(first, late, second), next))
}

async fn next(mut race: Race) -> Option<(ModelEvent, Race)> {
    loop {
        race = match race {
            Race::Decided(mut answer) => {
                let event = answer.next().await?;
                return Some((event, Race::Decided(answer)));
            }
            Race::First(mut first, mut late, second) => tokio::select! {
                biased;
                event = first.next() => return Some((event?, Race::Decided(first))),
                () = &mut late => match second() {
                    Some(second) => Race::Both(first, second),
                    None => Race::Decided(first),
                },
            },
            Race::Both(mut first, mut second) => {
                let (event, speaker, other) = tokio::select! {
                    biased;
                    event = first.next() => (event, first, second),
                    event = second.next() => (event, second, first),
                };
                match event.unwrap_or(ModelEvent::Failed(ModelError::Broken)) {
                    ModelEvent::Failed(error) => {
                        warn!(%error, "one of two requests failed; waiting for the other");
                        Race::Decided(other)
                    }
                    event @ (ModelEvent::Words(_) | ModelEvent::Progress | ModelEvent::Done { .. }) => {
                        return Some((event, Race::Decided(speaker)));
                    }
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::chat::Finish;

    /// A race whose runners and whose clock are moved by hand.
    struct Hand {
        hedged: Answer,
        first: mpsc::Sender<ModelEvent>,
        second: mpsc::Sender<ModelEvent>,
        late: oneshot::Sender<()>,
    }

    fn answer() -> (mpsc::Sender<ModelEvent>, Answer) {
        let (sender, receiver) = mpsc::channel(4);
        let events =
            stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
        (sender, Box::pin(events))
    }

    impl Hand {
        fn new(has_second: bool) -> Self {
            let ((first, one), (second, two)) = (answer(), answer());
            let (late, comes) = oneshot::channel();
            let late_comes = Box::pin(comes.map(drop));
            let hedged = hedged(one, late_comes, Box::new(move || has_second.then_some(two)));
            Self { hedged, first, second, late }
        }

        /// What has come by now.
        fn heard(&mut self) -> Option<ModelEvent> {
            self.hedged.next().now_or_never().flatten()
        }
    }

    /// A race in which the first is late, and nobody has spoken.
    fn both() -> (Answer, mpsc::Sender<ModelEvent>, mpsc::Sender<ModelEvent>) {
        let mut hand = Hand::new(true);
        assert_eq!(hand.heard(), None);
        hand.late.send(()).unwrap();
        assert_eq!(hand.hedged.next().now_or_never(), None);
        (hand.hedged, hand.first, hand.second)
    }

    fn words(text: &str) -> ModelEvent {
        ModelEvent::Words(text.into())
    }

    fn failed() -> ModelEvent {
        ModelEvent::Failed(ModelError::Empty)
    }

    #[test]
    fn one_that_is_not_late_stays_alone() {
        let mut hand = Hand::new(true);
        hand.first.try_send(words("first")).unwrap();
        assert_eq!(hand.heard(), Some(words("first")));
        hand.second.try_send(words("second")).unwrap_err();
        assert!(hand.late.is_closed(), "the clock is still watched");
    }

    #[test]
    fn the_first_to_speak_is_the_answer_and_the_other_is_dropped() {
        let (mut hedged, first, second) = both();
        second.try_send(words("second")).unwrap();
        assert_eq!(hedged.next().now_or_never(), Some(Some(words("second"))));
        assert!(first.is_closed());
        let done = ModelEvent::Done { calls: Vec::new(), finish: Finish::Complete };
        second.try_send(done.clone()).unwrap();
        assert_eq!(hedged.next().now_or_never(), Some(Some(done)));
        let (mut hedged, first, second) = both();
        first.try_send(words("first")).unwrap();
        assert_eq!(hedged.next().now_or_never(), Some(Some(words("first"))));
        assert!(second.is_closed());
    }

    #[test]
    fn it_fails_only_when_both_do() {
        let (mut hedged, first, second) = both();
        first.try_send(failed()).unwrap();
        assert_eq!(hedged.next().now_or_never(), None);
        second.try_send(words("second")).unwrap();
        assert_eq!(hedged.next().now_or_never(), Some(Some(words("second"))));
        let (mut hedged, first, second) = both();
        second.try_send(failed()).unwrap();
        assert_eq!(hedged.next().now_or_never(), None);
        first.try_send(failed()).unwrap();
        assert_eq!(hedged.next().now_or_never(), Some(Some(failed())));
    }

    #[test]
    fn a_first_that_fails_in_time_is_the_sessions_to_ask_again() {
        let mut hand = Hand::new(true);
        hand.first.try_send(failed()).unwrap();
        assert_eq!(hand.heard(), Some(failed()));
    }

    #[test]
    fn without_a_second_the_first_is_waited_for() {
        let mut hand = Hand::new(false);
        hand.late.send(()).unwrap();
        assert_eq!(hand.hedged.next().now_or_never(), None);
        hand.first.try_send(words("first")).unwrap();
        assert_eq!(hand.hedged.next().now_or_never(), Some(Some(words("first"))));
    }
}
