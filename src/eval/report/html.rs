//! The results as one page that needs nothing beside itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::chart::{Latencies, Rates, rates};
use super::table::{chance, counted, lasted};
use super::{CAUTION, chart};
use crate::eval::figures::{Comparison, Figure, Figures, Measure, Row, is_failed};
use crate::eval::outcome::{Case, Check, End, Escalation, Line, Results, Subject, Trial};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Everything on the page.
#[derive(Serialize)]
struct Page<'a> {
    title: String,
    began: String,
    lasted: String,
    caution: &'static str,
    results: &'a Results,
    subjects: Vec<SubjectView<'a>>,
    /// Figures as rows, subjects as columns.
    figures: Vec<FigureRow>,
    groups: Vec<GroupRow>,
    compared: Vec<ComparedRow>,
    rates: Rates,
    latencies: Vec<Latencies>,
    cases: Vec<CaseView<'a>>,
    counts: Counts,
}

#[derive(Serialize)]
struct SubjectView<'a> {
    #[serde(flatten)]
    subject: &'a Subject,
    figures: Figures,
    held: u32,
    price: Option<String>,
    judged: Option<String>,
}

#[derive(Serialize)]
struct FigureRow {
    label: &'static str,
    cells: Vec<Option<Cell>>,
}

#[derive(Serialize)]
struct Cell {
    value: String,
    counted: String,
    interval: Option<String>,
}

#[derive(Serialize)]
struct GroupRow {
    group: String,
    subject: String,
    cells: Vec<String>,
}

#[derive(Serialize)]
struct ComparedRow {
    label: &'static str,
    effect: String,
    interval: String,
    p: String,
    scenarios: usize,
    verdict: &'static str,
}

#[derive(Serialize)]
struct CaseView<'a> {
    case: &'a Case,
    state: &'static str,
    /// For each subject, how many trials met everything.
    passed: Vec<String>,
    trials: Vec<TrialView<'a>>,
}

#[derive(Serialize)]
struct TrialView<'a> {
    state: &'static str,
    subject: &'a str,
    number: u32,
    end: String,
    escalation: Option<&'a Escalation>,
    why: Option<&'a str>,
    checks: &'a [Check],
    transcript: &'a [Line],
    judgement: Option<String>,
    first_token: Option<String>,
    lasted: String,
}

#[derive(Default, Serialize)]
struct Counts {
    all: usize,
    unmet: usize,
    unheld: usize,
    met: usize,
}

/// The results as one page: figures, charts, comparison, and every transcript.
pub fn html(results: &Results) -> String {
    let figures: Vec<Figures> =
        (0..results.subjects.len()).map(|subject| Figures::of(results, subject)).collect();
    let page = Page {
        title: format!("Evaluation of {}", named(results)),
        began: crate::store::archive::Moment(results.began).to_string(),
        lasted: lasted(results.lasted),
        caution: CAUTION,
        results,
        figures: rows(&figures),
        groups: groups(results),
        compared: compared(results),
        rates: rates(&figures),
        latencies: chart::latencies(results, &figures),
        cases: cases(results),
        counts: counts(&results.trials),
        subjects: results.subjects.iter().zip(figures).map(subject).collect(),
    };
    render(PAGE, &page)
}

/// A page of ours with its values. Style and script come with it, and the page forbids all others.
pub(crate) fn render(template: &str, page: &impl Serialize) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let values = context! {
        page => Value::from(Serde(page)),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        policy => Value::from_safe_string(policy),
    };
    environment
        .render_named_str("report.html", template, values)
        .expect("the template is compiled in and tested")
}

/// `312 ms`, `2.1 s`
pub(crate) fn seconds(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
    }
}

fn named(results: &Results) -> String {
    let labels: Vec<&str> = results.subjects.iter().map(|subject| subject.label.as_str()).collect();
    labels.join(" and ")
}

fn subject((subject, figures): (&Subject, Figures)) -> SubjectView<'_> {
    SubjectView {
        subject,
        held: figures.held(),
        price: figures.usage.price.map(|price| format!("{price:.4}")),
        judged: figures.judged.map(|(mean, count)| format!("{mean:.1} of 5 over {count} trials")),
        figures,
    }
}

fn rows(figures: &[Figures]) -> Vec<FigureRow> {
    let row = |measure: Measure| {
        let cells: Vec<_> = figures.iter().map(|of| of.get(measure).map(cell)).collect();
        cells.iter().any(Option::is_some).then(|| FigureRow { label: measure.label(), cells })
    };
    Measure::ALL.into_iter().chain([Measure::Unheld]).filter_map(row).collect()
}

fn cell(figure: &Figure) -> Cell {
    let written = |value| figure.measure.written(value);
    Cell {
        value: written(figure.value),
        counted: counted(figure),
        interval: figure.interval.map(|it| format!("{} to {}", written(it.low), written(it.high))),
    }
}

fn groups(results: &Results) -> Vec<GroupRow> {
    let rows = |(subject, about): (usize, &Subject)| {
        let row = |(group, of): (String, Figures)| {
            let cells = Measure::ALL.into_iter().map(|measure| {
                of.get(measure).map_or_else(|| "–".to_owned(), |figure| measure.written(figure.value))
            });
            GroupRow { group, subject: about.label.clone(), cells: cells.collect() }
        };
        Figures::by_group(results, subject).into_iter().map(row).collect::<Vec<_>>()
    };
    let mut rows: Vec<GroupRow> = results.subjects.iter().enumerate().flat_map(rows).collect();
    rows.sort_by(|one, other| one.group.cmp(&other.group));
    rows
}

fn compared(results: &Results) -> Vec<ComparedRow> {
    let row = |row: Row| {
        let Row { measure, difference } = row;
        let interval = difference.interval;
        ComparedRow {
            label: measure.label(),
            effect: measure.difference(difference.effect),
            interval: format!(
                "{} to {}",
                measure.difference(interval.low),
                measure.difference(interval.high)
            ),
            p: chance(difference.p),
            scenarios: difference.scenarios,
            verdict: match row.is_better() {
                Some(true) => "better",
                Some(false) => "worse",
                None => "either way",
            },
        }
    };
    Comparison::of(results).map(|it| it.rows.into_iter().map(row).collect()).unwrap_or_default()
}

fn cases(results: &Results) -> Vec<CaseView<'_>> {
    let view = |(place, case)| {
        let mut trials: Vec<&Trial> = results.trials.iter().filter(|trial| trial.case == place).collect();
        trials.sort_by_key(|trial| (rank(state(trial)), trial.subject, trial.number));
        let passed = |subject: usize| {
            let mine: Vec<_> = trials.iter().filter(|trial| trial.subject == subject).collect();
            let passed = mine.iter().filter(|trial| trial.passed()).count();
            format!("{passed} of {}", mine.len())
        };
        CaseView {
            case,
            state: trials.first().map_or("unheld", |trial| state(trial)),
            passed: (0..results.subjects.len()).map(passed).collect(),
            trials: trials.iter().map(|trial| trial_view(results, trial)).collect(),
        }
    };
    let mut cases: Vec<CaseView<'_>> = results.cases.iter().enumerate().map(view).collect();
    cases.sort_by_key(|case| rank(case.state));
    cases
}

fn trial_view<'a>(results: &'a Results, trial: &'a Trial) -> TrialView<'a> {
    let (escalation, why, end) = match &trial.end {
        End::Escalated(it) => (Some(it), None, format!("a person after turn {}", it.turn)),
        End::Completed => (None, None, "the agent ended the call".to_owned()),
        End::LeftByCaller => (None, None, "the caller hung up".to_owned()),
        End::Failed { why } => (None, Some(why.as_str()), "could not be held".to_owned()),
    };
    let slowest = trial.first_token.iter().max();
    TrialView {
        state: state(trial),
        subject: &results.subjects[trial.subject].label,
        number: trial.number,
        end,
        escalation,
        why,
        checks: &trial.checks,
        transcript: &trial.transcript,
        judgement: trial.judgement.as_ref().map(|it| format!("{} of 5: {}", it.score, it.why)),
        first_token: slowest.map(|slowest| format!("{slowest} ms")),
        lasted: seconds(trial.lasted),
    }
}

fn state(trial: &Trial) -> &'static str {
    match (is_failed(trial), trial.passed()) {
        (true, _) => "unheld",
        (false, false) => "unmet",
        (false, true) => "met",
    }
}

fn rank(state: &str) -> usize {
    ["unmet", "unheld", "met"].iter().position(|known| *known == state).unwrap_or(0)
}

fn counts(trials: &[Trial]) -> Counts {
    let of = |wanted: &str| trials.iter().filter(|trial| state(trial) == wanted).count();
    Counts { all: trials.len(), unmet: of("unmet"), unheld: of("unheld"), met: of("met") }
}
