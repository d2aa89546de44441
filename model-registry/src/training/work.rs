//! How far a training is: stages with a planned share of all work, and how much of the
//! present one is done. The work is told in boosting rounds on all rows, roughly.

use super::{Progress, ProgressListener};

/// Reports the share of all work that is done; it never goes back.
pub(super) struct Work<'p> {
    listener: &'p mut ProgressListener<'p>,
    total: f64,
    /// All stages before the present one, as planned.
    before: f64,
    /// The present stage as planned, and what of it is done.
    stage: f64,
    done: f64,
    text: String,
    reported: f64,
}

/// A listener may draw or write: half a percent is often enough.
const REPORTED_STEP: f64 = 0.005;

impl<'p> Work<'p> {
    pub fn new(listener: &'p mut ProgressListener<'p>, total: f64) -> Self {
        Self {
            listener,
            total: total.max(1.0),
            before: 0.0,
            stage: 0.0,
            done: 0.0,
            text: String::new(),
            reported: 0.0,
        }
    }

    /// Ends the present stage and starts one that is planned to take `planned`.
    pub fn start(&mut self, text: &str, planned: f64) {
        self.before += self.stage;
        (self.stage, self.done) = (planned, 0.0);
        text.clone_into(&mut self.text);
        self.report();
    }

    /// Adds to what is done of the present stage; more than planned counts as planned.
    pub fn advance(&mut self, units: f64) {
        self.done = (self.done + units).min(self.stage);
        if self.fraction() - self.reported >= REPORTED_STEP {
            self.report();
        }
    }

    /// All is done.
    pub fn finish(&mut self) {
        "done".clone_into(&mut self.text);
        (self.before, self.stage, self.done) = (self.total, 0.0, 0.0);
        self.report();
    }

    fn fraction(&self) -> f64 {
        ((self.before + self.done) / self.total).min(1.0)
    }

    fn report(&mut self) {
        self.reported = self.reported.max(self.fraction());
        (self.listener)(Progress {
            fraction: self.reported,
            text: self.text.clone(),
        });
    }
}
