//! The methodological note of a model version. What its sections say follows from the facts
//! of the view: a part that a version does not have is left out or its absence explained.

use askama::Template;

use super::Paper;
use crate::{
    Argument, Language, RenderError, Words,
    charts::{Chart, SearchPlot, SliceTable, svg},
    views::{
        CandidateRow, Interval, MetricIntervals, Metrics, NoteView, PointsValues, SliceFlag,
        SliceRow, TrialRow,
    },
    words::vocabulary_key,
};

/// Trials listed; the plots have them all.
const TRIALS_LISTED: usize = 12;
/// The cost curve is called flat where the cost is at most this much above the least.
const FLAT: f64 = 0.01;
/// Features named as the ones to watch.
const WATCHED: usize = 5;
/// Groups of clients named in a sentence.
const NAMED: usize = 6;

#[derive(Template)]
#[template(path = "documents/note.html")]
struct NoteTemplate<'view> {
    paper: Paper,
    note: &'view NoteView,
    /// (anchor, title) in the order of the sections.
    sections: Vec<(&'static str, String)>,
    roc: String,
    calibration: String,
    cost_curve: String,
    importance: String,
    beeswarm: String,
    partial_dependence: String,
    search: String,
    slices: String,
    example: String,
}

/// One measure, out of fold and on clients kept apart.
struct MeasureRow {
    name: String,
    value: String,
    interval: String,
    holdout: String,
    holdout_interval: String,
}

/// The methodological note of one model version.
pub fn note(view: &NoteView, language: Language) -> Result<String, RenderError> {
    let words = Words::of(language);
    let model = &view.model;
    let document = NoteTemplate {
        paper: Paper::new(language),
        note: view,
        sections: sections(view)
            .into_iter()
            .map(|(anchor, key)| (anchor, words.t(key)))
            .collect(),
        roc: svg::roc(words, &model.roc)?,
        calibration: svg::calibration(words, &model.calibration)?,
        cost_curve: svg::cost_curve(words, &model.cost_curve)?,
        importance: svg::importance(words, &model.importance)?,
        beeswarm: model.beeswarm.html(words)?,
        partial_dependence: model.partial_dependence.html(words)?,
        search: match &model.search {
            Some(search) => SearchPlot(search).html(words)?,
            None => String::new(),
        },
        slices: SliceTable {
            slices: &model.slices,
            folded: false,
        }
        .html(words)?,
        example: match &view.example {
            Some(example) => svg::waterfall(words, &example.waterfall)?,
            None => String::new(),
        },
    };
    Ok(document.render()?)
}

/// Anchors and titles of the sections that this version has.
fn sections(note: &NoteView) -> Vec<(&'static str, &'static str)> {
    let model = &note.model;
    let trained = model.imported.is_none();
    [
        (!trained, "origin", "note-origin"),
        (true, "data", "note-data"),
        (trained, "imbalance", "note-imbalance"),
        (true, "cost", "note-cost"),
        (trained, "candidates", "note-candidates"),
        (trained, "procedure", "note-procedure"),
        (true, "calibration", "note-calibration"),
        (true, "quality", "note-quality"),
        (true, "global", "note-global"),
        (true, "local", "note-local"),
        (note.points.is_some(), "points", "points-title"),
        (true, "slices", "note-slices"),
        (true, "limits", "note-limits"),
        (true, "watch", "note-watch"),
        (true, "fingerprints", "note-fingerprints"),
    ]
    .into_iter()
    .filter_map(|(there, anchor, key)| there.then_some((anchor, key)))
    .collect()
}

impl NoteTemplate<'_> {
    fn t(&self, key: &str) -> String {
        self.paper.t(key)
    }

    /// The number and title of a section; empty of one that this version does not have.
    fn heading(&self, anchor: &str) -> String {
        let place = self.sections.iter().position(|(own, _)| *own == anchor);
        place.map_or_else(String::new, |place| {
            format!("{}. {}", place + 1, self.sections[place].1)
        })
    }

    fn metrics(&self) -> &Metrics {
        &self.note.model.metrics
    }

    fn good_per_default(&self) -> String {
        let good = 1.0 / self.note.model.training.default_rate - 1.0;
        self.paper.decimal(good, 1)
    }

    fn imbalance(&self, candidate: &CandidateRow) -> String {
        let key = vocabulary_key("imbalance", &candidate.name);
        if self.paper.words.has(&key) {
            self.paper
                .with(&key, &[("ratio", self.good_per_default().into())])
        } else {
            candidate.imbalance.clone()
        }
    }

    fn candidate(&self, name: &str) -> String {
        self.paper.words.word("candidate", name, name)
    }

    fn candidate_what(&self, candidate: &CandidateRow) -> String {
        let words = self.paper.words;
        words.word("candidate-what", &candidate.name, &candidate.description)
    }

    fn interval(&self, interval: Option<Interval>, places: usize) -> String {
        interval.map_or_else(String::new, |interval| {
            self.paper.interval(interval, places)
        })
    }

    /// What weights do to the same boosting, in figures; empty unless both were compared.
    fn weights_in_figures(&self) -> String {
        let named = |name: &str| {
            let candidates = &self.note.model.candidates;
            candidates.iter().find(|candidate| candidate.name == name)
        };
        let (Some(plain), Some(weighted)) = (named("boosting"), named("boosting_weighted")) else {
            return String::new();
        };
        let errors = (
            plain.expected_calibration_error,
            weighted.expected_calibration_error,
        );
        let (Some(error), Some(error_weighted)) = errors else {
            return String::new();
        };
        let decimal = |value: f64, places| Argument::from(self.paper.decimal(value, places));
        self.paper.with(
            "note-imbalance-figures",
            &[
                ("auc", decimal(plain.auc_mean, 4)),
                ("auc-weighted", decimal(weighted.auc_mean, 4)),
                ("cost", decimal(plain.cost_per_client, 4)),
                ("cost-weighted", decimal(weighted.cost_per_client, 4)),
                ("error", decimal(error, 4)),
                ("error-weighted", decimal(error_weighted, 4)),
            ],
        )
    }

    /// What granting or refusing everyone would cost per client.
    fn cost_of_granting_all(&self) -> String {
        let model = &self.note.model;
        self.paper
            .decimal(model.fn_cost * model.metrics.default_rate, 3)
    }

    fn cost_of_refusing_all(&self) -> String {
        let model = &self.note.model;
        self.paper
            .decimal(model.fp_cost * (1.0 - model.metrics.default_rate), 3)
    }

    fn flat(&self) -> String {
        let Some((low, high)) = self.note.model.cost_curve.flat(FLAT) else {
            return String::new();
        };
        self.paper.with(
            "note-cost-flat",
            &[
                ("low", self.paper.percent(low, 1).into()),
                ("high", self.paper.percent(high, 1).into()),
                ("more", self.paper.percent(FLAT, 0).into()),
            ],
        )
    }

    fn trials(&self) -> &[TrialRow] {
        let trials = self.note.model.search.as_ref().map(|search| &search.trials);
        let trials = trials.map_or(&[][..], Vec::as_slice);
        &trials[..trials.len().min(TRIALS_LISTED)]
    }

    fn trial_value(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.paper.format.setting(value))
    }

    /// How many settings were tried, and how many rounds each got.
    fn search_text(&self) -> String {
        let Some(search) = &self.note.model.search else {
            return self.t("note-search-none");
        };
        let went_on = search.trials.iter().filter(|trial| trial.went_on).count();
        self.paper.with(
            "note-search-text",
            &[
                ("n", (search.trials.len() as u64).into()),
                ("on", (went_on as u64).into()),
            ],
        )
    }

    fn optional(&self, value: Option<f64>, places: usize) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.paper.decimal(value, places))
    }

    fn calibration_text(&self) -> String {
        let facts = &self.note.model.calibration_facts;
        match (facts.slope, facts.intercept, facts.corners) {
            (Some(slope), Some(intercept), _) => self.paper.with(
                "note-calibration-platt",
                &[
                    ("slope", self.paper.decimal(slope, 4).into()),
                    (
                        "intercept",
                        // With its sign, as a term that is added.
                        format!(
                            "{} {}",
                            if intercept < 0.0 { '−' } else { '+' },
                            self.paper.decimal(intercept.abs(), 4)
                        )
                        .into(),
                    ),
                ],
            ),
            (_, _, Some(corners)) => self.paper.with(
                "note-calibration-isotonic",
                &[("corners", self.paper.count(corners).into())],
            ),
            _ => self.t("note-calibration-none"),
        }
    }

    fn calibration_method(&self, method: &str) -> String {
        self.paper.words.word("calibration-method", method, method)
    }

    /// Every measure with its interval, and the same on the clients kept apart.
    fn measures(&self) -> Vec<MeasureRow> {
        type Value = fn(&Metrics) -> f64;
        type Bounds = fn(&MetricIntervals) -> Interval;
        let all: [(String, usize, Value, Bounds); 8] = [
            (self.t("auc"), 4, |m| m.auc, |i| i.auc),
            ("Gini".to_owned(), 4, |m| m.gini, |i| i.gini),
            ("KS".to_owned(), 4, |m| m.ks, |i| i.ks),
            (
                self.t("average-precision"),
                4,
                |m| m.average_precision,
                |i| i.average_precision,
            ),
            (self.t("brier"), 4, |m| m.brier, |i| i.brier),
            (self.t("log-loss"), 4, |m| m.log_loss, |i| i.log_loss),
            (
                self.t("expected-calibration-error"),
                4,
                |m| m.expected_calibration_error,
                |i| i.expected_calibration_error,
            ),
            (
                self.t("cost-per-client-least"),
                4,
                |m| m.cost_per_client,
                |i| i.cost_per_client,
            ),
        ];
        let own = self.metrics();
        let holdout = self.note.model.holdout.as_ref().map(|h| &h.metrics);
        let bounds = |metrics: &Metrics, of: Bounds, places| {
            self.interval(metrics.intervals.as_ref().map(of), places)
        };
        all.into_iter()
            .map(|(name, places, value, of)| MeasureRow {
                name,
                value: self.paper.decimal(value(own), places),
                interval: bounds(own, of, places),
                holdout: holdout.map_or_else(String::new, |m| self.paper.decimal(value(m), places)),
                holdout_interval: holdout.map_or_else(String::new, |m| bounds(m, of, places)),
            })
            .collect()
    }

    /// Whether the AUC on clients kept apart is one that chance explains.
    fn holdout_verdict(&self) -> String {
        let Some(holdout) = &self.note.model.holdout else {
            return String::new();
        };
        let own = self.metrics().auc;
        let key = match holdout.metrics.intervals.map(|intervals| intervals.auc) {
            None => return String::new(),
            Some(interval) if own > interval.high => "note-holdout-worse",
            Some(interval) if own < interval.low => "note-holdout-better",
            Some(_) => "note-holdout-alike",
        };
        self.t(key)
    }

    /// The values of a scorecard's bin in words.
    fn bin(&self, values: &PointsValues) -> String {
        let paper = &self.paper;
        match values {
            PointsValues::AtMost { to } => paper.with("points-at-most", &[("to", to.into())]),
            PointsValues::Between { from, to } => paper.with(
                "points-between",
                &[("from", from.into()), ("to", to.into())],
            ),
            PointsValues::Above { from } => paper.with("points-above", &[("from", from.into())]),
            PointsValues::AtLeast { from } => {
                paper.with("points-at-least", &[("from", from.into())])
            }
            PointsValues::Below { to } => paper.with("points-below", &[("to", to.into())]),
            PointsValues::FromTo { from, to } => paper.with(
                "points-from-to",
                &[("from", from.into()), ("to", to.into())],
            ),
            PointsValues::All => self.t("points-all"),
            PointsValues::Special { value } => {
                paper.with("points-special", &[("value", value.into())])
            }
            PointsValues::Levels { levels } => levels.join(", "),
            PointsValues::Missing => self.t("points-missing"),
        }
    }

    fn points(&self, points: i64) -> String {
        self.paper.format.signed(points as f64, 0)
    }

    fn share(&self, share: Option<f64>) -> String {
        share.map_or_else(|| "–".to_owned(), |share| self.paper.percent(share, 1))
    }

    fn warned(&self, flag: SliceFlag) -> Vec<String> {
        let name = |label: &str, row: &SliceRow| {
            let named = [("label", label.into()), ("value", (&row.label).into())];
            self.paper.with("slice-named", &named)
        };
        let features = self.note.model.slices.features.iter();
        features
            .flat_map(|feature| {
                let flagged = feature.groups.iter().filter(|g| g.flags.contains(&flag));
                flagged.map(|group| name(&feature.label, group))
            })
            .collect()
    }

    /// A sentence that names the groups with a flag; nothing where there is none.
    fn about_slices(&self, flag: SliceFlag, key: &str) -> Option<String> {
        let groups = self.warned(flag);
        let n = groups.len() as u64;
        let named: Vec<String> = groups.into_iter().take(NAMED).collect();
        let and_more = if n as usize > NAMED { " …" } else { "" };
        let listed = format!("{}{and_more}", named.join(", "));
        (n > 0).then(|| {
            self.paper
                .with(key, &[("n", n.into()), ("groups", listed.into())])
        })
    }

    /// Share of all contributions that the strongest features make.
    fn concentration(&self) -> Option<f64> {
        let bars = &self.note.model.importance.bars;
        let all: f64 = bars.iter().map(|bar| bar.mean_abs_contribution).sum();
        let first = bars.iter().take(WATCHED);
        let strongest: f64 = first.map(|bar| bar.mean_abs_contribution).sum();
        (all > 0.0 && bars.len() > WATCHED).then(|| strongest / all)
    }

    /// What the facts of this version say against it.
    fn limits(&self) -> Vec<String> {
        let paper = &self.paper;
        let model = &self.note.model;
        let (training, metrics) = (&model.training, &model.metrics);
        let trained = model.imported.is_none();
        let mut limits = Vec::new();
        if trained {
            limits.push(self.t("limit-history"));
            limits.push(self.t(if model.holdout.is_some() {
                "limit-time-holdout"
            } else {
                "limit-time"
            }));
            let candidates = model.candidates.len() as u64;
            limits.push(paper.with("limit-optimism", &[("candidates", candidates.into())]));
        } else {
            limits.push(self.t("limit-imported"));
        }
        if let Some(intervals) = &metrics.intervals {
            limits.push(paper.with(
                "limit-interval",
                &[
                    ("defaults", paper.count(metrics.defaults).into()),
                    ("auc", paper.interval(intervals.auc, 3).into()),
                    ("cost", paper.interval(intervals.cost_per_client, 3).into()),
                ],
            ));
        }
        if let Some(chosen) = model.candidates.iter().find(|candidate| candidate.chosen) {
            let std = paper.decimal(chosen.auc_std, 4);
            limits.push(paper.with("limit-spread", &[("std", std.into())]));
        }
        if !training.absent_tables.is_empty() {
            let tables = training.absent_tables.join(", ");
            limits.push(paper.with(
                "limit-absent",
                &[
                    ("n", (training.absent_tables.len() as u64).into()),
                    ("tables", tables.into()),
                ],
            ));
        }
        if self.note.mostly_missing_features > 0 {
            let n = self.note.mostly_missing_features;
            limits.push(paper.with("limit-missing", &[("n", n.into())]));
        }
        let of_slices = [
            (SliceFlag::RanksWorse, "limit-slices-worse"),
            (SliceFlag::Underestimated, "limit-slices-under"),
            (SliceFlag::Overestimated, "limit-slices-over"),
            (SliceFlag::Few, "limit-slices-few"),
        ];
        limits.extend(
            of_slices
                .into_iter()
                .filter_map(|(flag, key)| self.about_slices(flag, key)),
        );
        limits.push(self.t("limit-costs"));
        limits.push(self.t("limit-cause"));
        limits.push(self.t("limit-fairness"));
        limits
    }

    /// What should be looked at while the version is in use, with the figures to hold it to.
    fn watch(&self) -> Vec<String> {
        let paper = &self.paper;
        let model = &self.note.model;
        let metrics = &model.metrics;
        let mut watch = Vec::new();
        let strongest: Vec<&str> = model
            .importance
            .bars
            .iter()
            .take(WATCHED)
            .map(|bar| bar.label.as_str())
            .collect();
        if !strongest.is_empty() {
            let features = strongest.join(", ");
            watch.push(match self.concentration() {
                Some(share) => paper.with(
                    "watch-drift-share",
                    &[
                        ("features", features.into()),
                        ("share", paper.percent(share, 0).into()),
                    ],
                ),
                None => paper.with("watch-drift", &[("features", features.into())]),
            });
        }
        let granted = metrics.confusion.granted_good + metrics.confusion.granted_default;
        if granted > 0 {
            let rate = metrics.confusion.granted_default as f64 / granted as f64;
            watch.push(paper.with(
                "watch-granted",
                &[
                    ("granted", paper.percent(metrics.granted_share, 1).into()),
                    ("rate", paper.percent(rate, 2).into()),
                ],
            ));
        }
        watch.push(paper.with(
            "watch-calibration",
            &[
                ("rate", paper.percent(metrics.default_rate, 2).into()),
                (
                    "error",
                    paper.decimal(metrics.expected_calibration_error, 4).into(),
                ),
            ],
        ));
        if let Some(intervals) = &metrics.intervals {
            let low = paper.decimal(intervals.auc.low, 3);
            watch.push(paper.with("watch-auc", &[("low", low.into())]));
        }
        watch.push(paper.with(
            "watch-costs",
            &[
                ("fn", paper.number(model.fn_cost).into()),
                ("fp", paper.number(model.fp_cost).into()),
            ],
        ));
        watch
    }
}
