//! The fake Twilio.
pub mod frame;
pub mod noun;
pub mod player;
pub mod script;
pub mod speech;
