//! Calls as a table of 80 columns.

use crate::pii::Pii;
use crate::store::archive::{Call, Moment};

/// A line for each call.
pub(super) fn table(calls: &[Call]) -> String {
    if calls.is_empty() {
        return "no calls\n".to_owned();
    }
    let mut text =
        format!("{:<16}  {:<34}  {:<12} {:>6} {}\n", "BEGAN (UTC)", "CALL", "CALLER", "LASTED", "END");
    for call in calls {
        text.push_str(&format!(
            "{}  {:<34}  {:<12} {:>6} {}\n",
            minute(call.began_at),
            call.call_sid,
            hidden(call.caller.as_ref()),
            lasted(call),
            end(call),
        ));
    }
    text
}

/// `2026-11-27 06:25`
pub(super) fn minute(moment: Moment) -> String {
    moment.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// `3:12` or `16h40`, or a dash while it goes on.
pub(super) fn lasted(call: &Call) -> String {
    let Some(ended) = call.ended_at else { return "–".to_owned() };
    let seconds = ended.0.saturating_sub(call.began_at.0) / 1000;
    if seconds < 3_600 {
        return format!("{}:{:02}", seconds / 60, seconds % 60);
    }
    format!("{}h{:02}", seconds / 3_600, seconds / 60 % 60)
}

/// The beginning and the end of a number: enough to tell two callers apart.
fn hidden(number: Option<&Pii<String>>) -> String {
    let Some(number) = number else { return "unknown".to_owned() };
    let number: Vec<char> = number.expose().chars().collect();
    if number.len() < 8 || number[0] != '+' {
        return number.into_iter().take(3).chain("…".chars()).collect();
    }
    let last: String = number[number.len() - 3..].iter().collect();
    let first: String = number[..3].iter().collect();
    format!("{first}…{last}")
}

fn end(call: &Call) -> &'static str {
    match call.outcome.as_deref() {
        Some("escalated") => "person",
        Some("completed") => "done",
        Some(_) => "closed",
        // The caller was gone before the agent could begin.
        None if call.ended_at.is_some() => "closed",
        None => "open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(caller: &str, outcome: Option<&str>, ended: Option<u64>) -> Call {
        Call {
            call_sid: format!("CA{}", "a".repeat(32)).parse().unwrap(),
            account_sid: None,
            direction: None,
            caller: Some(caller.into()),
            line: None,
            language: None,
            prompts: None,
            prompt_variant: None,
            sessions: 1,
            turns: Some(3),
            outcome: outcome.map(str::to_owned),
            began_at: Moment(1_795_760_700_000),
            ended_at: ended.map(|seconds| Moment(1_795_760_700_000 + seconds * 1000)),
            verified: None,
            recording: None,
        }
    }

    #[test]
    fn a_table_fits_80_columns_and_shows_no_whole_number() {
        let calls = [
            call("+15551230000", Some("escalated"), Some(192)),
            call("sip:a.very.long.address@example.com", Some("closed"), Some(60_000)),
            call("+4930123456789", None, None),
        ];
        let table = table(&calls);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert!(table.contains("2026-11-27") && table.contains("+15…000") && table.contains("3:12 person"));
        assert!(!table.contains("5551230") && !table.contains("a.very"));
    }
}
