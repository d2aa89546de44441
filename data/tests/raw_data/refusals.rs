//! What the readers refuse: every error names the file, the line and the column, and nothing
//! is read.

use octroi_data::Portfolio;
use octroi_data::reader::{Applications, read_table_file};

use crate::folder::{Folder, columns, csv_text};

#[test]
fn a_folder_without_applications_says_what_was_looked_for() {
    let message = Folder::new().refusal();
    assert!(
        message.contains("no file of the table application"),
        "{message}"
    );
    for name in [
        "application_train.csv",
        "application_train.csv.zip",
        "application_train.zip",
        "application_train.csv.gz",
        "application_train.parquet",
    ] {
        assert!(message.contains(name), "{message}");
    }
    assert!(!message.contains("application_test"), "{message}");
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let missing = Folder::new().file("nowhere");
    let error =
        octroi_data::reader::read_folder(Portfolio::home_credit(), &missing, Applications::Train)
            .unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn a_missing_column_is_named() {
    let folder = Folder::with_one_client();
    let text = csv_text("bureau", &[]).replace("CREDIT_TYPE,", "");
    folder.write("bureau.csv", text);
    assert_eq!(
        folder.refusal(),
        "bureau.csv: line 1: column CREDIT_TYPE is missing from the table bureau"
    );
}

#[test]
fn an_unknown_column_is_named() {
    let folder = Folder::with_one_client();
    folder.write(
        "bureau.csv",
        csv_text("bureau", &[]).replace('\n', ",SURPRISE\n"),
    );
    assert_eq!(
        folder.refusal(),
        "bureau.csv: line 1: the table bureau has no column SURPRISE"
    );
}

#[test]
fn a_column_that_is_there_twice_is_named() {
    let folder = Folder::with_one_client();
    folder.write(
        "bureau.csv",
        csv_text("bureau", &[]).replace('\n', ",CREDIT_TYPE\n"),
    );
    assert_eq!(
        folder.refusal(),
        "bureau.csv: line 1: the column CREDIT_TYPE is there twice"
    );
}

#[test]
fn labelled_applications_need_the_label_column() {
    let folder = Folder::new();
    let text = csv_text("application_test", &[]);
    folder.write("application_train.csv", text);
    assert!(
        folder.refusal().contains("column TARGET is missing"),
        "{}",
        folder.refusal()
    );
}

#[test]
fn a_value_of_another_type_is_quoted_with_its_line() {
    for (column, value, expected) in [
        (
            "AMT_CREDIT",
            "a lot",
            "\"a lot\" is not a number (finite, at most 1e15 in size)",
        ),
        (
            "AMT_CREDIT",
            "inf",
            "\"inf\" is not a number (finite, at most 1e15 in size)",
        ),
        (
            "AMT_CREDIT",
            "NaN",
            "\"NaN\" is not a number (finite, at most 1e15 in size)",
        ),
        (
            "AMT_CREDIT",
            "1e16",
            "\"1e16\" is not a number (finite, at most 1e15 in size)",
        ),
        (
            "CNT_CHILDREN",
            "1.5",
            "\"1.5\" is not a whole number (at most 1e15 in size)",
        ),
        (
            "SK_ID_CURR",
            "2.0",
            "\"2.0\" is not an identifier (a 64-bit integer)",
        ),
        ("TARGET", "2", "\"2\" is not an outcome (0, 1 or blank)"),
    ] {
        let folder = Folder::new();
        let mut second = vec![(column, value)];
        if column != "SK_ID_CURR" {
            second.push(("SK_ID_CURR", "2"));
        }
        folder.applications("application_train", &[&[("SK_ID_CURR", "1")], &second]);
        let message = format!("application_train.csv: line 3: column {column}: {expected}");
        assert_eq!(folder.refusal(), message);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_line() {
    let folder = Folder::with_one_client();
    let text = csv_text(
        "bureau",
        &[&[
            ("SK_ID_CURR", "1"),
            ("SK_ID_BUREAU", "5"),
            ("CREDIT_TYPE", "Cr@dit"),
        ]],
    );
    let latin1: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == b'@' { 0xe9 } else { byte })
        .collect();
    folder.write("bureau.csv", latin1);
    let message = folder.refusal();
    assert!(
        message.starts_with("bureau.csv: line 2: column CREDIT_TYPE: "),
        "{message}"
    );
    assert!(message.ends_with("is not UTF-8 text"), "{message}");
}

#[test]
fn a_line_number_counts_line_ends_inside_quotes() {
    let folder = Folder::with_one_client();
    let text = csv_text(
        "bureau",
        &[
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "5"),
                ("CREDIT_TYPE", "@"),
            ],
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "6"),
                ("AMT_CREDIT_SUM", "much"),
            ],
        ],
    );
    folder.write("bureau.csv", text.replace('@', "\"two\r\nlines\""));
    let message = folder.refusal();
    assert!(
        message.starts_with("bureau.csv: line 4: column AMT_CREDIT_SUM"),
        "{message}"
    );
}

#[test]
fn an_error_far_into_a_large_file_has_its_line() {
    let folder = Folder::with_one_client();
    let mut text = String::from("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n");
    for row in 0..900_000 {
        text += if row == 654_321 {
            "77,soon,C\n"
        } else {
            "12345678,-10,C\n"
        };
    }
    folder.write("bureau_balance.csv", text);
    let message = folder.refusal();
    assert!(
        message.starts_with("bureau_balance.csv: line 654323: column MONTHS_BALANCE: \"soon\""),
        "{message}"
    );
}

#[test]
fn a_required_value_that_is_missing_is_named() {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[&[("SK_ID_CURR", "1"), ("AMT_CREDIT", "")]],
    );
    assert_eq!(
        folder.refusal(),
        "application_train.csv: line 2: column AMT_CREDIT has no value and must have one"
    );
}

#[test]
fn a_client_who_is_there_twice_is_shown_with_both_lines() {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[
            &[("SK_ID_CURR", "7")],
            &[("SK_ID_CURR", "8")],
            &[("SK_ID_CURR", "7")],
        ],
    );
    assert_eq!(
        folder.refusal(),
        "application_train.csv: line 4: SK_ID_CURR 7 is already in application_train.csv, line 2"
    );
}

#[test]
fn a_client_in_both_application_files_is_shown_with_both_places() {
    let folder = Folder::with_one_client();
    folder.applications(
        "application_test",
        &[&[("SK_ID_CURR", "2")], &[("SK_ID_CURR", "1")]],
    );
    assert_eq!(
        folder.refusal_of(Applications::All),
        "application_test.csv: line 3: SK_ID_CURR 1 is already in application_train.csv, line 2"
    );
}

#[test]
fn a_loan_at_the_bureau_that_is_there_twice_is_shown_with_both_lines() {
    let folder = Folder::with_one_client();
    let row = [("SK_ID_CURR", "1"), ("SK_ID_BUREAU", "5")];
    folder.table("bureau", &[&row, &row]);
    assert_eq!(
        folder.refusal(),
        "bureau.csv: line 3: SK_ID_BUREAU 5 is already in bureau.csv, line 2"
    );
}

#[test]
fn a_row_of_another_length_is_named_by_its_line() {
    let folder = Folder::with_one_client();
    folder.write(
        "bureau_balance.csv",
        "SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1,-1,C\n1,-2\n",
    );
    assert_eq!(
        folder.refusal(),
        "bureau_balance.csv: line 3: 2 fields where the header has 3"
    );
    folder.write(
        "bureau_balance.csv",
        "SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1,-1,C,\n1,-2,C\n",
    );
    assert_eq!(
        folder.refusal(),
        "bureau_balance.csv: line 2: 4 fields where the header has 3"
    );
}

#[test]
fn empty_files_are_refused_in_every_format() {
    for name in [
        "bureau.csv",
        "bureau.csv.zip",
        "bureau.csv.gz",
        "bureau.parquet",
    ] {
        let folder = Folder::with_one_client();
        folder.write(name, "");
        assert_eq!(folder.refusal(), format!("{name}: the file is empty"));
    }
}

#[test]
fn an_application_file_without_rows_is_refused() {
    let folder = Folder::new();
    folder.table("application_train", &[]);
    assert_eq!(
        folder.refusal(),
        "application_train.csv: there is no row after the header"
    );
}

#[test]
fn content_that_is_no_csv_is_recognised() {
    for (content, what) in [
        (
            &b"<!DOCTYPE html>\n<html></html>\n"[..],
            "it is HTML or XML",
        ),
        (
            b"PK\x03\x04rest of an archive",
            "it is a zip archive: name it .csv.zip",
        ),
        (b"\x1f\x8b\x08rest", "it is a gzip file: name it .csv.gz"),
        (b"PAR1rest", "it is a Parquet file: name it .parquet"),
        (b"abc\0\x01\x02def\n", "it has binary content"),
        (b"[{\"SK_ID_CURR\": 1}]", "it is JSON"),
        (b"caf\xe9,th\xe9\n", "its first line is not UTF-8 text"),
        (
            b"SK_ID_CURR;SK_ID_BUREAU;CREDIT_ACTIVE\n",
            "its first line has none of the columns of bureau",
        ),
    ] {
        let folder = Folder::with_one_client();
        folder.write("bureau.csv", content);
        assert_eq!(
            folder.refusal(),
            format!("bureau.csv: not a CSV file: {what}")
        );
    }
}

#[test]
fn two_files_for_one_table_are_refused() {
    let folder = Folder::with_one_client();
    folder.table("bureau", &[]);
    folder.write("bureau.parquet", "");
    assert_eq!(
        folder.refusal(),
        "table bureau: bureau.csv and bureau.parquet hold the same table: keep one"
    );
}

#[test]
fn broken_archives_are_named() {
    for (name, content, what) in [
        (
            "bureau.csv.zip",
            &b"PK\x03\x04 and nothing more"[..],
            "broken zip archive",
        ),
        ("bureau.csv.gz", b"not gzip at all", "broken gzip file"),
        (
            "bureau.parquet",
            b"PAR1 and nothing more PAR1",
            "broken Parquet file",
        ),
    ] {
        let folder = Folder::with_one_client();
        folder.write(name, content);
        let message = folder.refusal();
        assert!(
            message.starts_with(&format!("{name}: {what}: ")),
            "{message}"
        );
    }
}

#[test]
fn a_gzip_file_that_was_cut_off_is_refused() {
    use std::io::Write;
    let folder = Folder::with_one_client();
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for row in 0..5000 {
        let line = format!("{row},-{},C\n", row % 90);
        let header = "SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n";
        writer
            .write_all(if row == 0 {
                header.as_bytes()
            } else {
                line.as_bytes()
            })
            .unwrap();
    }
    let whole = writer.finish().unwrap();
    folder.write("bureau_balance.csv.gz", &whole[..whole.len() / 2]);
    assert!(
        folder
            .refusal()
            .starts_with("bureau_balance.csv.gz: broken gzip file"),
        "{}",
        folder.refusal()
    );
}

#[test]
fn a_zip_archive_whose_content_was_altered_is_refused() {
    let folder = Folder::with_one_client();
    let mut archive = crate::formats::zipped(
        &[(
            "bureau_balance.csv",
            "SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n1,-1,C\n",
        )],
        false,
    );
    let at = archive
        .windows(4)
        .position(|bytes| bytes == b"-1,C")
        .unwrap();
    archive[at + 1] = b'2';
    folder.write("bureau_balance.csv.zip", archive);
    assert!(
        folder
            .refusal()
            .starts_with("bureau_balance.csv.zip: broken zip archive"),
        "{}",
        folder.refusal()
    );
}

#[test]
fn an_archive_with_several_tables_is_refused() {
    let folder = Folder::with_one_client();
    folder.write(
        "bureau.zip",
        crate::formats::zipped(&[("a.csv", "x"), ("b.csv", "y")], true),
    );
    assert_eq!(
        folder.refusal(),
        "bureau.zip: the archive holds 2 CSV files, not one"
    );
}

#[test]
fn a_file_of_no_table_is_refused() {
    let folder = Folder::new();
    folder.write("visits.csv", "DAY,VISITS\n1,2\n");
    let error = read_table_file(Portfolio::home_credit(), &folder.file("visits.csv")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("neither its name nor its columns"),
        "{error}"
    );
    let column = columns("bureau")[3];
    assert_eq!(column, "CREDIT_CURRENCY");
}
