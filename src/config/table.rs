//! Every setting by name: what `--help` prints, and the only names that are read.

/// One environment variable.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it means, and what holds without it.
    pub meaning: &'static str,
    /// Whether its value is shown to nobody.
    pub secret: bool,
}

const fn setting(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, meaning, secret: false }
}

const fn secret(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, meaning, secret: true }
}

/// All of them, in the order a newcomer needs them.
pub const SETTINGS: &[Setting] = &[
    setting("PORT", "port to listen on [8080]"),
    setting("BIND", "address to listen on [127.0.0.1 without a token, else 0.0.0.0]"),
    setting("PUBLIC_URL", "where Twilio reaches this server, such as https://bridge.example.com"),
    setting("TWILIO_ACCOUNT_SID", "the account, AC and 32 hex digits"),
    secret("TWILIO_AUTH_TOKEN", "checks Twilio's signatures; a second one after a comma while rotating"),
    secret(
        "TWILIO_API_KEY",
        "key of Twilio's REST API, SK and 32 hex digits [the account and its auth token]",
    ),
    secret("TWILIO_API_SECRET", "secret of that key"),
    setting("TWILIO_REGION", "where Twilio processes calls, such as ie1; needs TWILIO_EDGE [us1]"),
    setting("TWILIO_EDGE", "where requests enter Twilio's network, such as dublin"),
    setting("TWILIO_API_BASE_URL", "where all of Twilio's REST API is, for tests [Twilio's own hosts]"),
    setting("TWILIO_WORKFLOW_SID", "TaskRouter workflow for escalated calls, WW and 32 hex digits"),
    setting("HANDOFF_NUMBER", "second target: a phone number (+1…) or SIP address where people answer"),
    secret("OPENAI_API_KEY", "key of the model; with neither this nor a base URL the embedded agent answers"),
    setting("OPENAI_BASE_URL", "any compatible endpoint [https://api.openai.com/v1]"),
    setting("OPENAI_MODEL", "model to ask, over the prompt's front matter [gpt-4.1-mini]"),
    secret("OPENAI_FALLBACK_API_KEY", "key of the second endpoint [OPENAI_API_KEY]"),
    setting("OPENAI_FALLBACK_BASE_URL", "second endpoint, asked when the first failed [OPENAI_BASE_URL]"),
    setting("OPENAI_FALLBACK_MODEL", "model of the second endpoint; setting it switches the second try over"),
    secret("DATABASE_URL", "where calls are kept: sqlite:FILE, postgres:… or none [sqlite:warmline.db]"),
    setting("SEGMENT_SPACE_ID", "space of Segment in which callers are looked up [nobody is looked up]"),
    secret("SEGMENT_PROFILE_TOKEN", "access token of that space's Profile API"),
    setting(
        "SEGMENT_PROFILE_BASE_URL",
        "where that API is [https://profiles.segment.com/v1, or the EU host by [profile] region]",
    ),
    secret(
        "SEGMENT_WRITE_KEY",
        "write key of the source that is told what happened in calls [nobody is told]",
    ),
    setting(
        "SEGMENT_TRACKING_BASE_URL",
        "where it is told [https://api.segment.io/v1, or the EU host by [tracking] region]",
    ),
    secret("NGROK_AUTHTOKEN", "for the ngrok agent that `serve --ngrok` starts [the agent's own settings]"),
    setting("WARMLINE_PROMPTS", "folder of prompts [./prompts if it has agent.md, else embedded]"),
    setting("WARMLINE_TOOLS", "folder of tool manifests [./tools if ./prompts has agent.md, else embedded]"),
    setting("WARMLINE_CONFIG", "settings with structure [./warmline.toml if it exists]"),
    secret("WARMLINE_SECRET", "signs links and relay tokens, equal on all nodes [derived from the token]"),
    secret(
        "WARMLINE_CONSOLE_PASSWORD",
        "opens the console and its API [open on this machine without a token, else closed]",
    ),
    secret("WARMLINE_METRICS_TOKEN", "who reads /metrics must bear it [anybody who reaches the server may]"),
    setting("OTEL_EXPORTER_OTLP_ENDPOINT", "collector for traces, by OTLP over HTTP [no traces]"),
    secret("OTEL_EXPORTER_OTLP_HEADERS", "what the collector wants to see: name=value, after commas"),
    setting("OTEL_SERVICE_NAME", "what traces call this service [warmline]"),
    setting("RUST_LOG", "what is logged [info]"),
    setting("NO_COLOR", "no colours in the terminal, whatever it holds"),
];

/// The table as `--help` prints it, for 80 columns.
pub fn help() -> String {
    let mut text = String::from("Settings (environment, or .env in the current folder):\n");
    for Setting { name, meaning, .. } in SETTINGS {
        text.push_str(&format!("  {name}\n      {meaning}\n"));
    }
    text
}
