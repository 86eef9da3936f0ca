//! Where the marks of a chart stand. The page draws them; their numbers stand in its tables too.

use serde::Serialize;

use crate::eval::figures::{Figures, Measure, Unit};
use crate::eval::outcome::Results;

/// How wide a chart's field is, in its own units.
const FIELD: f64 = 400.0;
/// Where the field begins: names stand before it.
const LEFT: f64 = 190.0;
/// The height of one mark's row.
const ROW: f64 = 18.0;
/// How many columns a distribution has.
const COLUMNS: usize = 24;

/// Rates with their intervals, one row for each figure and subject.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Rates {
    pub(super) height: f64,
    pub(super) rows: Vec<RateRow>,
    pub(super) ticks: Vec<Tick>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct RateRow {
    /// The figure's name, at its first subject only.
    name: Option<&'static str>,
    subject: usize,
    y: f64,
    at: f64,
    low: Option<f64>,
    width: f64,
    value: String,
}

/// A mark of an axis.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tick {
    at: f64,
    text: String,
}

/// How long answers took to begin, for one subject.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Latencies {
    label: String,
    subject: usize,
    columns: Vec<Column>,
    ticks: Vec<Tick>,
    /// The median and what 95 % do not pass.
    marks: Vec<Tick>,
}

#[derive(Debug, Clone, Serialize)]
struct Column {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    text: String,
}

/// All rates of all subjects.
pub(super) fn rates(figures: &[Figures]) -> Rates {
    let mut chart = Rates::default();
    let mut y = 10.0;
    for measure in Measure::ALL.into_iter().filter(|measure| measure.unit() == Unit::Rate) {
        let mut name = Some(measure.label());
        for (subject, of) in figures.iter().enumerate() {
            let Some(figure) = of.get(measure) else { continue };
            let (low, width) = match figure.interval {
                Some(it) => (Some(place(it.low)), rounded((it.high - it.low) * FIELD)),
                None => (None, 0.0),
            };
            let value = measure.written(figure.value);
            chart.rows.push(RateRow {
                name: name.take(),
                subject,
                y,
                at: place(figure.value),
                low,
                width,
                value,
            });
            y += ROW;
        }
        if name.is_none() {
            y += 8.0;
        }
    }
    chart.height = y + 12.0;
    chart.ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
        .map(|share| Tick { at: place(share), text: format!("{:.0}%", share * 100.0) })
        .into();
    chart
}

/// The times until the first token of each subject, on one scale.
pub(super) fn latencies(results: &Results, figures: &[Figures]) -> Vec<Latencies> {
    let of = |subject: usize| {
        let mine = results.trials.iter().filter(move |trial| trial.subject == subject);
        mine.flat_map(|trial| trial.first_token.iter().copied())
    };
    let longest = (0..figures.len()).flat_map(of).max().unwrap_or(0);
    let step = step(longest);
    let all = f64::from(step) * from(COLUMNS);
    let x = |milliseconds: f64| rounded(milliseconds / all * 590.0);
    let chart = |(subject, of_subject): (usize, &Figures)| {
        let mut counts = [0_u32; COLUMNS];
        for milliseconds in of(subject) {
            let place = usize::try_from(milliseconds / step).unwrap_or(COLUMNS);
            counts[place.min(COLUMNS - 1)] += 1;
        }
        let most = f64::from(counts.iter().copied().max().filter(|most| *most > 0)?);
        let column = |(place, count): (usize, &u32)| {
            let (begin, height) = (step * u32::try_from(place).unwrap_or(0), f64::from(*count) / most * 80.0);
            Column {
                x: x(f64::from(begin)) + 1.0,
                y: rounded(95.0 - height),
                width: rounded(590.0 / from(COLUMNS) - 2.0),
                height: rounded(height),
                text: format!("{begin} to {} ms: {count} answers", begin + step),
            }
        };
        let mark = |measure: Measure, name: &str| {
            let value = of_subject.get(measure)?.value;
            Some(Tick { at: x(value), text: format!("{name} {}", measure.written(value)) })
        };
        let ticks = (0..=4_u32).map(|quarter| {
            let milliseconds = f64::from(step) * from(COLUMNS) / 4.0 * f64::from(quarter);
            Tick { at: x(milliseconds), text: format!("{milliseconds:.0} ms") }
        });
        Some(Latencies {
            label: results.subjects[subject].label.clone(),
            subject,
            columns: counts.iter().enumerate().filter(|(_, count)| **count > 0).map(column).collect(),
            ticks: ticks.collect(),
            marks: [mark(Measure::FirstTokenP50, "p50"), mark(Measure::FirstTokenP95, "p95")]
                .into_iter()
                .flatten()
                .collect(),
        })
    };
    figures.iter().enumerate().filter_map(chart).collect()
}

/// The width of a column: 1, 2, 5, 10, 20, … milliseconds.
fn step(longest: u32) -> u32 {
    let wanted = longest / u32::try_from(COLUMNS).unwrap_or(1) + 1;
    let mut power: u32 = 1;
    loop {
        for step in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            if step >= wanted {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn place(share: f64) -> f64 {
    rounded(LEFT + share * FIELD)
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn from(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
