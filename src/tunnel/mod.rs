//! How a server on this machine is reached from outside: by an ngrok agent, or a command that opens a tunnel.
//!
//! A tunnel tells where it leads from, also when that changes. Who serves makes it the address of the server
//! ([`Origins`](crate::config::Origins)). What it is not told to, a tunnel does not do: a server without
//! `TWILIO_AUTH_TOKEN` is opened to nobody.

pub mod agent;
mod command;
mod output;

pub use agent::{Agent, Heard};
pub use command::Command;

use std::time::Duration;

use tokio::sync::mpsc;

use crate::config::Origin;

/// How often an agent is asked where its tunnel leads from.
const INTERVAL: Duration = Duration::from_secs(2);

/// What becomes of a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It leads here from this address.
    At(Origin),
    /// The agent has no tunnel to us any longer.
    Lost,
    /// The program ended, and is started again.
    Ended {
        /// How, as people read it.
        status: String,
        /// What it printed last. It may hold keys of the tunnel: for the terminal alone.
        last: Vec<String>,
        /// When it is started again.
        pause: Duration,
    },
}

/// Where it is told.
pub type Tell = mpsc::Sender<Event>;

/// A tunnel.
#[derive(Debug, Clone)]
pub enum Tunnel {
    /// That of an agent which runs on its own.
    Agent(Agent, u16),
    /// That of a program which we run.
    Command(Command),
}

impl Tunnel {
    /// Keeps it for as long as this is polled, and tells what becomes of it.
    pub async fn keep(self, tell: Tell) {
        match self {
            Self::Agent(agent, port) => follow(&agent, port, tell).await,
            Self::Command(command) => command.keep(tell).await,
        }
    }
}

/// Asks an agent again and again.
async fn follow(agent: &Agent, port: u16, tell: Tell) {
    let mut last = None;
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        tick.tick().await;
        let now = match agent.ask(port).await {
            Heard::Ours(origin) => Some(origin),
            Heard::Others | Heard::Nothing | Heard::Silence => None,
        };
        if now == last {
            continue;
        }
        let event = now.clone().map_or(Event::Lost, Event::At);
        if tell.send(event).await.is_err() {
            return;
        }
        last = now;
    }
}
