//! What the commands about telephone numbers need: less than a server does.

use super::endpoints::rest;
use super::read::{file, port, tokens};
use super::vars::{Reader, Vars};
use super::{ConfigError, Origin, RestService, store};
use crate::ids::AccountSid;
use crate::store::Options;

/// What the commands about telephone numbers need.
#[derive(Debug)]
pub struct NumberSettings {
    /// How Twilio's REST API is asked; nothing where the settings do not say.
    pub rest: Option<RestService>,
    /// Where Twilio reaches the server, if that is set.
    pub public: Option<Origin>,
    /// Where the server listens on this machine: a tunnel that leads there is ours.
    pub port: u16,
    /// Where what a number was before is kept beside the file.
    pub store: Option<Options>,
}

pub(super) fn read(vars: &impl Vars) -> Result<NumberSettings, ConfigError> {
    let mut read = Reader { vars, problems: Vec::new() };
    let file = file(&mut read);
    let tokens = tokens(&mut read);
    let account = read.parsed("TWILIO_ACCOUNT_SID", AccountSid::configured);
    let settings = NumberSettings {
        rest: rest(&mut read, account.as_ref(), tokens.first()),
        public: read.parsed("PUBLIC_URL", Origin::parse),
        port: port(&mut read),
        store: file.store.options(read.parsed("DATABASE_URL", store::url)),
    };
    if read.problems.is_empty() { Ok(settings) } else { Err(ConfigError(read.problems)) }
}
