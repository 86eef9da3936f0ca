//! What fails, and what the caller hears then: whole servers, one failure each.

mod deploy;
mod load;
mod queue;
mod socket;
