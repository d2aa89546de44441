//! Rows of a CSV file as bytes, written field by field in the order of the header. The form is
//! the competition's: whole numbers without, other numbers with a decimal point, nothing for a
//! missing value, quotes round the few levels that hold a comma.

use std::io::Write;

/// The rows of one table, as they will stand in the file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
}

impl Rows {
    pub(super) fn integer(&mut self, value: i64) {
        // Writing to a Vec cannot fail.
        let _ = write!(self.bytes, "{value},");
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.bytes
            .extend_from_slice(if value { b"1," } else { b"0," });
    }

    pub(super) fn number(&mut self, value: f64) {
        let _ = write!(self.bytes, "{value:?},");
    }

    /// A number with at most `digits` decimal places.
    pub(super) fn rounded(&mut self, value: f64, digits: i32) {
        let scale = 10_f64.powi(digits);
        // Adding zero turns a negative zero into a plain one.
        self.number((value * scale).round() / scale + 0.0);
    }

    /// An amount of money, to the thousandth as in the real tables.
    pub(super) fn amount(&mut self, value: f64) {
        self.rounded(value, 3);
    }

    pub(super) fn optional_number(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.amount(value),
            None => self.missing(),
        }
    }

    pub(super) fn text(&mut self, value: &str) {
        if value.contains(',') {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(value.as_bytes());
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(value.as_bytes());
        }
        self.bytes.push(b',');
    }

    pub(super) fn optional_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.missing(),
        }
    }

    pub(super) fn missing(&mut self) {
        self.bytes.push(b',');
    }

    /// Ends the row: the comma after its last field becomes the end of the line.
    pub(super) fn end(&mut self) {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
        self.count += 1;
    }
}
