//! Settings: read once at start, all problems reported at once, nothing read from the environment elsewhere.
//!
//! Precedence: command line > environment > the prompt's front matter > `warmline.toml` > built-in. A blank
//! value counts as unset.

mod attributes;
mod desk;
mod file;
mod hours;
mod limits;
mod model;
mod origin;
mod profile;
mod read;
mod recording;
mod redact;
mod reserved;
mod routes;
mod rules;
mod endpoints;
mod shown;
mod store;
pub mod table;
mod target;
mod targets;
mod told;
mod tracking;
mod values;
mod vars;

pub use desk::Desk;
pub use limits::Limits;
pub use model::ModelCare;
pub use origin::{Origin, is_loopback_host};
pub use profile::ProfileTraits;
pub use shown::{Shown, Source};
pub use target::{Line, Ring, Studio, Target, Webhook};
pub use values::FileTable;
pub use vars::{Environment, Overrides, Vars};

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::handoff::Template;
use crate::hours::Hours;
use crate::ids::{AccountSid, WorkflowSid};
use crate::redact::Exits;
use crate::routing::{Place, Routes};
use crate::session::Timings;
use crate::session::rules::Rules;
use crate::store::Options;
use crate::tracking::Wanted;

/// Every setting, checked.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where Twilio reaches us.
    pub origin: Origin,
    /// Who may send us requests.
    pub access: Access,
    /// The account, where one is configured: what `chat` calls as. Signatures say who may call us.
    pub account: Option<AccountSid>,
    /// Where people answer, in the order in which they are tried. The last is a voicemail.
    pub targets: Vec<Target>,
    /// The targets that have names.
    pub places: Vec<Place>,
    /// Which way calls go.
    pub routes: Routes,
    /// The variants of the prompts that the routes name. Whether they are there is seen once the prompts are read.
    pub variants: Vec<NamedVariant>,
    /// What the settings say of the attributes of a Task.
    pub attributes: Template,
    /// The business's clock, where one is set.
    pub hours: Option<Hours>,
    /// How Twilio's REST API is asked, where that is possible.
    pub rest: Option<RestService>,
    /// Whether calls are recorded.
    pub records: bool,
    /// Where profiles of callers are, if anywhere.
    pub profiles: Option<ProfileService>,
    /// Which of their traits are read, and who gets to see them.
    pub traits: ProfileTraits,
    /// Where what happened in calls is told, if anywhere.
    pub tracking: Option<TrackingService>,
    /// Signs our links and tokens; derived from the auth token when absent.
    pub secret: Option<SecretString>,
    /// What who reads `/metrics` must bear, if anything.
    pub metrics_token: Option<SecretString>,
    /// The models to ask; `None` stands for the embedded agent.
    pub models: Option<Models>,
    /// What is done about models that fail or are late.
    pub care: ModelCare,
    /// Where the prompts are, if a folder was named.
    pub prompts: Option<PathBuf>,
    /// Where the tools are, if a folder was named.
    pub tools: Option<PathBuf>,
    /// How long everything in a call may take.
    pub timings: Timings,
    /// Where calls are kept; `None` when nothing is.
    pub store: Option<Options>,
    /// What leads to a person beside the model.
    pub rules: Rules,
    /// How much the server takes on.
    pub limits: Limits,
    /// Who may use the console.
    pub console: Console,
    /// The page for the person who takes a call.
    pub desk: Desk,
    /// What is hidden where.
    pub redact: Exits,
    /// Every setting as it was read, for people.
    pub shown: Vec<Shown>,
    /// What the file says of the business, for people: its hours, the traits that are read, what Segment is told.
    pub told: Vec<FileTable>,
}

/// A variant of the prompts that a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedVariant {
    /// Its name.
    pub name: String,
    /// Where in `warmline.toml`, for people.
    pub place: String,
}

/// Who may use the console and its API.
#[derive(Debug, Clone)]
pub enum Console {
    /// Anybody on this machine.
    Open,
    /// Whoever knows this password.
    Password(SecretString),
    /// Nobody.
    Off,
}

/// Who may send us requests.
#[derive(Debug, Clone)]
pub enum Access {
    /// Twilio, proven by these tokens' signatures.
    Signed(Vec<SecretString>),
    /// Anybody on this machine.
    Loopback,
}

/// Where profiles of callers are.
#[derive(Debug, Clone)]
pub struct ProfileService {
    /// Up to and without `/spaces`.
    pub base_url: String,
    /// The space.
    pub space: String,
    /// Its access token.
    pub token: SecretString,
}

/// Where what happened in calls is told.
#[derive(Debug, Clone)]
pub struct TrackingService {
    /// Up to and without `/batch`.
    pub base_url: String,
    /// The write key of the source.
    pub write_key: SecretString,
    /// What is told.
    pub wanted: Wanted,
}

/// How Twilio's REST API is asked.
#[derive(Debug, Clone)]
pub struct RestService {
    /// The account.
    pub account: AccountSid,
    /// An API key, or the account again.
    pub user: String,
    /// The key's secret, or the account's auth token.
    pub password: SecretString,
    /// The edge and the region, if not Twilio's own choice.
    pub region: Option<(String, String)>,
    /// All of it at one address, in place of Twilio's hosts.
    pub base_url: Option<String>,
}

/// The models to ask.
#[derive(Debug, Clone)]
pub struct Models {
    /// Asked first.
    pub primary: ModelSettings,
    /// Asked when the first try of a question failed.
    pub fallback: Option<ModelSettings>,
}

/// One endpoint.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Up to and without `/chat/completions`.
    pub base_url: String,
    /// The bearer token; empty where none is wanted.
    pub key: SecretString,
    /// The model's name.
    pub model: Option<String>,
}

/// Every setting that is missing or malformed, so that one start reports them all. Holds no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings do not fit together:\n{}", .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Whether requests need no signature.
    pub fn is_open(&self) -> bool {
        matches!(self.access, Access::Loopback)
    }

    /// Whether anybody answers: neither a voicemail nor the AI does, nor the workflow that stands for one.
    pub fn has_people(&self) -> bool {
        let nobody = [Target::Voicemail, Target::Agent, Target::Workflow(WorkflowSid::nobody())];
        self.targets.iter().any(|target| !nobody.contains(target))
    }

    /// Reads every setting.
    ///
    /// # Errors
    ///
    /// Lists everything that is missing or malformed, by name, never by value.
    pub fn load(vars: &impl Vars) -> Result<Self, ConfigError> {
        read::config(vars)
    }

    /// Reads where calls are kept, and nothing else.
    ///
    /// # Errors
    ///
    /// As for [`Config::load`], for the settings that matter here.
    pub fn load_store(vars: &impl Vars) -> Result<Option<Options>, ConfigError> {
        read::store(vars)
    }

    /// Reads what is hidden where, and nothing else.
    ///
    /// # Errors
    ///
    /// As for [`Config::load`], for the settings that matter here.
    pub fn load_redact(vars: &impl Vars) -> Result<Exits, ConfigError> {
        read::redact(vars)
    }
}
