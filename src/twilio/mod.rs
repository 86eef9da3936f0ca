//! Twilio as a service, apart from the call itself: who signed a request, and what we ask of it.

pub mod rest;
pub mod signature;
mod signed_url;
#[cfg(test)]
mod vectors;
