//! The overview after signing in.

use super::frame::Frame;
use crate::clients;
use crate::decisions::{self, Outcome};
use crate::identity::{Authorized, need};
use crate::instant::{self, DAY};
use crate::service::Service;
use crate::web::Problem;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::Section;
use octroi_frontend::charts::{DayCount, DecisionsPerDay, PdBin, PdHistogram};
use octroi_frontend::views::PortfolioView;
use std::collections::BTreeMap;

/// Bars of the distribution of the PD.
const PD_BINS: usize = 50;
/// Days of decisions shown.
const DAYS: i64 = 14;

pub(super) async fn overview(
    authorized: Authorized<need::ViewClients>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let scope = &authorized.scope;
    let counts = clients::counts(scope).await?;
    let scores = clients::scores(scope).await?;
    let champion = service.models.champion(scope).await?;
    let threshold = champion
        .as_ref()
        .map(|model| model.package.manifest.threshold);
    let latest = decisions::recent(scope).await?;
    let scored = counts.granted + counts.refused;
    let view = PortfolioView {
        clients: counts.clients,
        scored,
        granted: counts.granted,
        refused: counts.refused,
        mean_pd: (!scores.is_empty())
            .then(|| scores.iter().map(|(pd, _)| pd).sum::<f64>() / scores.len() as f64),
        threshold,
        champion: champion
            .as_ref()
            .map(|m| format!("{} v{}", m.row.model, m.row.version)),
        champion_href: champion
            .as_ref()
            .map(|m| format!("/models/{}/versions/{}", m.row.model, m.row.version)),
        last_decision_at: latest.map(|decision| instant::rfc3339(decision.created_at)),
        pd: (!scores.is_empty()).then(|| histogram(&scores, threshold)),
        per_day: Some(per_day(
            &decisions::per_day(scope, today() - (DAYS - 1) * DAY).await?,
        )),
    };
    Frame::of(&request, &service, &authorized, Section::Portfolio).page(&service, &view)
}

fn histogram(scores: &[(f64, String)], threshold: Option<f64>) -> PdHistogram {
    let width = 1.0 / PD_BINS as f64;
    let mut bins: Vec<PdBin> = (0..PD_BINS)
        .map(|i| PdBin {
            from: i as f64 * width,
            to: (i + 1) as f64 * width,
            granted: 0,
            refused: 0,
        })
        .collect();
    for (pd, outcome) in scores {
        let bin = &mut bins[((pd / width) as usize).min(PD_BINS - 1)];
        if outcome == Outcome::Refused.as_str() {
            bin.refused += 1;
        } else {
            bin.granted += 1;
        }
    }
    PdHistogram { bins, threshold }
}

fn today() -> i64 {
    instant::now() / DAY * DAY
}

fn per_day(decisions: &[(i64, String)]) -> DecisionsPerDay {
    let mut days: BTreeMap<i64, (u64, u64)> = (0..DAYS)
        .rev()
        .map(|back| (today() - back * DAY, (0, 0)))
        .collect();
    for (at, outcome) in decisions {
        let day = days.entry(at / DAY * DAY).or_default();
        if outcome == Outcome::Refused.as_str() {
            day.1 += 1;
        } else {
            day.0 += 1;
        }
    }
    DecisionsPerDay {
        days: days
            .into_iter()
            .map(|(day, (granted, refused))| DayCount {
                day: instant::rfc3339(day).chars().take(10).collect(),
                granted,
                refused,
            })
            .collect(),
    }
}
