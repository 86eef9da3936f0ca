//! What Twilio says of the account: token, key, workflow, numbers, and the time.

use std::time::Duration;

use super::{Finding, PATIENCE};
use crate::app;
use crate::clock::since_epoch;
use crate::config::{Access, Config, Origin, RestService, Target};
use crate::hours::http_date;
use crate::ids::WorkflowSid;
use crate::numbers::{self, Wiring};
use crate::twilio::rest::{Account, Client, RestError};
use secrecy::SecretString;

/// How far clocks may differ: links and passes are not that exact.
const SKEW: u64 = 5;
/// Beyond this the pass of a relay's socket is no longer valid when it arrives.
const TOO_MUCH: u64 = 60;
/// How many workspaces are looked into.
const WORKSPACES: usize = 50;

/// Everything that Twilio can be asked.
pub(super) async fn account(config: &Config, public: Option<&Origin>) -> Vec<Finding> {
    let Access::Signed(tokens) = &config.access else {
        let what = "no TWILIO_AUTH_TOKEN: open to this machine only";
        return vec![Finding::skip_until(
            "twilio",
            what,
            "set it, and TWILIO_ACCOUNT_SID, to take calls from outside",
        )];
    };
    let Some(service) = &config.rest else {
        let fix = "set TWILIO_ACCOUNT_SID, so that token, workflow and numbers can be checked";
        return vec![Finding::skip_until("twilio", "Twilio cannot be asked", fix)];
    };
    let Ok(client) = app::hurried_client(service.clone(), PATIENCE) else {
        return vec![Finding::skip("twilio", "no HTTPS client can be set up")];
    };
    let keyed = service.user.starts_with("SK");
    let (token, key, workflows, numbers) = tokio::join!(
        token(service, tokens),
        async { if keyed { vec![key(&client).await] } else { Vec::new() } },
        workflows(&client, config),
        numbers_here(&client, public),
    );
    let mut findings = token;
    for found in [key, workflows, numbers] {
        findings.extend(found);
    }
    findings
}

/// Whether the auth token is that of the account, how the account is, and what time it is there.
async fn token(service: &RestService, tokens: &[SecretString]) -> Vec<Finding> {
    let mut refused = None;
    for (token, place) in tokens.iter().zip(1..) {
        let by_token =
            RestService { user: service.account.to_string(), password: token.clone(), ..service.clone() };
        let Ok(client) = app::hurried_client(by_token, PATIENCE) else { continue };
        match client.read_account().await {
            Ok(account) => {
                let what = match (tokens.len(), place) {
                    (1, _) => "TWILIO_AUTH_TOKEN is that of the account".to_owned(),
                    (_, place) => format!("TWILIO_AUTH_TOKEN: token {place} is that of the account"),
                };
                return vec![Finding::ok("token", what), state(&account), clock(&account)];
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let nothing = || Finding::skip("clock", "nobody was asked for the time");
    match refused {
        Some(RestError::Unauthorised(_) | RestError::NotFound(_)) => vec![
            Finding::fail(
                "token",
                "Twilio refuses TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN: every call would be refused with 403",
                "copy both from the account's page in the Twilio Console (and TWILIO_REGION if it has one)",
            ),
            nothing(),
        ],
        Some(error) => vec![trouble("token", &error), nothing()],
        None => vec![Finding::skip("token", "no HTTPS client can be set up"), nothing()],
    }
}

/// What it means that Twilio cannot be asked.
fn trouble(name: &'static str, error: &RestError) -> Finding {
    let fix = match error {
        RestError::Unreachable | RestError::Lost | RestError::Late => {
            "look whether this machine reaches api.twilio.com, and at TWILIO_API_BASE_URL, TWILIO_EDGE, TWILIO_REGION"
        }
        RestError::RateLimited { .. } => "wait a minute, then run this again",
        RestError::Unavailable { .. } | RestError::Broken => "look at https://status.twilio.com",
        RestError::Unauthorised(_) => "give the key what docs/REST.md lists, or use another one",
        RestError::NotFound(_) | RestError::Refused(_) => {
            "look at TWILIO_ACCOUNT_SID, and what docs/REST.md says of it"
        }
    };
    Finding::fail(name, error.to_string(), fix)
}

fn state(account: &Account) -> Finding {
    match (account.status.as_str(), account.kind.as_deref()) {
        ("active", Some("Trial")) => Finding::warn(
            "account",
            "a trial account: callers hear a notice first, and only verified numbers can be called",
            "upgrade it in the Twilio Console before customers call",
        ),
        ("active", _) => Finding::ok("account", "active"),
        (status, _) => Finding::fail(
            "account",
            format!("the account is {status}: it takes no calls"),
            "see the Twilio Console for what it wants",
        ),
    }
}

fn clock(account: &Account) -> Finding {
    let theirs = account.date.as_deref().and_then(http_date).and_then(|at| u64::try_from(at).ok());
    match theirs {
        None => Finding::skip("clock", "Twilio's answer names no time"),
        Some(theirs) => skew(since_epoch(), theirs),
    }
}

/// What a difference between two clocks means.
fn skew(ours: Duration, theirs: u64) -> Finding {
    let apart = ours.as_secs().abs_diff(theirs);
    let side = if ours.as_secs() > theirs { "ahead of" } else { "behind" };
    let fix = "let the system's clock be set (systemd-timesyncd, chrony)";
    if apart <= SKEW {
        return Finding::ok("clock", "within 5 s of Twilio's");
    }
    if apart <= TOO_MUCH {
        return Finding::warn("clock", format!("{apart} s {side} Twilio's"), fix);
    }
    let what = "addresses that are valid for minutes expire too soon or too late";
    Finding::fail("clock", format!("{apart} s {side} Twilio's: {what}"), fix)
}

async fn key(client: &Client) -> Finding {
    match client.numbers(&crate::twilio::rest::Numbers { phone_number: None, page_size: Some(1) }, 1).await {
        Ok(_) => Finding::ok("api key", "TWILIO_API_KEY works"),
        Err(RestError::Unauthorised(_)) => Finding::fail(
            "api key",
            "Twilio refuses TWILIO_API_KEY with TWILIO_API_SECRET, or the key may not read numbers",
            "make a new key in the Twilio Console, or give this one Phone Numbers: read",
        ),
        Err(error) => trouble("api key", &error),
    }
}

/// Whether the workflows of the targets are there.
async fn workflows(client: &Client, config: &Config) -> Vec<Finding> {
    let wanted: Vec<&WorkflowSid> = config
        .targets
        .iter()
        .filter_map(|target| if let Target::Workflow(sid) = target { Some(sid) } else { None })
        .filter(|sid| **sid != WorkflowSid::nobody())
        .collect();
    if wanted.is_empty() {
        return vec![Finding::skip("workflow", "calls go to no TaskRouter workflow")];
    }
    let found = tokio::time::timeout(PATIENCE, find_workflows(client, &wanted)).await;
    match found {
        Ok(Ok(findings)) => findings,
        Ok(Err(error)) => vec![trouble("workflow", &error)],
        Err(_) => vec![trouble("workflow", &RestError::Late)],
    }
}

async fn find_workflows(client: &Client, wanted: &[&WorkflowSid]) -> Result<Vec<Finding>, RestError> {
    let workspaces = client.workspaces(WORKSPACES).await?;
    let mut findings = Vec::new();
    for sid in wanted {
        let mut found = None;
        for workspace in &workspaces {
            match client.workflow(&workspace.sid, sid).await {
                Ok(workflow) => found = Some((workflow, workspace)),
                Err(RestError::NotFound(_)) => continue,
                Err(error) => return Err(error),
            }
            break;
        }
        findings.push(match found {
            Some((workflow, workspace)) => Finding::ok(
                "workflow",
                format!(
                    "{sid} is \"{}\" of the workspace \"{}\"",
                    workflow.friendly_name, workspace.friendly_name
                ),
            ),
            None => Finding::fail(
                "workflow",
                format!("no workspace of the account has {sid}: calls would not reach a person there"),
                "copy the SID from TaskRouter, Workflows in the Twilio Console to TWILIO_WORKFLOW_SID",
            ),
        });
    }
    Ok(findings)
}

/// Which numbers lead here, and how they are set.
async fn numbers_here(client: &Client, public: Option<&Origin>) -> Vec<Finding> {
    let Some(public) = public else {
        return vec![Finding::skip_until(
            "numbers",
            "not looked at: neither PUBLIC_URL nor an ngrok agent says where they would lead",
            "set it, or run `warmline serve --ngrok`",
        )];
    };
    let numbers = match tokio::time::timeout(PATIENCE, numbers::all(client)).await {
        Ok(Ok(numbers)) => numbers,
        Ok(Err(error)) => return vec![trouble("numbers", &error)],
        Err(_) => return vec![trouble("numbers", &RestError::Late)],
    };
    let incoming = public.http("/voice/incoming");
    let mut findings = Vec::new();
    for number in &numbers {
        let (name, asks) = (&number.phone_number, Wiring::of(number));
        let again = format!("warmline number set {name}");
        if asks.voice_url != incoming {
            continue;
        }
        findings.push(match asks.owner() {
            Some(owner) => Finding::fail(
                "numbers",
                format!("{name} has our address, and the {owner} takes its calls"),
                format!("{again} --take-over"),
            ),
            None if asks.voice_fallback_url.is_empty() => {
                Finding::warn("numbers", format!("{name} leads here, and has no fallback URL"), again)
            }
            None if asks.status_callback != public.http("/voice/status") => Finding::warn(
                "numbers",
                format!("{name} leads here, and its status callback does not"),
                again,
            ),
            None => Finding::ok("numbers", format!("{name} leads here, with fallback and status callback")),
        });
    }
    if findings.is_empty() {
        let what = format!("none of {} leads to {incoming}", numbers.len());
        let which = numbers.first().map_or("+1…", |number| number.phone_number.as_str());
        findings.push(Finding::warn("numbers", what, format!("warmline number set {which}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn clocks_may_differ_by_seconds() {
        let at = |ours: u64| skew(Duration::from_secs(ours), 1_000);
        assert_eq!(at(1_003).level, Level::Ok);
        let warned = at(980);
        assert!(warned.level == Level::Warn && warned.what.contains("20 s behind"), "{warned:?}");
        let failed = at(1_200);
        assert!(failed.level == Level::Fail && failed.what.contains("200 s ahead"), "{failed:?}");
    }

    #[test]
    fn an_account_that_takes_no_calls_is_told() {
        let of = |status: &str, kind: Option<&str>| {
            state(&Account { status: status.into(), kind: kind.map(str::to_owned), date: None }).level
        };
        assert_eq!(of("active", Some("Full")), Level::Ok);
        assert_eq!(of("active", Some("Trial")), Level::Warn);
        assert_eq!(of("suspended", None), Level::Fail);
    }
}
