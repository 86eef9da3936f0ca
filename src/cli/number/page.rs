//! One number as a page, and what is to be otherwise.

use serde_json::{Value, json};

use crate::numbers::{Difference, Number, Wiring};

/// Everything about one number.
pub(super) struct Shown<'a> {
    pub(super) number: &'a Number,
    pub(super) now: &'a Wiring,
    /// What it asked before it was pointed here.
    pub(super) before: Option<&'a Wiring>,
    pub(super) here: Option<&'a str>,
}

impl Shown<'_> {
    pub(super) fn text(&self) -> String {
        let Self { number, now, before, here } = self;
        let mut text = format!("{}  {}\n", number.phone_number, number.sid);
        if let Some(name) = number.friendly_name.as_deref().filter(|name| *name != number.phone_number) {
            text.push_str(&format!("  {:<16} {name}\n", "name"));
        }
        let leads = match (here, now.owner()) {
            (_, Some(owner)) if owner.outranks_addresses() => {
                format!("to the {owner}; addresses do not count")
            }
            (_, Some(owner)) => format!("to the {owner}"),
            (Some(here), None) if now.leads_to(here) => "here".to_owned(),
            (_, None) if now.voice_url.is_empty() => "nowhere: callers hear an error".to_owned(),
            (_, None) => "elsewhere".to_owned(),
        };
        text.push_str(&format!("  {:<16} {leads}\n", "calls go"));
        for (what, value) in now.lines() {
            text.push_str(&format!("  {what:<16} {value}\n"));
        }
        match before {
            Some(before) => {
                text.push_str("before it was pointed here (`restore` goes back to that):\n");
                for (what, value) in before.lines() {
                    text.push_str(&format!("  {what:<16} {value}\n"));
                }
                if before.lines().next().is_none() {
                    text.push_str("  nothing was set\n");
                }
            }
            None => text.push_str("nothing is kept to go back to\n"),
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let Self { number, now, before, here } = self;
        json!({
            "number": number.phone_number,
            "sid": number.sid,
            "name": number.friendly_name,
            "here": here.is_some_and(|here| now.leads_to(here)),
            "owner": now.owner().map(|owner| owner.to_string()),
            "asks": now,
            "before": before,
        })
    }
}

/// What is to be otherwise, in lines of 80 columns where the addresses allow that.
pub(super) fn difference(name: &str, difference: &[Difference]) -> String {
    let mut text = format!("{name}\n");
    let value = |value: &str| if value.is_empty() { "(nothing)".to_owned() } else { value.to_owned() };
    for Difference { what, from, to } in difference {
        text.push_str(&format!("  {what:<16} {}\n  {:>16} {}\n", value(from), "->", value(to)));
    }
    text
}
