//! Every feature has words in both languages, and no words are about nothing.

use std::collections::HashSet;

use octroi_data::dictionary::Unit;
use octroi_data::{FeatureKind, FeatureTable, Language, Portfolio};

use crate::folder::Folder;

fn features() -> FeatureTable {
    Folder::with_one_client().features()
}

#[test]
fn every_feature_has_an_entry_in_both_languages() {
    let dictionary = &Portfolio::home_credit().dictionary;
    for feature in features().features {
        let entry = dictionary.entry(&feature.name);
        let entry = entry.unwrap_or_else(|| panic!("{} has no entry", feature.name));
        for language in Language::ALL {
            assert!(
                !entry.label.get(language).trim().is_empty(),
                "{}",
                feature.name
            );
            assert!(
                !entry.description.get(language).trim().is_empty(),
                "{}",
                feature.name
            );
        }
        let categorical = feature.kind != FeatureKind::Number;
        assert_eq!(
            entry.unit == Unit::Category,
            categorical,
            "{}",
            feature.name
        );
    }
}

#[test]
fn every_entry_is_a_column_of_the_application_or_a_feature() {
    let features = features();
    let mut known: HashSet<&str> = features
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    let columns = &Portfolio::home_credit().application().columns;
    known.extend(columns.iter().map(|column| column.name.as_str()));
    for entry in Portfolio::home_credit().dictionary.entries() {
        assert!(known.contains(entry.name.as_str()), "{}", entry.name);
    }
}

#[test]
fn every_column_of_the_application_is_a_feature_but_its_number_and_outcome() {
    let features = features();
    for column in &Portfolio::home_credit().application().columns {
        let found = features
            .features
            .iter()
            .any(|feature| feature.name == column.name);
        let is_feature = column.name != "SK_ID_CURR" && column.name != "TARGET";
        assert_eq!(found, is_feature, "{}", column.name);
    }
}

#[test]
fn no_two_entries_have_the_same_label() {
    for language in Language::ALL {
        let mut seen = HashSet::new();
        for entry in Portfolio::home_credit().dictionary.entries() {
            let label = entry.label.get(language);
            assert!(
                seen.insert(label),
                "{}: \"{label}\" is said twice",
                entry.name
            );
        }
    }
}

#[test]
fn there_are_thirty_derived_features_and_a_hundred_aggregates_at_least() {
    let own = Portfolio::home_credit().application().columns.len() - 2;
    let tables = ["BUREAU_", "PREV_", "POS_", "INST_", "CARD_"];
    let features = features();
    let aggregates = features
        .features
        .iter()
        .filter(|feature| tables.iter().any(|table| feature.name.starts_with(table)))
        .count();
    assert!(aggregates >= 100, "{aggregates}");
    assert!(features.features.len() - own - aggregates >= 30);
}
