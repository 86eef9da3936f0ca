//! An ngrok agent that runs on this machine: what it says about its tunnels.
//!
//! <https://ngrok.com/docs/agent/api>

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::config::Origin;
use crate::outbound::{self, is_this_machine};

/// Where the agent answers, unless it was told otherwise.
pub const USUAL: &str = "http://127.0.0.1:4040";
/// How long it may take. It is on this machine.
const PATIENCE: Duration = Duration::from_secs(2);
/// Newer agents have the first, older ones the second alone.
const PATHS: [&str; 2] = ["/api/endpoints", "/api/tunnels"];

/// What the agent said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A tunnel leads to our port.
    Ours(Origin),
    /// It has tunnels, and none leads to our port.
    Others,
    /// It runs, and has none.
    Nothing,
    /// No agent answers.
    Silence,
}

/// An agent.
#[derive(Debug, Clone)]
pub struct Agent {
    base: String,
    http: reqwest::Client,
}

impl Agent {
    /// The agent at this address. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be built.
    pub fn at(base: &str) -> Result<Self, reqwest::Error> {
        // A proxy has no business between two programs of one machine.
        let http = outbound::client().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    /// Asks which tunnel leads to a port of this machine.
    pub async fn ask(&self, port: u16) -> Heard {
        let mut heard = Heard::Silence;
        for path in PATHS {
            let request = self.http.get(format!("{}{path}", self.base)).header("accept", "application/json");
            let Ok(answer) = request.send().await else { return heard };
            let said = match answer.bytes().await {
                Ok(body) => serde_json::from_slice(&body).unwrap_or(Value::Null),
                Err(_) => return heard,
            };
            match tunnel_to(port, &said) {
                Heard::Ours(origin) => return Heard::Ours(origin),
                Heard::Others => heard = Heard::Others,
                // The other list may have it.
                Heard::Nothing | Heard::Silence if heard == Heard::Silence => heard = Heard::Nothing,
                Heard::Nothing | Heard::Silence => {}
            }
        }
        heard
    }
}

/// The public address of what leads to this port, in either list.
fn tunnel_to(port: u16, said: &Value) -> Heard {
    let list = ["endpoints", "tunnels"].iter().find_map(|key| said[*key].as_array());
    let Some(list) = list.filter(|list| !list.is_empty()) else { return Heard::Nothing };
    let leads_here = |entry: &&Value| {
        let upstream = entry["upstream"]["url"].as_str().or(entry["config"]["addr"].as_str());
        upstream.is_some_and(|upstream| is_port_here(upstream, port))
    };
    let address = |entry: &Value| {
        let public = entry["url"].as_str().or(entry["public_url"].as_str())?;
        Origin::parse(public).ok().filter(Origin::is_secure)
    };
    match list.iter().filter(leads_here).find_map(address) {
        Some(origin) => Heard::Ours(origin),
        None => Heard::Others,
    }
}

/// Whether an address such as `http://localhost:8080`, `localhost:8080` or `8080` is that port of this machine.
fn is_port_here(upstream: &str, port: u16) -> bool {
    if upstream == port.to_string() {
        return true;
    }
    let with_scheme =
        if upstream.contains("://") { upstream.to_owned() } else { format!("http://{upstream}") };
    Url::parse(&with_scheme)
        .is_ok_and(|url| is_this_machine(&url) && url.port_or_known_default() == Some(port))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ours(url: &str) -> Heard {
        Heard::Ours(Origin::parse(url).unwrap())
    }

    #[test]
    fn both_lists_name_the_tunnel_to_our_port() {
        let endpoints = json!({"endpoints": [
            {"url": "https://other.ngrok.app", "upstream": {"url": "http://localhost:3000"}},
            {"url": "tcp://1.tcp.ngrok.io:1", "upstream": {"url": "http://localhost:8080"}},
            {"url": "https://a.ngrok-free.app", "upstream": {"url": "http://localhost:8080"}},
        ]});
        assert_eq!(tunnel_to(8080, &endpoints), ours("https://a.ngrok-free.app"));
        assert_eq!(tunnel_to(9090, &endpoints), Heard::Others);
        let tunnels = json!({"tunnels": [
            {"public_url": "http://b.ngrok.io", "proto": "http", "config": {"addr": "http://127.0.0.1:8080"}},
            {"public_url": "https://b.ngrok.io", "proto": "https", "config": {"addr": "127.0.0.1:8080"}},
        ]});
        assert_eq!(tunnel_to(8080, &tunnels), ours("https://b.ngrok.io"));
    }

    #[test]
    fn what_leads_to_another_machine_is_not_ours() {
        for upstream in ["http://10.0.0.7:8080", "http://localhost.example.com:8080", "80800", ""] {
            let said = json!({"endpoints": [{"url": "https://a.ngrok.app", "upstream": {"url": upstream}}]});
            assert_eq!(tunnel_to(8080, &said), Heard::Others, "{upstream}");
        }
        for nothing in [json!({"endpoints": []}), json!(null), json!([1]), json!({"error_code": 100})] {
            assert_eq!(tunnel_to(8080, &nothing), Heard::Nothing);
        }
    }
}
