//! Draws from the distributions of the population. Every client has a `ChaCha` stream of its own,
//! chosen by the client's index, so that a client's rows depend on the seed and the index only:
//! not on how many threads work, nor on how many clients there are.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};

use super::marginals::{PROBABILITIES, Quantiles};

/// The random numbers of one client.
pub(super) struct Draws {
    generator: ChaCha8Rng,
}

impl Draws {
    /// The stream of client `index` under `seed`.
    pub(super) fn for_client(seed: u64, index: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(index);
        Self { generator }
    }

    /// Uniform on [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        self.generator.random()
    }

    /// Uniform on [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        self.generator.random_range(low..=high)
    }

    /// Standard normal.
    pub(super) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.generator)
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Exponential with this mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }

    /// Poisson; 0 where the mean is not positive.
    pub(super) fn poisson(&mut self, mean: f64) -> i64 {
        Poisson::new(mean).map_or(0, |poisson| poisson.sample(&mut self.generator) as i64)
    }

    /// Negative binomial as a gamma mixture of Poisson counts: `shape` small means long tails.
    pub(super) fn count(&mut self, mean: f64, shape: f64) -> i64 {
        let rate =
            Gamma::new(shape, mean / shape).map_or(mean, |gamma| gamma.sample(&mut self.generator));
        self.poisson(rate)
    }

    /// One of `choices` by weight; the weights need not sum to one.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[(T, f64)]) -> T {
        let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut left = self.uniform() * total;
        for (choice, weight) in choices {
            left -= weight;
            if left < 0.0 {
                return *choice;
            }
        }
        choices[choices.len() - 1].0
    }

    /// A standard normal that loads on given standard normals (a Gaussian copula by factors);
    /// the noise makes up what the loads leave of the variance.
    pub(super) fn loaded(&mut self, loads: &[(f64, f64)]) -> f64 {
        let explained: f64 = loads.iter().map(|(load, _)| load * load).sum();
        let common: f64 = loads.iter().map(|(load, factor)| load * factor).sum();
        common + (1.0 - explained).max(0.0).sqrt() * self.normal()
    }
}

/// The value of a marginal at a standard normal score.
pub(super) fn at_score(quantiles: &Quantiles, score: f64) -> f64 {
    at_probability(quantiles, normal_cdf(score))
}

/// The value of a marginal at a probability, linear between the tabled ones, flat outside.
fn at_probability(quantiles: &Quantiles, probability: f64) -> f64 {
    let after = PROBABILITIES.partition_point(|tabled| *tabled < probability);
    if after == 0 {
        return quantiles[0];
    }
    if after == PROBABILITIES.len() {
        return quantiles[after - 1];
    }
    let (low, high) = (PROBABILITIES[after - 1], PROBABILITIES[after]);
    let share = (probability - low) / (high - low);
    quantiles[after - 1] + share * (quantiles[after] - quantiles[after - 1])
}

/// Standard normal distribution function by the error function's rational approximation
/// (Abramowitz and Stegun, formula 7.1.26; error below 1.5e-7).
pub(super) fn normal_cdf(score: f64) -> f64 {
    let x = score.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper_tail = 0.5 * series * (-x * x).exp();
    if score < 0.0 {
        upper_tail
    } else {
        1.0 - upper_tail
    }
}

/// The logistic function.
pub(super) fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// `value` to the nearest multiple of `step`.
pub(super) fn to_step(value: f64, step: f64) -> f64 {
    (value / step).round() * step
}
