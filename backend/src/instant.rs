//! Instants as the database keeps them: UTC microseconds since 1970 in an `i64`, one form in
//! SQLite and PostgreSQL, sortable and exact. Shown as RFC 3339.

use jiff::Timestamp;

/// Now, in microseconds since 1970.
#[must_use]
pub fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// `2026-11-22T14:05:06.123456Z`; an instant out of range is shown as its number.
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |at| format!("{at:.6}"))
}

/// Midnight UTC of `2026-11-22`, in microseconds; `None` for what is no date.
#[must_use]
pub fn midnight(date: &str) -> Option<i64> {
    let date: jiff::civil::Date = date.parse().ok()?;
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_microsecond())
}

/// One day, in microseconds.
pub const DAY: i64 = 86_400_000_000;
