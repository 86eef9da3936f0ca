//! The two documents of an escalated call: what connects the caller to the AI, and what hands the caller on.
//!
//! ```sh
//! cargo run --example print_twiml
//! ```

#![expect(clippy::print_stdout, reason = "an example prints")]

use warmline::handoff::{Contact, Handoff, Sentiment, Trigger};
use warmline::twiml::{Connect, Enqueue, Relay, RelayAttribute, Response, Task};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let relay = Relay::new("wss://bridge.example.com/voice/relay/TOKEN")
        .greeting("Hello, you are talking to an AI assistant. How can I help?")
        .set(RelayAttribute::Language, "en-US")
        .set(RelayAttribute::Events, "speaker-events tokens-played");
    let connect = Connect::new(relay).action("https://bridge.example.com/voice/handoff");
    println!("{}\n", Response::new().connect(connect).to_xml());

    let call_sid = "CA00000000000000000000000000000001".parse()?;
    let mut handoff = Handoff::bare(call_sid, "HO1".to_owned(), Trigger::Model);
    handoff.reason = "billing dispute".into();
    handoff.call_summary = "Caller was charged twice for order 1182 & wants <a refund>.".into();
    handoff.sentiment = Sentiment::Negative;
    let contact = Contact { from: Some("+15551230000".into()), ..Contact::default() };
    let workflow = "WW0123456789abcdef0123456789abcdef".parse()?;
    let queue = Enqueue::workflow(&workflow)
        .action("https://bridge.example.com/voice/queued")
        .task(Task::new(&handoff.to_task_attributes(&contact)));
    println!("{}", Response::new().enqueue(queue).to_xml());
    Ok(())
}
