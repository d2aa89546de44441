//! The list of clients: by number or name fragment, by decision and PD, sorted, in pages.

use super::entity::{Column, Entity};
use super::{Client, ClientError};
use crate::tenancy::TenantScope;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, NullOrdering};
use sea_orm::{Condition, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// What to sort by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientOrder {
    #[default]
    Number,
    Pd,
    Age,
    Income,
    Credit,
    Decided,
}

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// Fragment of the number or the name.
    pub text: String,
    /// `granted`, `refused`; `None` for any.
    pub outcome: Option<String>,
    /// Only clients without a decision.
    pub undecided: bool,
    /// PD from (included) to (not included).
    pub pd: Option<(f64, f64)>,
    pub order: ClientOrder,
    pub descending: bool,
    pub offset: u64,
    pub limit: u64,
}

/// One page and the number of clients on all.
pub struct ClientPage {
    pub clients: Vec<ClientLine>,
    pub total: u64,
}

/// A client without the large columns.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct ClientLine {
    pub number: i64,
    pub name: String,
    pub age_years: Option<f64>,
    pub income: Option<f64>,
    pub credit: Option<f64>,
    pub pd: Option<f64>,
    pub threshold: Option<f64>,
    pub outcome: Option<String>,
    pub decided_at: Option<i64>,
}

/// How the portfolio stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub clients: u64,
    pub granted: u64,
    pub refused: u64,
}

/// One page of clients.
pub async fn search(scope: &TenantScope, filter: &ClientFilter) -> Result<ClientPage, ClientError> {
    let mut query = scope.find::<Entity>();
    let text = filter.text.trim();
    if !text.is_empty() {
        query = query.filter(matching(text));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(Column::Outcome.eq(outcome.as_str()));
    }
    if filter.undecided {
        query = query.filter(Column::DecisionId.is_null());
    }
    if let Some((from, to)) = filter.pd {
        query = query.filter(Column::Pd.gte(from)).filter(Column::Pd.lt(to));
    }
    let total = query.clone().count(scope.reader()).await?;
    let column = match filter.order {
        ClientOrder::Number => Column::Number,
        ClientOrder::Pd => Column::Pd,
        ClientOrder::Age => Column::AgeYears,
        ClientOrder::Income => Column::Income,
        ClientOrder::Credit => Column::Credit,
        ClientOrder::Decided => Column::DecidedAt,
    };
    let direction = if filter.descending {
        Order::Desc
    } else {
        Order::Asc
    };
    let clients = query
        .select_only()
        .columns([
            Column::Number,
            Column::Name,
            Column::AgeYears,
            Column::Income,
            Column::Credit,
            Column::Pd,
            Column::Threshold,
            Column::Outcome,
            Column::DecidedAt,
        ])
        .order_by_with_nulls(column, direction, NullOrdering::Last)
        .order_by_asc(Column::Number)
        .offset(filter.offset)
        .limit(filter.limit)
        .into_model::<ClientLine>()
        .all(scope.reader())
        .await?;
    Ok(ClientPage { clients, total })
}

/// `LIKE` without its wildcards meaning anything in what the reader typed.
fn matching(text: &str) -> Condition {
    let escaped: String = text
        .to_lowercase()
        .chars()
        // PostgreSQL takes no NUL in a text, and no name holds control characters.
        .filter(|c| !c.is_control())
        .flat_map(|c| {
            let wild = matches!(c, '%' | '_' | '\\');
            wild.then_some('\\').into_iter().chain(std::iter::once(c))
        })
        .collect();
    let like = || sea_orm::sea_query::LikeExpr::new(format!("%{escaped}%")).escape('\\');
    let name = Expr::expr(sea_orm::sea_query::Func::lower(Expr::col(Column::Name)));
    let number = Expr::col(Column::Number).cast_as("text");
    Condition::any()
        .add(name.like(like()))
        .add(number.like(like()))
}

/// Clients, and how the last decision of each went.
pub async fn counts(scope: &TenantScope) -> Result<Counts, ClientError> {
    let clients = scope.find::<Entity>().count(scope.reader()).await?;
    let of = async |outcome: &str| {
        scope
            .find::<Entity>()
            .filter(Column::Outcome.eq(outcome))
            .count(scope.reader())
            .await
    };
    Ok(Counts {
        clients,
        granted: of("granted").await?,
        refused: of("refused").await?,
    })
}

impl From<&Client> for ClientLine {
    fn from(client: &Client) -> Self {
        Self {
            number: client.number,
            name: client.name.clone(),
            age_years: client.age_years,
            income: client.income,
            credit: client.credit,
            pd: client.pd,
            threshold: client.threshold,
            outcome: client.outcome.clone(),
            decided_at: client.decided_at,
        }
    }
}

/// PD and outcome of the last decision about each client that has one.
pub async fn scores(scope: &TenantScope) -> Result<Vec<(f64, String)>, ClientError> {
    Ok(scope
        .find::<Entity>()
        .filter(Column::Pd.is_not_null())
        .filter(Column::Outcome.is_not_null())
        .select_only()
        .columns([Column::Pd, Column::Outcome])
        .into_tuple()
        .all(scope.reader())
        .await?)
}

/// Number and outcome of each client that has been decided about.
pub async fn outcomes(scope: &TenantScope) -> Result<Vec<(i64, String)>, ClientError> {
    Ok(scope
        .find::<Entity>()
        .filter(Column::Outcome.is_not_null())
        .select_only()
        .columns([Column::Number, Column::Outcome])
        .into_tuple()
        .all(scope.reader())
        .await?)
}
