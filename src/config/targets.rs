//! `[[targets]]` of `warmline.toml`: where people answer, in the order in which they are tried.

use serde::Deserialize;

use super::read::{phone_number, sip_address};
use super::{HandoffNumber, Place};
use crate::ids::WorkflowSid;

/// The longest name of a voice queue.
const LONGEST_QUEUE: usize = 64;

/// The most entries of a list. Each is a verb with a document of its own, and Twilio reads at most 64 KiB.
const MOST: usize = 10;

/// One place where people answer, or leave word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A TaskRouter workflow: the call becomes a Task.
    Workflow(WorkflowSid),
    /// A voice queue by name; agents dial into it.
    Queue(String),
    /// A phone number or SIP address, which is dialled.
    Number(HandoffNumber),
    /// The caller leaves a message. Always the last of a list.
    Voicemail,
}

/// One entry: exactly one of its keys says what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TargetTable {
    name: Option<String>,
    workflow: Option<String>,
    queue: Option<String>,
    number: Option<String>,
    sip: Option<String>,
    voicemail: Option<bool>,
}

impl TargetTable {
    fn target(&self) -> Result<Target, &'static str> {
        let keys = [
            self.workflow.as_deref().map(|sid| {
                sid.parse().map(Target::Workflow).map_err(|_| "workflow: expected WW and 32 hex digits")
            }),
            self.queue.as_deref().map(queue),
            self.number.as_deref().map(|number| phone_number(number).map(Target::Number)),
            self.sip.as_deref().map(|address| sip_address(address).map(Target::Number)),
            self.voicemail.filter(|wanted| *wanted).map(|_| Ok(Target::Voicemail)),
        ];
        let mut said = keys.into_iter().flatten();
        match (said.next(), said.next()) {
            (Some(target), None) => target,
            (_, _) => Err("expected exactly one of workflow, queue, number, sip, voicemail = true"),
        }
    }
}

fn queue(name: &str) -> Result<Target, &'static str> {
    let fits = !name.trim().is_empty() && name.chars().count() <= LONGEST_QUEUE;
    if fits {
        Ok(Target::Queue(name.to_owned()))
    } else {
        Err("queue: expected a name of 1 to 64 characters")
    }
}

/// The names that rules of routing know targets by, as the file has them.
pub(super) fn places(tables: &[TargetTable]) -> Result<Vec<Place>, Vec<String>> {
    let mut places: Vec<Place> = Vec::new();
    let mut problems = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let Some(name) = &table.name else { continue };
        let problem = |what| format!("[[targets]] number {}: name: {what}", place + 1);
        if name.trim().is_empty() || name.chars().count() > LONGEST_QUEUE {
            problems.push(problem("expected 1 to 64 characters"));
        } else if places.iter().any(|other| other.name == *name) {
            problems.push(problem("another target has it"));
        } else {
            places.push(Place { name: name.clone(), place });
        }
    }
    if problems.is_empty() { Ok(places) } else { Err(problems) }
}

/// The names of the usual targets.
pub(super) fn usual_places(targets: &[Target]) -> Vec<Place> {
    let name = |(place, target): (usize, &Target)| {
        let name = match target {
            Target::Workflow(_) => "workflow",
            Target::Number(_) => "number",
            Target::Queue(_) | Target::Voicemail => return None,
        };
        Some(Place { name: name.to_owned(), place })
    };
    targets.iter().enumerate().filter_map(name).collect()
}

/// The list as the file has it; a voicemail stands at its end in any case.
pub(super) fn targets(tables: &[TargetTable]) -> Result<Vec<Target>, Vec<String>> {
    let mut targets = Vec::new();
    let mut problems = Vec::new();
    for (table, number) in tables.iter().zip(1..) {
        match table.target() {
            // Values may be numbers of people, so none is quoted.
            Err(problem) => problems.push(format!("[[targets]] number {number}: {problem}")),
            Ok(_) if targets.contains(&Target::Voicemail) => {
                problems.push(format!("[[targets]] number {number}: nothing can follow a voicemail"));
            }
            Ok(target) => targets.push(target),
        }
    }
    if tables.len() > MOST {
        problems.push(format!("[[targets]]: expected at most {MOST} of them"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(with_voicemail(targets))
}

/// The list where the file has none: the workflow, then the number.
pub(super) fn usual(workflow: Option<WorkflowSid>, number: Option<HandoffNumber>) -> Vec<Target> {
    let workflow = workflow.map(Target::Workflow);
    with_voicemail(workflow.into_iter().chain(number.map(Target::Number)).collect())
}

fn with_voicemail(mut targets: Vec<Target>) -> Vec<Target> {
    if targets.last() != Some(&Target::Voicemail) {
        targets.push(Target::Voicemail);
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Tables {
        targets: Vec<TargetTable>,
    }

    fn read(toml: &str) -> Result<Vec<Target>, Vec<String>> {
        targets(&toml::from_str::<Tables>(toml).unwrap().targets)
    }

    #[test]
    fn a_list_keeps_its_order_and_ends_in_a_voicemail() {
        let list = "[[targets]]\nqueue = \"support\"\n[[targets]]\nnumber = \"+15550001111\"\n\
                    [[targets]]\nsip = \"sip:people@example.com\"\n";
        let number = |number| Target::Number(number);
        let expected = [
            Target::Queue("support".into()),
            number(HandoffNumber::Phone("+15550001111".into())),
            number(HandoffNumber::Sip("sip:people@example.com".into())),
            Target::Voicemail,
        ];
        assert_eq!(read(list).unwrap(), expected);
        assert!(read(&"[[targets]]\nqueue = \"a\"\n".repeat(11)).is_err(), "more than a document holds");
        assert_eq!(read(&format!("{list}[[targets]]\nvoicemail = true\n")).unwrap(), expected);
    }

    #[test]
    fn a_name_stands_for_one_place() {
        let places = |toml: &str| places(&toml::from_str::<Tables>(toml).unwrap().targets);
        let two = "[[targets]]\nqueue = \"a\"\n[[targets]]\nname = \"x\"\nqueue = \"b\"\n";
        assert_eq!(places(two).unwrap(), [Place { name: "x".into(), place: 1 }]);
        assert!(places(&format!("{two}{two}")).unwrap_err()[0].contains("number 4"));
        assert!(places("[[targets]]\nname = \" \"\nqueue = \"a\"").is_err());
    }

    #[test]
    fn every_mistake_is_told_by_its_place_and_without_its_value() {
        let problems = read(
            "[[targets]]\nworkflow = \"WWsecretive\"\n[[targets]]\n[[targets]]\nqueue = \"a\"\nnumber = \"+15550001111\"\n\
             [[targets]]\nnumber = \"5551234\"\n[[targets]]\nvoicemail = true\n[[targets]]\nqueue = \"late\"\n",
        )
        .unwrap_err();
        let places: Vec<_> =
            problems.iter().map(|problem| &problem["[[targets]] number ".len()..][..1]).collect();
        assert_eq!(places, ["1", "2", "3", "4", "6"], "{problems:#?}");
        for value in ["secretive", "5551234\"", "5550001111"] {
            assert!(!problems.concat().contains(value), "{problems:#?}");
        }
    }
}
