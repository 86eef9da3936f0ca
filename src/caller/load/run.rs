//! Runs a load: begins the calls, measures while all of them go on, lets them end.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use url::Url;

use super::line::World;
use super::plan::Plan;
use super::process::{Process, Usage, machine_busy};
use super::report::{Measured, Moment, Report};
use crate::caller::{CallError, Twilio};
use crate::clock::since_boot;

/// How often the target's memory is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long the calls may take to begin beyond the time they are given.
const BEGINNING: Duration = Duration::from_secs(60);
/// How long calls may take to end beyond the patience of a caller.
const ENDING: Duration = Duration::from_secs(10);

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The voice URL of a number: TwiML says where the socket is.
    Webhook(Url),
    /// A socket that speaks ConversationRelay, without a webhook.
    Socket(Url),
}

/// A load, ready to be run.
#[derive(Debug, Clone)]
pub struct Load {
    /// What the callers do.
    pub plan: Plan,
    /// What they call.
    pub target: Target,
    /// What is signed in place of the target's address: the server's `PUBLIC_URL`, if it has one.
    pub public: Option<Url>,
    /// Signs webhooks and sockets.
    pub token: Option<SecretString>,
    /// The account that calls.
    pub account: String,
    /// The address of this machine that sockets are opened from.
    pub source: Option<IpAddr>,
    /// The process that is measured.
    pub process: Option<Process>,
}

impl Target {
    fn url(&self) -> &Url {
        match self {
            Self::Webhook(url) | Self::Socket(url) => url,
        }
    }

    /// The same address, as HTTP knows it.
    fn origin(&self) -> Option<Url> {
        let mut url = self.url().clone();
        let scheme = if matches!(url.scheme(), "wss" | "https") { "https" } else { "http" };
        // A change between schemes of the web is always allowed.
        url.set_scheme(scheme).ok()?;
        url.set_path("/");
        url.set_query(None);
        Some(url)
    }

    /// The process on this machine that listens there, if it can be found.
    pub fn process(&self) -> Option<Process> {
        let url = self.url();
        let host: IpAddr = match url.host_str()?.trim_matches(['[', ']']) {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            host => host.parse().ok()?,
        };
        let address = SocketAddr::new(host, url.port_or_known_default()?);
        Process::listening_on(address).filter(|_| host.is_loopback())
    }
}

impl Load {
    /// Runs it, and tells what was counted and measured.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made. Calls that fail are counted, and are no error.
    pub async fn run(self) -> Result<Report, CallError> {
        let origin = self.target.origin().ok_or(CallError::Address)?;
        let public = self.public.clone().unwrap_or_else(|| origin.clone());
        let twilio = Twilio::new(origin, public, self.account.clone(), self.token.clone())?;
        let usage = || self.process.and_then(Process::usage).unwrap_or_default();
        let before = usage();
        let plan = self.plan.clone();
        let world = Arc::new(World::new(plan, self.target.clone(), twilio, self.source));
        let mut lines = JoinSet::new();
        for line in 0..self.plan.calls {
            lines.spawn(world.clone().keep_busy(line));
        }
        let mut moments = Vec::new();
        let measuring = self.measure(&world, &mut moments);
        let mut ended_early = false;
        let measured = tokio::select! {
            measured = measuring => measured,
            // Only calls that are not replaced end by themselves.
            () = all(&mut lines) => {
                ended_early = true;
                Measured::default()
            }
        };
        world.ending.cancel();
        let ended = timeout(self.plan.patience + ENDING, all(&mut lines)).await.is_ok();
        let after = usage();
        if !ended {
            lines.abort_all();
        }
        let measured = Measured { before, after, ..measured };
        Ok(Report::new(&self, &world.tally(), measured, moments, ended || ended_early))
    }

    /// Waits until all calls go on, then takes the time, and what the process takes in it.
    async fn measure(&self, world: &World, moments: &mut Vec<Moment>) -> Measured {
        let began = since_boot();
        let all_by = began + self.plan.ramp + BEGINNING;
        while world.connected.load(Ordering::Relaxed) < self.plan.calls && since_boot() < all_by {
            self.look(world, began, moments);
            sleep(LOOK / 10).await;
        }
        let connected = self.usage();
        self.looking(world, began, moments, sleep(self.plan.warm_up)).await;
        let (opened, own) = (self.usage(), Process::own().usage().unwrap_or_default());
        let machine = machine_busy();
        let from = since_boot();
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        world.from.store(micros(from), Ordering::Relaxed);
        self.looking(world, began, moments, sleep(self.plan.seconds)).await;
        world.until.store(micros(since_boot()), Ordering::Relaxed);
        let (closed, own_closed) = (self.usage(), Process::own().usage().unwrap_or_default());
        Measured {
            calls: world.connected.load(Ordering::Relaxed) as u64,
            seconds: since_boot().saturating_sub(from).as_secs_f64(),
            connected,
            opened,
            closed,
            machine: machine_busy().saturating_sub(machine),
            own_processor: own_closed.processor.saturating_sub(own.processor),
            ..Measured::default()
        }
    }

    /// Looks at the target every now and then until `time` is over.
    async fn looking(
        &self,
        world: &World,
        began: Duration,
        moments: &mut Vec<Moment>,
        time: impl Future<Output = ()>,
    ) {
        let mut time = std::pin::pin!(time);
        loop {
            self.look(world, began, moments);
            tokio::select! {
                () = &mut time => return,
                () = sleep(LOOK) => {}
            }
        }
    }

    fn look(&self, world: &World, began: Duration, moments: &mut Vec<Moment>) {
        let at = since_boot().saturating_sub(began);
        let last = moments.last().map_or(0.0, |moment| moment.seconds);
        if moments.is_empty() || at.as_secs_f64() - last >= LOOK.as_secs_f64() {
            moments.push(Moment {
                seconds: at.as_secs_f64(),
                resident: self.usage().resident,
                connected: world.connected.load(Ordering::Relaxed) as u64,
                answered: world.answered.load(Ordering::Relaxed) as u64,
            });
        }
    }

    fn usage(&self) -> Usage {
        self.process.and_then(Process::usage).unwrap_or_default()
    }
}

async fn all(lines: &mut JoinSet<()>) {
    while lines.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_reached_and_signed_at_its_origin() {
        let origin = |url: &str| Target::Socket(url.parse().unwrap()).origin().unwrap().to_string();
        assert_eq!(origin("ws://127.0.0.1:4000/relay?x=1"), "http://127.0.0.1:4000/");
        assert_eq!(origin("wss://voice.example.com/relay"), "https://voice.example.com/");
    }
}
