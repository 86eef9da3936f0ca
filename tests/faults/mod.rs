//! What goes wrong around a call, on whole servers: nobody is stranded.

mod model;
mod rules;
