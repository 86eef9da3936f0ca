//! Every figure by name: what `/metrics` explains, what docs/METRICS.md lists, and the only names that exist.

/// What kind of figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the process lives.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How long something took, in seconds.
    Time,
}

/// One figure.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// What it is told apart by.
    pub labels: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
}

const fn figure(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    meaning: &'static str,
) -> Figure {
    Figure { name, kind, labels, meaning }
}

pub(super) const CALLS: &str = "warmline_calls";
pub(super) const CALLS_LIMIT: &str = "warmline_calls_limit";
pub(super) const DRAINING: &str = "warmline_draining";
pub(super) const SESSIONS: &str = "warmline_sessions_total";
pub(super) const RECONNECTS: &str = "warmline_reconnects_total";
pub(super) const SHED: &str = "warmline_shed_calls_total";
pub(super) const TURNS: &str = "warmline_turns_total";
pub(super) const FRAMES: &str = "warmline_text_frames_total";
pub(super) const DROPPED: &str = "warmline_dropped_frames_total";
pub(super) const ESCALATIONS: &str = "warmline_escalations_total";
pub(super) const HANDOFFS: &str = "warmline_handoffs_total";
pub(super) const MODEL_ERRORS: &str = "warmline_model_errors_total";
pub(super) const TOOL_RUNS: &str = "warmline_tool_runs_total";
pub(super) const TOOL_TIME: &str = "warmline_tool_seconds";
pub(super) const PROMPT_TO_REQUEST: &str = "warmline_prompt_to_request_seconds";
pub(super) const FIRST_TOKEN: &str = "warmline_first_token_seconds";
pub(super) const DELTA_TO_FRAME: &str = "warmline_delta_to_frame_seconds";
pub(super) const FIRST_WORD: &str = "warmline_first_word_seconds";
pub(super) const REFUSED: &str = "warmline_refused_requests_total";
pub(super) const PROFILES: &str = "warmline_profile_lookups_total";
pub(super) const PROFILE_TIME: &str = "warmline_profile_seconds";
pub(super) const ROUTES: &str = "warmline_routes_total";
pub(super) const TRACKING_SENT: &str = "warmline_tracking_sent_total";
pub(super) const TRACKING_FAILED: &str = "warmline_tracking_failed_total";
pub(super) const TRACKING_DROPPED: &str = "warmline_tracking_dropped_total";
pub(super) const TRACKING_WAITING: &str = "warmline_tracking_waiting";
pub(super) const TRACKING_LAG: &str = "warmline_tracking_lag_seconds";
pub(super) const RECORDINGS: &str = "warmline_recordings_total";
pub(super) const STORE_AWAY: &str = "warmline_store_away";
pub(super) const STORE_WAITING: &str = "warmline_store_waiting_rows";
pub(super) const STORE_LOST: &str = "warmline_store_lost_total";
pub(super) const STORE_LAG: &str = "warmline_store_lag_seconds";
pub(super) const RESIDENT: &str = "process_resident_memory_bytes";
pub(super) const STARTED: &str = "process_start_time_seconds";
pub(super) const PROMPTS: &str = "warmline_prompt_version";
pub(super) const PROMPT_SHARE: &str = "warmline_prompt_share";
pub(super) const PROMPTS_BROKEN: &str = "warmline_prompts_broken";
pub(super) const BUILD: &str = "warmline_build_info";

/// All of them.
pub const FIGURES: &[Figure] = &[
    figure(CALLS, Kind::Gauge, &[], "calls that are live on this node"),
    figure(CALLS_LIMIT, Kind::Gauge, &[], "calls that this node takes on at most"),
    figure(DRAINING, Kind::Gauge, &[], "1 while new calls go to people, because the server is to end"),
    figure(
        SESSIONS,
        Kind::Counter,
        &["outcome", "variant"],
        "relay sessions that ended: escalated, completed, closed or superseded; by the variant of the prompts",
    ),
    figure(RECONNECTS, Kind::Counter, &[], "sessions that took a call up again after its line had dropped"),
    figure(
        SHED,
        Kind::Counter,
        &["reason"],
        "calls that went to a person before the AI: no room in calls or memory, draining, or routing",
    ),
    figure(TURNS, Kind::Counter, &[], "questions to the model, first tries alone"),
    figure(FRAMES, Kind::Counter, &[], "text frames sent to callers"),
    figure(DROPPED, Kind::Counter, &[], "frames from Twilio that could not be read"),
    figure(
        ESCALATIONS,
        Kind::Counter,
        &["trigger", "reason", "variant"],
        "calls handed to a person; reason is the reasonCode, or other beyond the first 32; variant none without AI",
    ),
    figure(
        HANDOFFS,
        Kind::Counter,
        &["state"],
        "stations that hand-offs came to, such as queued or answered",
    ),
    figure(MODEL_ERRORS, Kind::Counter, &["kind"], "requests to a model that failed"),
    figure(
        TOOL_RUNS,
        Kind::Counter,
        &["tool", "result"],
        "runs of tools outside the session: ok, failed or given_up",
    ),
    figure(TOOL_TIME, Kind::Time, &["tool"], "how long a tool ran that answered"),
    figure(
        PROMPT_TO_REQUEST,
        Kind::Time,
        &[],
        "from the caller's last word to the request to the model: the bridge's share",
    ),
    figure(FIRST_TOKEN, Kind::Time, &[], "from the request to the model's first word: the model's share"),
    figure(
        DELTA_TO_FRAME,
        Kind::Time,
        &[],
        "from the model's first word to the frame that left: the bridge's share",
    ),
    figure(FIRST_WORD, Kind::Time, &[], "from the caller's last word to the first frame of the answer"),
    figure(REFUSED, Kind::Counter, &["reason"], "requests refused: unsigned, forged or stranger"),
    figure(
        PROFILES,
        Kind::Counter,
        &["result"],
        "callers looked up: found, unknown, from memory (cached), or the failure; resting while nobody asks",
    ),
    figure(PROFILE_TIME, Kind::Time, &[], "how long a caller waited for a profile that was asked for"),
    figure(
        ROUTES,
        Kind::Counter,
        &["at", "rule"],
        "decisions of routing at the start and at the handoff, by the rule's name; default where none applied",
    ),
    figure(TRACKING_SENT, Kind::Counter, &[], "events that Segment has taken"),
    figure(
        TRACKING_FAILED,
        Kind::Counter,
        &["kind"],
        "requests with events that failed: refused for good (bad_request, unauthorised, too_large, unsupported, refused), or sent again",
    ),
    figure(
        TRACKING_DROPPED,
        Kind::Counter,
        &["reason"],
        "events that were given up: refused, too_large, too_old, overflow, or ended with nothing kept",
    ),
    figure(TRACKING_WAITING, Kind::Gauge, &[], "legs and escalations that are still to be told to Segment"),
    figure(TRACKING_LAG, Kind::Gauge, &[], "for how long the oldest of them has been due"),
    figure(
        RECORDINGS,
        Kind::Counter,
        &["result"],
        "recordings that were started, completed, absent or failed, or why one could not be started",
    ),
    figure(STORE_AWAY, Kind::Gauge, &[], "1 while the database cannot be written"),
    figure(STORE_WAITING, Kind::Gauge, &[], "rows that wait to be written"),
    figure(STORE_LOST, Kind::Counter, &[], "notes of calls that were lost"),
    figure(STORE_LAG, Kind::Gauge, &[], "for how long the oldest note has waited that is not written yet"),
    figure(RESIDENT, Kind::Gauge, &[], "memory that the process occupies"),
    figure(STARTED, Kind::Gauge, &[], "when the process began, in seconds since 1970"),
    figure(
        PROMPTS,
        Kind::Gauge,
        &["variant", "version"],
        "1; the version of prompts and tools that new calls of a variant begin with",
    ),
    figure(PROMPT_SHARE, Kind::Gauge, &["variant"], "percent of the calls that a variant gets by its share"),
    figure(PROMPTS_BROKEN, Kind::Gauge, &[], "edits of prompts and tools that are broken and do not count"),
    figure(BUILD, Kind::Gauge, &["version"], "1; the version runs as a label"),
];
