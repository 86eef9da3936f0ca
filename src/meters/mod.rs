//! What is counted and timed, for Prometheus. Nothing here names a caller: labels are words of ours, and the few
//! that a model or a setting chooses are bounded.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

mod table;

pub use table::{FIGURES, Figure, Kind};

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::chat::ModelError;
use crate::handoff::Handoff;

/// The bounds of all times, in seconds: from the bridge's own tenths of a millisecond to a slow model.
const BOUNDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// How many reason codes are told apart: they are the model's to choose.
const MOST_REASONS: usize = 32;
/// The longest reason code that is a label of its own.
const LONGEST_REASON: usize = 40;

/// How many variants of prompts are told apart: their names come and go while a server runs.
const MOST_VARIANTS: usize = 32;

/// How many digits in a row a reason code may have as a label.
const MOST_DIGITS: usize = 3;

/// The stations of hand-offs, as the store calls them.
const STATES: [&str; 9] =
    ["queued", "dialled", "passed", "returned", "answered", "voicemail", "message", "abandoned", "completed"];
/// How relay sessions end.
const OUTCOMES: [&str; 4] = ["escalated", "completed", "closed", "superseded"];
/// What can be wrong with a model: see [`kind`].
const KINDS: [&str; 13] = [
    "unreachable",
    "silent",
    "refused",
    "bad_request",
    "too_long",
    "rate_limited",
    "unavailable",
    "broken",
    "endless",
    "empty",
    "cut_short",
    "filtered",
    "resting",
];

/// What comes of looking a caller up.
const LOOKUPS: [&str; 10] = [
    "found",
    "unknown",
    "cached",
    "late",
    "unreachable",
    "refused",
    "rate_limited",
    "unavailable",
    "broken",
    "resting",
];

/// Why a request with events can fail, and why events are given up.
const TRACKING_KINDS: [&str; 9] = [
    "bad_request",
    "unauthorised",
    "too_large",
    "unsupported",
    "refused",
    "rate_limited",
    "unavailable",
    "unreachable",
    "late",
];
const TRACKING_REASONS: [&str; 5] = ["refused", "too_large", "too_old", "overflow", "ended"];

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The figures of one server. Those that come often are kept as handles.
pub struct Meters {
    recorder: PrometheusRecorder,
    rendered: PrometheusHandle,
    reasons: Mutex<HashSet<String>>,
    variants: Mutex<HashSet<String>>,
    /// Questions to the model, first tries alone. [`FIGURES`] says more of each.
    pub turns: Counter,
    /// Text frames sent.
    pub frames: Counter,
    /// Frames that could not be read.
    pub dropped: Counter,
    /// Sessions that took a call up again.
    pub reconnects: Counter,
    /// From the caller's last word to the request.
    pub prompt_to_request: Histogram,
    /// From the request to the model's first word.
    pub first_token: Histogram,
    /// From the model's first word to its frame.
    pub delta_to_frame: Histogram,
    /// From the caller's last word to the first frame.
    pub first_word: Histogram,
}

/// How the server is, at the moment it is asked.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the table of figures says it")]
pub struct Now {
    pub calls: usize,
    pub calls_limit: usize,
    pub draining: bool,
    pub store_away: bool,
    pub store_waiting: u64,
    pub store_lost: u64,
    pub store_lag: Duration,
    pub resident: u64,
    pub prompts: Vec<Prompts>,
    pub prompts_broken: usize,
}

/// A variant of the prompts that is in force, with its share of calls in percent.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the table of figures says it")]
pub struct Prompts {
    pub variant: String,
    pub version: String,
    pub share: f64,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It bears no signature.
    Unsigned,
    /// Its signature or token does not fit.
    Forged,
    /// It comes from another machine, and the server is open to its own alone.
    Stranger,
}

/// What came of a run of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It answered.
    Well,
    /// It failed.
    Badly,
    /// Nobody waited for it any longer.
    GivenUp,
}

impl Meters {
    /// All figures, at zero. `started` is the time of day, since 1970.
    ///
    /// # Errors
    ///
    /// Never, as long as the bounds of times are some.
    pub fn new(started: Duration) -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for time in FIGURES.iter().filter(|figure| figure.kind == Kind::Time) {
            builder = builder.set_buckets_for_metric(Matcher::Full(time.name.to_owned()), &BOUNDS)?;
        }
        let recorder = builder.build_recorder();
        for Figure { name, kind, meaning, .. } in FIGURES {
            let (name, meaning) = (KeyName::from_const_str(name), (*meaning).into());
            match kind {
                Kind::Counter => recorder.describe_counter(name, None, meaning),
                Kind::Gauge => recorder.describe_gauge(name, None, meaning),
                Kind::Time => recorder.describe_histogram(name, None, meaning),
            }
        }
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let time = |name| recorder.register_histogram(&Key::from_static_name(name), &METADATA);
        let meters = Self {
            rendered: recorder.handle(),
            reasons: Mutex::default(),
            variants: Mutex::default(),
            turns: counter(table::TURNS),
            frames: counter(table::FRAMES),
            dropped: counter(table::DROPPED),
            reconnects: counter(table::RECONNECTS),
            prompt_to_request: time(table::PROMPT_TO_REQUEST),
            first_token: time(table::FIRST_TOKEN),
            delta_to_frame: time(table::DELTA_TO_FRAME),
            first_word: time(table::FIRST_WORD),
            recorder,
        };
        meters.begin_at_zero();
        meters.gauge(table::BUILD, &[("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
        meters.gauge(table::STARTED, &[]).set(started.as_secs_f64());
        Ok(meters)
    }

    /// A counter that appears with its first event has no growth that a rule could see.
    fn begin_at_zero(&self) {
        let known: [(&'static str, &'static str, &[&'static str]); 8] = [
            (table::SHED, "reason", &["calls", "memory", "draining", "routing"]),
            (table::HANDOFFS, "state", &STATES),
            (table::REFUSED, "reason", &["unsigned", "forged", "stranger"]),
            (table::MODEL_ERRORS, "kind", &KINDS),
            (table::PROFILES, "result", &LOOKUPS),
            (table::TRACKING_FAILED, "kind", &TRACKING_KINDS),
            (table::TRACKING_DROPPED, "reason", &TRACKING_REASONS),
            (table::RECORDINGS, "result", &["started", "completed", "absent", "failed"]),
        ];
        self.counter(table::TRACKING_SENT, &[]).absolute(0);
        for (name, label, values) in known {
            for value in values {
                self.counter(name, &[(label, value)]).absolute(0);
            }
        }
    }

    /// Everything, as Prometheus reads it.
    pub fn render(&self, now: &Now) -> String {
        for Prompts { variant, .. } in &now.prompts {
            for outcome in OUTCOMES {
                self.sessions(outcome, variant).absolute(0);
            }
        }
        let truth = |yes| if yes { 1.0 } else { 0.0 };
        for (name, value) in [
            (table::CALLS, now.calls as f64),
            (table::CALLS_LIMIT, now.calls_limit as f64),
            (table::DRAINING, truth(now.draining)),
            (table::STORE_AWAY, truth(now.store_away)),
            (table::STORE_WAITING, now.store_waiting as f64),
            (table::STORE_LAG, now.store_lag.as_secs_f64()),
            (table::RESIDENT, now.resident as f64),
            (table::PROMPTS_BROKEN, now.prompts_broken as f64),
        ] {
            self.gauge(name, &[]).set(value);
        }
        self.counter(table::STORE_LOST, &[]).absolute(now.store_lost);
        let mut text = self.rendered.render();
        in_force(&mut text, &now.prompts);
        text
    }

    /// Takes up what was timed since. Without it, times that nobody asks for would pile up.
    pub fn tidy(&self) {
        self.rendered.run_upkeep();
    }

    /// A relay session ended.
    pub fn session_ended(&self, outcome: &'static str, variant: &str) {
        self.sessions(outcome, variant).increment(1);
    }

    fn sessions(&self, outcome: &'static str, variant: &str) -> Counter {
        let variant = Label::new("variant", self.variant(variant));
        let key =
            Key::from_parts(table::SESSIONS, vec![Label::from_static_parts("outcome", outcome), variant]);
        self.recorder.register_counter(&key, &METADATA)
    }

    /// A call went to a person before it met the AI.
    pub fn shed(&self, reason: &'static str) {
        self.counter(table::SHED, &[("reason", reason)]).increment(1);
    }

    /// A call was handed to a person.
    pub fn escalated(&self, handoff: &Handoff) {
        let reason = self.reason(&handoff.reason_code);
        let variant = handoff.context.prompts.as_ref();
        let variant = variant.map_or_else(|| "none".to_owned(), |prompts| self.variant(&prompts.variant));
        let trigger = handoff.context.trigger.word();
        let labels = [("trigger", trigger), ("reason", reason), ("variant", variant)];
        self.labelled(table::ESCALATIONS, labels.map(|(name, value)| Label::new(name, value)).to_vec());
    }

    /// A hand-off came to a station.
    pub fn handed_off(&self, state: &'static str) {
        self.counter(table::HANDOFFS, &[("state", state)]).increment(1);
    }

    /// A request to a model failed.
    pub fn model_failed(&self, error: &ModelError) {
        self.counter(table::MODEL_ERRORS, &[("kind", kind(error))]).increment(1);
    }

    /// A tool ran outside the session.
    pub fn tool_ran(&self, tool: &str, ran: Ran, took: Duration) {
        let result = match ran {
            Ran::Well => "ok",
            Ran::Badly => "failed",
            Ran::GivenUp => "given_up",
        };
        let tool = Label::new("tool", tool.to_owned());
        self.labelled(table::TOOL_RUNS, vec![tool.clone(), Label::from_static_parts("result", result)]);
        if ran == Ran::Well {
            let key = Key::from_parts(table::TOOL_TIME, vec![tool]);
            self.recorder.register_histogram(&key, &METADATA).record(took.as_secs_f64());
        }
    }

    /// A caller was looked up, or would have been. `took` is how long the call waited, if it did.
    pub fn profile_looked_up(&self, result: &'static str, took: Option<Duration>) {
        self.counter(table::PROFILES, &[("result", result)]).increment(1);
        if let Some(took) = took {
            self.recorder
                .register_histogram(&key(table::PROFILE_TIME, &[]), &METADATA)
                .record(took.as_secs_f64());
        }
    }

    /// A caller was looked up before.
    pub fn profile_from_memory(&self) {
        self.profile_looked_up("cached", None);
    }

    /// Segment took so many events.
    pub fn tracking_sent(&self, events: u64) {
        self.counter(table::TRACKING_SENT, &[]).increment(events);
    }

    /// A request with events failed.
    pub fn tracking_failed(&self, kind: &'static str) {
        self.counter(table::TRACKING_FAILED, &[("kind", kind)]).increment(1);
    }

    /// So many events were given up.
    pub fn tracking_dropped(&self, reason: &'static str, events: u64) {
        self.counter(table::TRACKING_DROPPED, &[("reason", reason)]).increment(events);
    }

    /// So much is still to be told, and the oldest of it has been due for so long.
    pub fn tracking_waiting(&self, count: u64, lag: Duration) {
        self.gauge(table::TRACKING_WAITING, &[]).set(count as f64);
        self.gauge(table::TRACKING_LAG, &[]).set(lag.as_secs_f64());
    }

    /// A rule of routing decided, or none. Their names are the settings', of which there are not many.
    pub fn routed(&self, at: &'static str, rule: Option<&str>) {
        let rule = Label::new("rule", rule.unwrap_or("default").to_owned());
        self.labelled(table::ROUTES, vec![Label::from_static_parts("at", at), rule]);
    }

    /// Something became of a recording.
    pub fn recorded(&self, result: &'static str) {
        self.counter(table::RECORDINGS, &[("result", result)]).increment(1);
    }

    /// A request was refused.
    pub fn refused(&self, why: Refusal) {
        let reason = match why {
            Refusal::Unsigned => "unsigned",
            Refusal::Forged => "forged",
            Refusal::Stranger => "stranger",
        };
        self.counter(table::REFUSED, &[("reason", reason)]).increment(1);
    }

    /// The label for a reason code: itself, if it looks like one and there are not too many.
    fn reason(&self, code: &str) -> String {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let mut known = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        // A number in it may be somebody's.
        let numbers = code.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > MOST_DIGITS);
        let fits = !numbers && !code.is_empty() && code.len() <= LONGEST_REASON && code.chars().all(plain);
        if fits && (known.contains(code) || known.len() < MOST_REASONS) {
            known.insert(code.to_owned());
            code.to_owned()
        } else {
            "other".to_owned()
        }
    }

    /// The label for a variant: its name, if it is one and there were not too many.
    fn variant(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let mut known = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = !name.is_empty() && name.len() <= LONGEST_REASON && name.chars().all(plain);
        if fits && (known.contains(name) || known.len() < MOST_VARIANTS) {
            known.insert(name.to_owned());
            name.to_owned()
        } else {
            "other".to_owned()
        }
    }

    fn labelled(&self, name: &'static str, labels: Vec<Label>) {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA).increment(1);
    }

    fn counter(&self, name: &'static str, labels: &[(&'static str, &'static str)]) -> Counter {
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    fn gauge(&self, name: &'static str, labels: &[(&'static str, &'static str)]) -> Gauge {
        self.recorder.register_gauge(&key(name, labels), &METADATA)
    }
}

/// What is in force, written by hand: a figure that was registered once is told for ever, and every edit makes a new
/// version. Names and versions are plain words, so nothing is escaped.
fn in_force(text: &mut String, prompts: &[Prompts]) {
    for (name, value) in
        [(table::PROMPTS, (|_| 1.0) as fn(&Prompts) -> f64), (table::PROMPT_SHARE, |prompts| prompts.share)]
    {
        let Some(figure) = FIGURES.iter().find(|figure| figure.name == name).filter(|_| !prompts.is_empty())
        else {
            continue;
        };
        text.push_str(&format!("# HELP {name} {}\n# TYPE {name} gauge\n", figure.meaning));
        for prompts in prompts {
            let Prompts { variant, version, .. } = prompts;
            let version =
                if name == table::PROMPTS { format!(",version=\"{version}\"") } else { String::new() };
            text.push_str(&format!("{name}{{variant=\"{variant}\"{version}}} {}\n", value(prompts)));
        }
        text.push('\n');
    }
}

fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let labels = labels.iter().map(|(name, value)| Label::from_static_parts(name, value));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

/// The word for what kind of failure it is.
pub fn kind(error: &ModelError) -> &'static str {
    match error {
        ModelError::Unreachable(_) => "unreachable",
        ModelError::Silent { .. } => "silent",
        ModelError::Refused { .. } => "refused",
        ModelError::BadRequest { .. } => "bad_request",
        ModelError::TooLong => "too_long",
        ModelError::RateLimited { .. } => "rate_limited",
        ModelError::Unavailable { .. } => "unavailable",
        ModelError::Broken => "broken",
        ModelError::Endless => "endless",
        ModelError::Empty => "empty",
        ModelError::CutShort => "cut_short",
        ModelError::Filtered => "filtered",
        ModelError::Resting => "resting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::Trigger;

    fn meters() -> Meters {
        Meters::new(Duration::from_secs(1_800_000_000)).unwrap()
    }

    #[test]
    fn every_figure_has_a_name_of_prometheus_and_is_explained() {
        for (index, Figure { name, kind, labels, meaning }) in FIGURES.iter().enumerate() {
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(plain(name) && labels.iter().all(|label| plain(label)), "{name}");
            assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert!(*kind != Kind::Time || name.ends_with("_seconds"), "{name}");
            assert!(
                !meaning.is_empty() && FIGURES[..index].iter().all(|other| other.name != *name),
                "{name}"
            );
        }
    }

    #[test]
    fn what_happened_is_told_to_prometheus() {
        let meters = meters();
        meters.turns.increment(2);
        meters.first_word.record(0.3);
        meters.session_ended("escalated", "brief");
        meters.shed("memory");
        meters.handed_off("queued");
        meters.refused(Refusal::Forged);
        meters.model_failed(&ModelError::Silent { waited_ms: 3_000 });
        meters.tool_ran("look_up", Ran::Well, Duration::from_millis(40));
        meters.tool_ran("look_up", Ran::GivenUp, Duration::from_secs(9));
        meters.profile_looked_up("late", Some(Duration::from_millis(400)));
        meters.profile_from_memory();
        meters.routed("start", Some("heavy reader"));
        meters.routed("handoff", None);
        let prompts = |variant: &str, share| Prompts {
            variant: variant.to_owned(),
            version: "0a1b2c3d4e5f".to_owned(),
            share,
        };
        let prompts = vec![prompts("base", 90.0), prompts("brief", 10.0)];
        let now = Now { calls: 7, store_lost: 3, prompts, prompts_broken: 2, ..Now::default() };
        let text = meters.render(&now);
        for line in [
            "warmline_turns_total 2",
            "warmline_first_word_seconds_bucket{le=\"0.25\"} 0",
            "warmline_first_word_seconds_bucket{le=\"0.5\"} 1",
            "warmline_sessions_total{outcome=\"escalated\",variant=\"brief\"} 1",
            "warmline_prompt_version{variant=\"brief\",version=\"0a1b2c3d4e5f\"} 1",
            "warmline_prompt_share{variant=\"base\"} 90",
            "# TYPE warmline_prompt_share gauge",
            "warmline_prompts_broken 2",
            "warmline_shed_calls_total{reason=\"memory\"} 1",
            "warmline_handoffs_total{state=\"queued\"} 1",
            "warmline_refused_requests_total{reason=\"forged\"} 1",
            "warmline_model_errors_total{kind=\"silent\"} 1",
            "warmline_tool_runs_total{tool=\"look_up\",result=\"ok\"} 1",
            "warmline_tool_runs_total{tool=\"look_up\",result=\"given_up\"} 1",
            "warmline_tool_seconds_count{tool=\"look_up\"} 1",
            "warmline_profile_lookups_total{result=\"late\"} 1",
            "warmline_profile_lookups_total{result=\"cached\"} 1",
            "warmline_profile_seconds_count 1",
            "warmline_routes_total{at=\"start\",rule=\"heavy reader\"} 1",
            "warmline_routes_total{at=\"handoff\",rule=\"default\"} 1",
            "warmline_calls 7",
            "warmline_store_lost_total 3",
            "process_start_time_seconds 1800000000",
            "# TYPE warmline_calls gauge",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is not in:\n{text}");
        }
        // What never happened stands at zero, so that its first time is seen.
        for line in [
            "warmline_reconnects_total 0",
            "warmline_sessions_total{outcome=\"closed\",variant=\"base\"} 0",
            "warmline_handoffs_total{state=\"answered\"} 0",
            "warmline_model_errors_total{kind=\"resting\"} 0",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn a_model_cannot_make_up_labels_without_end() {
        let meters = meters();
        let escalate = |code: &str| {
            let call = "CA1".parse().unwrap();
            let mut handoff = Handoff::bare(call, "HO1".into(), Trigger::Model);
            handoff.reason_code = code.to_owned();
            meters.escalated(&handoff);
        };
        for number in 0..100 {
            escalate(&format!("code_{number}"));
        }
        escalate("code_1");
        escalate("call_5551234");
        escalate("Müller\" sagt {x}");
        let text = meters.render(&Now::default());
        let lines = text.lines().filter(|line| line.starts_with("warmline_escalations_total{"));
        assert_eq!(lines.count(), MOST_REASONS + 1, "{text}");
        assert!(text.contains("reason=\"code_1\",variant=\"none\"} 2"), "{text}");
        assert!(text.contains("reason=\"other\",variant=\"none\"} 70"), "{text}");
    }

    #[test]
    fn versions_come_and_go_and_leave_nothing_in_the_figures() {
        let meters = meters();
        let figures = |version: &str, variant: &str| {
            let prompts =
                vec![Prompts { variant: variant.to_owned(), version: version.to_owned(), share: 0.0 }];
            meters.render(&Now { prompts, ..Now::default() })
        };
        for number in 0..100 {
            figures(&format!("{number:012x}"), &format!("v{number}"));
            meters.session_ended("closed", &format!("v{number}"));
        }
        let text = figures("0123456789ab", "base");
        let count = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
        assert_eq!(count("warmline_prompt_version{"), 1);
        assert_eq!(count("warmline_sessions_total{outcome=\"closed\""), MOST_VARIANTS + 1);
        assert!(text.contains("outcome=\"closed\",variant=\"other\"} 68"), "{text}");
    }
}
