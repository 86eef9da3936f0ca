//! Everything that is tested from outside the modules, in one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod bridge;
mod calls;
mod model;
mod promises;
mod rehearsal;
mod webhooks;
