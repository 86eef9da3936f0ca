//! Documents for human eyes, at most 80 columns wide. What comes from a call is cleaned of control characters
//! first: nobody on the phone writes to somebody's terminal.

use serde_json::Value;

use crate::twiml::Element;

/// The widest line.
pub const WIDTH: usize = 80;

/// Text in lines of at most [`WIDTH`] columns. The first begins with `label`, the others stand below its text.
pub fn wrapped(label: &str, text: &str) -> String {
    let indent = " ".repeat(label.chars().count());
    hanging(label, &indent, text)
}

/// A TwiML document, one element per line, and the `<Task>` as indented JSON.
pub fn document(element: &Element) -> String {
    let mut lines = String::new();
    push_element(&mut lines, element, 0);
    lines
}

/// A Task as the agent gets it: what matters first, and everything else by its path.
pub fn task(task: &Value) -> String {
    let mut rows = Vec::new();
    let text = |name: &str| task.get(name).and_then(Value::as_str).unwrap_or_default();
    let reason = match (text("reason"), text("reasonCode")) {
        (reason, "") => reason.to_owned(),
        (reason, code) => format!("{reason} ({code})"),
    };
    rows.push(("Name".to_owned(), text("name").to_owned()));
    rows.push(("Reason".to_owned(), reason));
    rows.push(("Sentiment".to_owned(), text("sentiment").to_owned()));
    rows.push(("Summary".to_owned(), text("callSummary").to_owned()));
    let mut others = Vec::new();
    flatten(task, "", &mut others);
    let facts = |row: &(String, String)| row.0.split('.').any(|part| part == "memory");
    let (facts, others): (Vec<_>, Vec<_>) = others.into_iter().partition(facts);
    let fact =
        |(path, fact): (String, String)| format!("{}: {fact}", path.rsplit('.').next().unwrap_or_default());
    let facts: Vec<_> = facts.into_iter().map(fact).collect();
    rows.push(("Facts".to_owned(), facts.join("; ")));
    let shown = ["name", "reason", "reasonCode", "sentiment", "callSummary"];
    rows.extend(others.into_iter().filter(|(path, _)| !shown.contains(&path.as_str())));
    framed("Task, as the agent gets it", &rows)
}

fn framed(title: &str, rows: &[(String, String)]) -> String {
    let mut lines = format!("╭─ {title} {}\n", "─".repeat(WIDTH - 4 - title.chars().count()));
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let label = format!("│ {name:<10} ");
        lines.push_str(&hanging(&label, &format!("│ {:<10} ", ""), value));
    }
    lines.push_str(&format!("╰{}\n", "─".repeat(WIDTH - 1)));
    lines
}

/// Every value that is no object, with its path.
fn flatten(value: &Value, path: &str, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(value, &path, rows);
            }
        }
        Value::Array(values) => {
            rows.push((path.to_owned(), values.iter().map(scalar).collect::<Vec<_>>().join("; ")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            rows.push((path.to_owned(), scalar(value)));
        }
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn push_element(lines: &mut String, element: &Element, depth: usize) {
    let indent = "  ".repeat(depth);
    let mut tag = format!("<{}", element.name);
    for (name, value) in &element.attributes {
        tag.push_str(&format!(" {name}=\"{value}\""));
    }
    let empty = element.children.is_empty() && element.text.is_empty();
    tag.push_str(if empty { "/>" } else { ">" });
    lines.push_str(&hanging(&indent, &format!("{indent}    "), &tag));
    if empty {
        return;
    }
    let inside = format!("{indent}  ");
    let text = match serde_json::from_str::<Value>(&element.text) {
        Ok(json @ Value::Object(_)) => format!("{json:#}"),
        _ => element.text.trim().to_owned(),
    };
    for line in text.lines() {
        let json_indent = line.len() - line.trim_start().len();
        let first = format!("{inside}{}", &line[..json_indent]);
        lines.push_str(&hanging(&first, &format!("{first}    "), &line[json_indent..]));
    }
    for child in &element.children {
        push_element(lines, child, depth + 1);
    }
    lines.push_str(&format!("{indent}</{}>\n", element.name));
}

/// Words in lines; a word that is wider than a line is broken.
fn hanging(first: &str, next: &str, text: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    let mut fresh = true;
    let mut end = |line: &mut String, fresh: &mut bool| {
        lines.push_str(line.trim_end());
        lines.push('\n');
        next.clone_into(line);
        *fresh = true;
    };
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().map(visible).collect();
        if !fresh && width(&line) + 1 + word.len() > WIDTH {
            end(&mut line, &mut fresh);
        }
        if !fresh {
            line.push(' ');
        }
        for character in word {
            if width(&line) == WIDTH {
                end(&mut line, &mut fresh);
            }
            line.push(character);
            fresh = false;
        }
    }
    end(&mut line, &mut fresh);
    lines
}

fn width(line: &str) -> usize {
    line.chars().count()
}

/// A character that cannot steer a terminal, or the direction of a line.
fn visible(character: char) -> char {
    let steers =
        character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if steers { '\u{FFFD}' } else { character }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::twiml::parse;

    #[test]
    fn a_task_shows_what_matters_first() {
        let shown = task(&json!({
            "callSummary": "The caller was charged twice for order 1182 and wants the second charge back today.",
            "name": "Ada Lovelace", "reason": "billing dispute", "reasonCode": "caller_request",
            "sentiment": "negative",
            "warmline": { "memory": { "order": "1182", "charges": "two" }, "turns": 3, "trigger": "request" },
        }));
        let lines = [
            "│ Name       Ada Lovelace",
            "│ Reason     billing dispute (caller_request)",
            "│ Sentiment  negative",
            "│ Summary    The caller was charged twice for order 1182 and wants the second",
            "│            charge back today.",
            "│ Facts      charges: two; order: 1182",
            "│ warmline.trigger request",
            "│ warmline.turns 3",
        ];
        let shown: Vec<_> = shown.lines().collect();
        assert_eq!(shown[1..shown.len() - 1], lines);
        assert!(shown.iter().all(|line| width(line) <= WIDTH));
        assert_eq!((width(shown[0]), width(shown[9])), (WIDTH, WIDTH));
    }

    #[test]
    fn a_document_is_indented_and_its_task_is_readable() {
        let shown = document(
            &parse(
                r#"<Response><Enqueue workflowSid="WW00000000000000000000000000000000" action="/voice/queued?n=1">
                <Task priority="5">{"name":"Ada","reason":"a &amp; b"}</Task></Enqueue>
                <Say>Sorry.</Say></Response>"#,
            )
            .unwrap(),
        );
        let lines = [
            "<Response>",
            "  <Enqueue workflowSid=\"WW00000000000000000000000000000000\"",
            "      action=\"/voice/queued?n=1\">",
            "    <Task priority=\"5\">",
            "      {",
            "        \"name\": \"Ada\",",
            "        \"reason\": \"a & b\"",
            "      }",
            "    </Task>",
            "  </Enqueue>",
            "  <Say>",
            "    Sorry.",
            "  </Say>",
            "</Response>",
        ];
        assert_eq!(shown.lines().collect::<Vec<_>>(), lines);
        assert_eq!(
            document(&parse("<Response><Hangup/></Response>").unwrap()),
            "<Response>\n  <Hangup/>\n</Response>\n"
        );
    }

    #[test]
    fn nobody_on_the_phone_writes_to_the_terminal() {
        assert_eq!(
            wrapped("ai   ", "red \u{1b}[31m\u{202e}alert\u{7}"),
            "ai   red \u{fffd}[31m\u{fffd}alert\u{fffd}\n"
        );
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_and_no_word_is_lost(text in "([a-zé ]{0,30}|[a-z]{70,120}| ){0,6}") {
            let lines = wrapped("ai   ", &text);
            prop_assert!(lines.lines().all(|line| width(line) <= WIDTH));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&lines), format!("ai{}", letters(&text)));
        }
    }
}
