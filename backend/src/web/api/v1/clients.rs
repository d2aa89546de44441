//! Clients of the portfolio. A list shows scores, so reading it is recorded like a view.

use super::page_size;
use crate::audit::{Action, Event};
use crate::clients::{self, ClientFilter, ClientLine};
use crate::identity::{Authorized, need};
use crate::instant;
use crate::name::LONGEST;
use crate::web::Problem;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
struct ClientSummary {
    client_id: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    age_years: Option<f64>,
    income: Option<f64>,
    credit: Option<f64>,
    /// Of the latest decision.
    pd: Option<f64>,
    threshold: Option<f64>,
    outcome: Option<String>,
    decided_at: Option<String>,
}

impl From<ClientLine> for ClientSummary {
    fn from(line: ClientLine) -> Self {
        Self {
            client_id: line.number,
            name: line.name,
            age_years: line.age_years,
            income: line.income,
            credit: line.credit,
            pd: line.pd,
            threshold: line.threshold,
            outcome: line.outcome,
            decided_at: line.decided_at.map(instant::rfc3339),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct ClientList {
    clients: Vec<ClientSummary>,
    /// Of all pages.
    total: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientQuery {
    /// Fragment of the number or the name.
    #[param(max_length = 120)]
    q: Option<String>,
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u64>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Search the portfolio.
#[utoipa::path(
    get, path = "/clients",
    operation_id = "list_clients",
    context_path = "/api/v1", tag = "clients", params(ClientQuery),
    responses(
        (status = 200, body = ClientList),
    )
)]
pub(super) async fn list(
    authorized: Authorized<need::ViewClients>,
    query: web::Query<ClientQuery>,
) -> Result<impl Responder, Problem> {
    let limit = page_size(query.limit)?;
    let page = query.page.unwrap_or(1);
    if !(1..=1_000_000).contains(&page) {
        return Err(Problem::BadRequest(format!(
            "page is {page}; it can be 1 to 1000000"
        )));
    }
    let text = query.q.clone().unwrap_or_default();
    if text.chars().count() > LONGEST {
        return Err(Problem::BadRequest(format!(
            "q has more than {LONGEST} characters, and no name does"
        )));
    }
    let filter = ClientFilter {
        text,
        offset: (page - 1) * limit,
        limit,
        ..ClientFilter::default()
    };
    let found = clients::search(&authorized.scope, &filter).await?;
    authorized
        .scope
        .record(
            Event::new(Action::ClientViewed, "portfolio", "clients")
                .about_clients(found.clients.iter().map(|client| client.number))
                .with(json!({ "channel": "api", "clients": found.clients.len() })),
        )
        .await?;
    Ok(web::Json(ClientList {
        clients: found.clients.into_iter().map(ClientSummary::from).collect(),
        total: found.total,
    }))
}

/// One client.
#[utoipa::path(
    get, path = "/clients/{id}",
    operation_id = "find_client",
    context_path = "/api/v1", tag = "clients", params(("id" = i64, Path, example = 100_001)),
    responses(
        (status = 200, body = ClientSummary),
    )
)]
pub(super) async fn find(
    authorized: Authorized<need::ViewClients>,
    number: web::Path<i64>,
) -> Result<impl Responder, Problem> {
    let client = clients::find(&authorized.scope, *number).await?;
    authorized
        .scope
        .record(
            Event::new(Action::ClientViewed, "client", *number)
                .about_client(*number)
                .with(json!({ "channel": "api" })),
        )
        .await?;
    Ok(web::Json(ClientSummary::from(ClientLine::from(&client))))
}
