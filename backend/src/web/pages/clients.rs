//! The list of clients.

use super::frame::{Frame, page_number};
use crate::audit::{Action, Event};
use crate::clients::{self, ClientFilter, ClientOrder};
use crate::identity::{Authorized, need};
use crate::instant;
use crate::service::Service;
use crate::web::Problem;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::Section;
use octroi_frontend::views::{
    ClientRow, ClientSort, ClientsFilter, ClientsView, DecisionFilter, DecisionOutcome, Paging,
    PdBand,
};
use serde_json::json;

const PAGE_SIZE: u64 = 25;

/// Bands one can filter by.
const BANDS: [(&str, f64, f64); 5] = [
    ("0-5", 0.0, 0.05),
    ("5-10", 0.05, 0.10),
    ("10-20", 0.10, 0.20),
    ("20-40", 0.20, 0.40),
    ("40-100", 0.40, 1.000_001),
];

pub(super) async fn list(
    authorized: Authorized<need::ViewClients>,
    request: HttpRequest,
    service: web::Data<Service>,
    asked: web::Query<ClientsFilter>,
) -> Result<HttpResponse, Problem> {
    let page = page_number(&request);
    let found = clients::search(&authorized.scope, &filter(&asked, page)).await?;
    // The list shows scores, so that it was shown is on record.
    let viewed = Event::new(Action::ClientViewed, "portfolio", "clients")
        .about_clients(found.clients.iter().map(|client| client.number))
        .with(json!({ "channel": "page", "clients": found.clients.len() }));
    authorized.scope.record(viewed).await?;
    let view = ClientsView {
        filter: asked.into_inner(),
        bands: BANDS
            .iter()
            .map(|(key, from, to)| PdBand {
                key: (*key).to_owned(),
                from: *from,
                to: *to,
            })
            .collect(),
        rows: found.clients.into_iter().map(row).collect(),
        paging: Paging {
            page,
            page_size: PAGE_SIZE,
            total: found.total,
        },
        clients_in_portfolio: clients::counts(&authorized.scope).await?.clients,
    };
    Frame::of(&request, &service, &authorized, Section::Clients).page(&service, &view)
}

fn filter(asked: &ClientsFilter, page: u64) -> ClientFilter {
    ClientFilter {
        text: asked.q.clone(),
        outcome: match asked.decision {
            DecisionFilter::Granted => Some("granted".to_owned()),
            DecisionFilter::Refused => Some("refused".to_owned()),
            DecisionFilter::Any | DecisionFilter::NotScored => None,
        },
        undecided: asked.decision == DecisionFilter::NotScored,
        pd: BANDS
            .iter()
            .find(|band| band.0 == asked.band)
            .map(|band| (band.1, band.2)),
        order: match asked.sort {
            ClientSort::Id => ClientOrder::Number,
            ClientSort::Pd => ClientOrder::Pd,
            ClientSort::Age => ClientOrder::Age,
            ClientSort::Income => ClientOrder::Income,
            ClientSort::Credit => ClientOrder::Credit,
            ClientSort::Scored => ClientOrder::Decided,
        },
        descending: asked.descending,
        offset: (page - 1) * PAGE_SIZE,
        limit: PAGE_SIZE,
    }
}

fn row(line: clients::ClientLine) -> ClientRow {
    ClientRow {
        id: line.number,
        name: (!line.name.is_empty()).then_some(line.name),
        age_years: line.age_years.map(f64::floor),
        income: line.income,
        credit: line.credit,
        pd: line.pd,
        threshold: line.threshold,
        decision: line.outcome.as_deref().and_then(outcome),
        scored_at: line.decided_at.map(instant::rfc3339),
    }
}

/// The pages' word for a stored outcome.
pub(super) fn outcome(name: &str) -> Option<DecisionOutcome> {
    match name {
        "granted" => Some(DecisionOutcome::Granted),
        "refused" => Some(DecisionOutcome::Refused),
        _ => None,
    }
}
