//! How far chance may have moved the measures: 95% percentile intervals of the bootstrap
//! (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
//!
//! A sample draws as many rows as there are, with replacement, and takes the measures anew;
//! the threshold stays what it was chosen to be. So the intervals tell how the same
//! predictions would fare on other clients of the same kind. They do not tell how another
//! training would fare: nothing is trained again.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Costs, Evaluation, EvaluationError, Group, Intervals, Measures, groups};

/// Each sample has a stream of random numbers of its own, so threads do not matter.
const SEED_OF_BOOTSTRAP: u64 = 0x626f_6f74;

/// Measures of one sample.
struct Drawn {
    measures: Measures,
    cost_per_client: f64,
}

/// Intervals of an evaluation of `pd` against `target` at the evaluation's threshold, from
/// `resamples` samples on all cores. `None` where no sample had both outcomes. `on_samples`
/// hears how many more are done, from any thread.
pub fn intervals(
    pd: &[f64],
    target: &[bool],
    costs: Costs,
    evaluation: &Evaluation,
    resamples: usize,
    seed: u64,
    on_samples: &(dyn Fn(usize) + Sync),
) -> Result<Option<Intervals>, EvaluationError> {
    let groups = groups(pd, target)?;
    let rows = drawable(&groups);
    // Groups at or above the threshold are refused.
    let refused = groups.partition_point(|group| group.pd >= evaluation.threshold);
    let drawn: Vec<Drawn> = (0..resamples)
        .into_par_iter()
        .map_with(groups, |groups, sample| {
            let mut random = ChaCha8Rng::seed_from_u64(seed ^ SEED_OF_BOOTSTRAP);
            random.set_stream(sample as u64);
            let drawn = draw(groups, &rows, refused, costs, &mut random);
            on_samples(1);
            drawn
        })
        .flatten()
        .collect();
    Ok((!drawn.is_empty()).then(|| Intervals {
        resamples: drawn.len(),
        auc: interval(&drawn, |drawn| drawn.measures.auc),
        gini: interval(&drawn, |drawn| 2.0 * drawn.measures.auc - 1.0),
        ks: interval(&drawn, |drawn| drawn.measures.ks),
        average_precision: interval(&drawn, |drawn| drawn.measures.average_precision),
        brier: interval(&drawn, |drawn| drawn.measures.brier),
        log_loss: interval(&drawn, |drawn| drawn.measures.log_loss),
        expected_calibration_error: interval(&drawn, |drawn| {
            drawn.measures.expected_calibration_error
        }),
        cost_per_client: interval(&drawn, |drawn| drawn.cost_per_client),
    }))
}

/// Of each row its group, and whether it defaulted (which of a group's rows did is all one).
fn drawable(groups: &[Group]) -> Vec<(u32, bool)> {
    let rows = groups.iter().enumerate().flat_map(|(index, group)| {
        (0..group.rows).map(move |row| (index as u32, row < group.defaults))
    });
    rows.collect()
}

/// Draws one sample into `groups` (whose counts are overwritten) and measures it; `None` when
/// it has one outcome only.
fn draw(
    groups: &mut [Group],
    rows: &[(u32, bool)],
    refused: usize,
    costs: Costs,
    random: &mut ChaCha8Rng,
) -> Option<Drawn> {
    for group in groups.iter_mut() {
        (group.rows, group.defaults) = (0, 0);
    }
    let mut defaults = 0;
    for _ in 0..rows.len() {
        let (group, default) = rows[random.random_range(0..rows.len() as u32) as usize];
        let group = &mut groups[group as usize];
        group.rows += 1;
        group.defaults += usize::from(default);
        defaults += usize::from(default);
    }
    if defaults == 0 || defaults == rows.len() {
        return None;
    }
    let caught: usize = groups[..refused].iter().map(|group| group.defaults).sum();
    let refused: usize = groups[..refused].iter().map(|group| group.rows).sum();
    let cost =
        costs.fn_cost * (defaults - caught) as f64 + costs.fp_cost * (refused - caught) as f64;
    Some(Drawn {
        measures: Measures::of(groups, rows.len(), defaults),
        cost_per_client: cost / rows.len() as f64,
    })
}

/// From the 2.5th to the 97.5th percentile, linear between samples.
fn interval(drawn: &[Drawn], measure: impl Fn(&Drawn) -> f64) -> [f64; 2] {
    let mut values: Vec<f64> = drawn.iter().map(measure).collect();
    values.sort_unstable_by(f64::total_cmp);
    [0.025, 0.975].map(|share| {
        let place = share * (values.len() - 1) as f64;
        let (below, above) = (
            values[place.floor() as usize],
            values[place.ceil() as usize],
        );
        below + (above - below) * place.fract() + 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::auc;

    const COSTS: Costs = Costs {
        fn_cost: 10.0,
        fp_cost: 1.0,
    };

    /// Predictions with ties and outcomes drawn from them.
    fn rows(count: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count)
            .map(|_| {
                let pd = (random.random::<f64>() * 500.0).round() / 1000.0;
                (pd, random.random::<f64>() < pd)
            })
            .unzip()
    }

    fn of(pd: &[f64], target: &[bool], resamples: usize) -> (Evaluation, Intervals) {
        let evaluation = Evaluation::new(pd, target, COSTS).expect("valid");
        let intervals = intervals(pd, target, COSTS, &evaluation, resamples, 1, &|_| {})
            .expect("valid")
            .expect("samples");
        (evaluation, intervals)
    }

    #[test]
    fn an_interval_is_about_as_wide_as_theory_says() {
        let (pd, target) = rows(4000, 3);
        let (evaluation, found) = of(&pd, &target, 1000);
        // The Brier score is a mean of independent terms: its standard error is known.
        let terms: Vec<f64> = pd
            .iter()
            .zip(&target)
            .map(|(pd, &default)| (pd - f64::from(u8::from(default))).powi(2))
            .collect();
        let variance = terms
            .iter()
            .map(|term| (term - evaluation.brier).powi(2))
            .sum::<f64>()
            / (terms.len() as f64 - 1.0);
        let width = 2.0 * 1.96 * (variance / terms.len() as f64).sqrt();
        let [low, high] = found.brier;
        assert!(low < evaluation.brier && evaluation.brier < high);
        assert!(((high - low) / width - 1.0).abs() < 0.15, "{found:?}");
        assert!(found.auc[0] < evaluation.auc && evaluation.auc < found.auc[1]);
        assert!(found.cost_per_client[0] < evaluation.cost_per_client);
        assert!(((2.0 * found.auc[0] - 1.0) - found.gini[0]).abs() < 1e-12);
    }

    #[test]
    fn a_sample_of_every_row_once_has_the_evaluations_own_measures() {
        let (pd, target) = rows(300, 5);
        let evaluation = Evaluation::new(&pd, &target, COSTS).expect("valid");
        let groups = groups(&pd, &target).expect("valid");
        assert_eq!(drawable(&groups).len(), 300);
        let measures = Measures::of(&groups, 300, evaluation.defaults);
        assert_eq!(measures.auc.to_bits(), evaluation.auc.to_bits());
        assert_eq!(auc(&pd, &target), Some(evaluation.auc));
    }

    #[test]
    fn the_same_seed_gives_the_same_intervals_on_any_number_of_threads() {
        let (pd, target) = rows(700, 9);
        let on = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("threads")
                .install(|| of(&pd, &target, 64).1)
        };
        assert_eq!(on(1), on(3));
    }
}
