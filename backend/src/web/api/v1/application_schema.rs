//! The body that asks for a decision, as the document describes it: either a client's number or
//! a whole application, whose tables, columns, levels and limits are those of the portfolio
//! that the service checks against. What no schema says (keys that are there once, rows that
//! refer to one another) is a 422.

use super::decisions::DecisionBody;
use octroi_data::application::MAX_ROWS;
use octroi_data::language::Language;
use octroi_data::portfolio::{Column, ColumnKind, Portfolio, Sentinel, Table};
use serde_json::{Value, json};
use std::borrow::Cow;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, SchemaType, Type};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema};
use utoipa::{Number, PartialSchema, ToSchema};

/// Numbers are taken up to this size.
const LARGEST: f64 = 1e15;

impl ToSchema for DecisionBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("DecisionBody")
    }
}

impl PartialSchema for DecisionBody {
    // Tools show one `example`; several `examples` of a body are shown by none we know.
    #[allow(deprecated)]
    fn schema() -> RefOr<Schema> {
        let portfolio = Portfolio::home_credit();
        let client = of_type(Type::Integer)
            .description(Some("A client of the portfolio, by number"))
            .minimum(Some(Number::Int(isize::MIN)))
            .maximum(Some(Number::Int(isize::MAX)))
            .examples([json!(100_001)]);
        let codes = Language::ALL.map(|language| json!(language.as_str()));
        let language = || {
            ObjectBuilder::new()
                .schema_type(nullable(Type::String))
                .enum_values(Some(codes.iter().cloned().chain([Value::Null])))
                .description(Some("Language of the reasons; the bank's own by default"))
        };
        let absent = || of_type(Type::Null);
        let one = |by: &str, schema: ObjectBuilder, other: &str| {
            closed()
                .property(by, schema)
                .property(other, absent())
                .property("language", language())
                .required(by)
        };
        OneOfBuilder::new()
            .description(Some(
                "Who is to be decided about: exactly one of `client_id` and `tables`.",
            ))
            .item(one("client_id", client, "tables"))
            .item(one("tables", tables(portfolio), "client_id"))
            .example(Some(example()))
            .into()
    }
}

fn example() -> Value {
    json!({
        "language": "en",
        "tables": {
            "application": {
                "SK_ID_CURR": 700_001, "NAME_CONTRACT_TYPE": "Cash loans", "CODE_GENDER": "F",
                "AMT_INCOME_TOTAL": 135_000.0, "AMT_CREDIT": 406_597.5, "AMT_ANNUITY": 24_700.5,
                "DAYS_BIRTH": -14000, "EXT_SOURCE_2": 0.52
            },
            "bureau": [
                { "SK_ID_BUREAU": 8_000_001, "CREDIT_ACTIVE": "Closed", "DAYS_CREDIT": -700,
                  "AMT_CREDIT_SUM": 90_000.0 }
            ]
        }
    })
}

fn of_type(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

fn nullable(kind: Type) -> SchemaType {
    SchemaType::Array(vec![kind, Type::Null])
}

/// An object with the fields that are named and no other.
fn closed() -> ObjectBuilder {
    of_type(Type::Object).additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn tables(portfolio: &Portfolio) -> ObjectBuilder {
    let own = portfolio.application();
    let mut tables = closed()
        .description(Some(
            "The whole application: an object `application` with the columns of the application \
             table, and one array of rows for each other table that is known (`[]`: known to be \
             empty; absent: not known). The application becomes what is on file for its \
             `SK_ID_CURR`: a client of that number is updated, with an audit event.",
        ))
        .required(&own.name);
    for table in portfolio.tables.iter() {
        // A row belongs to the application that it came with; the client's number in it may
        // be left out, and is refused where it is another's.
        let leave_out = own.key.as_deref().filter(|_| table.name != own.name);
        let row = row(table, leave_out);
        tables = if table.name == own.name {
            tables.property(&table.name, row)
        } else {
            let rows = ArrayBuilder::new().items(row).max_items(Some(MAX_ROWS));
            tables.property(&table.name, rows)
        };
    }
    tables
}

fn row(table: &Table, leave_out: Option<&str>) -> ObjectBuilder {
    let mut row = closed();
    for column in &table.columns {
        if Some(column.name.as_str()) == leave_out {
            continue;
        }
        let outcome = table.label.as_deref() == Some(column.name.as_str());
        row = row.property(
            &column.name,
            if outcome { outcomes() } else { values(column) },
        );
        if column.required {
            row = row.required(&column.name);
        }
    }
    row
}

/// A label is 0, 1 or not known.
fn outcomes() -> RefOr<Schema> {
    let values = [json!(0), json!(1), Value::Null];
    ObjectBuilder::new()
        .schema_type(nullable(Type::Integer))
        .enum_values(Some(values))
        .into()
}

/// What a column takes, the values that stand for "missing" included.
fn values(column: &Column) -> RefOr<Schema> {
    let kind = |kind: Type| {
        if column.required {
            SchemaType::Type(kind)
        } else {
            nullable(kind)
        }
    };
    let null = (!column.required).then_some(Value::Null);
    if let ColumnKind::Category { levels } = &column.kind {
        let missing = column.missing.iter().filter_map(|sentinel| match sentinel {
            Sentinel::Level(level) => Some(level),
            Sentinel::Number(_) => None,
        });
        let mut known: Vec<Value> = Vec::new();
        for level in levels.iter().chain(missing) {
            let level = json!(level);
            if !known.contains(&level) {
                known.push(level);
            }
        }
        return ObjectBuilder::new()
            .schema_type(kind(Type::String))
            .enum_values(Some(known.into_iter().chain(null)))
            .into();
    }
    let (of, limit) = match &column.kind {
        ColumnKind::Id => (Type::Integer, None),
        ColumnKind::Integer => (Type::Integer, Some(LARGEST)),
        ColumnKind::Number | ColumnKind::Category { .. } => (Type::Number, Some(LARGEST)),
    };
    let bound =
        |own: Option<f64>, otherwise: isize, sign: f64| match own.or(limit.map(|l| l * sign)) {
            Some(number) => Number::Float(number),
            None => Number::Int(otherwise),
        };
    let in_range = ObjectBuilder::new()
        .schema_type(kind(of))
        .minimum(Some(bound(column.min, isize::MIN, -1.0)))
        .maximum(Some(bound(column.max, isize::MAX, 1.0)));
    let outside: Vec<Value> = column
        .missing
        .iter()
        .filter_map(|sentinel| match sentinel {
            Sentinel::Number(number) => Some(*number),
            Sentinel::Level(_) => None,
        })
        .filter(|number| {
            column.min.is_some_and(|min| *number < min)
                || column.max.is_some_and(|max| *number > max)
        })
        .map(|number| json!(number))
        .collect();
    if outside.is_empty() {
        return in_range.into();
    }
    AnyOfBuilder::new()
        .item(in_range)
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Number)
                .enum_values(Some(outside)),
        )
        .into()
}
