//! `warmline healthcheck`: whether the server on this machine is well. For containers, which have no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{complain, load};
use crate::config::Vars;
use crate::outbound;

/// A probe that takes longer is as good as none.
const PATIENCE: Duration = Duration::from_secs(3);

/// What to ask.
#[derive(Debug, Args)]
#[command(about = "Ask the server on this machine whether it is well: exit code 0 if so, 1 if not")]
pub struct HealthcheckArgs {
    /// Ask whether it takes new calls, too: not while it drains
    #[arg(long)]
    ready: bool,
}

/// Asks, by the settings that the server was started with.
pub fn run(vars: &impl Vars, args: &HealthcheckArgs) -> ExitCode {
    let config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let path = if args.ready { "readyz" } else { "healthz" };
    let address = format!("http://{}/{path}", reachable(config.listen));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = match runtime {
        Ok(runtime) => runtime.block_on(ask(&address)),
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&format!("{address}: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Where a server that listens on all addresses is found from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: &str) -> Result<(), String> {
    // A proxy that is meant for requests to others knows nothing of this one.
    let client = outbound::client().no_proxy().timeout(PATIENCE).build();
    let client = client.map_err(|error| error.to_string())?;
    let response = client.get(address).send().await.map_err(|error| match error.is_timeout() {
        true => "no answer in 3 s".to_owned(),
        false => "nothing answers: is the server running, with the same PORT and BIND?".to_owned(),
    })?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_at_loopback() {
        let reached = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reached("[::]:80"), "[::1]:80");
        assert_eq!(reached("192.0.2.1:8080"), "192.0.2.1:8080");
    }
}
