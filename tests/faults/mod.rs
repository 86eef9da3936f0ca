//! What fails, and what the caller hears then: whole servers, one failure each.

mod deploy;
mod ending;
mod load;
mod model;
mod queue;
mod rules;
mod socket;
