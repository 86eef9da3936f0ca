//! A conversation that is longer than the model takes loses its oldest turns. Only the model forgets them: the
//! transcript that a person gets is whole.

use crate::chat::Message;

/// How long a conversation is: its characters, and a few for each message. Tokens differ from model to model;
/// what matters is that half of it is about half as many.
pub(super) fn size(messages: &[Message]) -> usize {
    const OVERHEAD: usize = 16;
    let characters = |text: &str| text.chars().count();
    let length = |message: &Message| match message {
        Message::User(text) => characters(text.expose()),
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| characters(&call.name) + characters(call.arguments.expose()));
            characters(text.expose()) + calls.sum::<usize>()
        }
        Message::Tool { content, .. } => characters(content.expose()),
    };
    messages.iter().map(|message| OVERHEAD + length(message)).sum()
}

/// How many turns there are.
pub(super) fn turns(messages: &[Message]) -> usize {
    messages.iter().filter(|message| matches!(message, Message::User(_))).count()
}

/// Removes the oldest turns until the rest has this size, but never the last turn.
///
/// It is cut where the caller begins to speak: so a tool call and its result stay together, and the
/// conversation begins with the caller's words, as some models insist.
pub(super) fn keep_newest(messages: &mut Vec<Message>, room: usize) {
    if size(messages) <= room {
        return;
    }
    let begins = messages.iter().enumerate().filter(|(_, message)| matches!(message, Message::User(_)));
    let begins: Vec<usize> = begins.map(|(at, _)| at).collect();
    let fits = begins.iter().copied().find(|at| size(&messages[*at..]) <= room);
    if let Some(start) = fits.or(begins.last().copied()) {
        messages.drain(..start);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::ToolCall;

    fn said(text: &str) -> Message {
        Message::User(text.into())
    }

    fn answer(text: &str) -> Message {
        Message::Assistant { text: text.into(), calls: Vec::new() }
    }

    fn looked_up(id: &str) -> [Message; 2] {
        let call = ToolCall { id: id.into(), name: "lookup".into(), arguments: "{}".into() };
        [
            Message::Assistant { text: "".into(), calls: vec![call] },
            Message::Tool { call_id: id.into(), content: "x".repeat(400).into() },
        ]
    }

    #[test]
    fn the_oldest_turns_go_and_a_call_keeps_its_result() {
        let [call, result] = looked_up("a");
        let mut messages = vec![
            answer("Hello."),
            said("one"),
            call,
            result,
            answer("First."),
            said("two"),
            answer("Second."),
        ];
        keep_newest(&mut messages, 400);
        assert_eq!(messages, [said("two"), answer("Second.")]);
    }

    #[test]
    fn the_last_turn_stays_however_long_it_is() {
        let [call, result] = looked_up("a");
        let mut messages = vec![said("one"), said("two"), call, result];
        keep_newest(&mut messages, 10);
        assert_eq!(messages.len(), 3);
        assert_eq!(messages[0], said("two"));
    }

    #[test]
    fn what_fits_is_left_alone() {
        let mut messages = vec![answer("Hello."), said("one")];
        let whole = messages.clone();
        keep_newest(&mut messages, size(&whole));
        assert_eq!(messages, whole);
    }

    proptest! {
        #[test]
        fn whatever_is_cut_the_rest_is_the_end_of_it_and_begins_with_the_caller(
            kinds in prop::collection::vec(0..3u8, 0..30), room in 0..2_000usize,
        ) {
            let mut messages = Vec::new();
            for (number, kind) in kinds.iter().enumerate() {
                match kind {
                    0 => messages.push(said("words of a caller")),
                    1 => messages.push(answer("An answer.")),
                    _ => messages.extend(looked_up(&number.to_string())),
                }
            }
            let whole = messages.clone();
            keep_newest(&mut messages, room);
            prop_assert!(whole.ends_with(&messages));
            if messages.len() < whole.len() {
                prop_assert!(matches!(messages[0], Message::User(_)));
            }
        }
    }
}
