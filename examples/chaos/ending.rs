//! What comes after a session: the callback, with everything that may be wrong with it, and where it leads.

use warmline::caller::{Conversation, Ending, Noun};
use warmline::twiml::Element;

use crate::caller::{Caller, Left};
use crate::endpoint::Tag;
use crate::plan::Callback;

/// A document of some other call.
const FOREIGN: &str = r#"{"reasonCode":"x","reason":"another call's","callSummary":"k0t0","sentiment":"neutral",
    "warmline":{"callSid":"CA99999999999999999999999999999999","outcome":"completed"}}"#;

type Asked = Result<Element, String>;

impl Caller<'_> {
    /// The session is over: its action is asked what comes next.
    pub(crate) async fn over(&mut self, line: Conversation, left: &Left) -> Asked {
        let ended = matches!(line.ending(), Some(Ending::Ended { .. }));
        let completed = line.handoff().is_some_and(|handoff| handoff["warmline"]["outcome"] == "completed");
        self.note(match left {
            Left::Lost => "line lost".to_owned(),
            Left::Failed(code) => format!("session failed {code}"),
            _ if ended => "session ended".to_owned(),
            Left::Over | Left::HungUp | Left::Unseen | Left::Stranded => "server gone".to_owned(),
        });
        let callback = if ended { self.plan.callback } else { Callback::Fine };
        if callback != Callback::Fine {
            self.world.endpoint.tally.fault(format!("callback {callback:?}").to_lowercase());
        }
        let document = match callback {
            Callback::Fine | Callback::Repeated => {
                let finished = self.call.finish(line).await.cloned();
                self.answered(finished).await?
            }
            Callback::Foreign => self.ended_with(&line, Some(FOREIGN), false).await?,
            Callback::Malformed => self.ended_with(&line, Some("{\"reason\": \"x"), false).await?,
            Callback::WithoutData => self.ended_with(&line, None, false).await?,
            Callback::WrongState => {
                let data = line.handoff_data().map(str::to_owned);
                self.ended_with(&line, data.as_deref(), true).await?
            }
        };
        if callback == Callback::Repeated {
            self.repeated(&document).await?;
        }
        // The model may have ended the call, and the line was lost before its goodbye was over.
        let completed = completed || self.said_goodbye();
        if document.child("Hangup").is_some() && document.children.len() == 1 && !completed {
            return Err("hung up on".to_owned());
        }
        Ok(document)
    }

    /// The same request once more gets the same answer.
    async fn repeated(&mut self, document: &Element) -> Result<(), String> {
        let starts = self.world.server.starts();
        let again = self.call.repeat().await.cloned();
        let again = self.answered(again).await?;
        // A server that was started meanwhile has answered nothing yet.
        if again != *document && starts == self.world.server.starts() {
            self.watch.breaks.push("two answers to one callback".to_owned());
        }
        Ok(())
    }

    async fn ended_with(&mut self, line: &Conversation, data: Option<&str>, wrong_state: bool) -> Asked {
        let action = line.noun().action.clone().ok_or("a session without an action")?;
        let action = match action.split_once("?s=") {
            Some((path, _)) if wrong_state => format!("{path}?s=bm90IG91cnM.bm90IG91cnM"),
            _ => action,
        };
        let session = line.session().to_owned();
        let mut fields = vec![("SessionId", session.as_str()), ("SessionStatus", "ended")];
        fields.extend(data.map(|data| ("HandoffData", data)));
        let answer = self.call.callback(&action, &fields).await.cloned();
        self.answered(answer).await
    }

    /// Twilio asks what comes next while the server still believes in the socket.
    pub(crate) async fn lost_unseen(&mut self, line: &Conversation) -> Asked {
        self.note("line lost, which the server does not know");
        let (action, session) = (line.noun().action.clone(), line.session().to_owned());
        self.failed(action, &session, "64105").await
    }

    /// Twilio could not open the socket.
    pub(crate) async fn never_opened(&mut self, document: &Element) -> Asked {
        let action = Noun::read(document).and_then(|noun| noun.action);
        self.failed(action, "VX00000000000000000000000000000000", "64102").await
    }

    async fn failed(&mut self, action: Option<String>, session: &str, code: &str) -> Asked {
        let action = action.ok_or("a session without an action")?;
        let fields = [("SessionId", session), ("SessionStatus", "failed"), ("ErrorCode", code)];
        let answer = self.call.callback(&action, &fields).await.cloned();
        self.answered(answer).await
    }

    /// The caller has what was wanted.
    pub(crate) async fn hang_up(&mut self, mut line: Conversation) -> Result<&'static str, String> {
        self.note("hangs up");
        // The server may have ended it in the same moment.
        let _ = line.hang_up().await;
        let finished = self.call.finish(line).await.cloned();
        self.answered(finished).await?;
        Ok("hung up after an answer")
    }

    /// Where the last document leads.
    pub(crate) async fn reached(&mut self, document: &Element) -> Result<&'static str, String> {
        let tasks = document.children.iter().filter(|child| child.name == "Enqueue").count();
        if tasks > 1 {
            self.watch.breaks.push(format!("{tasks} Tasks in one document"));
        }
        if let Some(queue) = document.child("Enqueue") {
            match queue.child("Task") {
                None => self.watch.breaks.push("a queue without a Task".to_owned()),
                Some(task) if is_foreign(&task.text, self.plan.number) => {
                    self.watch.breaks.push("words of another call in the Task".to_owned());
                }
                Some(_) => {}
            }
            return match queue.attribute("action").filter(|_| self.plan.queue_full) {
                Some(action) => self.not_queued(action).await,
                None => Ok("person, by the queue"),
            };
        }
        if document.child("Hangup").is_some() && document.children.len() == 1 {
            return Ok("ended by the AI, done");
        }
        person_or_voicemail(document).ok_or_else(|| "a document that leads nowhere".to_owned())
    }

    /// The queue does not take the call, and at the number behind it nobody answers.
    async fn not_queued(&mut self, action: &str) -> Result<&'static str, String> {
        self.world.endpoint.tally.fault("queue full");
        let fields = [("QueueResult", "queue-full"), ("QueueTime", "0")];
        let answer = self.call.callback(action, &fields).await.cloned();
        let document = self.answered(answer).await?;
        let Some(action) = document.child("Dial").and_then(|dial| dial.attribute("action")) else {
            return person_or_voicemail(&document).ok_or_else(|| "a full queue leads nowhere".to_owned());
        };
        let action = action.to_owned();
        let answer = self.call.callback(&action, &[("DialCallStatus", "no-answer")]).await.cloned();
        let document = self.answered(answer).await?;
        person_or_voicemail(&document).ok_or_else(|| "a number without an answer leads nowhere".to_owned())
    }
}

/// Whether words of another call stand in it.
fn is_foreign(task: &str, call: u64) -> bool {
    let words = task.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| Tag::last_in(word.split('q').next()?)).any(|tag| tag.call != call)
}

fn person_or_voicemail(document: &Element) -> Option<&'static str> {
    let has = |name| document.child(name).is_some();
    match () {
        () if has("Enqueue") => Some("person, by the queue"),
        () if has("Dial") => Some("person, by the number"),
        () if has("Record") => Some("voicemail"),
        () => None,
    }
}
