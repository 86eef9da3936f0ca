//! `warmline twiml`: prints the documents that are served, with the settings as they are.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{complain, load};
use crate::app;
use crate::config::Vars;
use crate::handoff::{Contact, Handoff, Sentiment, Trigger};
use crate::http::{Speech, Transfer, relay_noun};
use crate::twiml::{Connect, Response};

/// Which document.
#[derive(Debug, Args)]
pub struct TwimlArgs {
    /// The document
    #[arg(value_enum, default_value_t = Document::Incoming)]
    document: Document,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Document {
    /// What answers an incoming call
    Incoming,
    /// What hands a call to a person, with a made-up document
    Handoff,
    /// What the next target gets when the queue did not take the call
    Queued,
    /// What to put behind the number's fallback URL
    Fallback,
}

/// Prints the document.
#[expect(clippy::print_stdout, reason = "a command line speaks to its terminal")]
pub fn run(vars: &impl Vars, args: &TwimlArgs) -> ExitCode {
    let config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let shelf = match app::shelf(&config) {
        Ok(shelf) => shelf,
        Err(error) => return super::not_started(&error),
    };
    let origin = config.origin.clone();
    let nobody = !matches!(args.document, Document::Incoming) && !config.has_people();
    let people = app::people(&config, origin.clone());
    let playbook = shelf.current();
    let unknown = || Transfer::nameless(Trigger::BridgeFailure, &playbook);
    let document = match args.document {
        Document::Incoming => {
            let relay =
                relay_noun(&origin.websocket("/voice/relay/TOKEN"), &playbook, true, Speech::default());
            Response::new().connect(Connect::new(relay).action(&origin.http("/voice/handoff?s=STATE")))
        }
        Document::Handoff => people.take(&Transfer::new(example(), Contact::default(), &playbook)),
        Document::Queued => people.after(0, &unknown()),
        Document::Fallback => people.without_callbacks(&unknown()),
    };
    if nobody {
        complain("this leads to nobody yet: set TWILIO_WORKFLOW_SID or HANDOFF_NUMBER");
    }
    println!("{}", document.to_xml());
    ExitCode::SUCCESS
}

fn example() -> Handoff {
    let call_sid = format!("CA{}", "0".repeat(32)).parse().expect("a call SID");
    let mut handoff = Handoff::bare(call_sid, "HOexample".to_owned(), Trigger::Model);
    handoff.reason = "billing dispute".into();
    handoff.call_summary = "Caller was charged twice for order 1182 and wants a refund.".into();
    handoff.sentiment = Sentiment::Negative;
    handoff
}
