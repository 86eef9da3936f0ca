//! `warmline doctor`: whether everything that a call needs is there, and what to do where it is not.
//!
//! Every check stands alone, has five seconds, and changes nothing: what it sends is what Twilio sends, about no call.
//! docs/DOCTOR.md lists what can be found. A new check is a function that returns findings, and a line in [`examine`].

mod local;
mod model;
mod reach;
mod settings;
mod telephony;

use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use crate::config::{Config, ConfigError, Origin, Vars};
use crate::outbound;
use local::Port;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Calls work, and something could be better.
    Warn,
    /// Calls will fail.
    Fail,
    /// It could not be found out, or does not matter here.
    Skip,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it ended.
    pub level: Level,
    /// Which check.
    pub name: &'static str,
    /// What was found. No secrets.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Level {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

impl Finding {
    fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Ok, name, what: what.into(), fix: None }
    }

    fn new(level: Level, name: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level, name, what: what.into(), fix: Some(fix.into()) }
    }

    fn warn(name: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Level::Warn, name, what, fix)
    }

    fn fail(name: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Level::Fail, name, what, fix)
    }

    fn skip(name: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Skip, name, what: what.into(), fix: None }
    }

    fn skip_until(name: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Level::Skip, name, what, fix)
    }
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One by one, in the order in which they matter.
    pub findings: Vec<Finding>,
    /// Whether the settings could be read as they are.
    pub is_readable: bool,
}

/// Looks at everything. Settings that cannot be read are findings; the rest is looked at without them. `unread` says why
/// not even a source of settings could be read.
pub async fn examine(vars: &impl Vars, unread: Option<&ConfigError>) -> Report {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (config, mut findings) = settings::load(vars, unread);
    let is_readable = findings.iter().all(|finding| finding.level != Level::Fail);
    let Some(config) = config else { return Report { findings, is_readable } };
    findings.extend(settings::playbook(&config));
    let Ok(http) = outbound::client().http1_only().timeout(PATIENCE).build() else {
        let fix = "the system's certificates cannot be read: install ca-certificates";
        findings.push(Finding::fail("tls", "no HTTPS client can be set up", fix));
        return Report { findings, is_readable };
    };
    let (port, tunnel) = tokio::join!(local::port(&config, &http), reach::tunnel(&config));
    let here = public(&config).or(tunnel.as_ref());
    let (store, model, twilio, reach, segment) = tokio::join!(
        limited("store", local::store(&config)),
        model::answers(&config),
        telephony::account(&config, here),
        reach::from_outside(&config, tunnel.clone(), &port, &http),
        limited("segment", local::segment(&config)),
    );
    findings.push(port.finding(&config));
    for found in [store, model, twilio, reach, segment] {
        findings.extend(found);
    }
    Report { findings, is_readable }
}

/// Where Twilio reaches the server, where that is set.
fn public(config: &Config) -> Option<&Origin> {
    let is_set = config.origin != Origin::loopback(config.listen.port());
    is_set.then_some(&config.origin)
}

/// What a check finds in its time.
async fn limited(name: &'static str, check: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(findings) => findings,
        Err(_) => {
            let fix = "look whether a firewall or a proxy swallows what is sent there";
            vec![Finding::fail(name, "no answer in 5 s", fix)]
        }
    }
}

impl Report {
    /// The exit code: 64 for settings that cannot be read, 1 where something failed, else 0.
    pub fn code(&self) -> u8 {
        let failed = self.findings.iter().any(|finding| finding.level == Level::Fail);
        match (self.is_readable, failed) {
            (false, _) => 64,
            (true, true) => 1,
            (true, false) => 0,
        }
    }
}

/// What a port is to a check that needs a server.
fn is_running(port: &Port) -> bool {
    matches!(port, Port::Ours(_))
}
