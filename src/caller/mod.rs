//! The fake Twilio.
pub mod player;
pub mod script;
pub mod speech;
