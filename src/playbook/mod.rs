//! The prompts and tools in force. An edit counts from the next call on; a broken edit is reported once, and
//! the last good version keeps answering.

mod source;

pub use source::{Source, Sources};

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::prompts::{CallFacts, FileError, Prompts};
use crate::tools::{Means, Tools};
use source::Fingerprint;

/// How many texts are compared before a call gets one of its own.
const SHARED_PROMPTS: usize = 16;

/// What one call is started with. It does not change while the call lasts.
#[derive(Debug)]
pub struct Playbook {
    /// The prompts.
    pub prompts: Arc<Prompts>,
    /// The tools.
    pub tools: Arc<Tools>,
    /// The system prompts in use. Most calls have the same facts, and so share one text of some KiB.
    rendered: Mutex<Vec<Weak<str>>>,
}

/// Holds the playbook and follows its files.
#[derive(Debug)]
pub struct Shelf {
    sources: Sources,
    means: Means,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    playbook: Arc<Playbook>,
    /// The state of the files that was last read, good or broken.
    seen: [Fingerprint; 2],
}

impl Playbook {
    fn of(prompts: Arc<Prompts>, tools: Tools) -> Self {
        Self { prompts, tools: Arc::new(tools), rendered: Mutex::default() }
    }

    /// The system prompt of one call. A template that fails on these facts is reported, and the embedded
    /// prompt takes its place: no caller is lost to it.
    pub fn system_prompt(&self, facts: &CallFacts) -> Arc<str> {
        let prompt = self.prompts.render(facts).unwrap_or_else(|error| {
            report(&error, "the prompt failed for this call, the embedded one is used");
            Prompts::embedded().render(facts).unwrap_or_default()
        });
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = rendered.iter().take(SHARED_PROMPTS).filter_map(Weak::upgrade);
        if let Some(same) = in_use.into_iter().find(|other| **other == *prompt) {
            return same;
        }
        let prompt: Arc<str> = prompt.into();
        rendered.retain(|other| other.strong_count() > 0);
        rendered.truncate(SHARED_PROMPTS - 1);
        rendered.push(Arc::downgrade(&prompt));
        prompt
    }
}

impl Shelf {
    /// Reads everything once. The tools are run with `means`.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn open(sources: Sources, means: Means) -> Result<Self, FileError> {
        let seen = fingerprints(&sources);
        let playbook = Arc::new(read(&sources, &means)?);
        Ok(Self { sources, means, held: Mutex::new(Held { playbook, seen }) })
    }

    /// The playbook for a call that begins now. Asks the file system for names, times and lengths, and reads
    /// the files only if one of these changed.
    pub fn current(&self) -> Arc<Playbook> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before reading: an edit meanwhile is seen by the next call.
        let now = fingerprints(&self.sources);
        if now != held.seen {
            held.seen = now;
            match read(&self.sources, &self.means) {
                Ok(playbook) => {
                    tracing::info!(
                        prompts.version = playbook.prompts.version,
                        "prompts and tools were read again"
                    );
                    held.playbook = Arc::new(playbook);
                }
                Err(error) => report(&error, "an edit is broken, the last good version stays in use"),
            }
        }
        // Servers of tools come and go while no file changes.
        if let Some(tools) = held.playbook.tools.renewed() {
            held.playbook = Arc::new(Playbook::of(held.playbook.prompts.clone(), tools));
        }
        held.playbook.clone()
    }

    /// Keeps the connections to servers of tools, until it is dropped.
    pub async fn keep_connected(&self) {
        self.means.keep_connected().await;
    }

    /// The playbook that was last read, without a look at the files.
    pub fn latest(&self) -> Arc<Playbook> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).playbook.clone()
    }

    /// Where everything comes from, for the first lines of the log.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

fn fingerprints(sources: &Sources) -> [Fingerprint; 2] {
    [sources.prompts.fingerprint(Prompts::reads), sources.tools.fingerprint(Tools::reads)]
}

fn read(sources: &Sources, means: &Means) -> Result<Playbook, FileError> {
    let prompts = match &sources.prompts {
        Source::Embedded => Prompts::embedded(),
        Source::Folder(folder) => Prompts::load(folder)?,
    };
    let tools = match &sources.tools {
        Source::Embedded => Tools::embedded(),
        Source::Folder(folder) => Tools::load(folder, means)?,
    };
    Ok(Playbook::of(Arc::new(prompts), tools))
}

fn report(error: &FileError, message: &str) {
    tracing::warn!(file = error.file, line = error.line, cause = error.cause, "{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Toolbox;
    use crate::prompts::scratch::Scratch;

    fn shelf(scratch: &Scratch) -> Shelf {
        rustls::crypto::ring::default_provider().install_default().ok();
        scratch.write("prompts/agent.md", "You are Otto.");
        scratch.write("tools/escalate.json", include_str!("../../tools/escalate.json"));
        let sources = Sources::choose(None, None, scratch.path());
        Shelf::open(sources, Tools::client().unwrap()).unwrap()
    }

    fn prompt(shelf: &Shelf) -> String {
        shelf.current().system_prompt(&CallFacts::default()).to_string()
    }

    #[test]
    fn an_edit_counts_from_the_next_call_on() {
        let scratch = Scratch::new();
        let shelf = shelf(&scratch);
        let running = shelf.current();
        scratch.write("prompts/agent.md", "You are Ottilie.");
        assert_eq!(prompt(&shelf), "You are Ottilie.");
        assert_eq!(&*running.system_prompt(&CallFacts::default()), "You are Otto.");
    }

    #[test]
    fn a_broken_edit_keeps_the_last_good_version_until_it_is_mended() {
        let scratch = Scratch::new();
        let shelf = shelf(&scratch);
        for broken in ["You are {{ nobody }}.", "+++\n", "You are {% if %}"] {
            scratch.write("prompts/agent.md", broken);
            assert_eq!(prompt(&shelf), "You are Otto.", "{broken}");
        }
        scratch.write("prompts/agent.md", "You are well again.");
        assert_eq!(prompt(&shelf), "You are well again.");
    }

    #[test]
    fn a_new_tool_is_offered_and_a_broken_one_is_not() {
        let scratch = Scratch::new();
        let shelf = shelf(&scratch);
        let names = || shelf.current().tools.tools().iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
        scratch.write("tools/remember.json", include_str!("../../tools/remember.json"));
        assert_eq!(names(), ["escalate", "remember"]);
        scratch.write("tools/remember.json", "{");
        assert_eq!(names(), ["escalate", "remember"]);
        scratch.remove("tools/remember.json");
        assert_eq!(names(), ["escalate"]);
    }

    #[test]
    fn files_that_did_not_change_are_not_read_again() {
        let scratch = Scratch::new();
        let shelf = shelf(&scratch);
        let first = shelf.current();
        scratch.write("prompts/README.md", "Notes.");
        assert!(Arc::ptr_eq(&first, &shelf.current()));
        assert!(Arc::ptr_eq(&first, &shelf.latest()));
    }

    #[test]
    fn a_folder_that_went_away_changes_nothing() {
        let scratch = Scratch::new();
        let shelf = shelf(&scratch);
        scratch.remove("prompts/agent.md");
        assert_eq!(prompt(&shelf), "You are Otto.");
    }

    #[test]
    fn a_prompt_that_fails_for_one_caller_is_replaced() {
        let scratch = Scratch::new();
        let shelf = shelf(&scratch);
        scratch.write("prompts/agent.md", "{% if caller.name == 'Jane' %}{{ caller.name|int }}{% endif %}");
        let facts = CallFacts { caller_name: Some("Jane".into()), ..CallFacts::default() };
        assert!(shelf.current().system_prompt(&facts).contains("Northwind Parcel"));
    }
}
