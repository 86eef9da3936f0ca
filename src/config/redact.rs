//! `[redact]` of `warmline.toml`: what is hidden at each exit beside what is hidden everywhere.

use serde::Deserialize;

use crate::mask::Also;
use crate::redact::Exits;

/// The table: a list for each exit.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RedactTable {
    console: Option<Vec<Kind>>,
    desk: Option<Vec<Kind>>,
    task: Option<Vec<Kind>>,
    export: Option<Vec<Kind>>,
    tracking: Option<Vec<Kind>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Email,
    Phone,
}

impl RedactTable {
    pub(super) fn exits(&self) -> Exits {
        let usual = Exits::default();
        let also = |kinds: &Option<Vec<Kind>>, usual| {
            kinds.as_ref().map_or(usual, |kinds| Also {
                email: kinds.contains(&Kind::Email),
                phone: kinds.contains(&Kind::Phone),
            })
        };
        Exits {
            console: also(&self.console, usual.console),
            desk: also(&self.desk, usual.desk),
            task: also(&self.task, usual.task),
            export: also(&self.export, usual.export),
            tracking: also(&self.tracking, usual.tracking),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::File;

    #[test]
    fn each_exit_has_a_list_of_its_own() {
        let read = |text: &str| File::parse(text).map(|file| file.redact.exits());
        assert_eq!(read(""), Ok(Exits::default()));
        let exits = read("[redact]\nconsole = []\ntask = [\"phone\"]").unwrap();
        assert_eq!(exits.console, Also::NOTHING);
        assert_eq!(exits.task, Also { email: false, phone: true });
        assert_eq!(exits.export, Exits::default().export);
        assert!(read("[redact]\ntraces = []").is_err(), "there are no words in traces");
        assert!(read("[redact]\nconsole = [\"card\"]").is_err(), "cards are hidden in any case");
        let example = File::parse(include_str!("../../warmline.toml.example")).unwrap();
        assert_eq!(example.redact.exits(), Exits::default());
        assert_eq!(example.desk.desk(), File::default().desk.desk());
    }
}
