//! Numbers, amounts, shares and times in the habit of each language: English
//! `1,234,567.8`, `12.3%`, `22 Nov 2026, 14:05 UTC`; French `1 234 567,8`, `12,3 %`,
//! `22/11/2026 14:05 UTC`, with narrow no-break spaces. Values of features are written by
//! the unit that the dictionary gives them.

use std::str::FromStr;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{Language, Words};

const NARROW_NO_BREAK_SPACE: char = '\u{202f}';
const MINUS: char = '\u{2212}';
const DAYS_IN_YEAR: f64 = 365.25;

/// The unit of a feature, named as in the dictionary of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Currency,
    /// Negative days before the application; written as years and months.
    DaysBefore,
    Days,
    Months,
    Years,
    Hour,
    Count,
    Ratio,
    /// 0 to 1, written as percent.
    Share,
    Score,
    /// 0 or 1, written no or yes.
    Flag,
    Category,
    Identifier,
}

/// A unit that the dictionary does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a unit")]
pub struct UnknownUnit(pub String);

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "currency" => Self::Currency,
            "days_before" => Self::DaysBefore,
            "days" => Self::Days,
            "months" => Self::Months,
            "years" => Self::Years,
            "hour" => Self::Hour,
            "count" => Self::Count,
            "ratio" => Self::Ratio,
            "share" => Self::Share,
            "score" => Self::Score,
            "flag" => Self::Flag,
            "category" => Self::Category,
            "identifier" => Self::Identifier,
            other => return Err(UnknownUnit(other.to_owned())),
        })
    }
}

/// Writes values in one language.
#[derive(Clone, Copy)]
pub struct Format {
    language: Language,
    words: &'static Words,
}

impl Format {
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self {
            language,
            words: Words::of(language),
        }
    }

    /// A feature's value by its unit; NaN reads "not known". Categories come as words from
    /// the dictionary already and are not for this function.
    #[must_use]
    pub fn value(&self, unit: Unit, value: f64) -> String {
        if !value.is_finite() {
            return self.missing();
        }
        match unit {
            Unit::Currency => self.money(value),
            Unit::DaysBefore => self.time_before(value),
            Unit::Days => self.quantity("unit-days", value.round()),
            Unit::Months => self.quantity("unit-months", value.round()),
            Unit::Years => self.quantity("unit-years", (value * 10.0).round() / 10.0),
            Unit::Hour => self.words.with("unit-hour", &[("n", value.round().into())]),
            Unit::Count => up_to(self.language, value, 2),
            Unit::Ratio => self.ratio(value),
            Unit::Share => self.percent(value, 1),
            Unit::Score => self.decimal(value, 2),
            Unit::Flag => self.words.t(if value >= 0.5 { "yes" } else { "no" }),
            Unit::Category | Unit::Identifier => format!("{value}"),
        }
    }

    /// What stands where there is no value.
    #[must_use]
    pub fn missing(&self) -> String {
        self.words.t("not-known")
    }

    /// A whole number with groups of three digits.
    #[must_use]
    pub fn integer(&self, value: f64) -> String {
        number(self.language, value, 0)
    }

    /// A number with exactly this many decimals.
    #[must_use]
    pub fn decimal(&self, value: f64, places: usize) -> String {
        number(self.language, value, places)
    }

    /// The same with its sign always written, for contributions.
    #[must_use]
    pub fn signed(&self, value: f64, places: usize) -> String {
        let written = number(self.language, value, places);
        if value > 0.0 && !written.trim_matches(['0', '.', ',']).is_empty() {
            format!("+{written}")
        } else {
            written
        }
    }

    /// An amount. The data name no currency, so none is written.
    #[must_use]
    pub fn money(&self, value: f64) -> String {
        number(self.language, value, 0)
    }

    /// A share of 1 as percent.
    #[must_use]
    pub fn percent(&self, share: f64, places: usize) -> String {
        let smallest = 0.1_f64.powi(places as i32) / 100.0;
        if share > 0.0 && share < smallest / 2.0 {
            // "0.0%" would be read as "never".
            let gap = if self.language == Language::Fr {
                "\u{202f}"
            } else {
                ""
            };
            return format!("<{gap}{}", self.percent(smallest, places));
        }
        let written = number(self.language, share * 100.0, places);
        match self.language {
            Language::En => format!("{written}%"),
            Language::Fr => format!("{written}{NARROW_NO_BREAK_SPACE}%"),
        }
    }

    /// A p-value: tiny ones are said to be below a bound instead of `0.000`.
    #[must_use]
    pub fn p_value(&self, p: f64) -> String {
        if p < 0.001 {
            let gap = match self.language {
                Language::En => String::new(),
                Language::Fr => NARROW_NO_BREAK_SPACE.to_string(),
            };
            format!("<{gap}{}", self.decimal(0.001, 3))
        } else {
            self.decimal(p, 3)
        }
    }

    /// A setting: four significant decimals when it is small, none when it is large.
    #[must_use]
    pub fn setting(&self, value: f64) -> String {
        let places = match value.abs() {
            a if a >= 100.0 => 0,
            a if a >= 1.0 => 2,
            _ => 4,
        };
        up_to(self.language, value, places)
    }

    /// Day and minute in UTC of an RFC 3339 time; the text itself if it is not one.
    #[must_use]
    pub fn datetime(&self, rfc3339: &str) -> String {
        let Ok(at) = rfc3339.parse::<Timestamp>() else {
            return rfc3339.to_owned();
        };
        let at = at.to_zoned(TimeZone::UTC);
        match self.language {
            Language::En => format!("{} UTC", at.strftime("%-d %b %Y, %H:%M")),
            Language::Fr => format!("{} UTC", at.strftime("%d/%m/%Y %H:%M")),
        }
    }

    /// The day of an RFC 3339 time or of `YYYY-MM-DD`.
    #[must_use]
    pub fn date(&self, day: &str) -> String {
        let date = day
            .parse::<Timestamp>()
            .map(|at| at.to_zoned(TimeZone::UTC).date())
            .or_else(|_| day.parse::<jiff::civil::Date>());
        match (date, self.language) {
            (Ok(date), Language::En) => date.strftime("%-d %b %Y").to_string(),
            (Ok(date), Language::Fr) => date.strftime("%d/%m/%Y").to_string(),
            (Err(_), _) => day.to_owned(),
        }
    }

    fn quantity(&self, key: &str, value: f64) -> String {
        self.words.with(key, &[("n", value.into())])
    }

    fn time_before(&self, days: f64) -> String {
        let days = days.abs().round();
        if days < 61.0 {
            return self.quantity("unit-days", days);
        }
        let months = (days / (DAYS_IN_YEAR / 12.0)).floor();
        let (years, rest) = ((months / 12.0).floor(), months % 12.0);
        match (years > 0.0, rest > 0.0) {
            (true, true) => format!(
                "{} {}",
                self.quantity("unit-years", years),
                self.quantity("unit-months", rest)
            ),
            (true, false) => self.quantity("unit-years", years),
            (false, _) => self.quantity("unit-months", rest),
        }
    }

    /// Two decimals, more when the ratio is small, none when it is large.
    fn ratio(&self, value: f64) -> String {
        let places = match value.abs() {
            a if a >= 1000.0 => 0,
            a if a >= 0.1 || a == 0.0 => 2,
            a if a >= 0.01 => 3,
            _ => 4,
        };
        self.decimal(value, places)
    }
}

/// At most this many decimals, trailing zeros dropped.
#[must_use]
pub fn up_to(language: Language, value: f64, places: usize) -> String {
    let written = number(language, value, places);
    if places == 0 {
        return written;
    }
    written
        .trim_end_matches('0')
        .trim_end_matches(['.', ','])
        .to_owned()
}

/// Exactly this many decimals, groups of three digits; a dash when not finite.
#[must_use]
pub fn number(language: Language, value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let (group, point) = match language {
        Language::En => (',', '.'),
        Language::Fr => (NARROW_NO_BREAK_SPACE, ','),
    };
    let plain = format!("{:.places$}", value.abs());
    let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut written = String::with_capacity(plain.len() + 8);
    let is_zero = plain.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !is_zero {
        written.push(MINUS);
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            written.push(group);
        }
        written.push(digit);
    }
    if !decimals.is_empty() {
        written.push(point);
        written.push_str(decimals);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(write: impl Fn(Format) -> String) -> (String, String) {
        (
            write(Format::new(Language::En)),
            write(Format::new(Language::Fr)),
        )
    }

    fn pair(en: &str, fr: &str) -> (String, String) {
        (en.to_owned(), fr.to_owned())
    }

    #[test]
    fn amounts_are_grouped_in_each_language() {
        assert_eq!(
            both(|f| f.value(Unit::Currency, 1_234_567.4)),
            pair("1,234,567", "1\u{202f}234\u{202f}567")
        );
        assert_eq!(
            both(|f| f.value(Unit::Currency, -950.0)),
            pair("\u{2212}950", "\u{2212}950")
        );
    }

    #[test]
    fn shares_are_percents() {
        assert_eq!(
            both(|f| f.percent(0.1234, 1)),
            pair("12.3%", "12,3\u{202f}%")
        );
    }

    #[test]
    fn a_rounded_zero_has_no_sign() {
        assert_eq!(both(|f| f.signed(-0.0001, 2)), pair("0.00", "0,00"));
        assert_eq!(both(|f| f.signed(0.0001, 2)), pair("0.00", "0,00"));
        assert_eq!(both(|f| f.signed(0.25, 2)), pair("+0.25", "+0,25"));
    }

    #[test]
    fn days_before_the_application_read_as_years_and_months() {
        assert_eq!(
            both(|f| f.value(Unit::DaysBefore, -16_200.0)),
            pair("44 years 4 months", "44 ans 4 mois")
        );
        assert_eq!(
            both(|f| f.value(Unit::DaysBefore, -1.0)),
            pair("1 day", "1 jour")
        );
        assert_eq!(
            both(|f| f.value(Unit::DaysBefore, -730.5)),
            pair("2 years", "2 ans")
        );
    }

    #[test]
    fn times_are_in_utc_and_say_so() {
        assert_eq!(
            both(|f| f.datetime("2026-11-22T15:05:59+01:00")),
            pair("22 Nov 2026, 14:05 UTC", "22/11/2026 14:05 UTC")
        );
        assert_eq!(
            both(|f| f.date("2026-11-02")),
            pair("2 Nov 2026", "02/11/2026")
        );
    }

    #[test]
    fn other_units_are_written_by_their_habit() {
        assert_eq!(both(|f| f.value(Unit::Flag, 1.0)), pair("yes", "oui"));
        assert_eq!(
            both(|f| f.value(Unit::Hour, 14.0)),
            pair("14:00", "14\u{202f}h")
        );
        assert_eq!(both(|f| f.value(Unit::Score, 0.263)), pair("0.26", "0,26"));
        assert_eq!(both(|f| f.value(Unit::Count, 3.0)), pair("3", "3"));
        assert_eq!(
            both(|f| f.value(Unit::Ratio, 0.0213)),
            pair("0.021", "0,021")
        );
        assert_eq!(
            both(|f| f.value(Unit::Years, 4.5)),
            pair("4.5 years", "4,5 ans")
        );
        assert_eq!(
            both(|f| f.value(Unit::Score, f64::NAN)),
            pair("not known", "non renseigné")
        );
        assert_eq!(both(|f| f.p_value(1e-9)), pair("<0.001", "<\u{202f}0,001"));
    }
}
