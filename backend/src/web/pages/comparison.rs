//! One client among all clients and among similar ones, for any features the reader chooses.

use super::client::{SIMILAR, unknown};
use super::clients::outcome;
use super::frame::Frame;
use crate::audit::{Action, Event};
use crate::clients::wording::Wording;
use crate::clients::{self, Population};
use crate::identity::{Authorized, need};
use crate::service::Service;
use crate::web::Problem;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_data::distribution::{five_numbers, histogram, histogram_with_edges};
use octroi_data::features::FeatureKind;
use octroi_frontend::Section;
use octroi_frontend::charts::{Histogram, HistogramBin};
use octroi_frontend::views::{
    ComparisonPanel, ComparisonView, FeatureGroup, FeatureOption, MedianRow,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many similar clients one can ask for.
const CHOICES: [u64; 4] = [50, 100, 200, 500];
/// Bars of a distribution.
const BINS: usize = 20;
/// Shown when nothing has been chosen.
const DEFAULT_FEATURES: [&str; 3] = ["EXT_SOURCES_MEAN", "AMT_CREDIT", "AMT_INCOME_TOTAL"];
/// More panels than this nobody reads, and each costs.
const MOST_FEATURES: usize = 12;

pub(super) async fn comparison(
    authorized: Authorized<need::ViewClients>,
    request: HttpRequest,
    service: web::Data<Service>,
    number: web::Path<i64>,
) -> Result<HttpResponse, Problem> {
    let scope = &authorized.scope;
    let frame = Frame::of(&request, &service, &authorized, Section::Clients);
    let wording = frame.wording(&service);
    let client = clients::find(scope, *number).await?;
    let population = service.population(scope).await?;
    let row = population.row(*number).ok_or_else(|| unknown(*number))?;
    let (chosen, k) = asked(&request, &population);
    let outcomes = clients::outcomes(scope).await?;
    let viewed = Event::new(Action::ClientViewed, "client", *number)
        .about_client(*number)
        .with(json!({ "channel": "page", "compared_by": chosen }));
    scope.record(viewed).await?;
    let (similar_found, panels) = {
        let (population, chosen) = (Arc::clone(&population), chosen.clone());
        // Counts all clients and looks for the nearest: work for a core.
        let compared = move || {
            let groups = Groups::of(&population, row, k, &outcomes);
            let panels = chosen
                .iter()
                .filter_map(|name| {
                    let column = population.column(name)?;
                    Some(panel(&population, column, &groups, wording))
                })
                .collect();
            (groups.similar.len() as u64, panels)
        };
        let compared = service.heavy.run(scope, compared).await?;
        compared.map_err(|_| Problem::Internal)?
    };
    let view = ComparisonView {
        id: client.number,
        name: (!client.name.is_empty()).then(|| client.name.clone()),
        outcome: client.outcome.as_deref().and_then(outcome),
        pd: client.pd,
        features: offered(&population, &chosen, wording),
        k,
        k_choices: CHOICES.to_vec(),
        similar_found,
        clients: population.numbers.len() as u64,
        similar_by: population
            .similar_by
            .iter()
            .map(|name| wording.label(name))
            .collect(),
        panels,
    };
    frame.page(&service, &view)
}

/// The features and the number of similar clients that the query asks for.
fn asked(request: &HttpRequest, population: &Population) -> (Vec<String>, u64) {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
    let mut chosen: Vec<String> = Vec::new();
    for (name, value) in &pairs {
        if name == "feature" && population.column(value).is_some() && !chosen.contains(value) {
            chosen.push(value.clone());
        }
    }
    chosen.truncate(MOST_FEATURES);
    if chosen.is_empty() {
        let known = |name: &&str| population.column(name).is_some();
        chosen = DEFAULT_FEATURES
            .into_iter()
            .filter(known)
            .map(str::to_owned)
            .collect();
    }
    let k = pairs
        .iter()
        .find(|(name, _)| name == "k")
        .and_then(|(_, value)| value.parse().ok())
        .filter(|k| CHOICES.contains(k))
        .unwrap_or(SIMILAR as u64);
    (chosen, k)
}

fn offered(population: &Population, chosen: &[String], wording: Wording) -> Vec<FeatureGroup> {
    let mut groups: Vec<(&str, FeatureGroup)> = Vec::new();
    for spec in population.specs.iter() {
        let family = wording.family(&spec.name);
        let option = FeatureOption {
            name: spec.name.clone(),
            label: wording.label(&spec.name),
            selected: chosen.contains(&spec.name),
        };
        match groups.iter_mut().find(|(name, _)| *name == family) {
            Some((_, group)) => group.options.push(option),
            None => groups.push((
                family,
                FeatureGroup {
                    label: wording.family_label(family),
                    options: vec![option],
                },
            )),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Rows of the population, by group.
struct Groups {
    client: usize,
    similar: Vec<usize>,
    granted: Vec<usize>,
    refused: Vec<usize>,
}

impl Groups {
    fn of(population: &Population, client: usize, k: u64, outcomes: &[(i64, String)]) -> Self {
        let of = |wanted: &str| -> Vec<usize> {
            outcomes
                .iter()
                .filter(|(_, outcome)| outcome == wanted)
                .filter_map(|(number, _)| population.row(*number))
                .collect()
        };
        Self {
            similar: population.similar_to(population.numbers[client], k as usize),
            granted: of("granted"),
            refused: of("refused"),
            client,
        }
    }
}

fn panel(
    population: &Population,
    column: usize,
    groups: &Groups,
    wording: Wording,
) -> ComparisonPanel {
    let spec = &population.specs[column];
    let all = population.values_of(column).to_vec();
    let pick = |rows: &[usize]| -> Vec<f64> { rows.iter().map(|row| all[*row]).collect() };
    let similar = pick(&groups.similar);
    let value = all[groups.client];
    let levels = match &spec.kind {
        FeatureKind::Number => None,
        FeatureKind::Category { levels } => Some(levels.as_slice()),
    };
    let told = |value: f64| wording.value(&spec.name, levels, value);
    let chart = match levels {
        Some(levels) => categories(&all, &similar, value, levels, &told),
        None => numbers(&all, &similar, value, &told),
    };
    let ranked = levels.is_none() && value.is_finite();
    let medians = [
        ("all", all.clone()),
        ("similar", similar.clone()),
        ("granted", pick(&groups.granted)),
        ("refused", pick(&groups.refused)),
    ];
    let client = MedianRow {
        group: "client".to_owned(),
        median: told(value),
        quartiles: None,
        clients: None,
        missing: None,
    };
    ComparisonPanel {
        feature: spec.name.clone(),
        label: wording.label(&spec.name),
        help: wording.help(&spec.name),
        value: told(value),
        percentile: ranked
            .then(|| wording.rank(&spec.name, &all, value))
            .flatten(),
        percentile_similar: ranked
            .then(|| wording.rank(&spec.name, &similar, value))
            .flatten(),
        chart,
        numeric: levels.is_none(),
        medians: std::iter::once(client)
            .chain(
                medians
                    .into_iter()
                    .map(|(group, values)| median_row(group, &values, levels.is_some(), &told)),
            )
            .collect(),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn numbers(all: &[f64], similar: &[f64], value: f64, told: &dyn Fn(f64) -> String) -> Histogram {
    let of_all = histogram(all, BINS);
    let of_similar = histogram_with_edges(similar, &of_all.edges);
    let last = of_all.counts.len().saturating_sub(1);
    let bins = of_all
        .edges
        .windows(2)
        .enumerate()
        .map(|(i, edge)| {
            let label = match (i, of_all.open_below, of_all.open_above) {
                (0, true, _) => format!("≤ {}", told(edge[1])),
                (i, _, true) if i == last => format!("≥ {}", told(edge[0])),
                _ => format!("{} – {}", told(edge[0]), told(edge[1])),
            };
            HistogramBin {
                label,
                all: share(of_all.counts[i], of_all.counted()),
                similar: share(
                    of_similar.counts.get(i).copied().unwrap_or(0),
                    of_similar.counted(),
                ),
            }
        })
        .collect();
    Histogram {
        bins,
        client_bin: of_all.bin_of(value),
        client_value: told(value),
        categories: false,
    }
}

fn categories(
    all: &[f64],
    similar: &[f64],
    value: f64,
    levels: &[String],
    told: &dyn Fn(f64) -> String,
) -> Histogram {
    let count = |values: &[f64], code: usize| {
        values
            .iter()
            .filter(|value| code_of(**value) == Some(code))
            .count()
    };
    let own = code_of(value);
    let known = |values: &[f64]| values.iter().filter(|value| value.is_finite()).count();
    let (known_all, known_similar) = (known(all), known(similar));
    let mut counted: Vec<(usize, usize)> = (0..levels.len())
        .map(|code| (code, count(all, code)))
        .collect();
    counted.retain(|(code, n)| *n > 0 || own == Some(*code));
    counted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Histogram {
        client_bin: counted.iter().position(|(code, _)| own == Some(*code)),
        bins: counted
            .iter()
            .map(|(code, n)| HistogramBin {
                label: told(*code as f64),
                all: share(*n, known_all),
                similar: share(count(similar, *code), known_similar),
            })
            .collect(),
        client_value: told(value),
        categories: true,
    }
}

fn median_row(
    group: &str,
    values: &[f64],
    categories: bool,
    told: &dyn Fn(f64) -> String,
) -> MedianRow {
    let numbers = five_numbers(values);
    let missing = values.iter().filter(|value| value.is_nan()).count();
    let median = if categories {
        most_frequent(values)
    } else {
        numbers.as_ref().map(|n| n.median)
    };
    MedianRow {
        group: group.to_owned(),
        median: told(median.unwrap_or(f64::NAN)),
        quartiles: numbers
            .filter(|_| !categories)
            .map(|n| (told(n.first_quartile), told(n.third_quartile))),
        clients: Some(values.len() as u64),
        missing: Some(share(missing, values.len())),
    }
}

/// The level a value stands for; a category's value is the position of its level.
fn code_of(value: f64) -> Option<usize> {
    value.is_finite().then_some(value as usize)
}

fn most_frequent(values: &[f64]) -> Option<f64> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for code in values.iter().copied().filter_map(code_of) {
        *counts.entry(code).or_default() += 1;
    }
    // The first of equals: the order of the levels decides.
    counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map(|(code, _)| code as f64)
}
