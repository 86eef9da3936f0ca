//! The growth curve as a picture, drawn from the figures.

use std::fmt::Write as _;

use super::figures::Figures;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 60.0;

/// Processor time per token by number of calls.
pub(crate) fn growth(figures: &Figures) -> String {
    let points = points(figures);
    let most_calls = points.iter().map(|(calls, _)| *calls).fold(1.0, f64::max);
    let most_time = points.iter().map(|(_, time)| *time).fold(1.0, f64::max);
    let top = nice(most_time * 1.2);
    let x = |calls: f64| LEFT + calls / most_calls * (WIDTH - LEFT - RIGHT);
    let y = |time: f64| HEIGHT - BOTTOM - time / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<title>Processor time per token, by number of calls that share the same stream of tokens</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="{LEFT}" y="24" font-size="15">Processor time per token, the same stream of tokens divided among more calls</text>
"##
    );
    for step in 0..=4 {
        let time = top * f64::from(step) / 4.0;
        let _ = writeln!(
            svg,
            r##"<path d="M{LEFT} {at:.1}H{end}" stroke="#ddd"/><text x="{label}" y="{text:.1}" text-anchor="end">{time:.0} µs</text>"##,
            at = y(time),
            end = WIDTH - RIGHT,
            label = LEFT - 8.0,
            text = y(time) + 4.0
        );
    }
    let line: Vec<String> =
        points.iter().map(|(calls, time)| format!("{:.1},{:.1}", x(*calls), y(*time))).collect();
    let _ = writeln!(
        svg,
        r##"<polyline points="{}" fill="none" stroke="#1f5fa8" stroke-width="2"/>"##,
        line.join(" ")
    );
    for (calls, time) in &points {
        let (x, y) = (x(*calls), y(*time));
        let anchor = if x > WIDTH - 60.0 { "end" } else { "middle" };
        let _ = writeln!(
            svg,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="#1f5fa8"/><text x="{x:.1}" y="{above:.1}" text-anchor="{anchor}">{time:.1}</text><text x="{x:.1}" y="{below:.1}" text-anchor="{anchor}">{calls:.0}</text>"##,
            above = y - 10.0,
            below = HEIGHT - BOTTOM + 20.0
        );
    }
    let _ = writeln!(
        svg,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">calls</text>"#,
        WIDTH / 2.0,
        HEIGHT - 14.0
    );
    svg.push_str("</svg>\n");
    svg
}

/// Calls and microseconds, in order.
fn points(figures: &Figures) -> Vec<(f64, f64)> {
    let mut sides: Vec<&str> =
        figures.runs.iter().filter(|run| run.group == "growth").map(|run| run.side.as_str()).collect();
    sides.sort_unstable();
    sides.dedup();
    let point = |side: &&str| {
        let calls = side.split(' ').next()?.parse().ok()?;
        Some((calls, figures.median("growth", side, |run| run.processor)?))
    };
    let mut points: Vec<(f64, f64)> = sides.iter().filter_map(point).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

/// The next number that divides well.
fn nice(value: f64) -> f64 {
    [4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 32.0, 40.0, 60.0, 80.0, 120.0, 200.0]
        .into_iter()
        .find(|nice| *nice >= value)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::super::figures::Run;
    use super::*;

    #[test]
    fn points_stand_in_the_order_of_their_calls() {
        let run = |side: &str, processor| Run {
            group: "growth".into(),
            side: side.into(),
            processor,
            ..Run::default()
        };
        let runs = vec![run("4000 calls", 12.0), run("400 calls", 10.0), run("1000 calls", 11.0)];
        let figures = Figures { runs, ..Figures::default() };
        assert_eq!(points(&figures), [(400.0, 10.0), (1000.0, 11.0), (4000.0, 12.0)]);
        let picture = growth(&figures);
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
        assert_eq!(picture.matches("<circle").count(), 3);
    }

    #[test]
    fn without_figures_there_is_an_empty_picture() {
        assert_eq!(growth(&Figures::default()).matches("<circle").count(), 0);
    }
}
