//! `/api/v1/settings` and `/api/v1/health`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Desk;
use super::lists::shown;
use crate::chat::{ToolKind, Toolbox};
use crate::clock::now;
use crate::config::Source;
use crate::playbook::{InForce, Playbook};

/// The settings as they were read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Settings {
    /// From the command line and the environment, in the order of `--help`.
    items: Vec<Item>,
    /// The prompts in force.
    prompts: Prompts,
    /// The tools the model may ask for.
    tools: Vec<Tool>,
    /// Where people answer, in the order in which they are tried. Numbers are shown by their ends.
    targets: Vec<String>,
    /// What `warmline.toml` says, or would: every table with the values in force, entries of lists by number.
    file: Vec<Table>,
}

/// One setting.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Item {
    /// Its name.
    name: &'static str,
    /// Its value; none where it is not set, or secret.
    value: Option<String>,
    /// Whether its value is shown to nobody.
    secret: bool,
    /// Whether it is set.
    set: bool,
    /// `commandLine`, `environment`, `file` (`.env`) or `default`.
    from: &'static str,
    /// What it means, and what holds without it.
    about: &'static str,
}

/// The prompts in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Prompts {
    /// Where they come from.
    source: String,
    /// The version of the base, with its tools.
    version: String,
    /// Every variant, the base first.
    variants: Vec<Variant>,
    /// Edits that are broken and do not count: file, line and cause.
    broken: Vec<String>,
}

/// A variant of the prompts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PromptVariant)]
pub(super) struct Variant {
    /// Its name; `base` for the prompts without one.
    name: String,
    /// The version that new calls begin with.
    version: String,
    /// How many of the calls it gets by its share, in percent.
    share: f64,
}

/// A tool.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolOffered)]
pub(super) struct Tool {
    /// Its name.
    name: String,
    /// What runs it: `escalate`, `endCall`, `switchLanguage`, `remember` or `http`.
    kind: &'static str,
}

/// A table of `warmline.toml`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileTable)]
pub(super) struct Table {
    /// Its name.
    name: String,
    /// Its values.
    values: Vec<FileValue>,
}

/// A value of `warmline.toml`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileValue {
    /// Its key.
    name: String,
    /// The value in force, with its unit.
    value: String,
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    /// Whether new calls are taken.
    ready: bool,
    /// Whether it is to end, and hands new calls over.
    draining: bool,
    /// Its calls.
    calls: Calls,
    /// Where calls are kept.
    store: Store,
    /// Who answers.
    model: Model,
    /// The version of Warmline.
    version: &'static str,
    /// Since when it runs.
    uptime_seconds: u64,
}

/// How many calls there are, and may be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallsCounted)]
struct Calls {
    live: usize,
    most: usize,
}

/// How the store is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoreHealth)]
struct Store {
    /// Where calls are kept.
    kept: String,
    /// Whether the last write failed.
    away: bool,
    /// How many rows wait.
    waiting: u64,
    /// How many notes were lost.
    lost: u64,
}

/// How the model is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelHealth)]
struct Model {
    /// What it is.
    describe: String,
    /// The endpoints that are left alone for a while, because they failed again and again.
    resting: Vec<String>,
}

/// The settings as they were read.
#[utoipa::path(get, path = "/api/v1/settings", tag = "about", operation_id = "settings",
    responses((status = 200, body = Settings)))]
pub(super) async fn settings(State(desk): State<Desk>) -> Json<Settings> {
    let bridge = &desk.bridge;
    let item = |setting: &crate::config::Shown| Item {
        name: setting.name,
        value: setting.value.clone(),
        secret: setting.secret,
        set: setting.source != Source::Default,
        from: match setting.source {
            Source::CommandLine => "commandLine",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        },
        about: setting.meaning,
    };
    let InForce { playbooks, broken } = bridge.shelf.in_force();
    let playbook = bridge.shelf.latest();
    let variant = |(playbook, share): &(Arc<Playbook>, f64)| Variant {
        name: playbook.variant().to_owned(),
        version: playbook.version().to_owned(),
        share: *share,
    };
    let sources = bridge.shelf.sources();
    let tool = |tool: &crate::chat::Tool| Tool { name: tool.name.clone(), kind: kind(tool.kind) };
    Json(Settings {
        items: bridge.shown.iter().map(item).collect(),
        prompts: Prompts {
            source: sources.prompts.to_string(),
            version: playbook.version().to_owned(),
            variants: playbooks.iter().map(variant).collect(),
            broken: broken.iter().map(ToString::to_string).collect(),
        },
        tools: playbook.tools.tools().iter().map(tool).collect(),
        targets: bridge.people.names().map(|name| shown(&name)).collect(),
        file: bridge.file.iter().map(of_file).collect(),
    })
}

fn kind(kind: ToolKind) -> &'static str {
    match kind {
        ToolKind::Escalate => "escalate",
        ToolKind::EndCall => "endCall",
        ToolKind::SwitchLanguage => "switchLanguage",
        ToolKind::Remember => "remember",
        ToolKind::External => "http",
    }
}

fn of_file(table: &crate::config::FileTable) -> Table {
    let value = |(name, value): &(Cow<'static, str>, String)| FileValue {
        name: name.clone().into_owned(),
        value: value.clone(),
    };
    Table { name: table.name.clone().into_owned(), values: table.values.iter().map(value).collect() }
}

/// How the server is.
#[utoipa::path(get, path = "/api/v1/health", tag = "about", operation_id = "health",
    responses((status = 200, body = Health)))]
pub(super) async fn health(State(desk): State<Desk>) -> Json<Health> {
    let bridge = &desk.bridge;
    let store = bridge.store.health();
    let ready = bridge.is_ready();
    Json(Health {
        ready,
        draining: !ready,
        calls: Calls { live: bridge.calls.count(), most: bridge.limits.calls },
        store: Store {
            kept: bridge.store.describe(),
            away: store.away,
            waiting: store.waiting,
            lost: store.lost,
        },
        model: Model { describe: bridge.model.describe(), resting: bridge.model.resting() },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: now().saturating_duration_since(bridge.started).as_secs(),
    })
}
