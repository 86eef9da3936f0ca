//! What a caller does, as `say` has it: a text is said, a table does something else.

use std::time::Duration;

use toml::de::DeValue;

use super::Act;
use super::reader::{Placed, Reader};

/// The longest silence, in seconds.
const LONGEST_SILENCE: f64 = 3_600.0;
/// The most keys that are pressed at once.
const MOST_KEYS: usize = 64;
/// The most characters that may have to be heard.
const FURTHEST: usize = 10_000;

/// Reads one act.
pub(super) fn act<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<Act> {
    if value.get_ref().is_str() {
        return reader.text(path, value).map(Act::Say);
    }
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        reader.problem(path, EXPECTED.to_owned());
        return None;
    }
    let before = reader.problems.len();
    let (mut act, mut after, mut acts) = (None, None, 0);
    reader.each(path, value, &["keys", "silence", "interrupt", "after"], |reader, key, value| {
        let path = format!("{path}.{key}");
        acts += usize::from(key != "after");
        match key {
            "keys" => act = keys(reader, &path, value).map(Act::Keys).or(act.take()),
            "silence" => act = silence(reader, &path, value).map(Act::Silence).or(act.take()),
            "interrupt" => {
                let words = reader.text(&path, value);
                act = words.map(|words| Act::Interrupt { words, after: 0 }).or(act.take());
            }
            _ => after = characters(reader, &path, value),
        }
    });
    let is_interrupt = reader.has(&format!("{path}.interrupt"));
    let has_after = reader.has(&format!("{path}.after"));
    if acts != 1 {
        reader.problem(path, EXPECTED.to_owned());
    } else if has_after && !is_interrupt {
        reader.problem(
            &format!("{path}.after"),
            "only an `interrupt` comes after so many characters".to_owned(),
        );
    } else if is_interrupt && !has_after {
        reader
            .problem(path, "an `interrupt` needs `after`, the characters that were heard by then".to_owned());
    }
    if reader.problems.len() > before {
        return None;
    }
    match (act, after) {
        (Some(Act::Interrupt { words, .. }), Some(after)) => Some(Act::Interrupt { words, after }),
        (act, _) => act,
    }
}

const EXPECTED: &str = "expected a text, or one of { keys = \"0\" }, { silence = 12 }, { interrupt = \"No, wait.\", after = 20 }";

fn keys<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<String> {
    let keys = reader.text(path, value)?;
    let fits = keys.len() <= MOST_KEYS && keys.chars().all(|key| "0123456789*#".contains(key));
    if !fits {
        reader.problem(path, format!("expected up to {MOST_KEYS} of 0-9, * and #"));
    }
    fits.then_some(keys)
}

fn silence<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<Duration> {
    let seconds: f64 = reader.take(path, value)?;
    let fits = seconds > 0.0 && seconds <= LONGEST_SILENCE;
    if !fits {
        reader.problem(path, format!("expected seconds, more than 0 and {LONGEST_SILENCE} at most"));
    }
    fits.then(|| Duration::from_secs_f64(seconds))
}

fn characters<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<usize> {
    let count: usize = reader.take(path, value)?;
    if count > FURTHEST {
        reader.problem(path, format!("{FURTHEST} characters are the most"));
        return None;
    }
    Some(count)
}
