//! A drift report as the page and the self-contained document show it.

use crate::clients::wording::Wording;
use octroi_data::drift::{self, BinRange, Kind, Test, Verdict, Why};
use octroi_data::language::Language;
use octroi_frontend::views::{DriftBin, DriftReport, DriftRow, DriftTest, DriftVerdict, LeftOut};

/// What the numbers of a report are about.
pub struct DriftHeading {
    /// RFC 3339.
    pub computed_at: String,
    pub computed_by: String,
    pub reference: String,
    pub current: String,
    pub model: Option<String>,
}

/// The view of a report, worst feature first.
#[must_use]
pub fn drift_view(
    report: &drift::DriftReport,
    heading: DriftHeading,
    wording: Wording,
) -> DriftReport {
    DriftReport {
        computed_at: heading.computed_at,
        computed_by: heading.computed_by,
        reference: heading.reference,
        current: heading.current,
        rows_reference: report.rows_reference as u64,
        rows_current: report.rows_current as u64,
        model: heading.model,
        score: None,
        rows: report
            .features
            .iter()
            .map(|feature| row(feature, wording))
            .collect(),
        left_out: report
            .left_out
            .iter()
            .map(|column| LeftOut {
                name: column.name.clone(),
                why: why(column.why, wording.language()).to_owned(),
            })
            .collect(),
    }
}

fn why(why: Why, language: Language) -> &'static str {
    let (en, fr) = match why {
        Why::Identifier => ("identifier", "identifiant"),
        Why::Label => ("outcome", "résultat observé"),
        Why::OnlyInReference => ("only in the reference", "seulement dans la référence"),
        Why::OnlyInCurrent => (
            "only in the current data",
            "seulement dans les données actuelles",
        ),
        Why::KindsDiffer => (
            "number on one side, category on the other",
            "nombre d’un côté, catégorie de l’autre",
        ),
        Why::NoRows => ("no rows", "aucune ligne"),
    };
    match language {
        Language::En => en,
        Language::Fr => fr,
    }
}

/// A bin in the reader's units and words.
fn told(feature: &str, range: &BinRange, wording: Wording) -> String {
    let value = |value: f64| wording.value(feature, None, value);
    match range {
        BinRange::Level { level } => wording.level(feature, level),
        BinRange::Value { value: one } => value(*one),
        BinRange::Missing => value(f64::NAN),
        BinRange::Interval {
            above,
            up_to,
            up_to_included,
        } => {
            let most = if *up_to_included { "≤" } else { "<" };
            match (above, up_to) {
                (Some(above), Some(up_to)) => format!("{} – {}", value(*above), value(*up_to)),
                (None, Some(up_to)) => format!("{most} {}", value(*up_to)),
                (Some(above), None) => format!("> {}", value(*above)),
                (None, None) => value(f64::NAN),
            }
        }
    }
}

fn row(feature: &drift::FeatureDrift, wording: Wording) -> DriftRow {
    let statistic = feature.statistic.as_ref();
    let test = match statistic.map(|statistic| statistic.test) {
        Some(Test::ChiSquare) => DriftTest::ChiSquare,
        None if feature.kind == Kind::Category => DriftTest::ChiSquare,
        Some(Test::KolmogorovSmirnov) | None => DriftTest::KolmogorovSmirnov,
    };
    DriftRow {
        label: wording.label(&feature.name),
        family: wording.family_label(wording.family(&feature.name)),
        name: feature.name.clone(),
        psi: feature.psi,
        jensen_shannon: Some(feature.js_distance),
        test,
        statistic: statistic.map_or(f64::NAN, |statistic| statistic.value),
        p_value: statistic.map_or(f64::NAN, |statistic| statistic.p_value),
        p_adjusted: statistic.map_or(f64::NAN, |statistic| statistic.p_adjusted),
        missing_reference: feature.missing_reference,
        missing_current: feature.missing_current,
        verdict: match feature.verdict {
            Verdict::Stable => DriftVerdict::Stable,
            Verdict::Moderate => DriftVerdict::Moderate,
            Verdict::Strong => DriftVerdict::Strong,
        },
        bins: feature
            .bins
            .iter()
            .map(|bin| DriftBin {
                label: told(&feature.name, &bin.range, wording),
                reference: bin.reference_share,
                current: bin.current_share,
            })
            .collect(),
    }
}
