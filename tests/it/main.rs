//! Everything that is tested from outside the modules, in one binary.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names what it wants and fails on the rest")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod attributes;
mod bridge;
mod calls;
mod centre;
#[path = "../console/mod.rs"]
mod console;
mod described;
mod doctor;
mod eval;
mod fake_numbers;
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../../examples/floor/relay/mod.rs"]
mod floor;
mod handoff_schema;
mod load;
mod model;
mod monitoring;
mod numbers;
mod postgres;
mod promises;
mod prompts;
mod recording;
mod rehearsal;
mod replay;
mod rest;
mod routing;
mod rules;
mod secrets;
mod segment;
mod settings_page;
mod shell;
mod silence;
mod store;
mod targets;
#[path = "../../examples/tool_server/parts.rs"]
mod tool_server;
mod tools;
mod tracking;
mod tunnel;
mod twilio_api;
mod webhooks;
