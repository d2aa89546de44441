//! What the readers accept: the five formats, absent tables, sentinels, unknown levels, both
//! application files together, one file by itself.

use std::fs::File;
use std::io::{Cursor, Write};

use octroi_data::column::MISSING_CODE;
use octroi_data::reader::{Applications, read_table_file};
use octroi_data::{Portfolio, Values};
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};
use polars_io::parquet::write::ParquetWriter;

use crate::folder::{Folder, Row, columns, csv_text, value};

/// A zip archive with these files, compressed or stored.
pub(crate) fn zipped(files: &[(&str, &str)], compressed: bool) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let method = if compressed {
        zip::CompressionMethod::Deflated
    } else {
        zip::CompressionMethod::Stored
    };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, text) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

pub(crate) fn gzipped(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

/// Writes a table as Parquet, with integers, floats and text by what the values look like.
pub(crate) fn write_parquet(folder: &Folder, stem: &str, rows: &[Row<'_>]) {
    let column = |name: &&str| -> Column {
        let values: Vec<Option<&str>> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .find(|(own, _)| own == name)
                    .map(|(_, value)| *value)
            })
            .collect();
        let all = |fits: fn(&str) -> bool| values.iter().flatten().all(|text| fits(text));
        let series = if all(|text| text.parse::<i64>().is_ok()) {
            let numbers: Vec<Option<i64>> =
                values.iter().map(|text| (*text)?.parse().ok()).collect();
            Series::new((*name).into(), numbers)
        } else if all(|text| text.parse::<f64>().is_ok()) {
            let numbers: Vec<Option<f64>> =
                values.iter().map(|text| (*text)?.parse().ok()).collect();
            Series::new((*name).into(), numbers)
        } else {
            Series::new((*name).into(), values)
        };
        series.into_column()
    };
    // A column without any value has the type "text": of no use for a number.
    let known = |name: &&&str| {
        rows.iter()
            .any(|row| row.iter().any(|(own, _)| own == *name))
    };
    let names = columns(stem);
    let mut built: Vec<Column> = names.iter().filter(known).map(column).collect();
    for name in names.iter().filter(|name| !known(name)) {
        built.push(Series::new_null((*name).into(), rows.len()).into_column());
    }
    let mut frame = DataFrame::new(rows.len(), built).unwrap();
    let file = File::create(folder.file(&format!("{stem}.parquet"))).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
}

const CLIENTS: [Row<'static>; 2] = [
    &[
        ("SK_ID_CURR", "1"),
        ("TARGET", "1"),
        ("NAME_CONTRACT_TYPE", "Cash loans"),
        ("CODE_GENDER", "XNA"),
        ("AMT_INCOME_TOTAL", "202500.5"),
        ("AMT_CREDIT", "406597.5"),
        ("DAYS_BIRTH", "-9461"),
        ("DAYS_EMPLOYED", "365243"),
        ("ORGANIZATION_TYPE", "XNA"),
        ("WALLSMATERIAL_MODE", "Stone, brick"),
        ("NAME_TYPE_SUITE", "Spouse, partner"),
    ],
    &[
        ("SK_ID_CURR", "2"),
        ("TARGET", "0"),
        ("NAME_CONTRACT_TYPE", "Revolving loans"),
        ("CODE_GENDER", "M"),
        ("AMT_INCOME_TOTAL", "270000"),
        ("AMT_CREDIT", "1293502.5"),
        ("DAYS_BIRTH", "-16765"),
        ("DAYS_EMPLOYED", "-1188"),
        ("EXT_SOURCE_1", "0.311267311"),
    ],
];

#[test]
fn a_table_reads_the_same_in_every_format() {
    let text = csv_text("application_train", &CLIENTS);
    let plain = Folder::new();
    plain.write("application_train.csv", &text);
    let expected: Vec<_> = plain
        .read(Applications::Train)
        .unwrap()
        .applications()
        .collect();
    assert_eq!(expected.len(), 2);
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    for (name, content) in [
        ("application_train.csv", windows.into_bytes()),
        (
            "application_train.csv.zip",
            zipped(&[("application_train.csv", &text)], true),
        ),
        (
            "application_train.zip",
            zipped(&[("any.csv", &text), ("__MACOSX/any.csv", "")], true),
        ),
        ("application_train.csv.gz", gzipped(&text)),
    ] {
        let folder = Folder::new();
        folder.write(name, content);
        let read = folder.read(Applications::Train).unwrap();
        assert_eq!(read.applications().collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(read.report().tables[0].file, name);
        assert_eq!(read.report().tables[0].rows, 2);
    }
    let folder = Folder::new();
    write_parquet(&folder, "application_train", &CLIENTS);
    let read = folder.read(Applications::Train).unwrap();
    assert_eq!(read.applications().collect::<Vec<_>>(), expected, "Parquet");
}

#[test]
fn the_order_of_columns_in_a_file_does_not_matter() {
    let text = csv_text("application_train", &CLIENTS);
    let plain = Folder::new();
    plain.write("application_train.csv", &text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in reader.records() {
        writer
            .write_record(record.unwrap().iter().collect::<Vec<_>>().iter().rev())
            .unwrap();
    }
    let reversed = Folder::new();
    reversed.write("application_train.csv", writer.into_inner().unwrap());
    let read = |folder: &Folder| -> Vec<_> {
        folder
            .read(Applications::Train)
            .unwrap()
            .applications()
            .collect()
    };
    assert_eq!(read(&reversed), read(&plain));
}

#[test]
fn a_parquet_file_with_a_wrong_value_names_its_row() {
    let folder = Folder::with_one_client();
    write_parquet(
        &folder,
        "bureau",
        &[
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "4"),
                ("DAYS_CREDIT", "-3"),
            ],
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "5"),
                ("DAYS_CREDIT", "-2.5"),
            ],
        ],
    );
    assert_eq!(
        folder.refusal(),
        "bureau.parquet: row 2: column DAYS_CREDIT: \"-2.5\" is not a whole number (at most 1e15 in size)"
    );
    write_parquet(
        &folder,
        "bureau",
        &[&[
            ("SK_ID_CURR", "1"),
            ("SK_ID_BUREAU", "4"),
            ("DAYS_CREDIT", "three"),
        ]],
    );
    assert!(
        folder
            .refusal()
            .starts_with("bureau.parquet: column DAYS_CREDIT has the type str"),
        "{}",
        folder.refusal()
    );
}

#[test]
fn tables_that_are_absent_are_reported_and_their_features_missing() {
    let folder = Folder::with_one_client();
    let read = folder.read(Applications::Train).unwrap();
    assert_eq!(
        read.report().absent,
        [
            "bureau",
            "bureau_balance",
            "previous_application",
            "POS_CASH_balance",
            "installments_payments",
            "credit_card_balance"
        ]
    );
    let features = folder.features();
    for name in [
        "BUREAU_COUNT",
        "BUREAU_MONTHS_LATE_COUNT",
        "PREV_COUNT",
        "POS_DPD_MAX",
        "INST_LATE_SHARE",
        "CARD_COUNT",
        "TOTAL_DEBT_TO_INCOME",
    ] {
        assert!(value(&features, 0, name).is_nan(), "{name}");
    }
    assert!((value(&features, 0, "CREDIT_TO_INCOME") - 5.0).abs() < 1e-12);
}

#[test]
fn a_level_nobody_knows_becomes_missing_and_is_reported_with_its_line() {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[
            &[("SK_ID_CURR", "1"), ("TARGET", "0")],
            &[
                ("SK_ID_CURR", "2"),
                ("TARGET", "0"),
                ("NAME_INCOME_TYPE", "Influencer"),
            ],
            &[
                ("SK_ID_CURR", "3"),
                ("TARGET", "0"),
                ("NAME_INCOME_TYPE", "Astronaut"),
            ],
        ],
    );
    let read = folder.read(Applications::Train).unwrap();
    let warning = &read.report().warnings[0];
    assert!(
        warning.contains("column NAME_INCOME_TYPE: 2 values"),
        "{warning}"
    );
    assert!(warning.contains("\"Influencer\", line 3"), "{warning}");
    assert!(value(&folder.features(), 1, "NAME_INCOME_TYPE").is_nan());
}

#[test]
fn sentinels_are_missing_values_and_no_warning() {
    let folder = Folder::new();
    folder.table("application_train", &CLIENTS);
    let read = folder.read(Applications::Train).unwrap();
    assert_eq!(read.report().warnings, Vec::<String>::new());
    let features = folder.features();
    assert!(value(&features, 0, "DAYS_EMPLOYED").is_nan());
    assert!(value(&features, 0, "CODE_GENDER").is_nan());
    assert!(value(&features, 0, "ORGANIZATION_TYPE").is_nan());
    assert!((value(&features, 0, "NOT_EMPLOYED") - 1.0).abs() < 1e-12);
    assert!((value(&features, 1, "CODE_GENDER") - 1.0).abs() < 1e-12);
}

#[test]
fn both_application_files_are_read_one_after_the_other() {
    let folder = Folder::with_one_client();
    folder.applications("application_test", &[&[("SK_ID_CURR", "9")]]);
    let train = folder.read(Applications::Train).unwrap();
    let test = folder.read(Applications::Test).unwrap();
    let all = folder.read(Applications::All).unwrap();
    assert_eq!(
        (train.ids(), test.ids(), all.ids()),
        (vec![1], vec![9], vec![1, 9])
    );
    assert_eq!(
        (train.has_label(), test.has_label(), all.has_label()),
        (true, false, false)
    );
    assert_eq!(all.labels(), [Some(false), None]);
    assert_eq!(all.report().tables.len(), 2);
}

#[test]
fn all_is_content_with_one_of_the_two_application_files() {
    let folder = Folder::with_one_client();
    assert_eq!(folder.read(Applications::All).unwrap().ids(), [1]);
    assert!(
        folder
            .refusal_of(Applications::Test)
            .contains("application_test.csv")
    );
}

#[test]
fn an_outcome_that_is_blank_is_reported() {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[
            &[("SK_ID_CURR", "1"), ("TARGET", "0")],
            &[("SK_ID_CURR", "2")],
        ],
    );
    let read = folder.read(Applications::Train).unwrap();
    assert!(!read.has_label());
    assert_eq!(
        read.report().warnings,
        ["application_train.csv: 1 rows have no TARGET"]
    );
}

#[test]
fn rows_of_clients_who_were_not_read_are_left_out_and_counted() {
    let folder = Folder::with_one_client();
    folder.table(
        "bureau",
        &[
            &[("SK_ID_CURR", "99"), ("SK_ID_BUREAU", "4")],
            &[("SK_ID_CURR", "1"), ("SK_ID_BUREAU", "5")],
        ],
    );
    folder.table(
        "bureau_balance",
        &[&[("SK_ID_BUREAU", "4")], &[("SK_ID_BUREAU", "5")]],
    );
    let read = folder.read(Applications::Train).unwrap();
    assert_eq!(read.report().warnings.len(), 2);
    assert!(
        read.report().warnings[0].starts_with("bureau: 1 rows"),
        "{:?}",
        read.report().warnings
    );
    assert!((value(&folder.features(), 0, "BUREAU_COUNT") - 1.0).abs() < 1e-12);
    assert!((value(&folder.features(), 0, "BUREAU_MONTHS_COUNT") - 1.0).abs() < 1e-12);
}

#[test]
fn the_report_has_the_digest_of_the_file_on_disk() {
    let folder = Folder::with_one_client();
    let read = folder.read(Applications::Train).unwrap();
    let bytes = std::fs::read(folder.file("application_train.csv")).unwrap();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
    assert_eq!(read.report().tables[0].sha256, hex::encode(digest));
}

#[test]
fn one_file_is_recognised_by_its_name_or_by_its_columns() {
    let folder = Folder::new();
    let rows: [Row<'_>; 2] = [
        &[
            ("SK_ID_BUREAU", "4"),
            ("MONTHS_BALANCE", "-1"),
            ("STATUS", "C"),
        ],
        &[("SK_ID_BUREAU", "4")],
    ];
    folder.table("bureau_balance", &rows);
    folder.write("march.csv", csv_text("bureau_balance", &rows));
    for name in ["bureau_balance.csv", "march.csv"] {
        let read = read_table_file(Portfolio::home_credit(), &folder.file(name)).unwrap();
        assert_eq!((read.table.as_str(), read.rows), ("bureau_balance", 2));
        let Values::Number(months) = &read.columns[1].values else {
            panic!("months are numbers")
        };
        assert!((months[0] + 1.0).abs() < 1e-12 && months[1].is_nan());
        let Values::Category { codes, levels } = &read.columns[2].values else {
            panic!("a status is a category")
        };
        assert_eq!(
            (codes[0], codes[1], levels[0].as_str()),
            (0, MISSING_CODE, "C")
        );
    }
}

#[test]
fn one_application_file_may_lack_the_label() {
    let folder = Folder::new();
    folder.applications("application_test", &[&[("SK_ID_CURR", "9")]]);
    let file = folder.file("application_test.csv");
    let read = read_table_file(Portfolio::home_credit(), &file).unwrap();
    assert_eq!(read.table, "application");
}
