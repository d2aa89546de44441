//! A client's features are the same bits alone and in company, whatever the amounts: sums of
//! floating-point numbers depend on their order, so this is where an unstable order shows.

use octroi_data::reader::Applications;
use octroi_data::{Portfolio, RawApplication, RawTables, features};
use proptest::prelude::*;

use crate::folder::{Folder, Row, differences};

/// One row of a child table: whose it is, an amount, a day or month.
type Event = (usize, f64, i32);

fn events() -> impl Strategy<Value = Vec<Event>> {
    let amount = prop_oneof![0.0..1e6, Just(0.0), -1e-3..1e-3, 1e11..1e12];
    prop::collection::vec((0_usize..4, amount, -1500..0), 0..60)
}

fn folder(bureau: &[Event], instalments: &[Event], cards: &[Event]) -> Folder {
    const CLIENTS: [&str; 4] = ["11", "12", "13", "14"];
    let folder = Folder::new();
    let clients = CLIENTS.map(|id| [("SK_ID_CURR", id), ("TARGET", "0"), ("AMT_ANNUITY", "7")]);
    let rows: Vec<Row<'_>> = clients.iter().map(|row| &row[..]).collect();
    folder.applications("application_train", &rows);
    let written = |events: &[Event], columns: [&'static str; 4]| -> Vec<Vec<(&str, String)>> {
        events
            .iter()
            .enumerate()
            .map(|(at, (client, amount, day))| {
                vec![
                    ("SK_ID_CURR", CLIENTS[*client].to_owned()),
                    (columns[0], (500 + at).to_string()),
                    (columns[1], amount.to_string()),
                    (columns[2], (amount / 3.0).to_string()),
                    (columns[3], day.to_string()),
                ]
            })
            .collect()
    };
    for (stem, events, columns) in [
        (
            "bureau",
            bureau,
            [
                "SK_ID_BUREAU",
                "AMT_CREDIT_SUM",
                "AMT_CREDIT_SUM_DEBT",
                "DAYS_CREDIT",
            ],
        ),
        (
            "installments_payments",
            instalments,
            [
                "SK_ID_PREV",
                "AMT_INSTALMENT",
                "AMT_PAYMENT",
                "DAYS_INSTALMENT",
            ],
        ),
        (
            "credit_card_balance",
            cards,
            [
                "SK_ID_PREV",
                "AMT_BALANCE",
                "AMT_DRAWINGS_CURRENT",
                "MONTHS_BALANCE",
            ],
        ),
    ] {
        let rows = written(events, columns);
        let rows: Vec<Vec<(&str, &str)>> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|(name, text)| (*name, text.as_str()))
                    .collect()
            })
            .collect();
        let rows: Vec<Row<'_>> = rows.iter().map(Vec::as_slice).collect();
        folder.table(stem, &rows);
    }
    folder
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn company_does_not_change_a_client(
        bureau in events(), instalments in events(), cards in events(),
    ) {
        let portfolio = Portfolio::home_credit();
        let tables = folder(&bureau, &instalments, &cards).read(Applications::Train).unwrap();
        let together = features::compute(portfolio, &tables).unwrap();
        let clients: Vec<RawApplication> = tables.applications().collect();
        for (row, client) in clients.iter().enumerate() {
            let alone = std::slice::from_ref(client);
            let alone = RawTables::from_applications(portfolio, alone).unwrap();
            let alone = features::compute(portfolio, &alone).unwrap();
            prop_assert_eq!(differences((&together, row), (&alone, 0)), Vec::<String>::new());
        }
        let backwards: Vec<RawApplication> = clients.into_iter().rev().collect();
        let backwards = RawTables::from_applications(portfolio, &backwards).unwrap();
        let backwards = features::compute(portfolio, &backwards).unwrap();
        for row in 0..4 {
            let other = (&backwards, 3 - row);
            prop_assert_eq!(differences((&together, row), other), Vec::<String>::new());
        }
    }

    #[test]
    fn clients_of_two_banks_with_the_same_numbers_do_not_change_each_other(
        bureau in events(), instalments in events(), cards in events(), others in events(),
    ) {
        let portfolio = Portfolio::home_credit();
        let ours = folder(&bureau, &instalments, &cards).read(Applications::Train).unwrap();
        let theirs = folder(&others, &cards, &bureau).read(Applications::Train).unwrap();
        let all: Vec<RawApplication> = ours.applications().chain(theirs.applications()).collect();
        let tables = RawTables::side_by_side(portfolio, &all).unwrap();
        prop_assert_eq!(tables.ids(), (0..all.len() as i64).collect::<Vec<_>>());
        let together = features::compute(portfolio, &tables).unwrap();
        for (row, client) in all.iter().enumerate() {
            let alone = RawTables::from_applications(portfolio, std::slice::from_ref(client)).unwrap();
            let alone = features::compute(portfolio, &alone).unwrap();
            prop_assert_eq!(differences((&together, row), (&alone, 0)), Vec::<String>::new());
        }
    }

    #[test]
    fn a_variant_has_the_features_of_the_application_that_it_stands_for(
        bureau in events(), instalments in events(), cards in events(),
        amounts in prop::collection::vec((1e3_f64..1e6, 0_u8..2), 1..40),
    ) {
        let portfolio = Portfolio::home_credit();
        let tables = folder(&bureau, &instalments, &cards).read(Applications::Train).unwrap();
        let client = tables.applications().nth(2).unwrap();
        let one = RawTables::from_applications(portfolio, std::slice::from_ref(&client)).unwrap();
        let columns = ["AMT_ANNUITY", "FLAG_EMAIL", "AMT_GOODS_PRICE"];
        // The last is not known, in any of them; the first variant comes twice.
        let mut variants: Vec<Vec<f64>> = amounts
            .iter()
            .map(|&(amount, flag)| vec![amount, f64::from(flag), f64::NAN])
            .collect();
        variants.push(variants[0].clone());
        let together = features::compute_variants(portfolio, &one, &columns, &variants).unwrap();
        prop_assert_eq!(together.values.nrows(), variants.len());
        for (row, variant) in variants.iter().enumerate() {
            let mut changed = client.clone();
            changed.content["application"]["AMT_ANNUITY"] = variant[0].into();
            changed.content["application"]["FLAG_EMAIL"] = (variant[1] as i64).into();
            let alone = RawTables::from_applications(portfolio, &[changed]).unwrap();
            let alone = features::compute(portfolio, &alone).unwrap();
            prop_assert_eq!(differences((&together, row), (&alone, 0)), Vec::<String>::new());
        }
    }
}

#[test]
fn variants_are_of_one_client_and_of_numbers_that_are_features() {
    let portfolio = Portfolio::home_credit();
    let folder = folder(&[], &[], &[]);
    let four = folder.read(Applications::Train).unwrap();
    let client = four.applications().next().unwrap();
    let one = RawTables::from_applications(portfolio, &[client]).unwrap();
    let refusal = |tables: &RawTables, columns: &[&str], variant: &[f64]| {
        features::compute_variants(portfolio, tables, columns, &[variant.to_vec()])
            .unwrap_err()
            .to_string()
    };
    assert!(refusal(&four, &["AMT_CREDIT"], &[1.0]).contains("exactly one client"));
    assert!(refusal(&one, &["AMT_CREDIT"], &[]).contains("one value per column"));
    for column in ["CODE_GENDER", "SK_ID_CURR", "NO_SUCH_COLUMN"] {
        assert!(
            refusal(&one, &[column], &[1.0]).contains(column),
            "{column}"
        );
    }
}
