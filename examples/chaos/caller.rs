//! One caller: says what the plan says, suffers what it has in store, and tells where that led.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use warmline::caller::{Call, CallError, Conversation, Happening, Noun, Rate, Twilio};
use warmline::clock::now;
use warmline::twiml::Element;

use crate::endpoint::{Endpoint, Tag};
use crate::plan::{Moment, Plan, Turn, Weather, Wish};
use crate::server::Server;
use crate::watch::Watch;

/// How long a turn may take until it was answered or the call is with a person, at normal speed.
const PATIENCE: Duration = Duration::from_secs(90);
/// And how long what is fixed in the code may add to that: two tool calls that are written for 15 s each.
const FIXED: Duration = Duration::from_secs(35);
/// After a line was taken up again: when the caller says once more what was not answered.
const SAYS_AGAIN: Duration = Duration::from_secs(6);
/// Twilio gives up on a webhook after this long.
const WEBHOOK: Duration = Duration::from_secs(15);

/// What all calls share.
pub(crate) struct World {
    pub(crate) endpoint: std::sync::Arc<Endpoint>,
    pub(crate) server: Server,
    pub(crate) twilio: Twilio,
    pub(crate) speed: u64,
    /// What befalls the server as a whole.
    pub(crate) weather: mpsc::Sender<Weather>,
}

/// What became of a call.
pub(crate) struct Fate {
    pub(crate) number: u64,
    /// Where the caller got to, or why nowhere.
    pub(crate) end: Result<&'static str, String>,
    pub(crate) watch: Watch,
    pub(crate) trace: Vec<String>,
    pub(crate) answers: u64,
}

/// Why a session is left.
pub(crate) enum Left {
    /// It is over: the server ended it, or is gone.
    Over,
    HungUp,
    Lost,
    /// Lost, and the server does not know it yet.
    Unseen,
    Failed(u32),
    /// Nothing more happened.
    Stranded,
}

/// One caller.
pub(crate) struct Caller<'a> {
    pub(crate) world: &'a World,
    pub(crate) plan: Plan,
    pub(crate) call: Call,
    pub(crate) watch: Watch,
    trace: Vec<String>,
    began: Instant,
    pub(crate) turn: usize,
    /// When the caller spoke in this turn, and how many starts of the server there had been.
    asked: Option<(Instant, u64)>,
    acted: bool,
    /// When the caller says it again, should there be no answer.
    again_at: Option<Instant>,
    answers: u64,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(world: &'a World, plan: Plan) -> Self {
        let began = now();
        world.endpoint.expect(&plan);
        Self {
            call: world.twilio.call("+15550100001", "+15550100002"),
            watch: Watch::new(plan.number, 15 * world.speed, began),
            world,
            plan,
            trace: Vec::new(),
            began,
            turn: 0,
            asked: None,
            acted: false,
            again_at: None,
            answers: 0,
        }
    }

    /// The whole call.
    pub(crate) async fn run(mut self) -> Fate {
        let end = Box::pin(self.live()).await;
        self.world.endpoint.forget(self.plan.number);
        Fate { number: self.plan.number, end, watch: self.watch, trace: self.trace, answers: self.answers }
    }

    async fn live(&mut self) -> Result<&'static str, String> {
        let dialled = self.call.dial().await.cloned();
        let mut document = self.answered(dialled).await?;
        let mut again = false;
        let mut unseen: Option<Conversation> = None;
        while Noun::read(&document).is_some() {
            let rate = Rate::per_second(15 * self.world.speed as u32);
            let mut line = match self.call.connect(rate).await {
                Ok(line) => line,
                Err(CallError::Socket(_)) => {
                    self.note("the socket could not be opened");
                    document = self.never_opened(&document).await?;
                    continue;
                }
                Err(error) => return Err(format!("no session: {error}")),
            };
            if !self.plan.reports {
                line.stop_reports();
            }
            self.note("session");
            self.watch.session(again, line.greeting(), now());
            let left = self.talk(&mut line, again).await;
            drop(unseen.take());
            again = true;
            self.look(&line);
            document = match left {
                Left::Stranded => return Err("nothing more happened".to_owned()),
                Left::HungUp => return self.hang_up(line).await,
                Left::Unseen => {
                    let document = self.lost_unseen(&line).await?;
                    unseen = Some(line);
                    document
                }
                Left::Over | Left::Lost | Left::Failed(_) => self.over(line, &left).await?,
            };
        }
        self.reached(&document).await
    }

    /// One session, until it is over or the caller has nothing more to say.
    async fn talk(&mut self, line: &mut Conversation, again: bool) -> Left {
        if again {
            self.taken_up();
        } else if let Err(left) = self.greeted(line).await {
            return left;
        }
        loop {
            let turn = self.plan.turns[self.turn.min(self.plan.turns.len() - 1)].clone();
            let taken = self.take_turn(line, &turn).await;
            self.look(line);
            let answered = self.watch.answered && turn.wish == Wish::Answer;
            if answered {
                self.answers += 1;
                self.turn += 1;
                (self.asked, self.acted, self.watch.answered) = (None, false, false);
            }
            if let Err(left) = taken {
                return left;
            }
        }
    }

    /// The line was taken up again. The question is still known if the server is the same one; what is owed of
    /// an answer that had begun depends on what was heard of it, so the caller asks again.
    fn taken_up(&mut self) {
        self.again_at = Some(now() + SAYS_AGAIN / self.world.speed as u32);
        if self.watch.began || self.asked.is_none_or(|(_, starts)| starts != self.world.server.starts()) {
            self.watch.owes_nothing();
        }
        self.watch.began = false;
    }

    /// Whether the caller said that all is done.
    pub(crate) fn said_goodbye(&self) -> bool {
        let turn = self.plan.turns.get(self.turn);
        self.asked.is_some() && turn.is_some_and(|turn| turn.wish == Wish::Goodbye)
    }

    async fn greeted(&mut self, line: &mut Conversation) -> Result<(), Left> {
        match self.plan.impatient {
            Some(time) => self.rest(line, time).await,
            None => self.hear_out(line).await,
        }
    }

    async fn take_turn(&mut self, line: &mut Conversation, turn: &Turn) -> Result<(), Left> {
        if self.asked.is_none() {
            self.rest(line, turn.pause).await?;
            self.speak(line, turn.wish, false).await?;
        }
        let asked = now();
        let deadline = asked + PATIENCE / self.world.speed as u32 + FIXED;
        let act = turn.act.filter(|_| !self.acted);
        loop {
            let due = act.filter(|_| !self.acted);
            match due {
                Some((moment, act)) if self.has_come(moment, asked) => {
                    self.acted = true;
                    self.suffer(line, turn, act).await?;
                }
                // What is to happen in the middle of a reply may happen while it is played.
                Some(_) if self.watch.answered && line.is_speaking() => {}
                _ if self.watch.answered && turn.wish == Wish::Answer => return Ok(()),
                _ => {}
            }
            let at = due.and_then(|(moment, _)| match moment {
                Moment::After(time) => Some(asked + time),
                Moment::Frames(_) => None,
            });
            let at = at.filter(|_| !self.acted);
            let wake = [Some(deadline), at, self.again_at].into_iter().flatten().min().unwrap_or(deadline);
            self.next(line, wake).await?;
            if now() >= deadline {
                return Err(Left::Stranded);
            }
            if self.again_at.is_some_and(|at| at <= now()) {
                self.again_at = None;
                if !self.watch.began && !self.watch.is_owed() {
                    self.speak(line, turn.wish, true).await?;
                }
            }
        }
    }

    fn has_come(&self, moment: Moment, asked: Instant) -> bool {
        match moment {
            Moment::After(time) => asked + time <= now(),
            Moment::Frames(count) => self.watch.texts >= count,
        }
    }

    /// Says what the turn is about.
    pub(crate) async fn speak(
        &mut self,
        line: &mut Conversation,
        wish: Wish,
        again: bool,
    ) -> Result<(), Left> {
        let tag = Tag { call: self.plan.number, turn: self.turn };
        let sentence = match wish {
            Wish::Answer if again => "hello, I asked about my parcel,",
            Wish::Answer => {
                ["where is my parcel", "when does it arrive", "can it go to a neighbour"][self.turn % 3]
            }
            Wish::Person => "I want to talk to a person please,",
            Wish::Escalation => "the amount on my invoice is wrong,",
            Wish::Goodbye => "that was all,",
            Wish::Key => return self.press_for_a_person(line).await,
            Wish::HangUp => return Err(Left::HungUp),
            Wish::Silence => {
                self.note("silent");
                self.asked = Some((now(), self.world.server.starts()));
                self.watch.asked(self.turn, now());
                self.watch.owes_nothing();
                return Ok(());
            }
        };
        self.note(format!("says {tag}"));
        let act = line.barge_in(&format!("{sentence} {tag}")).await.map_err(over)?;
        self.look(line);
        if act.cut.is_some() {
            self.watch.cut(now());
        }
        if act.reported {
            self.watch.asked(self.turn, now());
        }
        self.asked = Some((now(), self.world.server.starts()));
        Ok(())
    }

    async fn press_for_a_person(&mut self, line: &mut Conversation) -> Result<(), Left> {
        self.hear_out(line).await?;
        self.note("presses 0");
        line.press('0').await.map_err(over)?;
        self.look(line);
        self.watch.asked(self.turn, now());
        self.asked = Some((now(), self.world.server.starts()));
        Ok(())
    }

    /// Listens until nothing is said.
    async fn hear_out(&mut self, line: &mut Conversation) -> Result<(), Left> {
        let deadline = now() + PATIENCE / self.world.speed as u32;
        while line.is_speaking() && now() < deadline {
            self.next(line, deadline).await?;
        }
        Ok(())
    }

    /// Lets time pass.
    pub(crate) async fn rest(&mut self, line: &mut Conversation, time: Duration) -> Result<(), Left> {
        let until = now() + time;
        while now() < until {
            self.next(line, until).await?;
        }
        Ok(())
    }

    /// What happens next on the line, until then.
    async fn next(&mut self, line: &mut Conversation, until: Instant) -> Result<(), Left> {
        let happened = tokio::time::timeout_at(until.into(), line.next()).await;
        self.look(line);
        match happened {
            Ok(Happening::Ended) => Err(Left::Over),
            Ok(Happening::Frame(_) | Happening::Playback(_)) | Err(_) => Ok(()),
        }
    }

    /// Looks at every frame that is new.
    pub(crate) fn look(&mut self, line: &Conversation) {
        while let Some(frame) = line.frames().get(self.watch.seen) {
            self.watch.seen += 1;
            self.watch.frame(frame, &self.world.endpoint);
            if frame.kind == "end" || frame.last {
                let heard = if frame.kind == "end" { "hears end" } else { "reply closed" };
                self.note(heard);
            }
        }
    }

    /// The answer to a webhook; one that cannot be reached is asked again, as Twilio does.
    pub(crate) async fn answered(&mut self, first: Result<Element, CallError>) -> Result<Element, String> {
        let mut answer = first;
        let deadline = now() + WEBHOOK;
        loop {
            match answer {
                Ok(document) => {
                    self.note(format!("document {}", names(&document)));
                    return Ok(document);
                }
                Err(CallError::Unreachable(_)) if now() < deadline => {
                    self.note("webhook without an answer");
                    tokio::time::sleep(Duration::from_millis(250)).await;
                    answer = self.call.repeat().await.cloned();
                }
                Err(error) => return Err(format!("a webhook failed: {error}")),
            }
        }
    }

    pub(crate) fn note(&mut self, what: impl std::fmt::Display) {
        let at = now().saturating_duration_since(self.began).as_millis();
        self.trace.push(format!("{at:>6} {what}"));
    }
}

/// What the caller wanted to do cannot be done any more.
pub(crate) fn over(_: CallError) -> Left {
    Left::Over
}

fn names(document: &Element) -> String {
    document.children.iter().map(|child| child.name.as_str()).collect::<Vec<_>>().join(" ")
}
