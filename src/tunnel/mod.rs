//! How a server on this machine is reached from outside: by an ngrok agent, or a command that opens a tunnel.

pub mod agent;

pub use agent::{Agent, Heard};
