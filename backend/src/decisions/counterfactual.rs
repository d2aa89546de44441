//! What would have turned a refusal into a grant: the smallest changes that are up to the
//! client, for the very version that refused and the very inputs it refused.
//!
//! The dictionary says what a client can move ([`octroi_data::moves`]); the search
//! ([`octroi_model_registry::counterfactual`]) asks for the probability of default of a few
//! hundred variants at a time, whose features are one run of the same SQL. What it finds is
//! then scored again, one application after the other, the way a decision is: only what
//! passes there is shown, with the PD from there. Like every showing of a score it is an audit
//! event that is committed before anybody reads it.

use super::decide::arranged;
use super::decision::{Channel, Decision, DecisionError};
use super::{Outcome, decision};
use crate::audit::{Action, Event};
use crate::clients;
use crate::clients::wording::{Wording, page_language};
use crate::digest;
use crate::models::ResolvedModel;
use crate::service::Service;
use crate::tenancy::TenantScope;
use ndarray::Array2;
use octroi_data::application::RawApplication;
use octroi_data::dictionary::{Limits, Unit};
use octroi_data::features::{self, FeatureSpec};
use octroi_data::moves::{Movable, Moves};
use octroi_data::portfolio::Portfolio;
use octroi_data::raw_tables::RawTables;
use octroi_frontend::Words;
use octroi_frontend::sentence;
use octroi_model_registry::counterfactual::{Effort, Findings, Lever, Position, search};
use octroi_model_registry::package::Package;
use sea_orm::prelude::Uuid;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// Cost of changing anything at all; that of an amount is 1 for each interquartile range of
/// the version's training rows. One large change thus goes before two small ones.
const FIXED_COST: f64 = 1.0;
/// Cost of a thing that is done or not (a document handed in), beside the fixed cost.
const FLAG_COST: f64 = 0.25;
/// Twentieths at which the interquartile range begins and ends.
const QUARTILES: (usize, usize) = (5, 15);
/// A derived feature that changes by a smaller share has not changed: amounts that follow are
/// rounded.
const NOTICED: f64 = 0.02;

/// One column of a proposal, before and after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeDocument {
    /// Column of the application table.
    #[schema(example = "AMT_CREDIT")]
    pub column: String,
    pub label: String,
    pub from: f64,
    pub to: f64,
    /// Both as a reader writes them.
    pub from_text: String,
    pub to_text: String,
    /// The column whose move this one takes part in, keeping its proportion to it; absent
    /// where it is moved for its own sake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
}

/// A derived feature that a reader should know to change with the columns.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConsequenceDocument {
    #[schema(example = "TERM_MONTHS")]
    pub feature: String,
    pub label: String,
    pub from: f64,
    pub to: f64,
    pub sentence: String,
}

/// Changes with which the credit would have been granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProposalDocument {
    /// Of the changed application, scored again: below the threshold.
    pub pd: f64,
    /// How large the change is: 1 for each thing changed, and 1 for each interquartile range
    /// that an amount moves.
    pub cost: f64,
    pub changes: Vec<ChangeDocument>,
    pub consequences: Vec<ConsequenceDocument>,
    pub sentence: String,
}

/// A column that was moved in the search, and how far.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MovableDocument {
    pub column: String,
    pub label: String,
    pub value: f64,
    pub least: f64,
    pub greatest: f64,
    /// What was tried, as a reader writes it.
    pub sentence: String,
}

/// What would have changed a refusal, in one language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CounterfactualDocument {
    pub decision_id: Uuid,
    pub client_id: i64,
    pub model: String,
    pub version: i32,
    pub model_digest: String,
    /// Of the decision.
    pub pd: f64,
    /// A PD at or above it is refused.
    pub threshold: f64,
    #[schema(example = "fr")]
    pub language: String,
    /// The smallest change first, at most three; empty where none was found.
    pub proposals: Vec<ProposalDocument>,
    /// What the client can change, and within which bounds it was tried.
    pub tried: Vec<MovableDocument>,
    /// Combinations that were computed.
    pub combinations: usize,
    /// True where these were all there are.
    pub exhaustive: bool,
    /// The whole answer in a sentence where nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
}

impl CounterfactualDocument {
    /// SHA-256 over the canonical JSON of this document: what has been shown.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        digest::canonical_sha256(&serde_json::to_value(self)?)
    }
}

/// What would have changed a stored refusal. Its event is committed before the document is
/// handed to the caller: there is no other way to one.
pub async fn show_counterfactual(
    service: &Service,
    scope: &TenantScope,
    row: &Decision,
    wording: Wording,
    channel: Channel,
) -> Result<CounterfactualDocument, DecisionError> {
    if Outcome::named(&row.outcome) != Some(Outcome::Refused) {
        return Err(DecisionError::Granted(row.id));
    }
    let reference = crate::models::ModelReference::version(row.model.clone(), row.version);
    let model = service.models.resolve(scope, &reference).await?;
    // Each search keeps a core busy for a tenth of a second. Unpacked when its turn has come:
    // what waits is small.
    let pass = service.heavy.enter(scope).await?;
    let application = clients::unpacked(row.client_number, &row.inputs, &row.inputs_digest)?;
    let asked = Asked {
        portfolio: service.portfolio,
        specs: Arc::clone(service.features.specs()),
        model: model.clone(),
        application,
        decision: row.id,
        margin: row.margin,
        threshold: row.threshold,
    };
    let searched = tokio::task::spawn_blocking(move || {
        let _pass = pass;
        searched(asked)
    });
    let searched = searched.await;
    let searched = searched.map_err(|error| DecisionError::Search(error.to_string()))??;
    let document = document(service, scope, &model, row, searched, wording).await?;
    let shown = shown_event(&document, channel)?;
    scope.record(shown).await?;
    Ok(document)
}

/// The event that says who was shown what: names of columns and digests, no value of a client.
fn shown_event(
    document: &CounterfactualDocument,
    channel: Channel,
) -> Result<Event, serde_json::Error> {
    let proposals: Vec<serde_json::Value> = document
        .proposals
        .iter()
        .map(|proposal| {
            let columns: Vec<&str> = proposal.changes.iter().map(|c| c.column.as_str()).collect();
            json!({ "columns": columns, "pd": proposal.pd })
        })
        .collect();
    let event = Event::new(
        Action::CounterfactualShown,
        "decision",
        document.decision_id,
    )
    .about_client(document.client_id)
    .about_decision(document.decision_id);
    Ok(event.with(json!({
        "channel": channel,
        "language": document.language,
        "model": document.model,
        "version": document.version,
        "model_digest": document.model_digest,
        "counterfactual": document.digest()?,
        "proposals": proposals,
        "threshold": document.threshold,
        "code_version": env!("CARGO_PKG_VERSION"),
    })))
}

/// Everything that a search takes.
struct Asked {
    portfolio: &'static Portfolio,
    specs: Arc<[FeatureSpec]>,
    model: ResolvedModel,
    application: RawApplication,
    decision: Uuid,
    margin: f64,
    threshold: f64,
}

/// What a search found, in steps.
struct Searched {
    application: RawApplication,
    moves: Moves,
    findings: Findings,
    /// The features of the application itself.
    features: Vec<f64>,
}

fn searched(asked: Asked) -> Result<Searched, DecisionError> {
    let Asked {
        portfolio,
        specs,
        model,
        application,
        decision,
        margin,
        threshold,
    } = asked;
    let package = &model.package;
    let tables = RawTables::from_applications(portfolio, std::slice::from_ref(&application))?;
    let moves = Moves::of(portfolio, &application);
    let columns = moves.columns();
    let taken = taken(package, &specs, &model.row.model)?;
    let limits = limits(portfolio, &specs);
    let levers: Vec<Lever> = moves
        .movables()
        .iter()
        .map(|movable| lever(portfolio, package, movable))
        .collect();
    let compute = |variants: &[Vec<f64>]| -> Result<(Array2<f64>, Vec<f64>), DecisionError> {
        let table = features::compute_variants(portfolio, &tables, &columns, variants)?;
        let shape = (variants.len(), taken.len());
        let rows = Array2::from_shape_fn(shape, |(row, at)| table.values[[row, taken[at]]]);
        let margins = package.model.margins(rows.view());
        Ok((table.values, margins))
    };
    let start = vec![0; levers.len()];
    let mut features: Option<Vec<f64>> = None;
    let pd_of = |positions: &[Position]| -> Result<Vec<f64>, DecisionError> {
        let values: Vec<Option<Vec<f64>>> =
            positions.iter().map(|steps| moves.values(steps)).collect();
        let possible: Vec<Vec<f64>> = values.iter().flatten().cloned().collect();
        if possible.is_empty() {
            return Ok(vec![f64::NAN; positions.len()]);
        }
        let (rows, margins) = compute(&possible)?;
        let mut computed = rows.rows().into_iter().zip(margins);
        let computed: Vec<_> = values
            .iter()
            .map(|values| values.as_ref().and_then(|_| computed.next()))
            .collect();
        // The first batch has the application itself. What was decided must come out again,
        // or the features mean something else today and whatever would be found would not be
        // about this decision.
        if features.is_none() {
            let own = positions.iter().position(|steps| *steps == start);
            let (row, found) = own
                .and_then(|at| computed[at])
                .ok_or(DecisionError::Superseded(decision))?;
            if found.to_bits() != margin.to_bits() {
                return Err(DecisionError::Superseded(decision));
            }
            features = Some(row.to_vec());
        }
        let before = features.as_deref().unwrap_or_default();
        Ok(computed
            .into_iter()
            .map(|computed| {
                computed
                    .filter(|(row, _)| {
                        let keeps = |&(at, limits)| keeps(limits, before[at], row[at]);
                        limits.iter().all(keeps)
                    })
                    .map_or(f64::NAN, |(_, margin)| package.pd(margin))
            })
            .collect())
    };
    let findings = search(&levers, threshold, Effort::default(), pd_of)?;
    let features = features.ok_or(DecisionError::Superseded(decision))?;
    Ok(Searched {
        application,
        moves,
        findings,
        features,
    })
}

/// Where the model's features are among those computed now.
fn taken(
    package: &Package,
    specs: &[FeatureSpec],
    model: &str,
) -> Result<Vec<usize>, DecisionError> {
    let wanted = package.manifest.features.iter();
    wanted
        .map(|wanted| {
            specs
                .iter()
                .position(|spec| spec.name == wanted.name)
                .ok_or_else(|| DecisionError::MissingFeature {
                    model: model.to_owned(),
                    feature: wanted.name.clone(),
                })
        })
        .collect()
}

/// The features that the dictionary sets limits to, by their positions.
fn limits(portfolio: &Portfolio, specs: &[FeatureSpec]) -> Vec<(usize, Limits)> {
    let limited = |spec: &FeatureSpec| portfolio.dictionary.entry(&spec.name)?.limits;
    let specs = specs.iter().enumerate();
    specs
        .filter_map(|(at, spec)| Some((at, limited(spec)?)))
        .collect()
}

/// Whether a feature stays within its limits, or where it was outside goes no further out.
fn keeps(limits: Limits, from: f64, to: f64) -> bool {
    let outside = |value: f64| (limits.min - value).max(value - limits.max).max(0.0);
    to.is_nan() || outside(to) <= if from.is_nan() { 0.0 } else { outside(from) }
}

fn lever(portfolio: &Portfolio, package: &Package, movable: &Movable) -> Lever {
    let entry = portfolio.dictionary.entry(&movable.column);
    let reference = package
        .manifest
        .features
        .iter()
        .find(|feature| feature.name == movable.column)
        .and_then(|feature| feature.reference.quantiles);
    let spread = reference.map(|quantiles| quantiles[QUARTILES.1] - quantiles[QUARTILES.0]);
    let (least, greatest) = movable.range();
    let step_cost = if entry.is_some_and(|entry| entry.unit == Unit::Flag) {
        FLAG_COST
    } else {
        // A column that hardly varies, or that the model does not take, is measured by the
        // way it can go.
        movable.step
            / spread
                .filter(|spread| *spread > 0.0)
                .unwrap_or(greatest - least)
    };
    Lever {
        down: movable.down,
        up: movable.up,
        fixed_cost: FIXED_COST,
        step_cost,
    }
}

/// Scores each finding again as a decision is scored, and tells those that pass.
async fn document(
    service: &Service,
    scope: &TenantScope,
    model: &ResolvedModel,
    row: &decision::Decision,
    searched: Searched,
    wording: Wording,
) -> Result<CounterfactualDocument, DecisionError> {
    let Searched {
        application,
        moves,
        findings,
        features,
    } = searched;
    let words = Words::of(page_language(wording.language()));
    let mut proposals = Vec::with_capacity(findings.proposals.len());
    for found in &findings.proposals {
        let Some(values) = moves.values(&found.position) else {
            continue;
        };
        let moved = moves.moved(service.portfolio, &application, &values);
        let inputs = service.features.compute(scope, moved).await?;
        let margin = model
            .package
            .model
            .margin(&arranged(service, model, &inputs)?);
        let pd = model.package.pd(margin);
        if Outcome::of(pd, row.threshold) == Outcome::Refused {
            tracing::error!(decision = %row.id, "a variant and its application differ");
            continue;
        }
        let changes = changes(&moves, &found.position, &values, service.portfolio, wording);
        let told = changes
            .iter()
            .map(|change| wording.change(&change.column, change.from, change.to));
        let sentence =
            sentence::counterfactual(words, &told.collect::<Vec<_>>(), pd, row.threshold);
        proposals.push(ProposalDocument {
            pd,
            cost: found.cost,
            consequences: consequences(service, &features, &inputs.features, wording),
            changes,
            sentence,
        });
    }
    let tried: Vec<MovableDocument> = moves
        .movables()
        .iter()
        .map(|movable| tried(movable, wording))
        .collect();
    let none = proposals.is_empty().then(|| {
        sentence::no_counterfactual(words, findings.tried as u64 - 1, findings.exhaustive)
    });
    Ok(CounterfactualDocument {
        decision_id: row.id,
        client_id: row.client_number,
        model: row.model.clone(),
        version: row.version,
        model_digest: row.model_digest.clone(),
        pd: row.pd,
        threshold: row.threshold,
        language: wording.language().as_str().to_owned(),
        proposals,
        tried,
        combinations: findings.tried - 1,
        exhaustive: findings.exhaustive,
        none,
    })
}

/// The columns that differ: those moved for their own sake, and those that followed.
fn changes(
    moves: &Moves,
    position: &[i32],
    values: &[f64],
    portfolio: &Portfolio,
    wording: Wording,
) -> Vec<ChangeDocument> {
    let own = |column: &str| {
        let mut movables = moves.movables().iter().zip(position);
        movables.any(|(movable, &steps)| steps != 0 && movable.column == column)
    };
    let columns = moves.columns().into_iter().zip(moves.start()).zip(values);
    columns
        .filter(|((_, from), to)| from.to_bits() != to.to_bits())
        .map(|((column, from), &to)| {
            let leader = portfolio
                .dictionary
                .entry(column)
                .and_then(|entry| Some(entry.follows.as_ref()?.column.clone()));
            ChangeDocument {
                column: column.to_owned(),
                label: wording.label(column),
                from,
                to,
                from_text: wording.value(column, None, from),
                to_text: wording.value(column, None, to),
                follows: leader.filter(|_| !own(column)),
            }
        })
        .collect()
}

/// The limited features (the length of the loan) that a reader would see change.
fn consequences(
    service: &Service,
    before: &[f64],
    after: &[f64],
    wording: Wording,
) -> Vec<ConsequenceDocument> {
    let words = Words::of(page_language(wording.language()));
    let specs = service.features.specs();
    limits(service.portfolio, specs)
        .into_iter()
        .filter_map(|(at, _)| {
            let feature = &specs[at].name;
            let (from, to) = (before[at], after[at]);
            let [old, new] = [from, to].map(|value| wording.value(feature, None, value));
            let noticed = (to - from).abs() > NOTICED * from.abs() && old != new;
            noticed.then(|| ConsequenceDocument {
                feature: feature.clone(),
                label: wording.label(feature),
                from,
                to,
                sentence: sentence::consequence(words, &wording.label(feature), &old, &new),
            })
        })
        .collect()
}

fn tried(movable: &Movable, wording: Wording) -> MovableDocument {
    let (least, greatest) = movable.range();
    let label = wording.label(&movable.column);
    let words = Words::of(page_language(wording.language()));
    let [low, high] = [least, greatest].map(|value| wording.value(&movable.column, None, value));
    MovableDocument {
        sentence: sentence::tried(words, &label, &low, &high),
        column: movable.column.clone(),
        label,
        value: movable.start,
        least,
        greatest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_outside_the_limits_may_come_nearer_but_go_no_further() {
        let limits = Limits {
            min: 8.0,
            max: 45.0,
        };
        assert!(keeps(limits, 20.0, 45.0) && keeps(limits, 20.0, 8.0));
        assert!(!keeps(limits, 20.0, 45.1) && !keeps(limits, 20.0, 7.9));
        assert!(keeps(limits, 60.0, 50.0) && !keeps(limits, 60.0, 61.0));
        assert!(!keeps(limits, f64::NAN, 50.0) && keeps(limits, 20.0, f64::NAN));
    }
}
