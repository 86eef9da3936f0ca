//! A server of tools without a network behind it: parcels, slots of a depot, the state of a telephone line. It
//! speaks plain HTTP for the manifests in `examples/tools`, and MCP at `/mcp` or, with `--stdio`, as a process.
//!
//! ```text
//! cargo run --example tool_server              # http://127.0.0.1:4700
//! WARMLINE_TOOLS=examples/tools warmline chat  # with a model
//! ```

#![expect(clippy::print_stdout, reason = "an example speaks to its terminal")]

mod depot;
mod mcp;
mod rest;

use std::error::Error;
use std::io::BufRead as _;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use warmline::app::serve_router;

use depot::Depot;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let depot = Arc::new(Depot::default());
    match std::env::args().nth(1).as_deref() {
        Some("--stdio") => {
            for line in std::io::stdin().lock().lines() {
                if let Some(answer) = mcp::answer(&depot, &line?) {
                    println!("{answer}");
                }
            }
        }
        port => {
            let port = port.unwrap_or("4700").parse::<u16>().map_err(|_| "which port?")?;
            let listener = TcpListener::bind(("127.0.0.1", port)).await?;
            println!("tools at http://{}/, MCP at /mcp", listener.local_addr()?);
            serve_router(listener, rest::routes(depot), CancellationToken::new()).await;
        }
    }
    Ok(())
}
