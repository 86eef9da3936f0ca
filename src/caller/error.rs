//! Why a call did not go as it should.

use std::time::Duration;

use tokio_tungstenite::tungstenite;

use crate::twiml::ReadError;

/// Why a call did not go as it should. Never holds what was said.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No HTTP client on this machine.
    #[error("no http client can be made")]
    Client(#[source] reqwest::Error),
    /// No answer to a webhook within Twilio's 15 seconds.
    #[error("the server does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// A webhook's answer that Twilio does not run. 403 means that the signature was refused.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// An answer that is not declared as XML: Twilio does not run it.
    #[error("the answer is not declared as text/xml or application/xml")]
    ContentType,
    /// An answer that cannot be read.
    #[error("the answer is not twiml")]
    Document(#[source] ReadError),
    /// There is no request yet that could be repeated.
    #[error("nothing was requested yet")]
    NothingToRepeat,
    /// The last document does not begin a session.
    #[error("the document has no `<Connect><ConversationRelay url>`")]
    NoSession,
    /// The session is over and nobody said what comes next: the call ends.
    #[error("the `<Connect>` has no action")]
    NoAction,
    /// The document does not ring anybody first.
    #[error("the document does not begin with a `<Dial>`")]
    NobodyRung,
    /// The document does not send the call elsewhere first.
    #[error("the document does not begin with a `<Redirect>`")]
    NoRedirect,
    /// What is whispered is no document that Twilio runs there, or has no end.
    #[error("a whisper with verbs that are not run there, or without an end")]
    Whisper,
    /// An address nobody can connect to.
    #[error("an address in the document cannot be used")]
    Address,
    /// The server refused the socket. 403 means the signature or the token in its address.
    #[error("the server refused the socket with status {0}")]
    SocketRefused(u16),
    /// The socket could not be opened.
    #[error("the socket cannot be opened")]
    Socket(#[source] Box<tungstenite::Error>),
    /// What was waited for did not happen.
    #[error("waited {0:?} in vain")]
    TimedOut(Duration),
    /// The session is over, so nothing more can be said or heard.
    #[error("the session is over")]
    Over,
    /// The session goes on, so there is nothing to tell the action yet.
    #[error("the session is not over")]
    StillOpen,
}
