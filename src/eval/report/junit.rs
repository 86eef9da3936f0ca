//! The results as JUnit's XML: a suite for each subject and group, a test for each trial.
//!
//! The form is that of Jenkins' schema: <https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd>

use std::io;

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::table::line_of;
use crate::eval::figures::{is_failed, unmet};
use crate::eval::outcome::{End, Results, Trial};

type Xml = Writer<Vec<u8>>;

/// The results as JUnit's XML. A trial that was not held is an error; one that did not meet its expectations, a failure.
pub fn junit(results: &Results) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    write(&mut xml, results).expect("memory takes every byte");
    String::from_utf8(xml.into_inner()).expect("only strings were written") + "\n"
}

fn write(xml: &mut Xml, results: &Results) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Trial> = results.trials.iter().collect();
    let mut suites = BytesStart::new("testsuites");
    suites.push_attribute(("name", "warmline eval"));
    counts(&mut suites, &all);
    xml.write_event(Event::Start(suites))?;
    let mut groups: Vec<&str> = results.cases.iter().map(|case| case.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    for (subject, about) in results.subjects.iter().enumerate() {
        for group in &groups {
            let mine = |trial: &&Trial| trial.subject == subject && results.cases[trial.case].group == *group;
            let trials: Vec<&Trial> = results.trials.iter().filter(mine).collect();
            if !trials.is_empty() {
                let name = if results.subjects.len() > 1 {
                    format!("{}/{group}", about.label)
                } else {
                    (*group).to_owned()
                };
                suite(xml, results, &name, &trials)?;
            }
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn suite(xml: &mut Xml, results: &Results, name: &str, trials: &[&Trial]) -> io::Result<()> {
    let mut tag = BytesStart::new("testsuite");
    attribute(&mut tag, "name", name);
    counts(&mut tag, trials);
    xml.write_event(Event::Start(tag))?;
    let first = trials.first().map_or(0, |trial| trial.subject);
    let subject = &results.subjects[first];
    xml.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in
        [("prompts", &subject.prompts), ("version", &subject.version), ("model", &subject.model)]
    {
        let mut tag = BytesStart::new("property");
        attribute(&mut tag, "name", name);
        attribute(&mut tag, "value", value);
        xml.write_event(Event::Empty(tag))?;
    }
    xml.write_event(Event::End(BytesEnd::new("properties")))?;
    for trial in trials {
        test(xml, results, name, trial)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn test(xml: &mut Xml, results: &Results, suite: &str, trial: &Trial) -> io::Result<()> {
    let case = &results.cases[trial.case];
    let name =
        if results.repeats > 1 { format!("{} #{}", case.name, trial.number) } else { case.name.clone() };
    let mut tag = BytesStart::new("testcase");
    attribute(&mut tag, "name", &name);
    attribute(&mut tag, "classname", suite);
    attribute(&mut tag, "time", &seconds(trial.lasted));
    xml.write_event(Event::Start(tag))?;
    if let End::Failed { why } = &trial.end {
        fault(xml, "error", "not held", why, why)?;
    } else if !trial.passed() {
        let all: Vec<String> =
            unmet(trial).map(|it| format!("wanted {}; found {}", it.expected, it.found)).collect();
        fault(xml, "failure", "expectation", all.first().map_or("", String::as_str), &all.join("\n"))?;
    }
    let said: Vec<String> = trial.transcript.iter().map(line_of).collect();
    text(xml, "system-out", &said.join("\n"))?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn fault(xml: &mut Xml, name: &str, kind: &str, message: &str, all: &str) -> io::Result<()> {
    let mut tag = BytesStart::new(name);
    attribute(&mut tag, "type", kind);
    attribute(&mut tag, "message", message);
    element(xml, tag, name, all)
}

fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    element(xml, BytesStart::new(name), name, text)
}

fn element(xml: &mut Xml, tag: BytesStart<'_>, name: &str, text: &str) -> io::Result<()> {
    xml.write_event(Event::Start(tag))?;
    let text = legal(text);
    xml.write_event(Event::Text(BytesText::from_escaped(partial_escape(text.as_str()))))?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

fn counts(tag: &mut BytesStart<'_>, trials: &[&Trial]) {
    let errors = trials.iter().filter(|trial| is_failed(trial)).count();
    let failures = trials.iter().filter(|trial| !is_failed(trial) && !trial.passed()).count();
    for (name, count) in [("tests", trials.len()), ("failures", failures), ("errors", errors)] {
        attribute(tag, name, &count.to_string());
    }
    attribute(tag, "time", &seconds(trials.iter().map(|trial| trial.lasted).sum()));
}

fn attribute(tag: &mut BytesStart<'_>, name: &str, value: &str) {
    tag.push_attribute((name, legal(value).as_str()));
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// Without what XML 1.0 cannot carry at all.
fn legal(text: &str) -> String {
    let is_legal = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(is_legal).collect()
}
