//! Numbers as a table of 80 columns.

use serde_json::{Value, json};

use super::shown;
use crate::numbers::{Number, Owner, Wiring};

/// How many columns are left for where calls go.
const WIDTH: usize = 40;

/// A line for each number; those that lead here are marked.
pub(super) fn table(numbers: &[Number], here: Option<&str>) -> String {
    if numbers.is_empty() {
        return "the account has no numbers\n".to_owned();
    }
    let mut text = format!("  {:<16} {:<18} {}\n", "NUMBER", "NAME", "CALLS GO TO");
    for number in numbers {
        let wiring = Wiring::of(number);
        let mark = if is_here(&wiring, here) { '*' } else { ' ' };
        let name = number.friendly_name.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "{mark} {:<16} {:<18} {}\n",
            number.phone_number,
            cut(name, 18),
            cut(&goes_to(&wiring, here), WIDTH)
        ));
    }
    let marked = numbers.iter().filter(|number| is_here(&Wiring::of(number), here)).count();
    text.push_str(&match here {
        Some(here) => format!("* {marked} of {} lead here, to {here}\n", numbers.len()),
        None => "where this server is reached is not known: say --url or set PUBLIC_URL\n".to_owned(),
    });
    text
}

/// The same for programs.
pub(super) fn json(number: &Number, here: Option<&str>) -> Value {
    let wiring = Wiring::of(number);
    json!({
        "number": number.phone_number,
        "sid": number.sid,
        "name": number.friendly_name,
        "here": is_here(&wiring, here),
        "owner": wiring.owner().map(|owner| owner.to_string()),
        "asks": wiring,
    })
}

fn is_here(wiring: &Wiring, here: Option<&str>) -> bool {
    here.is_some_and(|here| wiring.leads_to(here))
}

fn goes_to(wiring: &Wiring, here: Option<&str>) -> String {
    match wiring.owner() {
        Some(Owner::Application(sid)) => format!("application {sid}"),
        Some(Owner::Trunk(sid)) => format!("trunk {sid}"),
        Some(Owner::Flow(sid)) => format!("Studio {sid}"),
        None if is_here(wiring, here) => "here".to_owned(),
        None if wiring.voice_url.is_empty() => "nowhere".to_owned(),
        None => shown(&wiring.voice_url),
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_80_columns_and_marks_what_leads_here() {
        let here = "https://bridge.example.com/voice/incoming";
        let number = |digits: &str, more: Value| {
            let mut all = json!({"sid": format!("PN{}", "a".repeat(32)), "phone_number": digits,
                "friendly_name": "A line with a name that is long"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Number>(all).unwrap()
        };
        let numbers = [
            number("+15550100001", json!({"voice_url": here})),
            number("+15550100002", json!({"voice_url": here, "trunk_sid": format!("TK{}", "a".repeat(32))})),
            number(
                "+15550100003",
                json!({"voice_url": "https://x.example.com/a/very/long/path?key=secretive"}),
            ),
            number("+15550100004", json!({"voice_url": ""})),
        ];
        let table = table(&numbers, Some(here));
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        let marked: Vec<_> = table.lines().filter(|line| line.starts_with("* +")).collect();
        assert!(marked.len() == 1 && marked[0].contains("+15550100001"), "{table}");
        assert!(table.contains("* 1 of 4 lead here") && table.contains("nowhere"), "{table}");
        assert!(!table.contains("secretive"), "{table}");
    }
}
