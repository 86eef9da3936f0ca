//! How far the figures of a few trials can be trusted: intervals, and what speaks for a difference.
//!
//! Trials of one scenario resemble each other: what counts is how many scenarios there are. A [`Cluster`] holds
//! what was found in one scenario. All intervals are for 95 %. docs/EVAL_REPORT.md tells the formulas.

/// The quantile of the normal distribution that leaves out 2.5 %.
const Z: f64 = 1.959_963_984_540_054;
/// How many samples a bootstrap draws.
const DRAWS: usize = 2_000;
/// How many arrangements a test of chance looks at, if there are more than it can look at all.
const ARRANGEMENTS: u32 = 20_000;
/// Up to so many scenarios that differ, all arrangements are looked at.
const EXACT: usize = 14;
/// Where chance begins: the same figures for the same results, always.
const SEED: u64 = 0x5741_524D_4C49_4E45;
/// The quantiles of Student's distribution that leave out 2.5 %, for 1 to 4 degrees of freedom.
const STUDENT: [f64; 4] = [12.706_204_7, 4.302_652_7, 3.182_446_3, 2.776_445_1];

/// Where a value lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    /// From here,
    pub low: f64,
    /// to here.
    pub high: f64,
}

/// Successes among the trials of one scenario.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cluster {
    /// How many succeeded.
    pub hits: u32,
    /// Of how many.
    pub of: u32,
}

/// What two subjects differ in.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Difference {
    /// The second's figure less the first's, over the scenarios both have.
    pub effect: f64,
    /// Where it lies.
    pub interval: Interval,
    /// How often chance alone makes a difference at least as large.
    pub p: f64,
    /// In how many scenarios both have the figure.
    pub scenarios: usize,
}

/// Wilson's score interval for a rate. The number of trials need not be whole.
///
/// Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
pub fn wilson(rate: f64, trials: f64) -> Option<Interval> {
    if trials <= 0.0 {
        return None;
    }
    let square = Z * Z;
    let middle = rate + square / (2.0 * trials);
    let reach = Z * (rate * (1.0 - rate) / trials + square / (4.0 * trials * trials)).sqrt();
    let whole = 1.0 + square / trials;
    let (low, high) = ((middle - reach) / whole, (middle + reach) / whole);
    // What rounding leaves of nothing is nothing.
    let low = if rate <= 0.0 { 0.0 } else { low.clamp(0.0, 1.0) };
    let high = if rate >= 1.0 { 1.0 } else { high.clamp(0.0, 1.0) };
    Some(Interval { low, high })
}

/// The interval of a rate over scenarios whose trials resemble each other: Wilson's, for as many trials as these
/// are worth. See [`worth`].
pub fn clustered(clusters: &[Cluster]) -> Option<Interval> {
    let (hits, of) = sums(clusters);
    if of == 0.0 {
        return None;
    }
    wilson(hits / of, worth(clusters))
}

/// How many independent trials these are worth: as many as have the variance that the scenarios show (between
/// scenarios, linearised, with Student's correction for their number). Never more than there are, and never fewer
/// than if all trials of a scenario had to agree.
///
/// Korn and Graubard, Survey Methodology 24 (1998) 193; Dean and Pagano, J. Surv. Stat. Methodol. 3 (2015) 484.
pub fn worth(clusters: &[Cluster]) -> f64 {
    let clusters: Vec<Cluster> = clusters.iter().copied().filter(|cluster| cluster.of > 0).collect();
    let (hits, of) = sums(&clusters);
    if of == 0.0 {
        return 0.0;
    }
    let rate = hits / of;
    let squares: f64 = clusters.iter().map(|cluster| f64::from(cluster.of).powi(2)).sum();
    let least = of * of / squares;
    let count = number(clusters.len());
    let residuals: f64 =
        clusters.iter().map(|cluster| (f64::from(cluster.hits) - rate * f64::from(cluster.of)).powi(2)).sum();
    // Without any difference nothing is known of how far they agree: the careful end.
    if clusters.len() < 2 || rate <= 0.0 || rate >= 1.0 {
        return least;
    }
    let variance = count / (count - 1.0) * residuals / (of * of);
    let shown = if variance > 0.0 { rate * (1.0 - rate) / variance } else { of };
    (shown * (Z / student(clusters.len() - 1)).powi(2)).clamp(least, of)
}

/// The quantile of a sorted list, between its members where need be.
///
/// Type 7 of Hyndman and Fan, Am. Stat. 50 (1996) 361, which is also NumPy's.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * number(last);
    let below = sorted.get(whole(place.floor()))?;
    let above = sorted.get(whole(place.ceil()))?;
    Some(below + (above - below) * place.fract())
}

/// A figure of all values of some scenarios.
pub type Statistic = fn(&mut [f64]) -> Option<f64>;

/// Their mean.
pub fn mean(values: &mut [f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / number(values.len()))
}

/// Their median.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    quantile(values, 0.5)
}

/// What 95 % of them do not pass.
pub fn p95(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    quantile(values, 0.95)
}

/// The interval of a figure that is no rate: scenarios are drawn again and again, with all their values (percentile
/// bootstrap). None for fewer than two scenarios.
///
/// Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
pub fn bootstrap(scenarios: &[Vec<f64>], statistic: Statistic) -> Option<Interval> {
    let scenarios: Vec<&Vec<f64>> = scenarios.iter().filter(|values| !values.is_empty()).collect();
    drawn(scenarios.len(), |places| {
        let mut values: Vec<f64> = places.iter().flat_map(|place| scenarios[*place]).copied().collect();
        statistic(&mut values)
    })
}

/// Compares the rates of two subjects, pair by pair of scenarios: each counts the same, however often it was tried.
///
/// The p-value is that of a permutation test which swaps the signs of the scenarios' differences; with one trial of
/// each it is McNemar's exact test. The interval is Bonett and Price's for matched pairs (J. Educ. Behav. Stat. 37
/// (2012) 479), with the scenarios' mean differences in place of its −1, 0 and 1.
pub fn paired_rates(pairs: &[(Cluster, Cluster)]) -> Option<Difference> {
    let rate = |cluster: &Cluster| f64::from(cluster.hits) / f64::from(cluster.of);
    let pairs = pairs.iter().filter(|(first, second)| first.of > 0 && second.of > 0);
    let differences: Vec<f64> = pairs.map(|(first, second)| rate(second) - rate(first)).collect();
    let count = number(differences.len());
    let effect = mean(&mut differences.clone())?;
    let (sum, squares) = (effect * count, differences.iter().map(|it| it * it).sum::<f64>());
    // Two more scenarios, one for either side.
    let middle = sum / (count + 2.0);
    let variance = ((squares + 2.0) / (count + 2.0) - middle * middle) / (count + 2.0);
    let reach = Z * variance.max(0.0).sqrt();
    let interval = Interval { low: (middle - reach).max(-1.0), high: (middle + reach).min(1.0) };
    Some(Difference { effect, interval, p: signs(&differences), scenarios: differences.len() })
}

/// Compares figures that are no rates, pair by pair of scenarios.
///
/// The p-value is that of a permutation test which swaps the subjects within scenarios; the interval is a bootstrap
/// over pairs of scenarios.
pub fn paired_values(pairs: &[(Vec<f64>, Vec<f64>)], statistic: Statistic) -> Option<Difference> {
    let pairs: Vec<_> = pairs.iter().filter(|(one, other)| !one.is_empty() && !other.is_empty()).collect();
    let of = |places: &mut dyn Iterator<Item = (usize, bool)>| {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (place, is_swapped) in places {
            let (one, other) = pairs[place];
            let (one, other) = if is_swapped { (other, one) } else { (one, other) };
            first.extend_from_slice(one);
            second.extend_from_slice(other);
        }
        Some(statistic(&mut second)? - statistic(&mut first)?)
    };
    let count = pairs.len();
    let effect = of(&mut (0..count).map(|place| (place, false)))?;
    let interval = drawn(count, |places| of(&mut places.iter().map(|place| (*place, false))))?;
    let p = arranged(count, effect, 2_000, |swapped| of(&mut (0..count).zip(swapped)).unwrap_or(0.0));
    Some(Difference { effect, interval, p, scenarios: count })
}

/// How often a random choice of signs leads as far from zero as the differences do. Those that are zero tell nothing.
fn signs(differences: &[f64]) -> f64 {
    let sizes: Vec<f64> = differences.iter().copied().filter(|it| it.abs() > 1e-12).collect();
    let seen: f64 = sizes.iter().sum();
    let sum = |swapped: Vec<bool>| {
        sizes.iter().zip(swapped).map(|(size, swapped)| if swapped { -size } else { *size }).sum()
    };
    arranged(sizes.len(), seen, ARRANGEMENTS, sum)
}

/// The share of all arrangements (of a random sample, if there are too many) that lead as far as what was seen.
fn arranged(count: usize, seen: f64, sample: u32, figure: impl Fn(Vec<bool>) -> f64) -> f64 {
    let reaches = |it: f64| it.abs() >= seen.abs() - 1e-9 * seen.abs().max(1e-3);
    if count <= EXACT {
        let all = 1_u32 << count;
        let swapped = |bits: u32| (0..count).map(|place| bits >> place & 1 == 1).collect();
        let far = (0..all).filter(|bits| reaches(figure(swapped(*bits)))).count();
        return number(far) / f64::from(all);
    }
    let mut chance = Chance(SEED);
    let far = (0..sample).filter(|_| reaches(figure((0..count).map(|_| chance.coin()).collect()))).count();
    // What was seen is one of them: never nought.
    (number(far) + 1.0) / (f64::from(sample) + 1.0)
}

fn drawn(count: usize, figure: impl Fn(&[usize]) -> Option<f64>) -> Option<Interval> {
    if count < 2 {
        return None;
    }
    let mut chance = Chance(SEED);
    let mut places = vec![0; count];
    let mut figures: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            places.iter_mut().for_each(|place| *place = chance.below(count));
            figure(&places)
        })
        .collect();
    figures.sort_unstable_by(f64::total_cmp);
    Some(Interval { low: quantile(&figures, 0.025)?, high: quantile(&figures, 0.975)? })
}

/// Student's quantile: a table, then Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5).
fn student(degrees: usize) -> f64 {
    if let Some(known) = degrees.checked_sub(1).and_then(|place| STUDENT.get(place)) {
        return *known;
    }
    let nu = number(degrees);
    let first = (Z.powi(3) + Z) / 4.0;
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    let third = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
    Z + first / nu + second / nu.powi(2) + third / nu.powi(3)
}

fn sums(clusters: &[Cluster]) -> (f64, f64) {
    let sum = |of: fn(&Cluster) -> u32| clusters.iter().map(|cluster| f64::from(of(cluster))).sum();
    (sum(|cluster| cluster.hits), sum(|cluster| cluster.of))
}

#[expect(clippy::cast_precision_loss, reason = "counts of trials are small")]
fn number(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
fn whole(place: f64) -> usize {
    place as usize
}

/// SplitMix64: good enough to draw scenarios with, and the same everywhere.
///
/// Steele, Lea and Flood, OOPSLA 2014.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    fn below(&mut self, count: usize) -> usize {
        // The bias of a remainder is below 2⁻⁵⁰ for any count of scenarios.
        usize::try_from(self.next() % (count as u64)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, due: f64) {
        assert!((found - due).abs() < 5e-5, "{found} is not {due}");
    }

    fn cluster(hits: u32, of: u32) -> Cluster {
        Cluster { hits, of }
    }

    /// Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3; SciPy 1.17 says the same.
    #[test]
    fn wilsons_interval_is_the_published_one() {
        for (hits, of, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let found = wilson(hits / of, of).unwrap();
            near(found.low, low);
            near(found.high, high);
        }
        assert_eq!(wilson(1.0, 10.0).unwrap().high, 1.0);
        near(wilson(1.0, 10.0).unwrap().low, 0.722_467);
        assert_eq!(wilson(0.0, 0.0), None);
    }

    /// statsmodels 0.14: variance by OLS with `cov_type="cluster"`, `proportion_confint(method="wilson")`.
    #[test]
    fn trials_of_one_scenario_are_worth_less_than_as_many_of_different_ones() {
        // Independent: as many as there are, which is the plain interval.
        let single = [cluster(1, 1), cluster(0, 1), cluster(1, 1), cluster(1, 1)];
        assert_eq!(worth(&single), 4.0);
        assert_eq!(clustered(&single), wilson(0.75, 4.0));
        // All agree: as many as there are scenarios.
        let agreeing = [cluster(5, 5); 6];
        assert_eq!(worth(&agreeing), 6.0);
        near(clustered(&agreeing).unwrap().low, 0.609_67);
        // A little of both.
        let mixed = [4, 3, 4, 2, 4, 3, 1, 4, 2, 3, 4, 3].map(|hits| cluster(hits, 4));
        assert!((worth(&mixed) - 27.1005).abs() < 0.01, "{}", worth(&mixed));
        let found = clustered(&mixed).unwrap();
        near(found.low, 0.585_349);
        near(found.high, 0.889_070);
        // Three scenarios of unequal weight, and no more is known than that.
        near(worth(&[cluster(2, 4), cluster(3, 6), cluster(1, 2)]), 2.571_43);
        assert_eq!(clustered(&[]), None);
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (degrees, due) in
            [(1, 12.7062), (4, 2.7764), (5, 2.5706), (9, 2.2622), (30, 2.0423), (120, 1.9799)]
        {
            assert!((student(degrees) - due).abs() < 3e-3, "{degrees}: {}", student(degrees));
        }
    }

    /// `numpy.quantile([15, 20, 35, 40, 50], …)`.
    #[test]
    fn quantiles_are_numpys() {
        let values = [15.0, 20.0, 35.0, 40.0, 50.0];
        for (share, due) in [(0.05, 16.0), (0.3, 23.0), (0.4, 29.0), (0.5, 35.0), (0.95, 48.0), (1.0, 50.0)] {
            near(quantile(&values, share).unwrap(), due);
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    /// `statsmodels.stats.contingency_tables.mcnemar(exact=True)`.
    #[test]
    fn with_one_trial_each_the_comparison_is_mcnemars_exact_test() {
        for (gained, lost, due) in [(10, 2, 0.038_574), (6, 0, 0.031_25), (3, 3, 1.0), (1, 5, 0.218_75)] {
            let mut pairs = vec![(cluster(0, 1), cluster(1, 1)); gained];
            pairs.extend(vec![(cluster(1, 1), cluster(0, 1)); lost]);
            pairs.extend(vec![(cluster(1, 1), cluster(1, 1)); 7]);
            near(paired_rates(&pairs).unwrap().p, due);
        }
        // More than are all looked at: 16 differ, exact 0.0768.
        let mut many = vec![(cluster(0, 1), cluster(1, 1)); 12];
        many.extend(vec![(cluster(1, 1), cluster(0, 1)); 4]);
        assert!((paired_rates(&many).unwrap().p - 0.0768).abs() < 0.006);
    }

    /// The formula of Bonett and Price (2012) for 10 and 2 of 50, and for none of 20.
    #[test]
    fn the_interval_of_a_difference_is_bonett_and_prices() {
        let mut pairs = vec![(cluster(0, 1), cluster(1, 1)); 10];
        pairs.extend(vec![(cluster(1, 1), cluster(0, 1)); 2]);
        pairs.extend(vec![(cluster(1, 1), cluster(1, 1)); 38]);
        let found = paired_rates(&pairs).unwrap();
        near(found.effect, 0.16);
        near(found.interval.low, 0.019_159);
        near(found.interval.high, 0.288_534);
        let none = paired_rates(&[(cluster(2, 2), cluster(2, 2)); 20]).unwrap();
        near(none.interval.high, 0.125_991);
        assert_eq!((none.effect, none.p, none.scenarios), (0.0, 1.0, 20));
    }

    /// `scipy.stats.permutation_test(permutation_type="samples")`, exact.
    #[test]
    fn differences_of_scenarios_are_permuted_as_scipy_does() {
        near(signs(&[0.5, 0.25, -0.25, 1.0, 0.75, 0.0, 0.5]), 0.093_75);
        let differences = [125.0, -40.0, 30.0, 80.0, -10.0, 15.0, 60.0, -5.0, 22.0, 90.0];
        near(signs(&differences), 0.056_640_6);
        let pairs: Vec<_> = differences.map(|it| (vec![300.0], vec![300.0 + it])).into();
        let found = paired_values(&pairs, mean).unwrap();
        near(found.p, 0.056_640_6);
        near(found.effect, 36.7);
        assert!(found.interval.low < 36.7 && found.interval.high > 36.7);
    }

    #[test]
    fn a_bootstrap_is_the_same_every_time_and_covers_what_it_should() {
        let scenarios: Vec<Vec<f64>> =
            (0..40).map(|it| vec![f64::from(it % 10), f64::from(it % 10)]).collect();
        let found = bootstrap(&scenarios, mean).unwrap();
        assert_eq!(Some(found), bootstrap(&scenarios, mean));
        // 4.5 ± 1.96 × 2.872 / √40; the second value of each scenario adds nothing.
        assert!((found.low - 3.61).abs() < 0.1 && (found.high - 5.39).abs() < 0.1, "{found:?}");
        assert_eq!(bootstrap(&scenarios[..1], mean), None);
    }
}
