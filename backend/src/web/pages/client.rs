//! The client file: everything about one client on one screen. Opening it shows the reasons
//! of the last decision, so the events of the view and of the explanation are committed
//! before the page leaves.

use super::clients::outcome;
use super::frame::{Frame, see};
use super::session::Button;
use crate::audit::{self, Action, AuditFilter, Event};
use crate::clients::wording::Wording;
use crate::clients::{self, Client, ClientError, Population};
use crate::decisions::{
    self, Applicant, Channel, Decided, Decision, DecisionError, DecisionRequest,
    ExplanationDocument, Outcome,
};
use crate::identity::{Authorized, Permission, need};
use crate::instant;
use crate::models::{ModelReference, ResolvedModel};
use crate::service::Service;
use crate::tenancy::TenantScope;
use crate::web::Problem;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_data::features::FeatureKind;
use octroi_frontend::Section;
use octroi_frontend::charts::{Waterfall, WaterfallBar};
use octroi_frontend::views::{
    ClientView, Counterfactual, CounterfactualProposal, Fact, Grouping, HistoryEntry,
    InformationGroup, InformationItem, Reason, ScoredDecision, ShownEntry, Subject,
};
use sea_orm::prelude::Uuid;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

/// Bars of the waterfall before "others".
const BARS: usize = 10;
/// Families listed beside the reasons.
const SUBJECTS: usize = 6;
/// Clients taken as similar.
pub(super) const SIMILAR: usize = 100;
/// What stands beside the name.
const FACTS: [&str; 5] = [
    "DAYS_BIRTH",
    "OCCUPATION_TYPE",
    "NAME_CONTRACT_TYPE",
    "AMT_CREDIT",
    "AMT_INCOME_TOTAL",
];

#[derive(Deserialize)]
struct FileQuery {
    #[serde(default)]
    by: Grouping,
    /// What would have changed a refusal is asked for, too.
    #[serde(default)]
    counterfactual: bool,
}

/// The decision a file explains, with everything needed to do so.
struct Explained {
    decision: Decision,
    document: ExplanationDocument,
    event: Option<Uuid>,
    model: ResolvedModel,
}

pub(super) async fn file(
    authorized: Authorized<need::ViewClients>,
    request: HttpRequest,
    service: web::Data<Service>,
    number: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let query = serde_urlencoded::from_str::<FileQuery>(request.query_string());
    let (by, counterfactual_asked) = query.map_or((Grouping::Feature, false), |query| {
        (query.by, query.counterfactual)
    });
    let scope = &authorized.scope;
    let frame = Frame::of(&request, &service, &authorized, Section::Clients);
    let wording = frame.wording(&service);
    let client = clients::find(scope, *number).await?;
    let explained = explained(&service, scope, &client, wording).await?;
    let population = service.population(scope).await?;
    let people = People::of(scope).await?;
    let counterfactual = match &explained {
        Some(explained)
            if explained.document.outcome == Outcome::Refused
                && authorized.principal.may(Permission::ViewDecisions) =>
        {
            let asked = counterfactual_asked;
            Some(counterfactual(&service, scope, &explained.decision, asked, wording).await?)
        }
        _ => None,
    };
    let facts = facts(&client, &population, wording);
    // Ranks the client among all: work for a core when the portfolio is large.
    let number = client.number;
    let groups = move || information(number, &population, wording);
    let groups = service.heavy.run(scope, groups).await?;
    let groups = groups.map_err(|_| Problem::Internal)?;
    let view = ClientView {
        counterfactual,
        id: client.number,
        name: (!client.name.is_empty()).then(|| client.name.clone()),
        facts,
        by,
        reasons: explained.as_ref().map(reasons).unwrap_or_default(),
        subjects: explained.as_ref().map(subjects).unwrap_or_default(),
        waterfall: explained.as_ref().map(|explained| waterfall(explained, by)),
        decision: match &explained {
            Some(explained) => Some(scored(&service, scope, explained, &people).await?),
            None => None,
        },
        groups,
        history: history(scope, client.number, &people).await?,
        shown: shown(scope, client.number, &people).await?,
        may_score: authorized.principal.may(Permission::MakeDecisions),
        may_audit: authorized.principal.may(Permission::ViewAudit),
    };
    frame.page(&service, &view)
}

/// "Score again": a new decision by the champion, with the inputs on file.
pub(super) async fn score(
    form: Button<need::MakeDecisions>,
    request: HttpRequest,
    service: web::Data<Service>,
    number: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let scope = &form.authorized.scope;
    let champion = service
        .models
        .champion(scope)
        .await?
        .ok_or(Problem::NotFound("model"))?;
    let decision = DecisionRequest {
        model: ModelReference::champion(champion.row.model),
        applicant: Applicant::Client(*number),
        channel: Channel::Page,
        language: Frame::of_request(&request, &service).language,
        // The file that follows shows the reasons and records that itself.
        tells_reasons: false,
        idempotency: None,
    };
    let decided = decisions::decide(&service, scope, decision, |new| new.decision.id).await?;
    debug_assert!(matches!(decided, Decided::New(_)));
    Ok(see(&format!("/clients/{number}?notice=scored")))
}

/// Names of the people and keys of a bank, for events and decisions that hold identifiers.
pub(super) struct People(HashMap<Uuid, String>);

impl People {
    pub(super) async fn of(scope: &TenantScope) -> Result<Self, Problem> {
        let mut names: HashMap<Uuid, String> = HashMap::new();
        for account in crate::identity::list_accounts(scope).await? {
            names.insert(account.id, account.name);
        }
        for key in crate::identity::list_api_keys(scope).await? {
            names.insert(key.id, key.name);
        }
        Ok(Self(names))
    }

    pub(super) fn name(&self, kind: &str, id: Option<Uuid>) -> String {
        id.and_then(|id| self.0.get(&id).cloned())
            .unwrap_or_else(|| kind.to_owned())
    }

    /// Everybody whose name holds this text.
    pub(super) fn named(&self, text: &str) -> Vec<Uuid> {
        let text = text.to_lowercase();
        self.0
            .iter()
            .filter(|(id, name)| name.to_lowercase().contains(&text) || id.to_string() == text)
            .map(|(id, _)| *id)
            .collect()
    }
}

async fn explained(
    service: &Service,
    scope: &TenantScope,
    client: &Client,
    wording: Wording,
) -> Result<Option<Explained>, Problem> {
    let viewed = Event::new(Action::ClientViewed, "client", client.number)
        .about_client(client.number)
        .with(json!({ "channel": Channel::Page }));
    let Some(id) = client.decision_id else {
        scope.record(viewed).await?;
        return Ok(None);
    };
    let decision = decisions::find(scope, id).await?;
    let reference = ModelReference::version(decision.model.clone(), decision.version);
    let model = service.models.resolve(scope, &reference).await?;
    let (document, _) = decisions::show(
        scope,
        &decision,
        &model.package,
        wording,
        Channel::Page,
        vec![viewed],
    )
    .await?;
    let made = AuditFilter {
        action: Some(Action::DecisionMade),
        decision_id: Some(id),
        limit: 1,
        ..AuditFilter::default()
    };
    let event = audit::search(scope, &made)
        .await?
        .events
        .first()
        .map(|event| event.id);
    Ok(Some(Explained {
        decision,
        document,
        event,
        model,
    }))
}

/// What would have changed a refusal, searched for when it was asked for.
async fn counterfactual(
    service: &Service,
    scope: &TenantScope,
    decision: &Decision,
    asked: bool,
    wording: Wording,
) -> Result<Counterfactual, Problem> {
    if !asked {
        return Ok(Counterfactual::default());
    }
    let channel = Channel::Page;
    let shown = decisions::show_counterfactual(service, scope, decision, wording, channel).await;
    let document = match shown {
        Ok(document) => document,
        Err(DecisionError::Superseded(_)) => {
            return Ok(Counterfactual {
                asked,
                outdated: true,
                ..Counterfactual::default()
            });
        }
        Err(error) => return Err(error.into()),
    };
    let told = |proposal: decisions::ProposalDocument| CounterfactualProposal {
        sentence: proposal.sentence,
        consequences: proposal
            .consequences
            .into_iter()
            .map(|consequence| consequence.sentence)
            .collect(),
    };
    Ok(Counterfactual {
        asked,
        outdated: false,
        proposals: document.proposals.into_iter().map(told).collect(),
        none: document.none,
        tried: document
            .tried
            .into_iter()
            .map(|tried| tried.sentence)
            .collect(),
    })
}

fn reasons(explained: &Explained) -> Vec<Reason> {
    explained
        .document
        .reasons
        .iter()
        .map(|reason| Reason {
            feature: reason.feature.clone(),
            label: reason.label.clone(),
            value: reason.value.clone(),
            raises: reason.raises,
            strength: reason.strength,
            standing: reason.standing,
        })
        .collect()
}

async fn scored(
    service: &Service,
    scope: &TenantScope,
    explained: &Explained,
    people: &People,
) -> Result<ScoredDecision, Problem> {
    let Explained {
        decision,
        document,
        event,
        model,
    } = explained;
    let champion = service.models.champion(scope).await?;
    Ok(ScoredDecision {
        id: decision.id.to_string(),
        outcome: outcome(&decision.outcome).ok_or(Problem::Internal)?,
        pd: decision.pd,
        threshold: decision.threshold,
        model: decision.model.clone(),
        version: decision.version.to_string(),
        alias: decision.alias.clone(),
        at: instant::rfc3339(decision.created_at),
        by: people.name(&decision.actor_kind, decision.actor_id),
        explanation_id: document.digest().map_err(|_| Problem::Internal)?,
        audit_entry: event.map(|id| id.to_string()),
        digest: model.row.digest.clone(),
        outdated: champion.is_some_and(|champion| champion.row.id != model.row.id),
    })
}

fn waterfall(explained: &Explained, by: Grouping) -> Waterfall {
    let document = &explained.document;
    let mut bars: Vec<WaterfallBar> = match by {
        Grouping::Feature => document
            .contributions
            .iter()
            .map(|told| WaterfallBar {
                label: told.label.clone(),
                value: told.value.clone(),
                contribution: told.contribution,
                others: None,
            })
            .collect(),
        Grouping::Family => document
            .families
            .iter()
            .map(|family| WaterfallBar {
                label: family.label.clone(),
                value: String::new(),
                contribution: family.contribution,
                others: None,
            })
            .collect(),
    };
    if bars.len() > BARS {
        let rest = bars.split_off(BARS);
        bars.push(WaterfallBar {
            label: String::new(),
            value: String::new(),
            contribution: rest.iter().map(|bar| bar.contribution).sum(),
            others: Some(rest.len() as u64),
        });
    }
    Waterfall {
        base_value: document.base_value,
        margin: document.margin,
        threshold_margin: explained
            .model
            .package
            .calibration
            .margin(document.threshold),
        bars,
    }
}

/// The strongest families as the page lists them; the tab of the contributions has them all.
fn subjects(explained: &Explained) -> Vec<Subject> {
    let families = &explained.document.families;
    let largest = families
        .first()
        .map_or(0.0, |family| family.contribution.abs());
    families
        .iter()
        .take(SUBJECTS)
        .filter(|family| family.contribution.abs() > 0.0)
        .map(|family| Subject {
            label: family.label.clone(),
            contribution: family.contribution,
            share: family.contribution / largest,
        })
        .collect()
}

fn levels(kind: &FeatureKind) -> Option<&[String]> {
    match kind {
        FeatureKind::Number => None,
        FeatureKind::Category { levels } => Some(levels),
    }
}

fn facts(client: &Client, population: &Population, wording: Wording) -> Vec<Fact> {
    let Some(row) = population.row(client.number) else {
        return Vec::new();
    };
    FACTS
        .iter()
        .filter_map(|feature| {
            let column = population.column(feature)?;
            let value = population.values[[row, column]];
            value.is_finite().then(|| Fact {
                label: wording.label(feature),
                value: wording.value(feature, levels(&population.specs[column].kind), value),
            })
        })
        .collect()
}

/// The client's values, grouped by family in the dictionary's order.
fn information(number: i64, population: &Population, wording: Wording) -> Vec<InformationGroup> {
    let Some(row) = population.row(number) else {
        return Vec::new();
    };
    let similar = population.similar_to(number, SIMILAR);
    let mut groups: Vec<(&str, InformationGroup)> = Vec::new();
    let specs = population.specs.iter().enumerate();
    for (column, spec) in specs.filter(|(_, spec)| !wording.repeats_another(&spec.name)) {
        let family = wording.family(&spec.name);
        let at = groups
            .iter()
            .position(|(name, _)| *name == family)
            .unwrap_or_else(|| {
                let label = wording.family_label(family);
                groups.push((
                    family,
                    InformationGroup {
                        label,
                        items: Vec::new(),
                        missing: 0,
                    },
                ));
                groups.len() - 1
            });
        let group = &mut groups[at].1;
        let value = population.values[[row, column]];
        if !value.is_finite() {
            group.missing += 1;
            continue;
        }
        let levels = levels(&spec.kind);
        // Where a client stands has a meaning for amounts and counts, not for words.
        let ranked = levels.is_none() && !wording.is_flag(&spec.name);
        let all = population.values_of(column);
        let percentile = ranked
            .then(|| wording.rank(&spec.name, &all.to_vec(), value))
            .flatten();
        let nearest: Vec<f64> = similar.iter().map(|row| all[*row]).collect();
        let percentile_similar = ranked
            .then(|| wording.rank(&spec.name, &nearest, value))
            .flatten();
        group.items.push(InformationItem {
            label: wording.label(&spec.name),
            value: wording.value(&spec.name, levels, value),
            help: wording.help(&spec.name),
            name: spec.name.clone(),
            percentile,
            percentile_similar,
        });
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

async fn history(
    scope: &TenantScope,
    number: i64,
    people: &People,
) -> Result<Vec<HistoryEntry>, Problem> {
    let lines = decisions::history(scope, number).await?;
    Ok(lines
        .into_iter()
        .filter_map(|line| {
            Some(HistoryEntry {
                decision_id: line.id.to_string(),
                at: instant::rfc3339(line.created_at),
                outcome: outcome(&line.outcome)?,
                pd: line.pd,
                threshold: line.threshold,
                model: line.model,
                version: line.version.to_string(),
                by: people.name(&line.actor_kind, line.actor_id),
            })
        })
        .collect())
}

/// Who has been shown an explanation, the reader of this page included.
async fn shown(
    scope: &TenantScope,
    number: i64,
    people: &People,
) -> Result<Vec<ShownEntry>, Problem> {
    let filter = AuditFilter {
        action: Some(Action::ExplanationShown),
        client_number: Some(number),
        limit: 20,
        ..AuditFilter::default()
    };
    let page = audit::search(scope, &filter).await?;
    Ok(page
        .events
        .into_iter()
        .map(|event| {
            let told: serde_json::Value = serde_json::from_str(&event.event).unwrap_or_default();
            let word = |name: &str| told["data"][name].as_str().unwrap_or_default().to_owned();
            ShownEntry {
                at: instant::rfc3339(event.at),
                to: people.name(&event.actor_kind, event.actor_id),
                channel: word("channel"),
                language: word("language"),
                audit_entry: Some(event.id.to_string()),
            }
        })
        .collect())
}

/// A number that is no client of this bank.
pub(super) fn unknown(number: i64) -> Problem {
    ClientError::Unknown(number).into()
}
