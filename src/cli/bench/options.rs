//! The options of `warmline bench`.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::caller::load::{Load, Plan, Process, Target};

/// Whom to call, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchOptions {
    /// The voice URL of a number: it is dialled, and the session's end is told to the action
    #[arg(long, value_name = "URL", required_unless_present = "ws", conflicts_with = "ws")]
    pub webhook: Option<Url>,
    /// A socket that speaks ConversationRelay, without a webhook
    #[arg(long, value_name = "URL")]
    pub ws: Option<Url>,
    /// Sign webhooks and sockets: the server's TWILIO_AUTH_TOKEN
    #[arg(long, value_name = "TOKEN")]
    pub sign: Option<SecretString>,
    /// The server's PUBLIC_URL, if it has one: what requests are signed over
    #[arg(long, value_name = "URL")]
    pub public_url: Option<Url>,
    /// The account that calls
    #[arg(long, value_name = "SID", default_value = "AC00000000000000000000000000000000")]
    pub account: String,
    /// Calls at the same time
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub calls: usize,
    /// Seconds in which the calls begin
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub ramp: f64,
    /// Seconds for which the calls go on before it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub warm_up: f64,
    /// Seconds for which it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub seconds: f64,
    /// Questions in a call before another takes its place; 0 for as many as there is time
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub turns: u16,
    /// Do not replace a call that has asked its questions; the load ends with the last one
    #[arg(long, requires = "turns")]
    pub once: bool,
    /// Milliseconds between an answer and the next question, on average
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pub think: u64,
    /// Tokens of an answer
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub tokens: u16,
    /// Partial prompts before each final one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub partials: u8,
    /// Share of the answers that are interrupted, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub interrupts: f64,
    /// Share of the questions that ask for a person, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub escalations: f64,
    /// Milliseconds that words may be on their way after an interrupt
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pub grace: u64,
    /// Seconds a caller waits for the next word
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    pub patience: f64,
    /// Only hold the lines: nobody says anything
    #[arg(long)]
    pub idle: bool,
    /// Open sockets from this address of the machine
    #[arg(long, value_name = "IP")]
    pub source: Option<IpAddr>,
    /// The process to be measured: a number, `auto` for whoever listens at the target on this machine, or `none`
    #[arg(long, value_name = "PID", default_value = "auto")]
    pub pid: Whom,
    /// What chance is drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print JSON in place of a table
    #[arg(long)]
    pub json: bool,
}

/// Which process is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Whoever listens there.
    Auto,
    /// This one.
    Process(u32),
    /// None.
    Nobody,
}

/// Why a load cannot be run as it was asked for.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

impl FromStr for Whom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::Nobody),
            number => number.parse().map(Self::Process).map_err(|_| "a number, `auto` or `none`".to_owned()),
        }
    }
}

impl BenchOptions {
    /// The load that is asked for.
    pub(super) fn load(&self) -> Result<Load, Refused> {
        let plan = self.plan()?;
        let target = match (&self.webhook, &self.ws) {
            (Some(url), _) if matches!(url.scheme(), "http" | "https") => Target::Webhook(url.clone()),
            (None, Some(url)) if matches!(url.scheme(), "ws" | "wss") => Target::Socket(url.clone()),
            (Some(_), _) => return Err(Refused("--webhook takes an address of http or https".to_owned())),
            (None, _) => return Err(Refused("--ws takes an address of ws or wss".to_owned())),
        };
        let process = match self.pid {
            Whom::Auto => target.process(),
            Whom::Nobody => None,
            Whom::Process(number) => {
                let gone = || Refused(format!("there is no process {number}"));
                Some(Process::of(number).ok_or_else(gone)?)
            }
        };
        Ok(Load {
            plan,
            target,
            public: self.public_url.clone(),
            token: self.sign.clone(),
            account: self.account.clone(),
            source: self.source,
            process,
        })
    }

    fn plan(&self) -> Result<Plan, Refused> {
        let seconds = |name: &str, seconds: f64| {
            Duration::try_from_secs_f64(seconds).map_err(|_| Refused(format!("--{name} is no time")))
        };
        let plan = Plan {
            calls: self.calls,
            ramp: seconds("ramp", self.ramp)?,
            warm_up: seconds("warm-up", self.warm_up)?,
            seconds: seconds("seconds", self.seconds)?,
            turns: self.turns,
            once: self.once,
            think: Duration::from_millis(self.think),
            words: self.tokens,
            partials: self.partials,
            interrupts: self.interrupts,
            escalations: self.escalations,
            grace: Duration::from_millis(self.grace),
            patience: seconds("patience", self.patience)?,
            idle: self.idle,
            seed: self.seed,
        };
        plan.check().map_err(Refused)?;
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BenchArgs, Role};
    use super::*;
    use clap::{Args as _, FromArgMatches as _};

    fn read(line: &str) -> Result<BenchArgs, String> {
        let command = BenchArgs::augment_args(clap::Command::new("bench"));
        let matches = command.try_get_matches_from(line.split(' ')).map_err(|error| error.to_string())?;
        BenchArgs::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    fn load(line: &str) -> Result<Load, String> {
        read(line)?.load.load().map_err(|refused| refused.0)
    }

    #[test]
    fn a_load_is_what_was_asked_for() {
        let load = load(
            "bench --ws ws://127.0.0.1:1/x --calls 500 --ramp 1.5 --turns 10 --think 250 --seconds 20 --partials 2 \
             --interrupts 0.1 --escalations 0.05 --tokens 20 --pid none",
        )
        .unwrap();
        let expected = Plan {
            calls: 500,
            ramp: Duration::from_millis(1_500),
            turns: 10,
            think: Duration::from_millis(250),
            seconds: Duration::from_secs(20),
            partials: 2,
            interrupts: 0.1,
            escalations: 0.05,
            words: 20,
            ..Plan::default()
        };
        assert_eq!(load.plan, expected);
        assert_eq!(load.target, Target::Socket("ws://127.0.0.1:1/x".parse().unwrap()));
    }

    #[test]
    fn the_defaults_of_the_command_line_are_those_of_the_plan() {
        assert_eq!(load("bench --webhook http://127.0.0.1:1/voice/incoming").unwrap().plan, Plan::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |line: &str, reason: &str| {
            let error = load(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        };
        refused("bench", "--webhook");
        refused("bench --ws ws://a/ --webhook http://a/", "cannot be used with");
        refused("bench --ws http://a/", "--ws takes");
        refused("bench --webhook ws://a/", "--webhook takes");
        refused("bench --ws ws://a/ --interrupts 2", "from 0 to 1");
        refused("bench --ws ws://a/ --seconds=-1", "--seconds");
        refused("bench --ws ws://a/ --once", "--turns");
        refused("bench --ws ws://a/ --pid 4000000000", "no process");
        refused("bench --ws ws://a/ --pid me", "`auto`");
    }

    #[test]
    fn the_model_needs_no_target() {
        let args = read("bench model --rate 20 --split").unwrap();
        assert!(matches!(args.role, Some(Role::Model(options)) if options.split && options.rate == 20.0));
    }
}
