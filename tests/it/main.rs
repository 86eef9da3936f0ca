//! Everything that is tested from outside the modules, in one binary.

mod calls;
mod rehearsal;
