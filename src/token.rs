//! Texts we hand to Twilio and get back: signed, so that any node can trust them and none has to store them.

mod states;

pub use states::{ActionState, Course, RelayPass, Resumed, Spoken, TargetState, WhisperState};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::CallSid;

/// How much of the MAC a token carries, in bytes.
const MAC_LENGTH: usize = 16;

/// What a token is for. One made for one purpose is worthless for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Admits one relay session.
    Relay,
    /// Travels in the `action` URL of a session.
    Action,
    /// Travels in the `action` URL of a target where people answer.
    Target,
    /// Travels in the address of what a dialled person hears before the caller.
    Whisper,
    /// Proves that somebody signed in to the console.
    Console,
    /// Opens the page of one hand-off.
    Desk,
    /// Admits the requests of one call from the browser.
    Phone,
    /// Says where a list goes on.
    Cursor,
    /// Tells two passwords apart, and nothing about either.
    Password,
    /// What nodes say to each other.
    Letter,
    /// Names what nodes with the same key listen to.
    Channel,
    /// Names somebody to others without telling who it is.
    Alias,
}

/// What a console session proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsolePass {
    /// Names the session, so that it can be ended.
    #[serde(rename = "i")]
    pub id: String,
    /// When it ends by itself, in seconds since 1970.
    #[serde(rename = "x")]
    pub expires: u64,
    /// Of the password it was opened with: another password ends it.
    #[serde(rename = "p")]
    pub password: String,
}

/// What a link to the page of a hand-off opens: that one and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskPass {
    /// The hand-off.
    #[serde(rename = "h")]
    pub handoff_id: String,
    /// Its call.
    #[serde(rename = "c")]
    pub call_sid: CallSid,
    /// When it stops being valid, in seconds since 1970.
    #[serde(rename = "x")]
    pub expires: u64,
}

/// What a call from the browser shows in place of Twilio's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhonePass {
    /// The call.
    #[serde(rename = "c")]
    pub call_sid: CallSid,
    /// The console session it was made for.
    #[serde(rename = "i")]
    pub visitor: String,
    /// When it stops being valid, in seconds since 1970.
    #[serde(rename = "x")]
    pub expires: u64,
}

/// The keys that sign: the first signs, any of them verifies.
pub struct Keyring {
    keys: Vec<[u8; 32]>,
}

impl Keyring {
    /// One key per secret: several while an auth token is being rotated.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let key = |secret: &SecretString| {
            let mut key = [0; 32];
            let derived = Hkdf::<Sha256>::new(None, secret.expose_secret().as_bytes());
            derived.expand(b"warmline tokens v1", &mut key).expect("32 bytes can be derived");
            key
        };
        Self { keys: secrets.into_iter().map(key).collect() }
    }

    /// Signs a value.
    pub fn seal(&self, purpose: Purpose, value: &impl Serialize) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("tokens are plain data"));
        let key = self.keys.first().expect("a keyring has a key");
        let mac = mac(key, purpose, &payload).finalize().into_bytes();
        format!("{payload}.{}", URL_SAFE_NO_PAD.encode(&mac[..MAC_LENGTH]))
    }

    /// The value of a token that one of our keys signed for this purpose.
    pub fn open<T: DeserializeOwned>(&self, purpose: Purpose, token: &str) -> Option<T> {
        let (payload, given) = token.split_once('.')?;
        let given = URL_SAFE_NO_PAD.decode(given).ok().filter(|given| given.len() == MAC_LENGTH)?;
        let signed = |key: &[u8; 32]| mac(key, purpose, payload).verify_truncated_left(&given).is_ok();
        if !self.keys.iter().any(signed) {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

impl Keyring {
    /// A name for each key that tells nothing about it, that of the key that signs first: lower case, 16
    /// characters.
    pub fn names(&self) -> Vec<String> {
        let name = |key: &[u8; 32]| {
            let mac = mac(key, Purpose::Channel, "").finalize().into_bytes();
            mac[..8].iter().map(|byte| format!("{byte:02x}")).collect()
        };
        self.keys.iter().map(name).collect()
    }

    /// The same name for the same text, on every node and for as long as the first key stays. It tells nothing
    /// about the text to whoever lacks the key.
    pub fn alias(&self, text: &str) -> String {
        let key = self.keys.first().expect("a keyring has a key");
        URL_SAFE_NO_PAD.encode(&mac(key, Purpose::Alias, text).finalize().into_bytes()[..MAC_LENGTH])
    }

    /// What tells two texts apart without telling either.
    pub fn fingerprint(&self, text: &SecretString) -> String {
        let sealed = self.seal(Purpose::Password, &text.expose_secret());
        sealed.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

/// What proves to a receiver that a body comes from who shares its secret: HMAC-SHA256 over `{at}.{body}`, in hex.
pub fn signature_of(secret: &SecretString, at: u64, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any length is a key");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A random text of 128 bits, for names that must not be guessed.
pub fn nonce() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn mac(key: &[u8; 32], purpose: Purpose, payload: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(match purpose {
        Purpose::Relay => b"relay:".as_slice(),
        Purpose::Action => b"action:",
        Purpose::Target => b"target:",
        Purpose::Whisper => b"whisper:",
        Purpose::Console => b"console:",
        Purpose::Desk => b"desk:",
        Purpose::Phone => b"phone:",
        Purpose::Cursor => b"cursor:",
        Purpose::Password => b"password:",
        Purpose::Letter => b"letter:",
        Purpose::Channel => b"channel:",
        Purpose::Alias => b"alias:",
    });
    mac.update(payload.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keyring(secrets: &[&str]) -> Keyring {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        Keyring::new(&secrets)
    }

    fn state() -> ActionState {
        ActionState {
            call_sid: "CA1".parse().unwrap(),
            attempt: 2,
            provider: None,
            spoken: Spoken::default(),
            resumed: None,
            verified: None,
        }
    }

    #[test]
    fn a_token_opens_with_any_of_our_keys_and_for_its_purpose_only() {
        let token = keyring(&["old"]).seal(Purpose::Action, &state());
        let rotating = keyring(&["new", "old"]);
        assert_eq!(rotating.open(Purpose::Action, &token), Some(state()));
        assert_eq!(rotating.open::<ActionState>(Purpose::Relay, &token), None);
        assert_eq!(keyring(&["new"]).open::<ActionState>(Purpose::Action, &token), None);
    }

    #[test]
    fn a_receiver_can_check_a_body() {
        // openssl dgst -sha256 -hmac key
        let signature = signature_of(&"key".into(), 1_700_000_000, b"{}");
        assert_eq!(signature, "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
    }

    #[test]
    fn a_key_has_a_name_that_others_with_it_know() {
        let (both, old) = (keyring(&["new", "old"]).names(), keyring(&["old"]).names());
        assert_eq!((both.len(), &both[1]), (2, &old[0]));
        assert_ne!(both[0], both[1]);
        assert_eq!(old[0].len(), 16);
    }

    #[test]
    fn an_alias_is_the_same_for_the_same_text_and_key() {
        let (one, other) = (keyring(&["one", "other"]), keyring(&["other"]));
        assert_eq!(one.alias("+15551230000"), keyring(&["one"]).alias("+15551230000"));
        assert_ne!(one.alias("+15551230000"), one.alias("+15551230001"));
        assert_ne!(one.alias("+15551230000"), other.alias("+15551230000"));
    }

    #[test]
    fn nonces_differ() {
        assert_ne!(nonce(), nonce());
    }

    proptest! {
        #[test]
        fn a_changed_token_opens_nothing(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9._-]") {
            let keyring = keyring(&["secret"]);
            let token = keyring.seal(Purpose::Action, &state());
            let at = at.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            // The last character of base64 without padding has unused bits, which decoders refuse.
            prop_assume!(changed != token);
            prop_assert_eq!(keyring.open::<ActionState>(Purpose::Action, &changed), None);
        }

        #[test]
        fn no_text_makes_it_panic(token in ".{0,80}") {
            prop_assert_eq!(keyring(&["secret"]).open::<ActionState>(Purpose::Action, &token), None);
        }
    }
}
