//! The explanation of a decision: base value, contributions, and the reasons told in words.
//! It is made from the stored contributions and the immutable model version, so the same
//! decision is explained in the same way for ever; what has been shown is identified by the
//! SHA-256 of this very document, in the language it was shown in.

use super::decision::{Channel, Decision, DecisionError};
use super::{Outcome, decision};
use crate::audit::{Action, Event};
use crate::clients::wording::{Wording, page_language};
use crate::clients::{self};
use crate::digest;
use crate::tenancy::{TenantEntity, TenantScope};
use octroi_frontend::Words;
use octroi_frontend::sentence;
use octroi_frontend::views::{Reason, Standing};
use octroi_model_registry::family::by_family;
use octroi_model_registry::package::{Package, PackageFeature};
use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

pub mod entity {
    //! Table `explanation`: the contributions of a decision.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "explanation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision_id: Uuid,
        pub base_value: f64,
        pub contributions: Vec<u8>,
        pub digest: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for entity::Entity {
    fn tenant_column() -> Self::Column {
        entity::Column::TenantId
    }
}

/// One contribution told in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonDocument {
    pub feature: String,
    pub label: String,
    /// The client's value as a reader writes it.
    pub value: String,
    /// Log-odds; above 0 raises the probability of default.
    pub contribution: f64,
    /// True: towards refusal.
    pub raises: bool,
    /// 1 slightly, 2, 3 strongly.
    pub strength: u8,
    pub sentence: String,
    #[serde(skip)]
    pub standing: Standing,
}

/// One feature's Shapley value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContributionDocument {
    pub feature: String,
    pub label: String,
    /// The client's value as a reader writes it.
    pub value: String,
    /// Log-odds.
    pub contribution: f64,
}

/// The Shapley values of the features that mean the same thing, added up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FamilyDocument {
    /// Name of the family in the dictionary; empty for features it does not know.
    #[schema(example = "loan")]
    pub family: String,
    pub label: String,
    /// Log-odds; above 0 raises the probability of default.
    pub contribution: f64,
}

/// The whole explanation of one decision in one language. `base_value` plus the sum of all
/// contributions is `margin`, and so is `base_value` plus the sum of all families.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplanationDocument {
    pub decision_id: Uuid,
    pub client_id: i64,
    pub model: String,
    pub version: i32,
    pub model_digest: String,
    pub outcome: Outcome,
    /// Probability of default, 0 to 1.
    pub pd: f64,
    /// A PD at or above it is refused.
    pub threshold: f64,
    /// Log-odds of default.
    pub margin: f64,
    /// Log-odds.
    pub base_value: f64,
    #[schema(example = "fr")]
    pub language: String,
    /// Strongest first.
    pub reasons: Vec<ReasonDocument>,
    /// Every family of features, strongest first.
    pub families: Vec<FamilyDocument>,
    /// Every feature, strongest first.
    pub contributions: Vec<ContributionDocument>,
}

impl ExplanationDocument {
    /// SHA-256 over the canonical JSON of this document: what has been shown.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        digest::canonical_sha256(&serde_json::to_value(self)?)
    }
}

/// Reasons in each direction.
const REASONS: usize = 5;
/// Contributions smaller than this (in log-odds) are no reason worth a sentence.
const FAINT: f64 = 0.02;
/// From here on a reason is a plain one, and from there a strong one.
const PLAIN: f64 = 0.10;
const STRONG: f64 = 0.30;
/// Features of one family say much the same: at most this many of them in one direction.
const PER_FAMILY: usize = 2;

/// Explains a decision from what was stored with it.
pub fn explain(
    row: &Decision,
    package: &Package,
    base_value: f64,
    contributions: &[f64],
    wording: Wording,
) -> Result<ExplanationDocument, DecisionError> {
    let damaged = |why: &str| DecisionError::Damaged {
        id: row.id,
        why: why.to_owned(),
    };
    let features = clients::from_bytes(&row.features).ok_or_else(|| damaged("features"))?;
    let specs = &package.manifest.features;
    if features.len() != specs.len() || contributions.len() != specs.len() {
        return Err(damaged("its features are not those of its model"));
    }
    let mut order: Vec<usize> = (0..specs.len()).collect();
    order.sort_by(|a, b| {
        contributions[*b]
            .abs()
            .total_cmp(&contributions[*a].abs())
            .then(a.cmp(b))
    });
    let told: Vec<ContributionDocument> = order
        .iter()
        .map(|&i| ContributionDocument {
            feature: specs[i].name.clone(),
            label: wording.label(&specs[i].name),
            value: wording.value(&specs[i].name, specs[i].levels.as_deref(), features[i]),
            contribution: contributions[i],
        })
        .collect();
    let reasons = reasons(&order, &told, &features, specs, wording);
    let families = families(&told, wording);
    Ok(ExplanationDocument {
        decision_id: row.id,
        client_id: row.client_number,
        model: row.model.clone(),
        version: row.version,
        model_digest: row.model_digest.clone(),
        outcome: Outcome::named(&row.outcome).ok_or_else(|| damaged("unknown outcome"))?,
        pd: row.pd,
        threshold: row.threshold,
        margin: row.margin,
        base_value,
        language: wording.language().as_str().to_owned(),
        reasons,
        families,
        contributions: told,
    })
}

fn families(told: &[ContributionDocument], wording: Wording) -> Vec<FamilyDocument> {
    let of_features = told
        .iter()
        .map(|told| (wording.family(&told.feature), told.contribution));
    by_family(of_features)
        .into_iter()
        .map(|sum| FamilyDocument {
            family: sum.family.to_owned(),
            label: wording.family_label(sum.family),
            contribution: sum.contribution,
        })
        .collect()
}

fn reasons(
    order: &[usize],
    told: &[ContributionDocument],
    features: &[f64],
    specs: &[PackageFeature],
    wording: Wording,
) -> Vec<ReasonDocument> {
    let words = Words::of(page_language(wording.language()));
    let mut chosen: Vec<ReasonDocument> = Vec::new();
    let mut families: Vec<(&str, bool)> = Vec::new();
    for (contribution, &i) in told.iter().zip(order) {
        let size = contribution.contribution.abs();
        if size < FAINT {
            break;
        }
        let raises = contribution.contribution > 0.0;
        let family = wording.family(&contribution.feature);
        let of_family = families
            .iter()
            .filter(|seen| **seen == (family, raises))
            .count();
        let of_direction = chosen
            .iter()
            .filter(|reason| reason.raises == raises)
            .count();
        if of_family >= PER_FAMILY || of_direction >= REASONS {
            continue;
        }
        families.push((family, raises));
        let strength = if size >= STRONG {
            3
        } else {
            1 + u8::from(size >= PLAIN)
        };
        let told = Reason {
            feature: contribution.feature.clone(),
            label: contribution.label.clone(),
            value: contribution.value.clone(),
            raises,
            strength,
            standing: standing(&specs[i], features[i], wording),
        };
        chosen.push(ReasonDocument {
            sentence: sentence::reason(words, &told),
            standing: told.standing,
            feature: told.feature,
            label: told.label,
            value: told.value,
            contribution: contribution.contribution,
            raises,
            strength,
        });
    }
    chosen
}

/// Where a value stands among the rows that the version was trained on.
fn standing(feature: &PackageFeature, value: f64, wording: Wording) -> Standing {
    let reference = &feature.reference;
    if !value.is_finite() {
        return Standing::Unsaid;
    }
    if let Some(shares) = &reference.level_shares {
        return shares
            .get(value as usize)
            .map_or(Standing::Unsaid, |s| Standing::SharedBy(*s));
    }
    let Some(quantiles) = &reference.quantiles else {
        return Standing::Unsaid;
    };
    if wording.is_flag(&feature.name) {
        return Standing::Unsaid;
    }
    let steps = (quantiles.len() - 1) as f64;
    let below = share_below(quantiles, value) / steps;
    let above = (steps - share_at_most(quantiles, value)) / steps;
    if wording.reads_backwards(&feature.name) {
        return Standing::of(above, below);
    }
    Standing::of(below, above)
}

/// How many twentieths lie strictly below `value`, interpolated within the one it falls into.
fn share_below(quantiles: &[f64], value: f64) -> f64 {
    let at = quantiles.partition_point(|q| *q < value);
    interpolated(quantiles, at, value)
}

/// How many twentieths lie at or below `value`.
fn share_at_most(quantiles: &[f64], value: f64) -> f64 {
    let at = quantiles.partition_point(|q| *q <= value);
    interpolated(quantiles, at, value)
}

fn interpolated(quantiles: &[f64], at: usize, value: f64) -> f64 {
    let Some(last) = at.checked_sub(1) else {
        return 0.0;
    };
    match quantiles.get(at) {
        None => last as f64,
        Some(next) => {
            let width = next - quantiles[last];
            let within = if width > 0.0 {
                (value - quantiles[last]) / width
            } else {
                0.0
            };
            last as f64 + within.clamp(0.0, 1.0)
        }
    }
}

/// The stored contributions of a decision: base value and one per feature.
pub async fn stored_contributions(
    scope: &TenantScope,
    decision: Uuid,
) -> Result<(f64, Vec<f64>), DecisionError> {
    let row = scope
        .find::<entity::Entity>()
        .filter(entity::Column::DecisionId.eq(decision))
        .one(scope.reader())
        .await?
        .ok_or(DecisionError::Unknown(decision))?;
    let damaged = || DecisionError::Damaged {
        id: decision,
        why: "the contributions do not have the digest recorded with them".to_owned(),
    };
    if digest::sha256(&row.contributions) != row.digest {
        return Err(damaged());
    }
    let values = clients::from_bytes(&row.contributions).ok_or_else(damaged)?;
    Ok((row.base_value, values))
}

/// The event that says who was shown what.
pub fn shown_event(
    document: &ExplanationDocument,
    channel: Channel,
) -> Result<Event, serde_json::Error> {
    let reasons: Vec<&str> = document
        .reasons
        .iter()
        .map(|r| r.feature.as_str())
        .collect();
    Ok(
        Event::new(Action::ExplanationShown, "decision", document.decision_id)
            .about_client(document.client_id)
            .about_decision(document.decision_id)
            .with(json!({
                "channel": channel,
                "language": document.language,
                "model": document.model,
                "version": document.version,
                "model_digest": document.model_digest,
                "explanation": document.digest()?,
                "reasons": reasons,
            })),
    )
}

/// The explanation of a stored decision. Its event is committed before the document is handed
/// to the caller: there is no other way to one. `also` are events of the same view.
pub async fn show(
    scope: &TenantScope,
    row: &decision::Decision,
    package: &Package,
    wording: Wording,
    channel: Channel,
    also: Vec<Event>,
) -> Result<(ExplanationDocument, Uuid), DecisionError> {
    let (base_value, contributions) = stored_contributions(scope, row.id).await?;
    let document = explain(row, package, base_value, &contributions, wording)?;
    let shown = shown_event(&document, channel)?;
    let ids = scope.begin().await?.commit(shown, also).await?;
    Ok((document, ids[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_between_two_quantiles_is_placed_between_them() {
        let quantiles: Vec<f64> = (0..=20).map(f64::from).collect();
        assert!((share_below(&quantiles, 5.5) - 5.5).abs() < 1e-12);
        assert!(share_below(&quantiles, -1.0).abs() < 1e-12);
        assert!((share_at_most(&quantiles, 99.0) - 20.0).abs() < 1e-12);
    }

    #[test]
    fn a_value_that_most_clients_have_is_not_called_high() {
        // 0 for the first 15 twentieths, then rising.
        let quantiles: Vec<f64> = (0..=20)
            .map(|i| if i <= 15 { 0.0 } else { f64::from(i - 15) })
            .collect();
        assert!(share_below(&quantiles, 0.0).abs() < 1e-12);
        assert!((share_at_most(&quantiles, 0.0) - 15.0).abs() < 1e-12);
    }
}
