//! The load generator, proven: it must find every fault that a server can have, and none where there is none.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use url::Url;
use warmline::caller::load::model::{Model, Pace};
use warmline::caller::load::{
    BEFORE_QUESTION, Faults, Kind, Load, Plan, Question, Report, Stamp, Target, Wish, Word,
};
use warmline::clock::since_boot;

use super::bridge::{PUBLIC, TOKEN, TestBridge};

const PACE: Duration = Duration::from_millis(3);
const LONG: Duration = Duration::from_secs(60);

/// What a server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// Every word goes to whoever speaks next.
    Swaps,
    Loses,
    Doubles,
    Reorders,
    /// Goes on to the end of the answer when it was interrupted.
    SpeaksOn,
    /// Acknowledges an interrupt, and says three words more.
    SpeaksAfterClosing,
    /// Says a word of an answer once more when the next one has begun.
    SpeaksOfBefore,
    NeverCloses,
    ClosesTwice,
    StopsInTheMiddle,
    NeverEnds,
    EndsTwice,
    EndsUnasked,
    SpeaksAfterEnd,
    SaysNoFrame,
    Drops,
    RefusesSockets,
}

/// A small server that speaks ConversationRelay, and makes the words of its answers itself.
struct Server {
    url: Url,
    _serving: JoinSet<()>,
}

impl Server {
    async fn start(wrong: Wrong) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("ws://{}/relay", listener.local_addr().unwrap())).unwrap();
        let mut serving = JoinSet::new();
        let swapped = Arc::new(Mutex::new(None));
        serving.spawn(async move {
            let mut sockets = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if wrong == Wrong::RefusesSockets {
                    continue;
                }
                let swapped = swapped.clone();
                sockets.spawn(async move {
                    let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                    // A caller who hangs up ends it.
                    let _ = Call { socket, wrong, swapped, answer: None, before: None }.run().await;
                });
            }
        });
        Self { url, _serving: serving }
    }
}

struct Call {
    socket: WebSocketStream<TcpStream>,
    wrong: Wrong,
    swapped: Arc<Mutex<Option<String>>>,
    answer: Option<Answer>,
    before: Option<Question>,
}

struct Answer {
    question: Question,
    next: u16,
    at: Instant,
}

/// The line is gone, or the call is over.
struct Over;

impl Call {
    async fn run(mut self) -> Result<(), Over> {
        loop {
            let due = self.answer.as_ref().map(|answer| answer.at);
            let message = tokio::select! {
                message = self.socket.next() => message,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.speak().await?;
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) => self.hear(&serde_json::from_str(&text).unwrap()).await?,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Over),
            }
        }
    }

    async fn hear(&mut self, frame: &Value) -> Result<(), Over> {
        match frame["type"].as_str().unwrap() {
            "prompt" if frame["last"] == true => {
                let words = frame["voicePrompt"].as_str().unwrap();
                let at = words.find(BEFORE_QUESTION).unwrap() + BEFORE_QUESTION.len();
                let question = Question::read(&words.as_bytes()[at..]).unwrap();
                self.answer = Some(Answer { question, next: 0, at: Instant::now() });
            }
            "interrupt" if self.wrong != Wrong::SpeaksOn => {
                let answer = self.answer.take().unwrap();
                if answer.next > 0 {
                    self.text("", true).await?;
                }
                if self.wrong == Wrong::SpeaksAfterClosing {
                    for number in answer.next..answer.next + 3 {
                        self.word(answer.question, number).await?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The next word of the answer, or its end.
    async fn speak(&mut self) -> Result<(), Over> {
        let Some(Answer { question, next, at }) = self.answer.take() else { return Ok(()) };
        if next == question.words {
            return self.finish(question).await;
        }
        match (self.wrong, next) {
            (Wrong::Loses, 3) => {}
            (Wrong::Doubles, 3) => {
                self.word(question, 3).await?;
                self.word(question, 3).await?;
            }
            (Wrong::Reorders, 3) => self.word(question, 4).await?,
            (Wrong::Reorders, 4) => self.word(question, 3).await?,
            (Wrong::StopsInTheMiddle, 3) => return Ok(()),
            (Wrong::Drops, 3) => return Err(Over),
            (Wrong::EndsUnasked, 3) => {
                self.send(&json!({"type": "end"})).await?;
                return Ok(());
            }
            (Wrong::SpeaksOfBefore, 3) => {
                self.word(question, 3).await?;
                if let Some(before) = self.before {
                    self.word(before, 3).await?;
                }
            }
            (Wrong::SaysNoFrame, 3) => {
                self.word(question, 3).await?;
                self.send(&json!({"type": "speak", "words": "hello"})).await?;
            }
            _ => self.word(question, next).await?,
        }
        self.answer = Some(Answer { question, next: next + 1, at: at + PACE });
        Ok(())
    }

    async fn finish(&mut self, question: Question) -> Result<(), Over> {
        self.before = Some(question);
        if self.wrong != Wrong::NeverCloses {
            self.text("", true).await?;
        }
        if self.wrong == Wrong::ClosesTwice {
            self.text("", true).await?;
        }
        if question.wish == Wish::Person && self.wrong != Wrong::NeverEnds {
            self.send(&json!({"type": "end", "handoffData": "{}"})).await?;
            if self.wrong == Wrong::EndsTwice {
                self.send(&json!({"type": "end"})).await?;
            }
            if self.wrong == Wrong::SpeaksAfterEnd {
                self.text("Goodbye.", true).await?;
            }
        }
        Ok(())
    }

    async fn word(&mut self, question: Question, number: u16) -> Result<(), Over> {
        let Question { call, turn, .. } = question;
        let mut token = String::new();
        Word { kind: Kind::Token, call, turn, number, stamp: Stamp::of(since_boot()) }.push_to(&mut token);
        if self.wrong == Wrong::Swaps {
            token = self.swapped.lock().unwrap().replace(token).unwrap_or_default();
        }
        self.text(&token, false).await
    }

    async fn text(&mut self, token: &str, last: bool) -> Result<(), Over> {
        self.send(&json!({"type": "text", "token": token, "last": last})).await
    }

    async fn send(&mut self, frame: &Value) -> Result<(), Over> {
        self.socket.send(Message::Text(frame.to_string().into())).await.map_err(|_| Over)
    }
}

fn plan() -> Plan {
    Plan {
        calls: 4,
        ramp: Duration::from_millis(20),
        seconds: LONG,
        turns: 3,
        once: true,
        think: Duration::from_millis(10),
        words: 20,
        grace: Duration::from_millis(20),
        patience: Duration::from_millis(500),
        ..Plan::default()
    }
}

fn load(plan: Plan, target: Target) -> Load {
    let account = format!("AC{}", "a".repeat(32));
    Load { plan, target, public: None, token: None, account, source: None, process: None }
}

async fn run(load: Load) -> Report {
    timeout(LONG, Box::pin(load.run())).await.expect("the load ends").expect("a client")
}

async fn against(wrong: Wrong, plan: Plan) -> Report {
    let server = Server::start(wrong).await;
    run(load(plan, Target::Socket(server.url.clone()))).await
}

/// The faults that are found, by name.
async fn found(wrong: Wrong, plan: Plan) -> Vec<&'static str> {
    let report = against(wrong, plan).await;
    let found: Vec<_> = report.faults.each().into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(report.is_void, !found.is_empty(), "{found:?}");
    found.into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn a_server_without_a_fault_has_none() {
    let report = against(Wrong::Nothing, plan()).await;
    assert_eq!((report.faults, report.is_void), (Faults::default(), false));
    assert_eq!((report.counts.calls, report.counts.questions, report.counts.words), (4, 12, 240));
}

#[tokio::test]
async fn interrupts_partials_and_persons_are_no_fault() {
    let busy = Plan { interrupts: 0.5, escalations: 0.2, partials: 2, turns: 6, ..plan() };
    let report = against(Wrong::Nothing, busy).await;
    assert_eq!(report.faults, Faults::default());
    assert!(report.counts.interrupts > 0 && report.counts.ends > 0, "{:?}", report.counts);
}

#[tokio::test]
async fn words_of_another_caller_are_found() {
    let found = found(Wrong::Swaps, plan()).await;
    assert!(found.contains(&"foreign words"), "{found:?}");
}

#[tokio::test]
async fn lost_doubled_and_reordered_words_are_found() {
    assert_eq!(found(Wrong::Loses, plan()).await, ["lost words"]);
    assert_eq!(found(Wrong::Doubles, plan()).await, ["doubled words"]);
    assert_eq!(found(Wrong::Reorders, plan()).await, ["reordered words"]);
    assert_eq!(found(Wrong::SpeaksOfBefore, plan()).await, ["doubled words"]);
}

#[tokio::test]
async fn words_after_an_interrupt_are_found() {
    let cutting = Plan { interrupts: 1.0, words: 60, ..plan() };
    assert_eq!(found(Wrong::SpeaksAfterClosing, cutting.clone()).await, ["stale words"]);
    let found = found(Wrong::SpeaksOn, cutting).await;
    assert!(found.contains(&"stale words"), "{found:?}");
}

#[tokio::test]
async fn answers_without_an_end_are_found() {
    assert_eq!(found(Wrong::NeverCloses, plan()).await, ["unclosed replies"]);
    assert_eq!(found(Wrong::ClosesTwice, plan()).await, ["replies closed again"]);
    let found = found(Wrong::StopsInTheMiddle, plan()).await;
    assert_eq!(found, ["lost words", "unanswered questions", "unclosed replies"]);
}

#[tokio::test]
async fn every_wrong_end_is_found() {
    let leaving = Plan { escalations: 1.0, ..plan() };
    assert_eq!(found(Wrong::NeverEnds, leaving.clone()).await, ["lost `end`"]);
    assert_eq!(found(Wrong::EndsTwice, leaving.clone()).await, ["doubled `end`"]);
    assert_eq!(found(Wrong::SpeaksAfterEnd, leaving).await, ["frames after `end`"]);
    let found = found(Wrong::EndsUnasked, plan()).await;
    assert_eq!(found, ["lost words", "unclosed replies", "unasked `end`"]);
}

#[tokio::test]
async fn broken_frames_and_lines_are_found() {
    assert_eq!(found(Wrong::SaysNoFrame, plan()).await, ["unreadable frames"]);
    assert_eq!(found(Wrong::RefusesSockets, plan()).await, ["refused calls"]);
    let found = found(Wrong::Drops, plan()).await;
    assert!(found.contains(&"dropped sockets"), "{found:?}");
}

/// Our own server and the model of the load, with everything that callers do.
async fn our_own(plan: Plan, pace: Pace) -> Report {
    let model = Model::start(0, pace).await.unwrap();
    let base_url = model.base_url();
    let mut serving = JoinSet::new();
    serving.spawn(model.serve());
    let bridge = TestBridge::with(&[("OPENAI_BASE_URL", &base_url)], |_| Vec::new()).await;
    let url = bridge.base.join("/voice/incoming").unwrap();
    let mut load = load(plan, Target::Webhook(url));
    load.public = Some(Url::parse(PUBLIC).unwrap());
    load.token = Some(TOKEN.into());
    run(load).await
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_server_has_no_fault_with_writes_cut_at_random() {
    let pace = Pace { rate: 200.0, split: true, ..Pace::default() };
    let plan = Plan { calls: 12, turns: 5, interrupts: 0.3, partials: 1, patience: LONG, ..plan() };
    let plan = Plan { grace: Duration::from_secs(1), words: 40, ..plan };
    let report = our_own(plan, pace).await;
    assert_eq!(report.faults, Faults::default(), "{}", report.verdict());
    assert_eq!((report.counts.questions, report.counts.asked_again), (60, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_server_ends_each_call_that_wants_a_person_once() {
    let pace = Pace { rate: 200.0, together: 5, ..Pace::default() };
    let plan = Plan { calls: 6, escalations: 1.0, words: 4, patience: LONG, ..plan() };
    let report = our_own(plan, pace).await;
    assert_eq!(report.faults, Faults::default(), "{}", report.verdict());
    assert_eq!(report.counts.ends, 6);
}
