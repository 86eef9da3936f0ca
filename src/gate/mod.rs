//! Who may use the console and its API: nobody, anybody on this machine, or whoever knows the password.
//!
//! A session is a signed cookie, so that any node that shares `WARMLINE_SECRET` knows it. It ends after twelve
//! hours, with another password, or when somebody signs out.

mod attempts;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::clock::since_epoch;
use crate::config::Console;
use crate::ids::CallSid;
use crate::token::{ConsolePass, Keyring, PhonePass, Purpose, nonce};
use attempts::Attempts;

/// The name of the cookie.
pub const COOKIE: &str = "warmline_session";
/// How long a session lasts.
pub const SESSION: Duration = Duration::from_secs(12 * 60 * 60);
/// How long a call from the browser is admitted.
const PHONE: Duration = Duration::from_secs(2 * 60 * 60);
/// How many ended sessions are remembered: each ends by itself after twelve hours.
const ENDED: u64 = 100_000;
/// How many of them other nodes are told of again.
const RETOLD: usize = 1_000;
/// How many passwords are compared at once. Each takes 19 MiB and some ten milliseconds of a core.
const AT_ONCE: usize = 2;

/// The one way in.
pub struct Gate {
    lock: Lock,
    keyring: Arc<Keyring>,
}

enum Lock {
    Off,
    Open,
    Password(Box<Password>),
}

struct Password {
    hash: [u8; 32],
    salt: [u8; 16],
    fingerprint: String,
    ended: Cache<String, ()>,
    attempts: Attempts,
    comparing: Semaphore,
}

/// Somebody who may use the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Names the session; empty where none is needed.
    pub id: String,
    /// When it ends, in seconds since 1970.
    pub expires: u64,
}

impl Visitor {
    /// How an audit row names it: enough to tell two sessions apart, and worth nothing to anybody.
    pub fn name(&self) -> String {
        if self.id.is_empty() {
            return "console".to_owned();
        }
        format!("console {}", self.id.chars().take(8).collect::<String>())
    }
}

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another password.
    #[error("the password is wrong")]
    Wrong,
    /// Too many wrong ones before; so many seconds from now there may be another try.
    #[error("too many wrong passwords")]
    TooMany(u64),
    /// There is nothing to sign in to.
    #[error("the console needs no password here")]
    Needless,
}

impl Gate {
    /// Takes its time where there is a password.
    pub async fn new(console: &Console, keyring: Arc<Keyring>) -> Self {
        let lock = match console {
            Console::Off => Lock::Off,
            Console::Open => Lock::Open,
            Console::Password(password) => {
                let mut salt = [0; 16];
                getrandom::fill(&mut salt).expect("the system has randomness");
                let hash = hash(password.clone(), salt).await;
                Lock::Password(Box::new(Password {
                    hash: hash.expect("the parameters are argon2's own"),
                    salt,
                    fingerprint: keyring.fingerprint(password),
                    ended: Cache::builder().max_capacity(ENDED).time_to_live(SESSION).build(),
                    attempts: Attempts::default(),
                    comparing: Semaphore::new(AT_ONCE),
                }))
            }
        };
        Self { lock, keyring }
    }

    /// Whether there is a console.
    pub fn is_on(&self) -> bool {
        !matches!(self.lock, Lock::Off)
    }

    /// Whether everybody who reaches it may use it.
    pub fn is_open(&self) -> bool {
        matches!(self.lock, Lock::Open)
    }

    /// Who sent this `Cookie` header, if they may use the console.
    pub fn visitor(&self, cookies: Option<&str>) -> Option<Visitor> {
        let password = match &self.lock {
            Lock::Off => return None,
            Lock::Open => return Some(Visitor { id: String::new(), expires: u64::MAX }),
            Lock::Password(password) => password,
        };
        let named = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| name.trim() == COOKIE);
        let cookie = cookies?.split(';').find(named)?.split_once('=')?.1.trim();
        let pass: ConsolePass = self.keyring.open(Purpose::Console, cookie)?;
        let valid = pass.expires > now()
            && pass.password == password.fingerprint
            && !password.ended.contains_key(&pass.id);
        valid.then_some(Visitor { id: pass.id, expires: pass.expires })
    }

    /// Whether a session that was found before still goes on.
    pub fn still_admits(&self, visitor: &Visitor) -> bool {
        match &self.lock {
            Lock::Off => false,
            Lock::Open => true,
            Lock::Password(password) => visitor.expires > now() && !password.ended.contains_key(&visitor.id),
        }
    }

    /// Begins a session: the value of its cookie.
    ///
    /// # Errors
    ///
    /// When the password is wrong, or too many were.
    pub async fn sign_in(&self, given: SecretString, from: Option<IpAddr>) -> Result<String, Refused> {
        let Lock::Password(password) = &self.lock else { return Err(Refused::Needless) };
        password.attempts.may(from).map_err(Refused::TooMany)?;
        // Whoever asks for many at once waits, and costs no more than this.
        let turn = password.comparing.acquire().await.map_err(|_| Refused::TooMany(1))?;
        let given = hash(given, password.salt).await.ok_or(Refused::Wrong)?;
        drop(turn);
        if !bool::from(given.ct_eq(&password.hash)) {
            return Err(Refused::Wrong);
        }
        password.attempts.forgive(from);
        let pass = ConsolePass {
            id: nonce(),
            expires: now() + SESSION.as_secs(),
            password: password.fingerprint.clone(),
        };
        Ok(self.keyring.seal(Purpose::Console, &pass))
    }

    /// Ends a session, here at once.
    pub fn sign_out(&self, id: &str) {
        if let Lock::Password(password) = &self.lock {
            password.ended.insert(id.to_owned(), ());
        }
    }

    /// The sessions that were ended before their time, a thousand at the most, for nodes that did not hear of it.
    pub fn ended(&self) -> Vec<String> {
        match &self.lock {
            Lock::Password(password) => {
                password.ended.iter().take(RETOLD).map(|(id, ())| id.as_ref().clone()).collect()
            }
            Lock::Off | Lock::Open => Vec::new(),
        }
    }

    /// A ticket for a call from the browser of this visitor.
    pub fn ticket(&self, call_sid: &CallSid, visitor: &Visitor) -> String {
        let pass = PhonePass {
            call_sid: call_sid.clone(),
            visitor: visitor.id.clone(),
            expires: now() + PHONE.as_secs(),
        };
        self.keyring.seal(Purpose::Phone, &pass)
    }

    /// The call that a ticket of this visitor admits.
    pub fn admitted(&self, ticket: &str, visitor: &Visitor) -> Option<CallSid> {
        let pass: PhonePass = self.keyring.open(Purpose::Phone, ticket)?;
        (pass.expires > now() && pass.visitor == visitor.id).then_some(pass.call_sid)
    }
}

fn now() -> u64 {
    since_epoch().as_secs()
}

/// Slow by design, and so not on a thread that serves calls.
async fn hash(password: SecretString, salt: [u8; 16]) -> Option<[u8; 32]> {
    let work = spawn_blocking(move || {
        let mut hash = [0; 32];
        let hashed =
            Argon2::default().hash_password_into(password.expose_secret().as_bytes(), &salt, &mut hash);
        hashed.ok().map(|()| hash)
    });
    work.await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn gate(password: &str) -> Gate {
        let keyring = Arc::new(Keyring::new([&SecretString::from("one secret of this test")]));
        Gate::new(&Console::Password(password.into()), keyring).await
    }

    #[tokio::test]
    async fn a_session_is_known_by_its_cookie_until_it_is_ended() {
        let gate = gate("correct horse").await;
        assert_eq!(gate.sign_in("wrong".into(), None).await, Err(Refused::Wrong));
        let cookie = gate.sign_in("correct horse".into(), None).await.unwrap();
        let header = format!("other=1; {COOKIE}={cookie}; more=2");
        let visitor = gate.visitor(Some(&header)).unwrap();
        assert!(gate.still_admits(&visitor));
        for header in [None, Some(""), Some("warmline_session"), Some("warmline_session=x.y")] {
            assert_eq!(gate.visitor(header), None, "{header:?}");
        }
        assert_eq!(gate.ended(), [] as [String; 0]);
        gate.sign_out(&visitor.id);
        assert_eq!(gate.ended(), [visitor.id.as_str()], "others can be told");
        assert_eq!(gate.visitor(Some(&header)), None);
        assert!(!gate.still_admits(&visitor));
    }

    #[tokio::test]
    async fn another_password_ends_every_session() {
        let cookie = gate("the old password").await.sign_in("the old password".into(), None).await.unwrap();
        let header = format!("{COOKIE}={cookie}");
        assert!(gate("the old password").await.visitor(Some(&header)).is_some(), "any node knows it");
        assert_eq!(gate("the new password").await.visitor(Some(&header)), None);
    }

    #[tokio::test]
    async fn a_ticket_is_for_one_call_of_one_visitor() {
        let gate = gate("correct horse").await;
        let (me, you) = (Visitor { id: "me".into(), expires: 0 }, Visitor { id: "you".into(), expires: 0 });
        let call_sid: CallSid = "CA1".parse().unwrap();
        let ticket = gate.ticket(&call_sid, &me);
        assert_eq!(gate.admitted(&ticket, &me), Some(call_sid));
        assert_eq!(gate.admitted(&ticket, &you), None);
    }

    #[tokio::test]
    async fn too_many_wrong_passwords_are_not_compared_any_more() {
        let gate = gate("correct horse").await;
        let from = Some("192.0.2.1".parse().unwrap());
        for _ in 0..attempts::MOST {
            assert_eq!(gate.sign_in("wrong".into(), from).await, Err(Refused::Wrong));
        }
        assert!(matches!(gate.sign_in("correct horse".into(), from).await, Err(Refused::TooMany(1..))));
        let elsewhere = Some("192.0.2.2".parse().unwrap());
        assert!(gate.sign_in("correct horse".into(), elsewhere).await.is_ok());
    }
}
