//! Twilio as a service, apart from the call itself: who signed a request.

pub mod signature;
mod signed_url;
#[cfg(test)]
mod vectors;
