//! `warmline number`: which telephone numbers lead here, pointing one here, and putting it back.

mod list;
mod page;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use url::Url;

use super::calls::tidy;
use super::{USAGE, complain, refuse};
use crate::app::rest_client;
use crate::clock::since_epoch;
use crate::config::{Config, NumberSettings, Origin, Vars};
use crate::ids::AccountSid;
use crate::numbers::{self, Book, Change, Deed, Difference, Kept, Owner, Places, Wiring};
use crate::store::numbers::Ledger;
use crate::tunnel::{Agent, Heard, agent};

/// What to do about numbers.
#[derive(Debug, Args)]
#[command(about = "List telephone numbers, point one here, put it back as it was")]
pub struct NumberArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the numbers of the account, and where calls to them go
    List {
        /// The address to look for, if not PUBLIC_URL
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// As JSON, a number on each line
        #[arg(long)]
        json: bool,
    },
    /// Show what a number asks, and what it asked before
    Show {
        /// The number, +1…, or its SID, PN…
        number: String,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        kept: KeptIn,
    },
    /// Point a number here: voice URL, fallback URL and status callback
    Set {
        /// The number, +1…, or its SID, PN…
        number: String,
        /// Where this server is reached, if not at PUBLIC_URL or by an ngrok agent that runs
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// A document elsewhere, for when this server cannot be reached; see `warmline twiml fallback`
        #[arg(long, value_name = "URL")]
        fallback_url: Option<String>,
        /// Take the number from an application or a trunk that owns it
        #[arg(long)]
        take_over: bool,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        kept: KeptIn,
    },
    /// Put a number back as it was before it was pointed here
    Restore {
        /// The number, +1…, or its SID, PN…
        number: String,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        kept: KeptIn,
    },
}

/// Whether it is done at once.
#[derive(Debug, Clone, Copy, Args)]
struct How {
    /// Show the difference, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
struct KeptIn {
    /// Where what a number was before is kept
    #[arg(long, value_name = "FILE", default_value = "warmline-numbers.json")]
    file: PathBuf,
}

/// Why it was not done.
type Failure = Box<dyn std::error::Error>;

/// Does it.
pub fn run(vars: &impl Vars, args: NumberArgs) -> ExitCode {
    let settings = match Config::load_numbers(vars) {
        Ok(settings) => settings,
        Err(error) => return refuse(&error),
    };
    let Some(rest) = settings.rest.clone() else {
        complain(
            "Twilio's REST API cannot be asked: set TWILIO_ACCOUNT_SID, and TWILIO_AUTH_TOKEN or \
             TWILIO_API_KEY with TWILIO_API_SECRET",
        );
        return ExitCode::from(USAGE);
    };
    let account = rest.account.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let desk = Desk { client: rest_client(rest)?, account, settings };
        runtime.block_on(desk.act(args.action))
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Where the commands are carried out.
struct Desk {
    client: crate::app::RestClient,
    account: AccountSid,
    settings: NumberSettings,
}

impl Desk {
    async fn act(&self, action: Action) -> Result<ExitCode, Failure> {
        match action {
            Action::List { url, json } => self.list(url.as_deref(), json).await,
            Action::Show { number, json, kept } => self.show(&number, json, kept.file).await,
            Action::Set { number, url, fallback_url, take_over, how, kept } => {
                let places = match self.places(url.as_deref(), fallback_url).await {
                    Ok(places) => places,
                    Err(problem) => {
                        complain(&problem);
                        return Ok(ExitCode::from(USAGE));
                    }
                };
                self.set(&number, &places, take_over, how, kept.file).await
            }
            Action::Restore { number, how, kept } => self.restore(&number, how, kept.file).await,
        }
    }

    async fn list(&self, url: Option<&str>, json: bool) -> Result<ExitCode, Failure> {
        let here = match self.reached_at(url).await {
            Ok((origin, _)) => Some(origin.http(INCOMING)),
            Err(problem) if url.is_some() => return Err(problem.into()),
            // Then no number leads here.
            Err(_) => None,
        };
        let numbers = numbers::all(&self.client).await?;
        let mut out = std::io::stdout().lock();
        if json {
            for number in &numbers {
                writeln!(out, "{}", list::json(number, here.as_deref()))?;
            }
        } else {
            write!(out, "{}", list::table(&numbers, here.as_deref()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn show(&self, number: &str, json: bool, file: PathBuf) -> Result<ExitCode, Failure> {
        let number = numbers::find(&self.client, &tidy(number)).await?;
        let book = Book::new(file, self.ledger(false).await);
        let changes = told(book.of(&number.phone_number).await?);
        let now = Wiring::of(&number);
        let here = self.reached_at(None).await.ok().map(|(origin, _)| origin.http(INCOMING));
        let shown = page::Shown {
            number: &number,
            now: &now,
            before: numbers::before(&changes),
            here: here.as_deref(),
        };
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{:#}", shown.json())?;
        } else {
            write!(out, "{}", shown.text())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn set(
        &self,
        number: &str,
        places: &Places,
        take_over: bool,
        how: How,
        file: PathBuf,
    ) -> Result<ExitCode, Failure> {
        let number = numbers::find(&self.client, &tidy(number)).await?;
        let (sid, name) = (number.sid.clone(), number.phone_number.clone());
        let old = Wiring::of(&number);
        let new = old.pointed_at(places, take_over);
        match old.owner() {
            Some(owner) if owner.outranks_addresses() && !take_over => {
                complain(&format!(
                    "{name} is owned by the {owner}: its addresses do not count. With --take-over the number is \
                     taken from it, and `restore` gives it back"
                ));
                return Ok(ExitCode::FAILURE);
            }
            Some(owner) => complain(&format!("warning: calls to {name} go to the {owner} until now")),
            None => {}
        }
        let difference = old.difference(&new);
        if difference.is_empty() {
            say(&format!("{name} leads here already; nothing is to be changed\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(code) = agreed(&name, &difference, how)? {
            return Ok(code);
        }
        // Before anything is changed: whatever happens next, there is a way back.
        let book = Book::new(file, self.ledger(true).await);
        let change = self.note(Deed::Set, &name, sid.clone(), old.clone(), new.clone());
        told(book.keep(&change).await?);
        self.change(&sid, &name, &old, &new).await?;
        say(&format!(
            "{name} leads here\nwhat it was before is kept in {}\nback: warmline number restore {name}\n",
            book.file().display()
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn restore(&self, number: &str, how: How, file: PathBuf) -> Result<ExitCode, Failure> {
        let number = numbers::find(&self.client, &tidy(number)).await?;
        let (sid, name) = (number.sid.clone(), number.phone_number.clone());
        let book = Book::new(file, self.ledger(false).await);
        let changes = told(book.of(&name).await?);
        let Some(before) = numbers::before(&changes) else {
            if changes.is_empty() {
                complain(&format!(
                    "there is no way back: {} has nothing of {name}, and neither has the store",
                    book.file().display()
                ));
                return Ok(ExitCode::FAILURE);
            }
            say(&format!("{name} was put back already; nothing is to be changed\n"))?;
            return Ok(ExitCode::SUCCESS);
        };
        let now = Wiring::of(&number);
        let left = changes.iter().rev().find(|change| change.deed == Deed::Set).map(|change| &change.new);
        warn_of_others(&name, &now, left, before);
        // Of owners only what was taken from them is given back: another one may have come meanwhile.
        let back = Wiring {
            voice_application_sid: owner_back(&before.voice_application_sid, &now.voice_application_sid),
            trunk_sid: owner_back(&before.trunk_sid, &now.trunk_sid),
            ..before.clone()
        };
        let difference = now.difference(&back);
        if difference.is_empty() {
            say(&format!("{name} is as it was before; nothing is to be changed\n"))?;
        } else {
            if let Some(code) = agreed(&name, &difference, how)? {
                return Ok(code);
            }
            self.change(&sid, &name, &now, &back).await?;
            say(&format!("{name} is as it was before\n"))?;
        }
        if !how.dry_run {
            told(book.keep(&self.note(Deed::Restore, &name, sid, now, back)).await?);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Makes the change, and looks whether Twilio made it.
    async fn change(
        &self,
        sid: &crate::ids::PhoneNumberSid,
        name: &str,
        from: &Wiring,
        to: &Wiring,
    ) -> Result<(), Failure> {
        let changed = self.client.change_number(sid, &from.change(to)).await.map_err(|error| {
            let said = error.problem().map(|problem| problem.message.expose().clone()).unwrap_or_default();
            let said = if said.is_empty() { said } else { format!(": {said}") };
            format!("{name} may not be changed: {error}{said}; look with `warmline number show {name}`")
        })?;
        let differs = Wiring::of(&changed).difference(to);
        // A method that was never set is Twilio's own choice.
        match differs.iter().find(|differs| !(differs.to.is_empty() && differs.what.ends_with("method"))) {
            Some(Difference { what, from, .. }) => {
                Err(format!("Twilio took the change of {name}, and its {what} is {from:?} all the same")
                    .into())
            }
            None => Ok(()),
        }
    }

    fn note(
        &self,
        deed: Deed,
        number: &str,
        sid: crate::ids::PhoneNumberSid,
        old: Wiring,
        new: Wiring,
    ) -> Change {
        let at = u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX);
        let id = format!("{at}-{}", crate::app::chance());
        Change { id, at, account: self.account.clone(), number: number.to_owned(), sid, deed, old, new }
    }

    /// The store, where there is one. Without it the file is enough.
    async fn ledger(&self, make: bool) -> Option<Ledger> {
        let options = self.settings.store.as_ref()?;
        let ledger =
            if make { Ledger::open(options).await.map(Some) } else { Ledger::open_kept(options).await };
        ledger.unwrap_or_else(|error| {
            complain(&format!("warning: the store cannot be used, the file alone is: {error}"));
            None
        })
    }

    /// Our addresses for a number.
    async fn places(&self, url: Option<&str>, fallback: Option<String>) -> Result<Places, String> {
        let (origin, source) = self.reached_at(url).await?;
        if !origin.is_secure() {
            return Err(format!(
                "{source}: expected https://, since callers' numbers and words travel there"
            ));
        }
        if let Some(fallback) = &fallback
            && !Origin::parse(fallback.split(['?', '#']).next().unwrap_or_default())
                .is_ok_and(|origin| origin.is_secure())
        {
            return Err("--fallback-url: expected an https:// address".to_owned());
        }
        Ok(Places {
            incoming: origin.http(INCOMING),
            fallback: fallback.unwrap_or_else(|| origin.http("/voice/fallback")),
            status: origin.http("/voice/status"),
        })
    }

    /// Where this server is reached, and what says so.
    async fn reached_at(&self, url: Option<&str>) -> Result<(Origin, &'static str), String> {
        if let Some(url) = url {
            // The whole address of the voice URL is what other tools want here.
            let url = url.trim().trim_end_matches('/');
            let url = url.strip_suffix(INCOMING).unwrap_or(url);
            return Origin::parse(url).map(|origin| (origin, "--url")).map_err(|why| format!("--url: {why}"));
        }
        if let Some(public) = &self.settings.public {
            return Ok((public.clone(), "PUBLIC_URL"));
        }
        let port = self.settings.port;
        let agent = Agent::at(agent::USUAL).map_err(|error| error.to_string())?;
        match agent.ask(port).await {
            Heard::Ours(origin) => Ok((origin, "ngrok")),
            Heard::Others => Err(format!(
                "nobody knows where this server is reached: the ngrok agent that runs has no tunnel to port {port}; \
                 say --url or set PUBLIC_URL"
            )),
            Heard::Nothing | Heard::Silence => {
                Err("nobody knows where this server is reached: say --url, set \
                                                    PUBLIC_URL, or run `warmline serve --ngrok` meanwhile"
                    .to_owned())
            }
        }
    }
}

/// The path of the voice URL.
const INCOMING: &str = "/voice/incoming";

/// An owner to go back to: the one from before, where there was one; else whoever is there now.
fn owner_back(before: &str, now: &str) -> String {
    let owner = if before.is_empty() { now } else { before };
    owner.to_owned()
}

/// Says what somebody else made of a number since it was left so.
fn warn_of_others(name: &str, now: &Wiring, left: Option<&Wiring>, before: &Wiring) {
    if let Some(owner) = now.owner().filter(Owner::outranks_addresses) {
        complain(&format!(
            "warning: {name} is owned by the {owner} now; while it is, the addresses do not count"
        ));
    } else if left.is_some_and(|left| now != left && now != before) {
        complain(&format!("warning: {name} was changed by somebody else since; that will be lost"));
    }
}

/// Shows what is to be otherwise, and asks. A code where it is not to be done.
fn agreed(name: &str, difference: &[Difference], how: How) -> Result<Option<ExitCode>, Failure> {
    say(&page::difference(name, difference))?;
    if how.dry_run {
        say("nothing was changed: --dry-run\n")?;
        return Ok(Some(ExitCode::SUCCESS));
    }
    if how.yes {
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        complain("nothing was changed: say --yes where nobody can be asked");
        return Ok(Some(ExitCode::FAILURE));
    }
    say("Change it? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(None);
    }
    say("nothing was changed\n")?;
    Ok(Some(ExitCode::FAILURE))
}

/// What was kept, with a warning where only the file did its part.
fn told<T>(kept: Kept<T>) -> T {
    if let Some(error) = kept.store {
        complain(&format!("warning: the store cannot be used, the file alone is: {error}"));
    }
    kept.value
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Whether an address is one at all: it is shown without its query, where keys may stand.
fn shown(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) => {
            let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            if is_plain {
                return address.to_owned();
            }
            // Both fail only where there is no host, and then there is neither.
            let _ = (url.set_username(""), url.set_password(None));
            let more = if url.query().is_some() { "?…" } else { "" };
            url.set_query(None);
            format!("{url}{more}")
        }
        Err(_) => address.to_owned(),
    }
}
