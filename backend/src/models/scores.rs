//! Scored rows as a CSV file that other programs compare theirs with: 17 significant digits,
//! with which every `f64` reads back as itself. The file appears when it is whole.

use octroi_model_registry::model::Contributions;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

/// Writes margins, PDs and contributions; without [`ScoreWriter::finish`] nothing is left.
pub struct ScoreWriter {
    path: PathBuf,
    part: PathBuf,
    file: Option<BufWriter<File>>,
    line: String,
}

impl ScoreWriter {
    /// Begins a file; with `features` it has a column of contributions for each, and the bias.
    pub fn create<'a>(
        path: &Path,
        features: Option<impl Iterator<Item = &'a str>>,
    ) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut columns = vec!["margin", "pd"];
        if let Some(features) = features {
            columns.extend(features);
            columns.push("bias");
        }
        let mut header = csv::Writer::from_writer(Vec::new());
        header.write_record(&columns)?;
        let header = header
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        let mut writer = Self {
            path: path.to_owned(),
            file: Some(BufWriter::new(File::create(&part)?)),
            part,
            line: String::new(),
        };
        writer.write(&header)?;
        Ok(writer)
    }

    /// One row.
    pub fn row(
        &mut self,
        margin: f64,
        pd: f64,
        contributions: Option<&Contributions>,
    ) -> Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        push_digits(&mut line, margin);
        line.push(',');
        push_digits(&mut line, pd);
        for value in contributions
            .iter()
            .flat_map(|all| all.values.iter().chain([&all.base_value]))
        {
            line.push(',');
            push_digits(&mut line, *value);
        }
        line.push('\n');
        let written = self.write(line.as_bytes());
        self.line = line;
        written
    }

    /// Makes the file appear under its name.
    pub fn finish(mut self) -> Result<()> {
        if let Some(file) = self.file.take() {
            file.into_inner()?.sync_all()?;
            std::fs::rename(&self.part, &self.path)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .as_mut()
            .map_or(Ok(()), |file| file.write_all(bytes))
    }
}

impl Drop for ScoreWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nobody is left to be told; the next run writes over it.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// The digits of C's and Python's `%.17g`.
fn push_digits(text: &mut String, value: f64) {
    const DIGITS: i32 = 17;
    if !value.is_finite() {
        text.push_str(match value {
            f64::INFINITY => "inf",
            f64::NEG_INFINITY => "-inf",
            _ => "nan",
        });
        return;
    }
    let scientific = format!("{value:.16e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        text.push_str(shortened(&format!("{value:.decimals$}")));
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push_str(shortened(mantissa));
        // Writing to a string cannot fail.
        let _ = write!(text, "e{sign}{:02}", exponent.abs());
    }
}

/// Without the zeros at the end of a fraction.
fn shortened(number: &str) -> &str {
    if !number.contains('.') {
        return number;
    }
    number.trim_end_matches('0').trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(value: f64) -> String {
        let mut text = String::new();
        push_digits(&mut text, value);
        text
    }

    #[test]
    fn numbers_have_the_digits_that_python_gives_them() {
        // Each pair: '%.17g' % value, in Python 3.
        for (value, expected) in [
            (0.1, "0.10000000000000001"),
            (-2.365_561_463_369_739, "-2.365561463369739"),
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "-0"),
            (100.0, "100"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e300, "1.5000000000000001e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (1e-300, "1e-300"),
            (123_456.789, "123456.789"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(digits(value), expected);
        }
    }

    #[test]
    fn every_number_reads_back_as_itself() {
        let mut bits = 0x9E37_79B9_7F4A_7C15u64;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let read: f64 = digits(value).parse().expect("a number");
                assert_eq!(read.to_bits(), value.to_bits(), "{}", digits(value));
            }
        }
    }

    #[test]
    fn a_file_that_is_not_finished_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.csv");
        let mut writer =
            ScoreWriter::create(&path, None::<std::iter::Empty<&str>>).expect("it begins");
        writer.row(1.0, 0.5, None).expect("a row");
        drop(writer);
        let left = std::fs::read_dir(folder.path())
            .expect("the folder")
            .count();
        assert_eq!(left, 0);
    }
}
