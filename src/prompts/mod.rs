//! What the agent is told to be: `agent.md` (how it speaks, its prompt), `lines.toml` (sentences of our own) and
//! `knowledge*.md` (what it may tell). Compiled in from `prompts/`, or read from a folder that is edited live.
//!
//! A mistake is found when the files are read, with file and line, and never by a caller.

mod file_error;
mod folder;
mod front_matter;
mod given;
mod knowledge;
mod lines;
mod relay_attributes;
#[cfg(test)]
pub(crate) mod scratch;
mod shares;
mod template;
mod tokens;

pub use file_error::FileError;
pub(crate) use folder::{Folder, Text, names};
pub use front_matter::{FrontMatter, SpokenLanguage, Voice};
pub use given::given;
pub use knowledge::{Article, Knowledge, Topic};
pub use shares::{BASE, MOST_VARIANTS, SHARES, Shares, is_variant};
pub use template::CallFacts;
pub use tokens::estimated_tokens;

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::session::Lines;
use template::Template;

const AGENT: &str = "agent.md";
const LINES: &str = "lines.toml";
/// The same of a variant, where the base has some too: its keys stand over those.
const LINES_ABOVE: &str = "variant/lines.toml";
/// `knowledge.md`, and `knowledge.es.md` for Spanish.
const KNOWLEDGE: (&str, &str) = ("knowledge", ".md");

const EMBEDDED: Folder = Folder::Embedded(
    "prompts",
    &[
        (AGENT, include_str!("../../prompts/agent.md")),
        ("knowledge.es.md", include_str!("../../prompts/knowledge.es.md")),
        ("knowledge.md", include_str!("../../prompts/knowledge.md")),
        (LINES, include_str!("../../prompts/lines.toml")),
    ],
);

/// The prompt files of one version, read and checked.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// How the agent speaks and listens.
    pub front: FrontMatter,
    /// The sentences we say ourselves.
    pub lines: Arc<Lines>,
    /// What the agent may tell.
    pub knowledge: Knowledge,
    /// Names this version: 12 hex digits over the names and texts of all files it was read from.
    pub version: String,
    /// Those files, as a JSON object of texts by name.
    pub files: Arc<str>,
    template: Template,
}

impl Prompts {
    /// The files that were compiled in.
    pub fn embedded() -> Self {
        Self::read(&EMBEDDED).expect("a test reads the embedded prompts")
    }

    /// Reads a folder. Without `lines.toml`, or without any knowledge file, the embedded ones take their place;
    /// `agent.md` must be there.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load(folder: &Path) -> Result<Self, FileError> {
        Self::read(&Folder::Directory(folder.to_owned()))
    }

    /// Reads a variant: the files of `above` in place of those of the same name in `folder`, and the sentences of
    /// its `lines.toml` over those of the folder's, key by key.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load_variant(folder: &Path, above: &Path) -> Result<Self, FileError> {
        Self::of(Self::texts(Some(folder), Some(above))?, &Folder::Directory(folder.to_owned()))
    }

    /// The files of a folder as they stand there, or those that were compiled in, and those of a variant over them.
    pub(crate) fn texts(folder: Option<&Path>, above: Option<&Path>) -> Result<Vec<Text>, FileError> {
        let below = folder.map_or(EMBEDDED, |folder| Folder::Directory(folder.to_owned()));
        let mut texts = below.texts(&Self::reads)?;
        let Some(above) = above else { return Ok(texts) };
        for mut text in Folder::Directory(above.to_owned()).texts(&Self::reads)? {
            if text.name == LINES && texts.iter().any(|below| below.name == LINES) {
                text.name = LINES_ABOVE.to_owned();
            } else {
                texts.retain(|below| below.name != text.name);
            }
            texts.push(text);
        }
        texts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(texts)
    }

    /// The system prompt for one call.
    ///
    /// # Errors
    ///
    /// When the template takes a branch that no sample call took, and fails there.
    pub fn render(&self, facts: &CallFacts) -> Result<String, FileError> {
        self.template.render(facts, &self.knowledge)
    }

    /// Whether a file of the folder belongs to the prompts.
    pub(crate) fn reads(name: &str) -> bool {
        name == AGENT || name == LINES || knowledge_language(name).is_some()
    }

    fn read(folder: &Folder) -> Result<Self, FileError> {
        Self::of(folder.texts(&Self::reads)?, folder)
    }

    /// Reads texts, which are a folder's and perhaps more.
    fn of(mut texts: Vec<Text>, folder: &Folder) -> Result<Self, FileError> {
        let has = |texts: &[Text], wanted: fn(&str) -> bool| texts.iter().any(|text| wanted(&text.name));
        let embedded = EMBEDDED.texts(&Self::reads)?;
        for wanted in [(|name| name == LINES) as fn(&str) -> bool, |name| knowledge_language(name).is_some()]
        {
            if !has(&texts, wanted) {
                texts.extend(embedded.iter().filter(|text| wanted(&text.name)).cloned());
            }
        }
        let agent = texts.iter().find(|text| text.name == AGENT);
        let agent = agent.ok_or_else(|| FileError::whole(&folder.path_of(AGENT), "there is no such file"))?;
        let (front, body, begins) = front_matter::split(&agent.file, &agent.text)?;
        let knowledge = read_knowledge(&texts, &front.language)?;
        let template = Template::new(&agent.file, begins, body, &knowledge)?;
        let lines = read_lines(&embedded, LINES, Lines::default())?;
        let lines = read_lines(&texts, LINES, lines)?;
        let lines = read_lines(&texts, LINES_ABOVE, lines)?;
        Ok(Self {
            front,
            lines: Arc::new(lines),
            knowledge,
            version: version(&texts),
            files: files(&texts),
            template,
        })
    }
}

fn read_lines(texts: &[Text], name: &str, fallback: Lines) -> Result<Lines, FileError> {
    match texts.iter().find(|text| text.name == name) {
        Some(text) => lines::read(&text.file, &text.text, fallback),
        None => Ok(fallback),
    }
}

fn read_knowledge(texts: &[Text], language: &str) -> Result<Knowledge, FileError> {
    let mut knowledge = Knowledge::new(language);
    for text in texts {
        if let Some(language) = knowledge_language(&text.name) {
            knowledge.add(language, Article::read(&text.file, &text.text)?);
        }
    }
    Ok(knowledge)
}

/// For the name of a knowledge file, the language in it, if there is one.
fn knowledge_language(name: &str) -> Option<Option<&str>> {
    let middle = name.strip_prefix(KNOWLEDGE.0)?.strip_suffix(KNOWLEDGE.1)?;
    if middle.is_empty() {
        return Some(None);
    }
    let language = middle.strip_prefix('.')?;
    let is_tag = !language.is_empty() && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_tag.then_some(Some(language))
}

fn files(texts: &[Text]) -> Arc<str> {
    let files = texts.iter().map(|text| (text.name.clone(), text.text.clone().into()));
    serde_json::Value::Object(files.collect()).to_string().into()
}

fn version(texts: &[Text]) -> String {
    digest(texts.iter().flat_map(|text| [text.name.as_str(), text.text.as_str()]))
}

/// Names these texts: 12 hex digits.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::scratch::Scratch;
    use super::*;

    fn facts() -> CallFacts {
        CallFacts { language: "en-US".into(), direction: "inbound".into(), ..CallFacts::default() }
    }

    #[test]
    fn the_embedded_files_are_read_and_greet_as_an_ai() {
        let prompts = Prompts::embedded();
        assert!(prompts.front.greeting("en-US").unwrap().contains("an AI assistant"));
        assert_eq!(prompts.front.person_key, Some('0'));
        assert_eq!(prompts.front.tag_of("es"), Some("es-US"));
        assert_eq!(prompts.version.len(), 12);
        let prompt = prompts.render(&facts()).unwrap();
        assert!(prompt.contains("`escalate`") && prompt.contains("## Tracking a parcel"), "{prompt}");
        assert!(!prompt.contains("Words:") && !prompt.contains("registered to"), "{prompt}");
    }

    #[test]
    fn the_prompt_of_a_spanish_call_has_the_spanish_knowledge() {
        let prompt = Prompts::embedded().render(&CallFacts { language: "es-US".into(), ..facts() }).unwrap();
        assert!(prompt.contains("Seguimiento de un paquete") && !prompt.contains("Tracking a parcel"));
    }

    #[test]
    fn our_lines_exist_in_five_languages_and_a_slow_tool_never_repeats_itself_soon() {
        let lines = Prompts::embedded().lines;
        assert!(lines.fillers.len() >= 4);
        let mut all: Vec<_> = lines.fillers.iter().collect();
        all.extend([&lines.apology, &lines.transfer, &lines.farewell, &lines.cut_off]);
        all.extend([&lines.cut_short, &lines.still_there, &lines.emergency]);
        all.push(&lines.recording);
        all.extend([&lines.leave_message, &lines.message_left, &lines.call_later, &lines.nobody_free]);
        let whisper = &lines.whisper;
        all.extend([&whisper.from, &whisper.from_number, &whisper.from_nobody]);
        all.extend([&whisper.upset, &whisper.content, &whisper.accept]);
        for line in all {
            for language in ["es", "fr", "de", "pt"] {
                assert!(
                    line.within(language).is_some_and(|said| Some(said) != line.within("en")),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn a_folder_with_an_agent_alone_borrows_the_rest() {
        let scratch = Scratch::new();
        scratch.write("agent.md", "You are Otto in {{ call.language }}. {{ knowledge }}");
        scratch.write("knowledge-old.md", "## not ours\n");
        let prompts = Prompts::load(scratch.path()).unwrap();
        assert!(prompts.render(&facts()).unwrap().starts_with("You are Otto in en-US. ## Tracking"));
        assert_eq!(prompts.lines, Prompts::embedded().lines);
        assert_ne!(prompts.version, Prompts::embedded().version);
    }

    #[test]
    fn knowledge_of_ones_own_is_never_mixed_with_ours() {
        let scratch = Scratch::new();
        scratch.write("agent.md", "{{ knowledge }}");
        scratch.write("knowledge.md", "## Cows\nThey say moo.");
        let prompts = Prompts::load(scratch.path()).unwrap();
        let prompt = prompts.render(&CallFacts { language: "es-US".into(), ..facts() }).unwrap();
        assert_eq!(prompt, "## Cows\nThey say moo.");
    }

    #[test]
    fn a_folder_without_an_agent_is_refused() {
        let scratch = Scratch::new();
        let error = Prompts::load(scratch.path()).unwrap_err();
        assert_eq!((error.line, error.cause.as_str()), (None, "there is no such file"));
        assert!(error.file.ends_with("agent.md"));
        assert!(Prompts::load(&scratch.path().join("nowhere")).is_err());
    }

    #[test]
    fn a_mistake_in_any_file_names_it_and_its_line() {
        for (name, text, expected) in [
            ("agent.md", "+++\n\ntemperature = 9\n+++\n", "agent.md:3: "),
            ("agent.md", "+++\nperson_key = \"9\"\n+++\nHello\n{{ oops }}", "agent.md:5: undefined value"),
            ("lines.toml", "a = 1", "lines.toml:1: unknown field `a`"),
            ("knowledge.es.md", "## A\n## B\nb", "knowledge.es.md:1: this topic has no answer"),
        ] {
            let scratch = Scratch::new();
            scratch.write("agent.md", "You are Otto.");
            scratch.write(name, text);
            let error = Prompts::load(scratch.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_variant_is_the_folder_with_files_of_its_own_in_it() {
        let scratch = Scratch::new();
        scratch.write("agent.md", "You are Otto. {{ knowledge }}");
        scratch.write("knowledge.md", "We open at nine.");
        scratch.write("lines.toml", "apology = \"Sorry.\"\ntransfer = \"One moment.\"");
        scratch.write("variants/brief/knowledge.md", "Nine.");
        scratch.write("variants/brief/lines.toml", "transfer = \"Hold on.\"");
        let base = Prompts::load(scratch.path()).unwrap();
        let brief = Prompts::load_variant(scratch.path(), &scratch.path().join("variants/brief")).unwrap();
        assert_eq!(base.render(&facts()).unwrap(), "You are Otto. We open at nine.");
        assert_eq!(brief.render(&facts()).unwrap(), "You are Otto. Nine.");
        assert_eq!(brief.lines.transfer.within("en"), Some("Hold on."));
        assert_eq!(brief.lines.apology.within("en"), Some("Sorry."));
        assert_ne!(brief.version, base.version);
        // What is edited below changes the variant too.
        scratch.write("lines.toml", "apology = \"So sorry.\"");
        let edited = Prompts::load_variant(scratch.path(), &scratch.path().join("variants/brief")).unwrap();
        assert_eq!(edited.lines.apology.within("en"), Some("So sorry."));
        assert_ne!(edited.version, brief.version);
    }

    #[test]
    fn a_mistake_of_a_variant_names_its_own_file() {
        let scratch = Scratch::new();
        scratch.write("agent.md", "You are Otto.");
        scratch.write("variants/brief/agent.md", "You are\n{{ nobody }}.");
        let above = scratch.path().join("variants/brief");
        let error = Prompts::load_variant(scratch.path(), &above).unwrap_err();
        assert!(error.file.ends_with("variants/brief/agent.md"), "{error}");
        assert_eq!(error.line, Some(2));
    }

    #[test]
    fn the_version_follows_the_text() {
        let scratch = Scratch::new();
        let version = |text| {
            scratch.write("agent.md", text);
            Prompts::load(scratch.path()).unwrap().version
        };
        let first = version("You are Otto.");
        assert_ne!(first, version("You are Anna."));
        assert_eq!(first, version("You are Otto."));
    }
}
