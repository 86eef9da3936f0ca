//! The grammar of `.call` files.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Answer, Cue, Expectation, Item, Line, Manner, Move, Outcome, OutcomeKind, Question, Stop, Wish};

/// A line that is no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {cause}")]
pub struct Mistake {
    /// Where, from 1.
    pub number: usize,
    /// Why.
    pub cause: Cause,
}

/// Why a line is no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The sign at its start.
    #[error("a line begins with `<`, `m`, `t`, `s`, `~`, `>`, `=` or `#`, followed by a space")]
    Sign,
    /// Nothing follows the sign.
    #[error("nothing follows the sign")]
    Empty,
    /// Something in braces, brackets or quotation marks that is not JSON, or not of the kind wanted there.
    #[error("not the JSON that belongs here: {0}")]
    Json(String),
    /// No JSON string where one has to be.
    #[error("`{0}` is followed by words in quotation marks")]
    Quotes(&'static str),
    /// No such key on a telephone.
    #[error("`press` takes one key: 0-9, *, #, A-D")]
    Key,
    /// No length of time.
    #[error("time is a number and a unit: 1500ms, 2s")]
    Time,
    /// Nothing a model does.
    #[error("the model does `words \"…\"`, `call NAME ARGUMENTS`, `done` or `fail REASON`")]
    Move,
    /// Nothing a tool does.
    #[error("a tool answers: `NAME \"…\"`, or `NAME fail \"…\"`")]
    Answer,
    /// Nothing somebody at the console wants.
    #[error("the console does `take over`, `take over \"…\"` or `whisper \"…\"`")]
    Wish,
    /// No outcome.
    #[error("a call ends `escalated`, `completed` or `hungup`")]
    Outcome,
    /// No check.
    #[error("after the outcome come `path=value` or `path~value`, values with spaces in quotation marks")]
    Check,
    /// Something after the outcome.
    #[error("the outcome is the last line")]
    AfterOutcome,
}

/// Reads a script.
///
/// # Errors
///
/// Every line that is no item, in order.
pub fn parse(text: &str) -> Result<Vec<Line>, Vec<Mistake>> {
    let (mut lines, mut mistakes) = (Vec::<Line>::new(), Vec::new());
    for (index, text) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        let (number, text) = (index + 1, text.trim());
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let over = lines.last().is_some_and(|line| matches!(line.item, Item::Ends(_)));
        match if over { Err(Cause::AfterOutcome) } else { item(text) } {
            Ok(item) => lines.push(Line { number, item }),
            Err(cause) => mistakes.push(Mistake { number, cause }),
        }
    }
    if mistakes.is_empty() { Ok(lines) } else { Err(mistakes) }
}

fn item(text: &str) -> Result<Item, Cause> {
    let (sign, rest) = match text.split_once(char::is_whitespace) {
        Some((sign, rest)) => (sign, rest.trim_start()),
        None if text.len() == 1 && "<mts~>=".contains(text) => return Err(Cause::Empty),
        None => return Err(Cause::Sign),
    };
    match sign {
        "<" => cue(rest).map(Item::Caller),
        "m" => action(rest).map(Item::Model),
        "t" => answer(rest).map(Item::Tool),
        "s" => wish(rest).map(Item::Supervisor),
        "~" => time(rest).map(Item::Wait),
        ">" => expectation(rest).map(Item::Expect),
        "=" => outcome(rest).map(Item::Ends),
        _ => Err(Cause::Sign),
    }
}

fn cue(text: &str) -> Result<Cue, Cause> {
    let says = |words: String, last| Ok(Cue::Says { words, last });
    if text.starts_with('{') {
        return json::<Map<String, Value>>(text).map(|_| Cue::Frame(text.to_owned()));
    }
    if text.starts_with('"') {
        return says(json(text)?, true);
    }
    if let Some(partial) = text.strip_prefix("...") {
        let partial = partial.trim_start();
        return if partial.is_empty() { Err(Cause::Empty) } else { says(partial.to_owned(), false) };
    }
    match text.split_once(' ').unwrap_or((text, "")) {
        ("hangup", "") => Ok(Cue::HangUp),
        ("speaking", "on") => Ok(Cue::Speaking(true)),
        ("speaking", "off") => Ok(Cue::Speaking(false)),
        ("played", played) if played.starts_with('"') => json(played).map(Cue::Played),
        ("interrupt", after) => match after.strip_prefix("after").map(str::trim_start) {
            Some(words) if words.starts_with('"') => json(words).map(|after| Cue::Interrupt { after }),
            Some(_) | None => Err(Cause::Quotes("interrupt after")),
        },
        ("press", keys) if !keys.is_empty() && keys.chars().all(is_key) => {
            let mut keys = keys.chars();
            let key = keys.next().ok_or(Cause::Key)?;
            if keys.next().is_none() { Ok(Cue::Press(key)) } else { Err(Cause::Key) }
        }
        _ => says(text.to_owned(), true),
    }
}

fn action(text: &str) -> Result<Move, Cause> {
    match text.split_once(char::is_whitespace).map_or((text, ""), |(verb, rest)| (verb, rest.trim_start())) {
        ("words", words) if words.starts_with('"') => json(words).map(Move::Words),
        ("words", _) => Err(Cause::Quotes("words")),
        ("call", call) if !call.is_empty() => {
            let (name, arguments) = call.split_once(char::is_whitespace).unwrap_or((call, ""));
            Ok(Move::Call { name: name.to_owned(), arguments: arguments.trim_start().to_owned() })
        }
        ("done", "") => Ok(Move::Done(Stop::Complete)),
        ("done", "length") => Ok(Move::Done(Stop::Length)),
        ("done", "filtered") => Ok(Move::Done(Stop::Filtered)),
        ("done", "unsaid") => Ok(Move::Done(Stop::Unsaid)),
        ("progress", "") => Ok(Move::Progress),
        ("fail", reason) if !reason.is_empty() => Ok(Move::Fail(reason.to_owned())),
        _ => Err(Cause::Move),
    }
}

fn answer(text: &str) -> Result<Answer, Cause> {
    let (tool, rest) = text.split_once(char::is_whitespace).ok_or(Cause::Answer)?;
    let rest = rest.trim_start();
    let (failed, text) = match rest.strip_prefix("fail").map(str::trim_start) {
        Some(why) => (true, why),
        None => (false, rest),
    };
    if !text.starts_with('"') {
        return Err(Cause::Answer);
    }
    let text = json(text)?;
    Ok(Answer { tool: tool.to_owned(), result: if failed { Err(text) } else { Ok(text) } })
}

fn wish(text: &str) -> Result<Wish, Cause> {
    if let Some(reason) = text.strip_prefix("take over").map(str::trim_start) {
        let reason = if reason.is_empty() { None } else { Some(json(reason)?) };
        return Ok(Wish::TakeOver(reason));
    }
    match text.strip_prefix("whisper").map(str::trim_start) {
        Some(note) if note.starts_with('"') => json(note).map(Wish::Whisper),
        Some(_) => Err(Cause::Quotes("whisper")),
        None => Err(Cause::Wish),
    }
}

fn time(text: &str) -> Result<Duration, Cause> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').ok_or(Cause::Time)?, 1.0),
    };
    let number: f64 = number.trim_end().parse().map_err(|_| Cause::Time)?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| Cause::Time)
}

fn expectation(text: &str) -> Result<Expectation, Cause> {
    if text.starts_with('{') {
        return json(text).map(|frame: Map<String, Value>| Expectation::Frame(Value::Object(frame)));
    }
    if text.starts_with('"') {
        return json(text).map(Expectation::Words);
    }
    match text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim_start())) {
        ("ask", rest) => match question(rest)? {
            Some(question) => Ok(Expectation::Ask(question)),
            None => Ok(Expectation::Words(text.to_owned())),
        },
        ("cancel", "") => Ok(Expectation::Cancel),
        ("forget", tool) if is_name(tool) => Ok(Expectation::Forget(tool.to_owned())),
        ("run", run) => match run.split_once(' ').unwrap_or((run, "")) {
            (tool, "") if is_name(tool) => Ok(Expectation::Run { tool: tool.to_owned(), arguments: None }),
            (tool, arguments) if arguments.starts_with('{') => {
                Ok(Expectation::Run { tool: tool.to_owned(), arguments: Some(json(arguments)?) })
            }
            _ => Ok(Expectation::Words(text.to_owned())),
        },
        _ => Ok(Expectation::Words(text.to_owned())),
    }
}

/// What follows `ask`; nothing if those are words of a reply.
fn question(text: &str) -> Result<Option<Question>, Cause> {
    let (manner, rest) =
        match text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim_start())) {
            ("again", rest) => (Some(Manner::Again), rest),
            ("escalate", rest) => (Some(Manner::Escalate), rest),
            ("goodbye", rest) => (Some(Manner::Goodbye), rest),
            _ => (None, text),
        };
    let (notes, rest) = match rest.strip_prefix("notes \"") {
        Some(_) => {
            let mut read = serde_json::Deserializer::from_str(&rest["notes ".len()..]).into_iter::<String>();
            let notes = read.next().ok_or(Cause::Empty)?.map_err(|error| Cause::Json(error.to_string()))?;
            let read = "notes ".len() + read.byte_offset();
            (Some(notes), rest[read..].trim_start())
        }
        None => (None, rest),
    };
    if rest.is_empty() {
        return Ok(Some(Question { manner, notes, messages: None }));
    }
    if rest.starts_with(['[', '{']) {
        return json(rest).map(|messages| Some(Question { manner, notes, messages: Some(messages) }));
    }
    Ok(None)
}

fn outcome(text: &str) -> Result<Outcome, Cause> {
    let (kind, checks) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let kind = match kind {
        "escalated" => OutcomeKind::Escalated,
        "completed" => OutcomeKind::Completed,
        "hungup" => OutcomeKind::HungUp,
        _ => return Err(Cause::Outcome),
    };
    Ok(Outcome { kind, checks: super::outcome::parse_checks(checks)? })
}

fn is_key(key: char) -> bool {
    "0123456789*#ABCD".contains(key)
}

/// Whether this may be the name of a tool.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Cause> {
    serde_json::from_str(text).map_err(|error| Cause::Json(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn one(line: &str) -> Item {
        parse(line).unwrap().remove(0).item
    }

    fn cause(line: &str) -> Cause {
        parse(line).unwrap_err().remove(0).cause
    }

    fn says(words: &str, last: bool) -> Item {
        Item::Caller(Cue::Says { words: words.into(), last })
    }

    #[test]
    fn what_the_caller_does_is_read_and_written_as_frames() {
        let lines = [
            (
                "< where is my order",
                r#"{"lang":"en-US","last":true,"type":"prompt","voicePrompt":"where is my order"}"#,
            ),
            ("< ... where is", r#"{"lang":"en-US","last":false,"type":"prompt","voicePrompt":"where is"}"#),
            ("< press #", r##"{"digit":"#","type":"dtmf"}"##),
            ("< played \" and then\"", r#"{"name":"tokensPlayed","type":"info","value":" and then"}"#),
            ("< speaking off", r#"{"name":"agentSpeaking","type":"info","value":"off"}"#),
            (
                "< interrupt after \"Your order left \"",
                r#"{"durationUntilInterruptMs":1066,"type":"interrupt","utteranceUntilInterrupt":"Your order left "}"#,
            ),
        ];
        for (line, frame) in lines {
            let Item::Caller(cue) = one(line) else { panic!("{line} is no cue") };
            let written: Value = serde_json::from_str(&cue.to_frame().unwrap()).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(frame).unwrap(), "{line}");
        }
    }

    #[test]
    fn a_frame_is_kept_to_the_letter() {
        let frame = r#"{"type":"interrupt", "durationUntilInterruptMs":"460"}"#;
        assert_eq!(one(&format!("< {frame}")), Item::Caller(Cue::Frame(frame.into())));
        assert_eq!(Cue::Frame(frame.into()).to_frame().as_deref(), Some(frame));
        assert_eq!(Cue::HangUp.to_frame(), None);
    }

    #[test]
    fn words_that_only_resemble_a_command_are_words() {
        for words in
            ["press the button for me", "speaking of which", "played out", "hangup already", "asking"]
        {
            assert_eq!(one(&format!("< {words}")), says(words, true));
        }
        assert_eq!(one("< \"hangup\""), says("hangup", true));
        assert_eq!(one("< hangup"), Item::Caller(Cue::HangUp));
        assert_eq!(one("> ask me again"), Item::Expect(Expectation::Words("ask me again".into())));
    }

    #[test]
    fn the_model_may_write_broken_arguments() {
        let call = |name: &str, arguments: &str| {
            Item::Model(Move::Call { name: name.into(), arguments: arguments.into() })
        };
        assert_eq!(one("m call escalate {\"reason\": \"x\"}"), call("escalate", "{\"reason\": \"x\"}"));
        assert_eq!(one("m call escalate {\"reason"), call("escalate", "{\"reason"));
        assert_eq!(one("m call lookup"), call("lookup", ""));
        assert_eq!(one("m words \" a\\u00e9\\n\""), Item::Model(Move::Words(" aé\n".into())));
        assert_eq!(one("m done"), Item::Model(Move::Done(Stop::Complete)));
        assert_eq!(one("m done length"), Item::Model(Move::Done(Stop::Length)));
        assert_eq!(one("m progress"), Item::Model(Move::Progress));
        assert_eq!(
            one("m fail 503 from the provider"),
            Item::Model(Move::Fail("503 from the provider".into()))
        );
    }

    #[test]
    fn time_is_in_seconds_or_milliseconds() {
        assert_eq!(one("~ 1500ms"), Item::Wait(Duration::from_millis(1500)));
        assert_eq!(one("~ 0.5 s"), Item::Wait(Duration::from_millis(500)));
        for wrong in ["~ 5", "~ soon", "~ -1s", "~ 1e400s"] {
            assert_eq!(cause(wrong), Cause::Time, "{wrong}");
        }
    }

    #[test]
    fn expectations_name_frames_words_or_the_model() {
        let frame = json!({ "type": "end" });
        assert_eq!(one("> {\"type\":\"end\"}"), Item::Expect(Expectation::Frame(frame)));
        assert_eq!(one("> \"cancel\""), Item::Expect(Expectation::Words("cancel".into())));
        assert_eq!(one("> cancel"), Item::Expect(Expectation::Cancel));
        let ask =
            |manner, messages| Item::Expect(Expectation::Ask(Question { manner, notes: None, messages }));
        assert_eq!(one("> ask"), ask(None, None));
        let messages = vec![json!({ "role": "user", "content": "hi" })];
        assert_eq!(one("> ask [{\"role\":\"user\",\"content\":\"hi\"}]"), ask(None, Some(messages.clone())));
        assert_eq!(one("> ask again"), ask(Some(Manner::Again), None));
        assert_eq!(
            one("> ask escalate [{\"role\":\"user\",\"content\":\"hi\"}]"),
            ask(Some(Manner::Escalate), Some(messages))
        );
        assert_eq!(one("> ask again later"), Item::Expect(Expectation::Words("ask again later".into())));
        assert!(matches!(cause("> ask {\"role\":\"user\"}"), Cause::Json(_)));
        for model in ["> ask", "> cancel", "m done", "t look_up \"x\"", "> run look_up", "> forget look_up"] {
            assert!(one(model).needs_scripted_model());
        }
        assert!(!one("> hello").needs_scripted_model());
        assert!(one("< played \"x\"").needs_scripted_playback());
    }

    #[test]
    fn tools_are_run_and_answer_or_fail() {
        let answer = |result| Item::Tool(Answer { tool: "look_up".into(), result });
        assert_eq!(one("t look_up \"fail\""), answer(Ok("fail".into())));
        assert_eq!(one("t look_up fail \"status 500\""), answer(Err("status 500".into())));
        for wrong in ["t look_up", "t look_up fail", "t look_up x", "t look_up failed \"x\""] {
            assert_eq!(cause(wrong), Cause::Answer, "{wrong}");
        }
        let run = |arguments| Item::Expect(Expectation::Run { tool: "look_up".into(), arguments });
        assert_eq!(one("> run look_up"), run(None));
        assert_eq!(one("> run look_up {\"number\":\"1\"}"), run(Some(json!({ "number": "1" }))));
        assert_eq!(one("> forget look_up"), Item::Expect(Expectation::Forget("look_up".into())));
        for words in ["run", "run look_up now", "forget about it", "forget"] {
            assert_eq!(one(&format!("> {words}")), Item::Expect(Expectation::Words(words.into())), "{words}");
        }
    }

    #[test]
    fn the_console_takes_over_or_whispers() {
        assert_eq!(one("s take over"), Item::Supervisor(Wish::TakeOver(None)));
        assert_eq!(one("s take over \"why\""), Item::Supervisor(Wish::TakeOver(Some("why".into()))));
        assert_eq!(one("s whisper \"so\""), Item::Supervisor(Wish::Whisper("so".into())));
        assert_eq!((cause("s whisper so"), cause("s sing")), (Cause::Quotes("whisper"), Cause::Wish));
        let Item::Expect(Expectation::Ask(question)) = one("> ask notes \"- so\" []") else { panic!() };
        assert_eq!((question.notes.as_deref(), question.messages), (Some("- so"), Some(Vec::new())));
        assert!(one("s take over").needs_scripted_model());
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let script =
            "# a comment\n\n< hello\nfoo\n>\n< press 12\n< {\"type\":}\nm sing\n< interrupt after x\n= won\n";
        let mistakes: Vec<_> = parse(script).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(mistakes.len(), 7);
        assert!(mistakes[0].starts_with("line 4: a line begins with"), "{}", mistakes[0]);
        assert!(mistakes[1].starts_with("line 5: nothing follows"), "{}", mistakes[1]);
        assert!(mistakes[2].starts_with("line 6: `press` takes one key"), "{}", mistakes[2]);
        assert!(mistakes[3].starts_with("line 7: not the JSON"), "{}", mistakes[3]);
        assert!(mistakes[4].starts_with("line 8: the model does"), "{}", mistakes[4]);
        assert!(mistakes[5].starts_with("line 9: `interrupt after`"), "{}", mistakes[5]);
        assert!(mistakes[6].starts_with("line 10: a call ends"), "{}", mistakes[6]);
    }

    #[test]
    fn nothing_follows_the_outcome() {
        assert_eq!(cause("= hungup\n< hello"), Cause::AfterOutcome);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[<m~>=# \"{}a-z0-9.\\\\\n]{0,60}|.{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_words_can_be_said_in_quotation_marks(words in ".{0,40}") {
            let line = format!("< {}", serde_json::to_string(&words).unwrap());
            prop_assert_eq!(one(&line), says(&words, true));
        }
    }
}
