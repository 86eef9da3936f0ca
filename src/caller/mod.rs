//! The fake Twilio.
pub mod player;
pub mod speech;
