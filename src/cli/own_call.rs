//! `warmline chat`: one call to a server of its own, or to one that runs already.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::chat::{self, ChatOptions};
use super::{complain, load};
use crate::app::Server;
use crate::config::{Access, Config, NamedVariant, Overrides, Vars};
use crate::routing::{Rule, Start};
use crate::telemetry;

/// Makes the call.
pub(super) fn run(vars: &impl Vars, options: ChatOptions) -> ExitCode {
    // The conversation belongs on the screen; the log only where somebody asks for it.
    let _ = telemetry::start(Some(&vars.get("RUST_LOG").unwrap_or_else(|| "warn".to_owned())), None);
    let own =
        BTreeMap::from([("PORT", "0"), ("BIND", "127.0.0.1")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    let mut config = match load(&Overrides { values: own, rest: vars }) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Some(name) = options.variant.clone() {
        let decision = Start::Agent { language: None, voice: None, prompts: Some(name.clone()) };
        config.routes.start.0.insert(0, Rule { name: "--variant".to_owned(), when: Vec::new(), decision });
        config.variants.insert(0, NamedVariant { name, place: "--variant".to_owned() });
    }
    if options.script.is_none() {
        // Somebody at a keyboard may think for as long as they like.
        config.rules.silence = Duration::ZERO;
    }
    let mut options = options;
    if options.url.is_some() && options.public_url.is_none() && !config.is_open() {
        // The server's own settings are at hand: it is reached at `--url`, and signed for as it knows itself.
        options.public_url = vars.get("PUBLIC_URL").and_then(|public| Url::parse(public.trim()).ok());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let no_color = vars.get("NO_COLOR").is_some();
    match runtime {
        Ok(runtime) => runtime.block_on(call(config, options, no_color)),
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn call(config: Config, mut options: ChatOptions, no_color: bool) -> ExitCode {
    let account =
        config.account.as_ref().map_or_else(|| format!("AC{}", "0".repeat(32)), ToString::to_string);
    let token: Option<SecretString> = match &config.access {
        Access::Signed(tokens) => tokens.first().cloned(),
        Access::Loopback => None,
    };
    let mut server = None;
    if options.url.is_none() {
        match Server::start(config).await {
            Ok(started) => server = Some(started),
            Err(error) => return super::not_started(&error),
        }
    }
    let address = server.as_ref().map(|server| format!("http://{}", server.address()));
    let public = server.as_ref().map(|server| server.bridge().origin.http(""));
    let parse = |text: &String| Url::parse(text).ok();
    options.public_url = options.public_url.or(public.as_ref().and_then(parse));
    let base = address.as_ref().and_then(parse).or(options.url.clone()).expect("one of the two is given");
    let twilio = match options.twilio(base, &account, token) {
        Ok(twilio) => twilio,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let talking = Box::pin(chat::run(&options, &twilio, no_color));
    match server {
        None => talking.await,
        Some(server) => {
            let (ending, hurry) = (CancellationToken::new(), CancellationToken::new());
            let serving = server.serve(ending.clone(), hurry.clone());
            tokio::pin!(serving);
            let code = tokio::select! {
                code = talking => code,
                () = &mut serving => {
                    complain("the server of this call ended");
                    return ExitCode::FAILURE;
                }
            };
            // The server ends as it does otherwise, so that the call is kept to its end.
            ending.cancel();
            hurry.cancel();
            serving.await;
            code
        }
    }
}
