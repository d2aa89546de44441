//! Parquet files that promise more than they hold, or hold more than they should: refused before
//! room is made for it, and a broken one is an error like any other.

use std::fs::File;

use octroi_data::Portfolio;
use octroi_data::reader::bounds::Bounds;
use octroi_data::reader::{read_table_file, read_table_file_within};
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};
use polars_io::parquet::write::ParquetWriter;

use crate::folder::{Folder, Row};
use crate::formats::write_parquet;

const ROWS: [Row<'_>; 2] = [
    &[
        ("SK_ID_BUREAU", "4"),
        ("MONTHS_BALANCE", "-1"),
        ("STATUS", "C"),
    ],
    &[("SK_ID_BUREAU", "5"), ("STATUS", "X")],
];

/// Says what reading the file is refused with.
fn refusal(folder: &Folder) -> String {
    let file = folder.file("bureau_balance.parquet");
    let read = read_table_file(Portfolio::home_credit(), &file);
    read.expect_err("refused").to_string()
}

#[test]
fn a_few_bytes_that_stand_for_millions_of_rows_are_refused_unless_that_is_wanted() {
    let folder = Folder::new();
    let rows = 3_000_000;
    let columns: Vec<Column> = vec![
        Series::new("SK_ID_BUREAU".into(), vec![7_i64; rows]).into_column(),
        Series::new("MONTHS_BALANCE".into(), vec![-1_i64; rows]).into_column(),
        Series::new("STATUS".into(), vec!["C"; rows]).into_column(),
    ];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let path = folder.file("bureau_balance.parquet");
    let file = File::create(&path).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    let size = path.metadata().unwrap().len();
    assert!(size < 200_000, "{size} bytes");
    let message = refusal(&folder);
    assert!(message.contains("bureau_balance.parquet"), "{message}");
    assert!(message.contains("files.expansion"), "{message}");
    let bounds = Bounds { expansion: 100_000 };
    let read = read_table_file_within(Portfolio::home_credit(), &path, bounds).unwrap();
    assert_eq!(read.rows, rows);
}

#[test]
fn a_broken_byte_anywhere_is_an_error_or_another_value_and_never_the_end_of_the_process() {
    let folder = Folder::new();
    write_parquet(&folder, "bureau_balance", &ROWS);
    let whole = std::fs::read(folder.file("bureau_balance.parquet")).unwrap();
    let mut refused = 0;
    for place in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut broken = whole.clone();
            broken[place] ^= flip;
            folder.write("bureau_balance.parquet", &broken);
            let file = folder.file("bureau_balance.parquet");
            refused += usize::from(read_table_file(Portfolio::home_credit(), &file).is_err());
        }
    }
    assert!(refused > whole.len(), "{refused} of 3 x {}", whole.len());
}

#[test]
fn a_footer_longer_than_the_file_or_than_any_is_refused() {
    let folder = Folder::new();
    let file = |length: u32, size: usize| {
        let mut bytes = b"PAR1".to_vec();
        bytes.resize(size, 0);
        bytes.extend(length.to_le_bytes());
        bytes.extend(b"PAR1");
        folder.write("bureau_balance.parquet", bytes);
        refusal(&folder)
    };
    assert!(file(u32::MAX, 100).contains("longer than the file"));
    assert!(file(17 << 20, 18 << 20).contains("16777216 bytes"));
    assert!(file(50, 100).contains("broken Parquet file"));
}
