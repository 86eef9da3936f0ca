//! A whole call without an account: the real server, the embedded agent, and a fake Twilio that dials, talks
//! and collects what a human agent would get.
//!
//! ```sh
//! cargo run --example offline_call
//! ```

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;
use warmline::app::Server;
use warmline::caller::{Rate, Twilio, report};
use warmline::config::Config;

const SOON: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A free port and nothing kept: the embedded agent answers, and only this machine may call.
    let settings = [("PORT", "0"), ("DATABASE_URL", "none")];
    let settings: BTreeMap<_, _> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let server = Server::start(Config::load(&settings)?).await?;
    let address = Url::parse(&format!("http://{}", server.address()))?;
    let ending = CancellationToken::new();
    let calling = call(address);
    tokio::select! {
        () = server.serve(ending.clone(), ending.clone()) => Ok(()),
        called = calling => called,
    }
}

async fn call(server: Url) -> Result<(), Box<dyn Error>> {
    let twilio = Twilio::new(server.clone(), server, format!("AC{}", "0".repeat(32)), None)?;
    let mut call = twilio.call("+15550100001", "+15550100002");
    call.dial().await?;
    let mut line = call.connect(Rate::per_second(300)).await?;
    println!("AI:     {}", line.greeting().unwrap_or("(silence)"));
    line.wait_quiet(SOON).await?;
    for words in ["Where is my parcel?", "It is number 4711 0815, and I want to talk to a real person."] {
        println!("caller: {words}");
        line.say(words).await?;
        println!("AI:     {}", line.wait_reply(SOON).await?.heard.trim());
    }
    line.until_end(SOON).await?;
    let document = call.finish(line).await?;
    let task = document.child("Enqueue").and_then(|queue| queue.child("Task")).ok_or("nobody was asked")?;
    println!("\nThe person who takes over sees:\n{}", report::task(&serde_json::from_str(&task.text)?));
    Ok(())
}
