use quick_xml::events::Event;
use serde_json::json;

use super::*;
use crate::eval::scratch::{check, escalated, mixed, results, trial};

/// What a caller, a model or a scenario might be made to say.
const HOSTILE: &str = "</script><script>alert(1)</script>\"' ]]>&amp; \u{1b}[2J\u{0} <img src=x onerror=alert(1)> {{ 7*7 }} {% raw %}";

fn hostile() -> crate::eval::outcome::Results {
    let mut results = mixed();
    for subject in &mut results.subjects {
        subject.label = HOSTILE.into();
        subject.model = HOSTILE.into();
    }
    for case in &mut results.cases {
        case.title = HOSTILE.into();
        case.name = format!("{}/{HOSTILE}", case.group);
        case.tags = vec![HOSTILE.into()];
    }
    for trial in &mut results.trials {
        trial.transcript.iter_mut().for_each(|line| line.text = HOSTILE.into());
        trial.checks.iter_mut().for_each(|check| check.found = HOSTILE.into());
        if let crate::eval::outcome::End::Escalated(it) = &mut trial.end {
            (it.summary, it.reason, it.reason_code) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        }
        if let crate::eval::outcome::End::Failed { why } = &mut trial.end {
            *why = HOSTILE.into();
        }
    }
    results.judge = Some(HOSTILE.into());
    results
}

#[test]
fn a_transcript_is_text_on_the_page() {
    let page = html(&hostile());
    assert_eq!(page.matches("<script").count(), 1, "only our own");
    assert_eq!(page.matches("</script").count(), 1);
    for forged in ["<img", "onerror=alert(1)>", " 49 ", "style=\"", " onclick"] {
        assert!(!page.contains(forged), "{forged}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("{{ 7*7 }}"));
    // Nothing is fetched: neither a source nor a link leads out.
    for outside in ["src=", "href=", "url(", "@import", "http:", "https:"] {
        assert!(!page.replace("src=x", "").contains(outside), "{outside}");
    }
}

#[test]
fn the_page_tells_every_figure_and_failing_scenarios_first() {
    let page = html(&mixed());
    for shown in
        ["Missed escalations", "33.3%", "1 of 3 trials", "Trials not held", "2 of 8 trials", "out of reach"]
    {
        assert!(page.contains(shown), "{shown}");
    }
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    assert!(place("<b>bank&#x2f;asks</b>") < place("<b>parcel&#x2f;either</b>"), "what was met comes last");
    assert_eq!(page.matches("class=\"one\"").count(), 7, "every trial");
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert!(!page.contains("compared with"), "there is one subject");
}

#[test]
fn a_comparison_is_on_the_page_and_in_the_table() {
    let both = |case, number| {
        [
            trial(0, case, number, json!({"how": "completed"}), vec![check("escalates", false)]),
            trial(1, case, number, escalated(2), vec![check("escalates", true)]),
        ]
    };
    let results = results(2, 1, [0, 2].into_iter().flat_map(|case| both(case, 1)).collect());
    for text in [html(&results), table(&results)] {
        assert!(text.contains("v2 compared with v1") && text.contains("-100.0 pp"), "{text}");
        assert!(text.contains("p 0.500"), "{text}");
    }
}

#[test]
fn a_table_fits_80_columns_and_a_terminal_obeys_nothing_in_it() {
    for results in [mixed(), hostile(), results(2, 1, Vec::new())] {
        let table = table(&results);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert!(!table.chars().any(|c| c.is_control() && c != '\n'));
    }
    let table = table(&mixed());
    for shown in [
        "  Missed escalations        33.3%  ",
        "1 of 3 trials",
        "  bank/asks #2: the caller hung up",
        "    - wanted escalates as it should be; found something else",
        "out of reach: check OPENAI_BASE_URL",
    ] {
        assert!(table.contains(shown), "{shown} is not in\n{table}");
    }
}

#[test]
fn junit_counts_failures_and_errors_apart() {
    let xml = junit(&mixed());
    assert!(
        xml.contains(r#"<testsuites name="warmline eval" tests="7" failures="4" errors="1" time="8.638">"#),
        "{xml}"
    );
    assert!(xml.contains(r#"<testsuite name="parcel" tests="3" failures="1" errors="1""#), "{xml}");
    assert!(xml.contains(r#"<testcase name="bank/asks #2" classname="bank" time="1.234">"#), "{xml}");
    assert!(xml.contains("<error type=\"not held\" message=\"the model is out of reach"), "{xml}");
}

#[test]
fn junit_is_xml_whatever_was_said() {
    let xml = junit(&hostile());
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut depth, mut tests) = (0_i32, 0);
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(tag) = &event {
            depth += 1;
            tests += i32::from(tag.name().as_ref() == "testcase");
            tag.attributes().for_each(|attribute| assert!(attribute.is_ok()));
        }
        depth -= i32::from(matches!(event, Event::End(_)));
        if matches!(event, Event::Eof) {
            break;
        }
    }
    assert_eq!((depth, tests), (0, 7));
    assert!(!xml.contains('\u{1b}') && !xml.contains('\u{0}') && !xml.contains("<img"), "{xml}");
}

#[test]
fn json_is_read_back_and_a_newer_format_is_refused() {
    let written = json(&mixed());
    assert_eq!(read(&written).unwrap(), mixed());
    let value: serde_json::Value = serde_json::from_str(&written).unwrap();
    let figure = &value["figures"][0]["total"]["figures"][1];
    assert_eq!(
        (&figure["measure"], &figure["hits"], &figure["of"]),
        (&json!("missed"), &json!(1), &json!(3))
    );
    let newer = written.replacen("\"format\": 1", "\"format\": 2", 1);
    assert!(read(&newer).unwrap_err().to_string().contains("format 2"), "a newer one");
    assert!(read("{\"calls\": []}").unwrap_err().to_string().contains("no results of `warmline eval"));
    let dangling = written.replacen("\"case\": 0", "\"case\": 9", 1);
    assert!(read(&dangling).unwrap_err().to_string().contains("trial 1 of these results names a case"));
}
