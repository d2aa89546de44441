//! The methodological note's example of an explanation. The rows that a package keeps are
//! those of real people, so none of them is shown: the example is the mean of those nearest
//! to the threshold. Contributions add up to margins, hence their means to the mean margin,
//! and what brings clients to the threshold is seen better than on any one of them.

use super::ResolvedModel;
use crate::clients::wording::Wording;
use octroi_frontend::charts::{Waterfall, WaterfallBar};
use octroi_frontend::views::WorkedExample;
use octroi_model_registry::package::Package;

/// Clients of the example at most.
const CLIENTS: usize = 25;
/// At least: the mean of fewer would tell much of each.
const LEAST_CLIENTS: usize = 10;
/// Contributions drawn; the others are one bar.
const BARS: usize = 10;

/// The example of a version; none where the package keeps too few rows.
pub(super) fn worked_example(model: &ResolvedModel, wording: Wording) -> Option<WorkedExample> {
    let package = &model.package;
    let (clients, base_value, means) = mean_near_threshold(package)?;
    let margin = base_value + means.iter().sum::<f64>();
    let mut order: Vec<usize> = (0..means.len()).filter(|&at| means[at] != 0.0).collect();
    order.sort_by(|&a, &b| means[b].abs().total_cmp(&means[a].abs()));
    let (drawn, others) = order.split_at(order.len().min(BARS));
    let mut bars: Vec<WaterfallBar> = drawn
        .iter()
        .map(|&at| WaterfallBar {
            label: wording.label(&package.manifest.features[at].name),
            value: String::new(),
            contribution: means[at],
            others: None,
        })
        .collect();
    if !others.is_empty() {
        bars.push(WaterfallBar {
            label: String::new(),
            value: String::new(),
            contribution: others.iter().map(|&at| means[at]).sum(),
            others: Some(others.len() as u64),
        });
    }
    Some(WorkedExample {
        clients: clients as u64,
        pd: package.pd(margin),
        base_pd: package.pd(base_value),
        waterfall: Waterfall {
            base_value,
            margin,
            threshold_margin: None,
            bars,
        },
    })
}

/// How many clients, their base value and the mean contribution of each feature.
fn mean_near_threshold(package: &Package) -> Option<(usize, f64, Vec<f64>)> {
    let clients = CLIENTS.min(package.sample.len() / 4);
    if clients < LEAST_CLIENTS {
        return None;
    }
    let rows = package.reference_rows();
    let threshold = package.manifest.threshold;
    let distances: Vec<f64> = package
        .model
        .margins(rows.view())
        .into_iter()
        .map(|margin| (package.pd(margin) - threshold).abs())
        .collect();
    let mut nearest: Vec<usize> = (0..distances.len()).collect();
    nearest.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    let mut means = vec![0.0; package.manifest.features.len()];
    let mut base_value = 0.0;
    for &row in &nearest[..clients] {
        let row: Vec<f64> = rows.row(row).to_vec();
        let contributions = package.model.contributions(&row);
        base_value = contributions.base_value;
        for (mean, value) in means.iter_mut().zip(contributions.values) {
            *mean += value / clients as f64;
        }
    }
    Some((clients, base_value, means))
}
