use super::*;
use crate::chat::Toolbox;
use crate::prompts::CallFacts;
use crate::prompts::scratch::Scratch;
use crate::tools::Tools;

fn shelf(scratch: &Scratch) -> Shelf {
    scratch.write("prompts/agent.md", "You are Otto.");
    scratch.write("tools/escalate.json", include_str!("../../../tools/escalate.json"));
    open(scratch).unwrap()
}

fn open(scratch: &Scratch) -> Result<Shelf, FileError> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let sources = Sources::choose(None, None, scratch.path());
    Shelf::open(sources, Tools::client().unwrap())
}

fn said(playbook: &Playbook) -> String {
    playbook.system_prompt(&CallFacts::default()).text().into_owned()
}

fn prompt(shelf: &Shelf) -> String {
    said(&shelf.current())
}

fn broken(shelf: &Shelf) -> Vec<String> {
    shelf.in_force().broken.iter().map(ToString::to_string).collect()
}

#[test]
fn an_edit_counts_from_the_next_call_on() {
    let scratch = Scratch::new();
    let shelf = shelf(&scratch);
    let running = shelf.current();
    scratch.write("prompts/agent.md", "You are Ottilie.");
    assert_eq!(prompt(&shelf), "You are Ottilie.");
    assert_eq!(said(&running), "You are Otto.");
    assert_ne!(running.version(), shelf.current().version());
}

#[test]
fn a_broken_edit_keeps_the_last_good_version_until_it_is_mended() {
    let scratch = Scratch::new();
    let shelf = shelf(&scratch);
    for edit in ["You are {{ nobody }}.", "+++\n", "You are {% if %}"] {
        scratch.write("prompts/agent.md", edit);
        assert_eq!(prompt(&shelf), "You are Otto.", "{edit}");
        assert!(broken(&shelf)[0].contains("agent.md:1: "), "{edit}");
    }
    scratch.write("prompts/agent.md", "You are well again.");
    assert_eq!(prompt(&shelf), "You are well again.");
    assert!(broken(&shelf).is_empty());
}

#[test]
fn a_new_tool_is_offered_and_a_broken_one_is_not() {
    let scratch = Scratch::new();
    let shelf = shelf(&scratch);
    let names = || shelf.current().tools.tools().iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
    let before = shelf.current();
    scratch.write("tools/remember.json", include_str!("../../../tools/remember.json"));
    assert_eq!(names(), ["escalate", "remember"]);
    // The version covers the tools.
    assert_ne!(before.version(), shelf.current().version());
    assert_eq!(before.prompts.version, shelf.current().prompts.version);
    scratch.write("tools/remember.json", "{");
    assert_eq!(names(), ["escalate", "remember"]);
    scratch.remove("tools/remember.json");
    assert_eq!(names(), ["escalate"]);
    assert_eq!(before.version(), shelf.current().version());
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
    scratch.write("prompts/variants/brief/agent.md", "You are brief.");
    let shelf = shelf(&scratch);
    std::fs::rename(scratch.path().join("prompts"), scratch.path().join("elsewhere")).unwrap();
    assert_eq!(prompt(&shelf), "You are Otto.");
    assert_eq!(said(&shelf.variant(Some("brief"))), "You are brief.");
}

#[test]
fn a_prompt_that_fails_for_one_caller_is_replaced() {
    let scratch = Scratch::new();
    let shelf = shelf(&scratch);
    scratch.write("prompts/agent.md", "{% if caller.name == 'Jane' %}{{ caller.name|int }}{% endif %}");
    let facts = CallFacts { caller_name: Some("Jane".into()), ..CallFacts::default() };
    assert!(shelf.current().system_prompt(&facts).text().contains("Northwind Parcel"));
}

#[test]
fn a_rule_outranks_the_shares_and_the_shares_choose_for_the_rest() {
    let scratch = Scratch::new();
    scratch.write("prompts/variants/brief/agent.md", "You are brief.");
    scratch.write("prompts/variants/formal/agent.md", "You are formal.");
    scratch.write("prompts/variants.toml", "[brief]\nshare = 100");
    let shelf = shelf(&scratch);
    assert_eq!(shelf.choose("CA1", None).variant(), "brief");
    assert_eq!(shelf.choose("CA1", Some("formal")).variant(), "formal");
    assert_eq!(said(&shelf.choose("CA1", Some("base"))), "You are Otto.");
    // A call that began elsewhere is not chosen for again.
    assert_eq!(shelf.variant(None).variant(), "base");
    scratch.write("prompts/variants.toml", "[brief]\nshare = 0");
    assert_eq!(shelf.choose("CA1", None).variant(), "base");
}

#[test]
fn a_variant_may_have_tools_of_its_own() {
    let scratch = Scratch::new();
    scratch.write("prompts/variants/noted/tools/remember.json", include_str!("../../../tools/remember.json"));
    let shelf = shelf(&scratch);
    let noted = shelf.variant(Some("noted"));
    let names: Vec<_> = noted.tools.tools().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!((names, said(&noted)), (vec!["escalate", "remember"], "You are Otto.".to_owned()));
    assert_ne!(noted.version(), shelf.current().version());
    // An edit of the base is one of the variant, where that has no file of its own.
    scratch.write("prompts/agent.md", "You are Ottilie.");
    assert_eq!(said(&shelf.variant(Some("noted"))), "You are Ottilie.");
}

#[test]
fn a_variant_that_is_deleted_leads_to_the_base_and_one_that_comes_is_used() {
    let scratch = Scratch::new();
    scratch.write("prompts/variants/brief/agent.md", "You are brief.");
    let shelf = shelf(&scratch);
    std::fs::remove_dir_all(scratch.path().join("prompts/variants/brief")).unwrap();
    for _ in 0..2 {
        assert_eq!(shelf.choose("CA1", Some("brief")).variant(), "base");
    }
    assert_eq!(shelf.held().missed.len(), 1);
    scratch.write("prompts/variants/brief/agent.md", "You are short.");
    assert_eq!(said(&shelf.choose("CA1", Some("brief"))), "You are short.");
    assert!(shelf.held().missed.is_empty());
}

#[test]
fn a_share_of_a_deleted_variant_goes_to_the_base() {
    let scratch = Scratch::new();
    scratch.write("prompts/variants/brief/agent.md", "You are brief.");
    scratch.write("prompts/variants.toml", "[brief]\nshare = 100");
    let shelf = shelf(&scratch);
    std::fs::remove_dir_all(scratch.path().join("prompts/variants")).unwrap();
    assert_eq!(shelf.choose("CA1", None).variant(), "base");
    assert!(broken(&shelf)[0].contains("variants.toml:1: there is no variant `brief`"));
}

#[test]
fn what_is_broken_keeps_nothing_else_from_changing() {
    let scratch = Scratch::new();
    scratch.write("prompts/variants/brief/agent.md", "You are brief.");
    let shelf = shelf(&scratch);
    scratch.write("prompts/variants/brief/agent.md", "You are {{ brief }}.");
    scratch.write("prompts/variants.toml", "[brief]\nshare = 101");
    scratch.write("prompts/agent.md", "You are Ottilie.");
    assert_eq!(prompt(&shelf), "You are Ottilie.");
    assert_eq!(said(&shelf.variant(Some("brief"))), "You are brief.");
    assert_eq!(shelf.choose("CA1", None).variant(), "base");
    let broken = broken(&shelf);
    assert!(broken[0].contains("variants/brief/agent.md:1: undefined value"), "{broken:?}");
    assert!(broken[1].contains("variants.toml:2: `share` must lie"), "{broken:?}");
}

#[test]
fn nothing_starts_with_a_broken_variant() {
    for (file, text, expected) in [
        ("variants/brief/agent.md", "You are {{ brief }}.", "variants/brief/agent.md:1: undefined value"),
        ("variants/brief/agnet.md", "You are brief.", "variants/brief: nothing in it differs from the base"),
        ("variants/brief/tools/escalate.json", "{", "variants/brief/tools/escalate.json:1: "),
        ("variants/Brief/agent.md", "You are brief.", "variants/Brief: a variant is named by"),
        ("variants.toml", "[brief]\nshare = 1", "variants.toml:1: there is no variant `brief`"),
    ] {
        let scratch = Scratch::new();
        scratch.write("prompts/agent.md", "You are Otto.");
        scratch.write("tools/escalate.json", include_str!("../../../tools/escalate.json"));
        scratch.write(&format!("prompts/{file}"), text);
        let error = open(&scratch).unwrap_err().to_string();
        assert!(error.contains(expected), "{file}: {error}");
    }
}
