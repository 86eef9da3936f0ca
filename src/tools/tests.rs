//! Manifests as they are read from a folder.

use super::*;
use crate::chat::Effect;
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
    let (scratch, means) = (Scratch::new(), Tools::client().unwrap());
    scratch.write("look_up.json", LOOK_UP);
    let above = Tools::load_variant(None, scratch.path(), &means).unwrap();
    let names: Vec<_> = above.tools().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["end_call", "escalate", "look_up", "remember", "switch_language"]);
    assert_ne!(above.version, Tools::embedded().version);
    assert!(above.files.contains("Finds a parcel.") && !above.files.contains("parcels.example.com"));
    scratch.write("escalate.json", &ESCALATE.1.replace("\"description\": \"", "\"description\": \"Soon. "));
    let own = Tools::load_variant(None, scratch.path(), &means).unwrap();
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
        (broken("/find", "/{parcel}"), "look_up.json:7: `{parcel}` stands for `parcel`, which is not among"),
        (
            broken("/find", "/{number}"),
            "look_up.json:7: `{number}` stands in the path, so `number` must be required",
        ),
        (broken("/find", "/find?n={number"), "look_up.json:7: a `{` is not closed"),
        (
            broken("parcels.example.com", "192.168.0.7"),
            "look_up.json:7: `url` names an address of a private network",
        ),
        (
            broken("find\"}", "find\",\n\"headers\": {\"authorization\":\n{\"env\": \"NOT_SET\"}}}"),
            "look_up.json:9: the environment has no `NOT_SET`",
        ),
        (
            broken("find\"}", "find\", \"headers\": {\"host\": \"a\"}}"),
            "look_up.json:7: `host` is set by Warmline",
        ),
        (
            broken("find\"}", "find\", \"headers\": {\"a b\": \"a\"}}"),
            "look_up.json:7: `a b` is no name of a header",
        ),
        (broken("find\"}", "find\", \"headers\": {\"a\": 1}}"), "look_up.json:7: expected a text, or a key"),
        (
            broken("find\"}", "find\", \"retry\": {\"times\": 9}}"),
            "look_up.json:7: `times` must lie between 1 and 5",
        ),
        (
            broken("find\"}", "find\", \"method\": \"GET\", \"body\": {}}"),
            "look_up.json:7: a GET has no `body`",
        ),
        (
            broken("find\"}", "find\", \"max_bytes\": 0}"),
            "look_up.json:7: `max_bytes` must lie between 1 and",
        ),
        (broken("2500", "2500, \"effect\": \"maybe\""), "look_up.json:6: unknown variant `maybe`"),
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
    assert!(error.contains("remember.json:7: the session runs this tool, so it has no `http`"), "{error}");
}

#[test]
fn what_gets_only_reads_and_the_rest_changes_something() {
    let effect = |from: &str, to: &str| {
        let tools = load(&[ESCALATE, ("look_up.json", &LOOK_UP.replace(from, to))]).unwrap();
        tools.tools()[1].effect
    };
    assert_eq!(effect("", ""), Effect::Write);
    assert_eq!(effect("find\"}", "find\", \"method\": \"GET\"}"), Effect::Read);
    assert_eq!(effect("2500", "2500, \"effect\": \"read\""), Effect::Read);
}
