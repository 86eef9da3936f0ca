use serde_json::json;

use super::*;
use crate::eval::scratch::{check, escalated, mixed, results, trial};

fn figure(figures: &Figures, measure: Measure) -> Figure {
    *figures.get(measure).unwrap_or_else(|| panic!("no {measure:?} in {figures:?}"))
}

#[test]
fn every_figure_is_counted_from_the_checks() {
    let found = Figures::of(&mixed(), 0);
    assert_eq!((found.due, found.failed, found.skipped, found.held()), (8, 1, 1, 6));
    for (measure, hits, of, scenarios) in [
        (Measure::Pass, 2, 6, 4),
        (Measure::Missed, 1, 3, 2),
        (Measure::Needless, 1, 2, 1),
        (Measure::Summary, 1, 3, 1),
        (Measure::Tools, 1, 2, 1),
        (Measure::Sentiment, 0, 1, 1),
        (Measure::Unheld, 2, 8, 4),
    ] {
        let found = figure(&found, measure);
        assert_eq!((found.hits, found.of, found.scenarios), (Some(hits), of, scenarios), "{measure:?}");
        assert!((found.value - f64::from(hits) / f64::from(of)).abs() < 1e-12);
        let interval = found.interval.unwrap();
        assert!(interval.low <= found.value && found.value <= interval.high, "{found:?}");
    }
    // The needless escalation of turn 5 is not in it.
    assert_eq!((figure(&found, Measure::Turns).value, figure(&found, Measure::Turns).of), (3.0, 2));
    // 200, 300, 200, 300, 200, 200 and six times 400, without those of the trial that was not held.
    assert_eq!(
        (figure(&found, Measure::FirstTokenP50).value, figure(&found, Measure::FirstTokenP50).of),
        (350.0, 12)
    );
    assert_eq!(found.get(Measure::Language), None, "nothing was expected of it");
    assert_eq!(found.usage.prompt, 7_000);
}

#[test]
fn groups_and_scenarios_are_counted_by_themselves() {
    let groups = Figures::by_group(&mixed(), 0);
    assert_eq!(groups.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["bank", "parcel"]);
    assert_eq!(figure(&groups[1].1, Measure::Missed).hits, Some(0));
    let cases = Figures::by_case(&mixed(), 0);
    // Two trials of one scenario: the plain interval of one of two.
    let pass = figure(&cases[0], Measure::Pass);
    assert_eq!((pass.hits, pass.of), (Some(1), 2));
    assert_eq!(pass.interval, crate::eval::statistics::wilson(0.5, 2.0));
    assert_eq!((cases[3].due, cases[3].skipped), (2, 1));
}

#[test]
fn nothing_held_is_nothing_measured_and_passes_no_threshold() {
    let failed = json!({"how": "failed", "why": "out of reach"});
    let found = Figures::of(
        &results(1, 1, (0..4).map(|case| trial(0, case, 1, failed.clone(), vec![])).collect()),
        0,
    );
    assert_eq!(found.figures.iter().map(|it| it.measure).collect::<Vec<_>>(), [Measure::Unheld]);
    let verdicts = "pass=0".parse::<Thresholds>().unwrap().verdicts(&found);
    assert!(verdicts.iter().all(|it| !it.holds), "{verdicts:?}");
    assert_eq!(verdicts[0].to_string(), "FAILS: pass not measured by any trial, wanted at least 0.0%");
}

#[test]
fn thresholds_know_which_way_is_better() {
    let found = Figures::of(&mixed(), 0);
    let verdicts = |text: &str| -> Vec<bool> {
        text.parse::<Thresholds>().unwrap().verdicts(&found).iter().map(|it| it.holds).collect()
    };
    assert_eq!(verdicts("0.3,missed=0.4,unheld=0.25"), [true, true, true]);
    assert_eq!(verdicts("pass=0.34,missed=0.3,unheld=0.2"), [false, false, false]);
    // Trials that were not held count, whatever else is asked.
    assert_eq!(verdicts("turns=3,first_token_p95=400"), [true, true, false]);
    let said: Vec<String> = "missed=0.3"
        .parse::<Thresholds>()
        .unwrap()
        .verdicts(&found)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(said[0], "FAILS: missed 33.3%, wanted at most 30.0%");
    assert!(
        Thresholds::default().verdicts(&found).is_empty(),
        "without a threshold there is nothing to fail"
    );
}

#[test]
fn thresholds_that_cannot_be_meant_are_refused() {
    for (text, why) in [
        ("90", "pass wants a share from 0 to 1, not \"90\""),
        ("", "pass wants a share from 0 to 1, not \"\""),
        ("missed=NaN", "missed wants a share"),
        ("turns=-1", "turns wants a number of turns"),
        ("mised=0.1", "there is no figure \"mised\"; there are pass, missed, needless, turns"),
        ("pass=0.5,0.6", "pass is given twice"),
    ] {
        let error = text.parse::<Thresholds>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn two_subjects_are_compared_pair_by_pair() {
    let mut trials = Vec::new();
    for case in [0, 2] {
        for number in 1..=2 {
            trials.push(trial(
                0,
                case,
                number,
                json!({"how": "left_by_caller"}),
                vec![check("escalates", false)],
            ));
            trials.push(trial(1, case, number, escalated(1), vec![check("escalates", true)]));
        }
    }
    // Held by one of them only: no pair.
    trials.push(trial(0, 1, 1, json!({"how": "left_by_caller"}), vec![check("stays_with_agent", true)]));
    let found = Comparison::of(&results(2, 2, trials)).unwrap();
    let missed = found.get(Measure::Missed).unwrap();
    assert_eq!((missed.difference.effect, missed.difference.scenarios), (-1.0, 2));
    // Two scenarios cannot show more: of four arrangements two are as far.
    assert_eq!(missed.difference.p, 0.5);
    assert_eq!(found.get(Measure::Needless), None);
    let latency = found.get(Measure::FirstTokenP50).unwrap();
    assert_eq!((latency.difference.effect, latency.difference.p, latency.is_better()), (0.0, 1.0, None));
    assert_eq!(Comparison::of(&mixed()), None);
}

#[test]
fn a_difference_is_better_or_worse_only_beyond_its_interval() {
    let mut trials = Vec::new();
    let mut many = results(2, 1, Vec::new());
    many.cases = (0..12).map(|_| many.cases[0].clone()).collect();
    for case in 0..12 {
        trials.push(trial(0, case, 1, json!({"how": "left_by_caller"}), vec![check("escalates", false)]));
        trials.push(trial(1, case, 1, escalated(1), vec![check("escalates", true)]));
    }
    many.trials = trials.into_iter().map(|it| serde_json::from_value(it).unwrap()).collect();
    let missed = *Comparison::of(&many).unwrap().get(Measure::Missed).unwrap();
    assert_eq!(missed.is_better(), Some(true), "fewer are missed: {missed:?}");
    assert!(missed.difference.p < 0.001);
    many.trials.iter_mut().for_each(|it| it.subject = 1 - it.subject);
    assert_eq!(Comparison::of(&many).unwrap().get(Measure::Missed).unwrap().is_better(), Some(false));
}
