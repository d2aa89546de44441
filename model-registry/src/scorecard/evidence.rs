//! What a bin says: its weight of evidence and its part of the information value.

/// Rows and how many of them defaulted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Tally {
    pub(super) rows: f64,
    pub(super) defaults: f64,
}

impl Tally {
    pub(super) fn of(outcome: &[bool]) -> Self {
        let defaults = outcome.iter().filter(|&&default| default).count();
        Self {
            rows: outcome.len() as f64,
            defaults: defaults as f64,
        }
    }

    /// One row.
    pub(super) fn row(default: bool) -> Self {
        Self {
            rows: 1.0,
            defaults: f64::from(u8::from(default)),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.defaults += other.defaults;
    }

    pub(super) fn rate(self) -> f64 {
        self.defaults / self.rows
    }
}

/// All training rows, and how strongly a bin of few is drawn towards them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Population {
    pub(super) total: Tally,
    /// Pseudo-rows at the overall default rate added to each bin.
    pub(super) smoothing: f64,
}

impl Population {
    /// The default rate with the pseudo-rows; the weight of evidence rises with it.
    pub(super) fn rate(&self, bin: Tally) -> f64 {
        let rows = bin.rows + self.smoothing;
        if rows > 0.0 {
            (bin.defaults + self.smoothing * self.total.rate()) / rows
        } else {
            self.total.rate()
        }
    }

    /// `ln(share of the defaults / share of the good clients)`.
    pub(super) fn woe(&self, bin: Tally) -> f64 {
        let Self { total, smoothing } = self;
        let (bad, good) = (smoothing * total.rate(), smoothing * (1.0 - total.rate()));
        let defaults = (bin.defaults + bad) / (total.defaults + bad);
        let good = (bin.rows - bin.defaults + good) / (total.rows - total.defaults + good);
        (defaults / good).ln()
    }

    /// The bin's term of the information value.
    pub(super) fn information_value(&self, bin: Tally) -> f64 {
        let defaults = bin.defaults / self.total.defaults;
        let good = (bin.rows - bin.defaults) / (self.total.rows - self.total.defaults);
        (defaults - good) * self.woe(bin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_of_evidence_is_the_log_of_the_shares_ratio() {
        let total = Tally {
            rows: 1000.0,
            defaults: 100.0,
        };
        let with = |smoothing| Population { total, smoothing };
        let bin = Tally {
            rows: 200.0,
            defaults: 50.0,
        };
        // Half of the defaults, a sixth of the good clients.
        assert!((with(0.0).woe(bin) - (0.5f64 / (150.0 / 900.0)).ln()).abs() < 1e-12);
        let value = (0.5 - 150.0 / 900.0) * 3f64.ln();
        assert!((with(0.0).information_value(bin) - value).abs() < 1e-12);
        // A bin without rows says nothing, and smoothing keeps one without defaults finite.
        assert!(with(20.0).woe(Tally::default()).abs() < 1e-12);
        let good = Tally {
            rows: 50.0,
            defaults: 0.0,
        };
        assert!(with(20.0).woe(good) < 0.0 && with(20.0).woe(good).is_finite());
    }
}
