//! What the model may ask for: one manifest per tool in `tools/`, its schema compiled once per version.
//!
//! Four names belong to the session (`escalate`, `end_call`, `switch_language`, `remember`). Any other tool is an
//! HTTP endpoint that its manifest names.

mod check;
mod http_tool;
mod manifest;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::chat::{CheckError, Tool, ToolKind, Toolbox};
use crate::pii::Pii;
use crate::prompts::{FileError, Folder, Text, digest};
use check::Schema;
use http_tool::HttpTool;

const EMBEDDED: Folder = Folder::Embedded(
    "tools",
    &[
        ("end_call.json", include_str!("../../tools/end_call.json")),
        ("escalate.json", include_str!("../../tools/escalate.json")),
        ("remember.json", include_str!("../../tools/remember.json")),
        ("switch_language.json", include_str!("../../tools/switch_language.json")),
    ],
);

/// The tools of one version, ready to be checked and run.
#[derive(Debug)]
pub struct Tools {
    /// Names this version: 12 hex digits over the names and texts of all manifests.
    pub version: String,
    /// What they say, as JSON by name, without the addresses: those are for nobody who reads the record of a call.
    pub files: Arc<str>,
    /// In the order the model is told of them: by name.
    tools: Vec<Tool>,
    /// At the place of its tool: the schema, and the endpoint if it has one.
    works: Vec<(Schema, Option<HttpTool>)>,
}

impl Tools {
    /// The name of a tool by its place.
    pub fn name(&self, tool: usize) -> &str {
        self.tools().get(tool).map_or("unknown", |tool| tool.name.as_str())
    }

    /// The tools that were compiled in. None of them needs the network.
    pub fn embedded() -> Self {
        Self::read(&EMBEDDED, None).expect("a test reads the embedded tools")
    }

    /// Reads every `*.json` of a folder. A tool of the session that is absent is not offered; `escalate` must
    /// be there. `client` should be one of [`Tools::client`].
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load(folder: &Path, client: &reqwest::Client) -> Result<Self, FileError> {
        Self::read(&Folder::Directory(folder.to_owned()), Some(client))
    }

    /// The same with the manifests of `above` in place of those of the same name. Without `folder` those below are the
    /// ones that were compiled in.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn load_variant(
        folder: Option<&Path>,
        above: &Path,
        client: &reqwest::Client,
    ) -> Result<Self, FileError> {
        Self::read(&overlaid(folder, Some(above)), Some(client))
    }

    /// The manifests of a folder as they stand there, or those that were compiled in, with those of a variant over
    /// them.
    pub(crate) fn texts(folder: Option<&Path>, above: Option<&Path>) -> Result<Vec<Text>, FileError> {
        overlaid(folder, above).texts(&Self::reads)
    }

    /// A client as the tools need it: it follows no redirect, so that a caller's words go nowhere else.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn client() -> Result<reqwest::Client, reqwest::Error> {
        http_tool::client()
    }

    /// Runs the tool at `index` of [`Toolbox::tools`] with arguments that passed [`Toolbox::check`].
    ///
    /// # Errors
    ///
    /// What went wrong, in words meant for the model.
    pub async fn run(&self, index: usize, arguments: &Value) -> Result<Pii<String>, Pii<String>> {
        match self.works.get(index) {
            Some((_, Some(http))) => http.run(arguments).await,
            Some((_, None)) | None => Err("this tool is not run here".into()),
        }
    }

    /// Whether a file of the folder is a manifest. Editors leave hidden files beside it.
    pub(crate) fn reads(name: &str) -> bool {
        name.ends_with(".json") && !name.starts_with('.')
    }

    fn read(folder: &Folder, client: Option<&reqwest::Client>) -> Result<Self, FileError> {
        let texts = folder.texts(&Self::reads)?;
        let version = digest(texts.iter().flat_map(|text| [text.name.as_str(), text.text.as_str()]));
        let mut tools = Self { version, files: files(&texts), tools: Vec::new(), works: Vec::new() };
        for text in texts {
            let (tool, schema, endpoint) = manifest::read(&text)?;
            let http = match (endpoint, client) {
                (Some(endpoint), Some(client)) => Some(HttpTool::new(endpoint, tool.timeout, client.clone())),
                (None, _) => None,
                (Some(_), None) => return Err(FileError::whole(&text.file, "no client to run it with")),
            };
            tools.tools.push(tool);
            tools.works.push((schema, http));
        }
        match tools.of_kind(ToolKind::Escalate) {
            Some(_) => Ok(tools),
            None => Err(FileError::whole(
                &folder.path_of("escalate.json"),
                "there is no such file; without it nobody reaches a person",
            )),
        }
    }
}

fn overlaid(folder: Option<&Path>, above: Option<&Path>) -> Folder {
    let below = folder.map_or(EMBEDDED, |folder| Folder::Directory(folder.to_owned()));
    match above {
        Some(above) => Folder::Overlaid(Box::new(below), Box::new(Folder::Directory(above.to_owned()))),
        None => below,
    }
}

fn files(texts: &[Text]) -> Arc<str> {
    let file = |text: &Text| {
        let mut manifest: Value = serde_json::from_str(&text.text).unwrap_or_default();
        if let Some(manifest) = manifest.as_object_mut() {
            manifest.remove("http");
        }
        (text.name.clone(), manifest)
    };
    Value::Object(texts.iter().map(file).collect()).to_string().into()
}

impl Toolbox for Tools {
    fn tools(&self) -> &[Tool] {
        &self.tools
    }

    fn check(&self, index: usize, arguments: &str) -> Result<Value, CheckError> {
        match self.works.get(index) {
            Some((schema, _)) => schema.check(arguments),
            None => Err(CheckError("there is no such tool".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::scratch::Scratch;

    const LOOK_UP: &str = r#"{
  "name": "look_up",
  "description": "Finds a parcel.",
  "parameters": {"type": "object", "properties": {"number": {"type": "string"}}},
  "say": "Let me look.",
  "timeout_ms": 2500,
  "http": {"url": "https://parcels.example.com/find"}
}"#;

    fn load(files: &[(&str, &str)]) -> Result<Tools, FileError> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let scratch = Scratch::new();
        for (name, text) in files {
            scratch.write(name, text);
        }
        Tools::load(scratch.path(), &Tools::client().unwrap())
    }

    const ESCALATE: (&str, &str) = ("escalate.json", include_str!("../../tools/escalate.json"));

    #[test]
    fn every_shipped_manifest_is_read_and_belongs_to_the_session() {
        let tools = Tools::embedded();
        let kinds: Vec<_> = tools.tools().iter().map(|tool| (tool.name.as_str(), tool.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("end_call", ToolKind::EndCall),
                ("escalate", ToolKind::Escalate),
                ("remember", ToolKind::Remember),
                ("switch_language", ToolKind::SwitchLanguage),
            ]
        );
        for tool in tools.tools() {
            assert!(tool.description.ends_with('.'), "{}", tool.name);
        }
    }

    #[test]
    fn the_last_words_of_a_call_exist_in_five_languages() {
        let tools = Tools::embedded();
        for kind in [ToolKind::Escalate, ToolKind::EndCall] {
            let say = &tools.of_kind(kind).unwrap().say;
            for language in ["es", "fr", "de", "pt"] {
                assert_ne!(say.within(language), say.within("en"));
            }
        }
    }

    #[test]
    fn a_tool_of_ones_own_is_an_endpoint() {
        let tools = load(&[ESCALATE, ("look_up.json", LOOK_UP), ("README.md", "no manifest")]).unwrap();
        let tool = &tools.tools()[1];
        assert_eq!((tool.name.as_str(), tool.kind), ("look_up", ToolKind::External));
        assert_eq!(tool.timeout.as_millis(), 2_500);
        assert_eq!(tool.say.within("es"), Some("Let me look."));
    }

    #[test]
    fn nobody_can_take_the_way_to_a_person_away() {
        let error = load(&[("look_up.json", LOOK_UP)]).unwrap_err();
        assert!(error.file.ends_with("escalate.json"));
        assert_eq!(error.cause, "there is no such file; without it nobody reaches a person");
    }

    #[test]
    fn a_variant_has_manifests_of_its_own_and_every_version_a_name() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let (scratch, client) = (Scratch::new(), Tools::client().unwrap());
        scratch.write("look_up.json", LOOK_UP);
        let above = Tools::load_variant(None, scratch.path(), &client).unwrap();
        let names: Vec<_> = above.tools().iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["end_call", "escalate", "look_up", "remember", "switch_language"]);
        assert_ne!(above.version, Tools::embedded().version);
        assert!(above.files.contains("Finds a parcel.") && !above.files.contains("parcels.example.com"));
        scratch
            .write("escalate.json", &ESCALATE.1.replace("\"description\": \"", "\"description\": \"Soon. "));
        let own = Tools::load_variant(None, scratch.path(), &client).unwrap();
        assert!(own.of_kind(ToolKind::Escalate).unwrap().description.starts_with("Soon. "));
        assert_ne!(own.version, above.version);
    }

    #[test]
    fn a_broken_manifest_names_file_line_and_cause() {
        let broken = |from: &str, to: &str| LOOK_UP.replace(from, to);
        for (text, expected) in [
            (broken("\"Finds a parcel.\",", "\"Finds a parcel.\""), "look_up.json:4: "),
            (broken("timeout_ms", "timeout"), "look_up.json:6: unknown field `timeout`"),
            (broken("  \"name\": \"look_up\",\n", ""), "look_up.json:7: missing field `name`"),
            (broken("2500", "0"), "look_up.json:6: `timeout_ms` must lie between 100 and 60000"),
            (
                broken("\"look_up\"", "\"lookup\""),
                "look_up.json:2: the tool must be named as its file is, `look_up`",
            ),
            (broken("Finds a parcel.", " "), "look_up.json:3: `description` is empty"),
            (
                broken("{\"type\": \"string\"}", "{\"type\": \"strin\"}"),
                "look_up.json:4: `parameters` is no JSON schema",
            ),
            (
                broken("{\"type\": \"object\", ", "{"),
                "look_up.json:4: `parameters` must have \"type\": \"object\"",
            ),
            (
                broken("{\"type\": \"string\"}", "{\"$ref\": \"https://x.example.com/s\"}"),
                "look_up.json:4: `parameters` is no",
            ),
            (broken("https://", "http://"), "look_up.json:7: `url` must begin with https://"),
            (broken("https://parcels.example.com/find", "find"), "look_up.json:7: `url` is no address"),
            (broken("find\"}", "find\", \"method\": \"BREW\"}"), "look_up.json:7: unknown variant `BREW`"),
            (
                broken(",\n  \"http\": {\"url\": \"https://parcels.example.com/find\"}", ""),
                "look_up.json: neither a tool of the session",
            ),
        ] {
            let error = load(&[ESCALATE, ("look_up.json", &text)]).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn a_tool_of_the_session_has_no_endpoint() {
        let text = LOOK_UP.replace("look_up", "remember");
        let error = load(&[ESCALATE, ("remember.json", &text)]).unwrap_err().to_string();
        assert!(
            error.contains("remember.json:7: the session runs this tool, so it has no `http`"),
            "{error}"
        );
    }
}
