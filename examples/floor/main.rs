//! The least a server must do: what "limit" means when the bridge is measured.
//!
//! ```text
//! warmline bench model                                             # prints its address
//! cargo run --release --example floor -- raw http://127.0.0.1:PORT/v1
//! warmline bench --ws ws://127.0.0.1:PORT/
//! ```
//!
//! It accepts a relay socket, posts each final prompt with its history to the model, finds the words in what is
//! streamed, and writes a frame for each of them. It has no rules, no tools, no time limits and no record: no
//! call should ever be given to it. docs/PERFORMANCE.md says how it is used.

#![expect(clippy::print_stdout, reason = "an example speaks to its terminal")]

mod relay;

use std::error::Error;

use clap::Parser;

/// Relay calls with as little work as possible
#[derive(Parser)]
struct Arguments {
    /// Who reads and writes WebSocket frames: the library (raw), or we by hand (floor)
    #[arg(value_enum)]
    kind: relay::Kind,
    /// Base URL of the model
    model: String,
    /// Port to listen on
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { kind, model, port } = Arguments::parse();
    let server = relay::Server::start(kind, &model, port).await?;
    println!("ws://{}/", server.address());
    server.serve().await;
    Ok(())
}
