//! Everything that is tested from outside the modules, in one binary.

mod bridge;
mod calls;
mod model;
mod promises;
mod rehearsal;
mod rules;
