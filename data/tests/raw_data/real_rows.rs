//! The real rows of the competition, where they are at hand.

use std::path::Path;

use octroi_data::reader::{Applications, read_folder};
use octroi_data::{Portfolio, RawApplication, RawTables, features};

use crate::folder::{differences, value};

fn real(which: Applications) -> Option<RawTables> {
    let dir = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/home-credit"
    ));
    if !dir.is_dir() {
        println!("not run: ../shared is absent");
        return None;
    }
    Some(read_folder(Portfolio::home_credit(), dir, which).unwrap())
}

#[test]
fn real_rows_are_read_whole() {
    let Some(tables) = real(Applications::All) else {
        return;
    };
    assert_eq!(tables.clients(), 34_050 + 13_971);
    let rows = |table: &str| {
        let found = tables
            .report()
            .tables
            .iter()
            .find(|read| read.table == table);
        found.unwrap().rows
    };
    assert_eq!(rows("application"), 34_050);
    assert_eq!(rows("bureau"), 49_227);
    assert_eq!(rows("bureau_balance"), 1_207_059);
    assert_eq!(rows("previous_application"), 49_100);
    assert_eq!(rows("POS_CASH_balance"), 287_697);
    assert_eq!(rows("installments_payments"), 47_986);
    assert_eq!(rows("credit_card_balance"), 113_392);
    assert_eq!(tables.report().absent, Vec::<String>::new());
    let unknown_levels = tables
        .report()
        .warnings
        .iter()
        .find(|warning| warning.contains("levels"));
    assert_eq!(unknown_levels, None);
}

#[test]
fn a_real_client_alone_has_the_same_features_bit_for_bit() {
    let Some(tables) = real(Applications::Train) else {
        return;
    };
    let portfolio = Portfolio::home_credit();
    let together = features::compute(portfolio, &tables).unwrap();
    assert_eq!(together.values.nrows(), 34_050);
    assert!(together.target.is_some());
    assert!(together.values.iter().all(|value| !value.is_infinite()));
    let histories =
        (0..together.ids.len()).filter(|row| value(&together, *row, "PREV_COUNT") > 3.0);
    assert!(histories.count() > 1000);
    let clients: Vec<RawApplication> = tables.applications().collect();
    for row in (0..clients.len()).step_by(331).chain(0..60) {
        // As a partner bank sends it: through text, and checked.
        let text = serde_json::to_string(&clients[row].content).unwrap();
        let sent = serde_json::from_str(&text).unwrap();
        let parsed = RawApplication::parse(portfolio, &sent).unwrap();
        assert_eq!(parsed, clients[row]);
        let alone = RawTables::from_applications(portfolio, &[parsed]).unwrap();
        let alone = features::compute(portfolio, &alone).unwrap();
        let differences = differences((&together, row), (&alone, 0));
        assert_eq!(
            differences,
            Vec::<String>::new(),
            "client {}",
            together.ids[row]
        );
    }
    for batch in [&clients[..100], &clients[20_000..20_777]] {
        let first = together
            .ids
            .iter()
            .position(|id| *id == batch[0].id)
            .unwrap();
        let some = RawTables::from_applications(portfolio, batch).unwrap();
        let some = features::compute(portfolio, &some).unwrap();
        for (row, client) in batch.iter().enumerate() {
            let differences = differences((&together, first + row), (&some, row));
            assert_eq!(differences, Vec::<String>::new(), "client {}", client.id);
        }
    }
}
