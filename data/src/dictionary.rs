//! The data dictionary: what every raw column and feature of a portfolio means, in words that
//! a client understands, in English and French, and what may be done with it (shown as years,
//! used to find similar clients, moved by the client, forced to push the risk one way).
//!
//! A dictionary is written as several TOML files that are read as one. A table is an entry,
//! its key the name of the column or feature; the array of tables `family` lists the groups
//! that entries belong to, in the order in which pages show them:
//!
//! ```toml
//! [[family]]
//! name = "loan"
//! label = { en = "The loan", fr = "Le crédit" }
//!
//! [AMT_CREDIT]
//! label = { en = "Loan amount", fr = "Montant du crédit" }
//! description = { en = "Amount asked for.", fr = "Montant demandé." }
//! unit = "currency"
//! family = "loan"
//! similar = true
//! mutable = { min = 45000, max = 4050000, step = 4500, direction = "down" }
//! ```
//!
//! `protected`, `monotone`, `similar`, `mutable` and `levels` may be left out (false, 0, false,
//! none, none). Everything wrong in any of the files is reported at once, with file and line.
//!
//! What a client can move needs words for the move (`change`, in which `{to}` and `{from}` are
//! the values), and may say what keeps a move sensible: `follows`, a column that it keeps its
//! proportion to when that one moves; `only_where`, the applications in which it can move by
//! itself; and `limits` on a derived feature, which no move may leave:
//!
//! ```toml
//! [AMT_ANNUITY]
//! mutable = { min = 1500, max = 260000, step = 45, direction = "both" }
//! change = { en = "an annuity of {to} instead of {from}", fr = "une annuité de {to} au lieu de {from}" }
//! follows = { column = "AMT_CREDIT" }
//! only_where = { NAME_CONTRACT_TYPE = "Cash loans" }
//!
//! [TERM_MONTHS]
//! limits = { min = 8, max = 45 }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::language::Text;

/// The key under which a file lists families; no entry can have this name.
const FAMILY_KEY: &str = "family";

/// Meaning of every column and feature of a portfolio, and the families they belong to.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    families: Vec<Family>,
    entries: Vec<Entry>,
    position: HashMap<String, usize>,
}

/// What one column or feature means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Name of the column or feature, as in the schema and in models.
    pub name: String,
    /// A few words, without a full stop.
    pub label: Text,
    /// One or two sentences.
    pub description: Text,
    pub unit: Unit,
    /// Name of a [`Family`] of the same dictionary.
    pub family: String,
    /// Anti-discrimination law names it (sex, age, family situation, ...): never offered as a
    /// change to make, and watched by fairness measures.
    pub protected: bool,
    /// What a client can do about it, if anything.
    pub mutable: Option<Bounds>,
    /// The move as the end of "with ..."; `{from}` and `{to}` stand for the values. There for
    /// everything mutable.
    pub change: Option<Text>,
    /// The column whose moves this one takes part in.
    pub follows: Option<Follows>,
    /// Moves by itself only in applications where these columns have these levels.
    pub only_where: BTreeMap<String, String>,
    /// What a proposed change must not take a derived feature out of.
    pub limits: Option<Limits>,
    /// Direction in which the probability of default must move when the value grows: -1, 0
    /// (not said) or 1.
    pub monotone: i8,
    /// Used, scaled, to find similar clients.
    pub similar: bool,
    /// The entry that says the same in another unit; a list shows that one only.
    pub same_as: Option<String>,
    /// Words for each category level, by the level's code in the raw data. Empty unless `unit`
    /// is [`Unit::Category`].
    pub levels: BTreeMap<String, Text>,
}

/// Where and how a client can move a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Least value, in the entry's unit.
    pub min: f64,
    /// Greatest value, in the entry's unit.
    pub max: f64,
    /// Smallest change that makes sense.
    pub step: f64,
    pub direction: Direction,
    /// Largest change in one go, as a share of the present value (0.2: by 20 % at most); absent
    /// when only `min` and `max` limit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_change_share: Option<f64>,
}

/// A column that moves when another one does, and keeps its proportion to it: less is borrowed
/// for less, over the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follows {
    /// The column that leads.
    pub column: String,
    /// Never moves by itself.
    #[serde(default)]
    pub only: bool,
}

/// Least and greatest value of a derived feature that makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub min: f64,
    pub max: f64,
}

/// Which way a client may move a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Up,
    Down,
    Both,
}

/// What a value counts, which decides how it is written on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Currency,
    /// Days relative to the application, negative before it; shown as years or months.
    DaysBefore,
    Days,
    Months,
    Years,
    /// Hour of the day, 0 to 23.
    Hour,
    Count,
    Ratio,
    /// 0 to 1, shown as a percentage.
    Share,
    Score,
    /// 0 or 1, shown as no or yes.
    Flag,
    Category,
    Identifier,
}

/// A group of entries that a page shows together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    pub name: String,
    pub label: Text,
}

/// Everything that is wrong in the files of a dictionary.
#[derive(Debug, Clone, PartialEq, Error)]
pub struct DictionaryError {
    pub problems: Vec<Problem>,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The entry or family it is about; absent when the file is no TOML.
    pub name: Option<String>,
    pub fault: Fault,
}

/// What can be wrong with a dictionary.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Fault {
    #[error("{0}")]
    Form(String),
    #[error("already defined in {file}, line {line}")]
    Duplicate { file: String, line: usize },
    #[error("{field} is empty in {language}")]
    EmptyText {
        field: String,
        language: &'static str,
    },
    #[error("unknown family `{0}`")]
    UnknownFamily(String),
    #[error("monotone is {0}, not -1, 0 or 1")]
    Monotone(i8),
    #[error("unit category needs `levels`, other units must not have any")]
    Levels,
    #[error("an identifier cannot be similar, monotone or mutable")]
    Identifier,
    #[error("protected and mutable: nobody is asked to change a protected attribute")]
    ProtectedMutable,
    #[error(
        "bounds {min} to {max} in steps of {step}: need finite min < max and 0 < step <= max - min"
    )]
    Bounds { min: f64, max: f64, step: f64 },
    #[error("max_change_share is {0}, not above 0")]
    MaxChangeShare(f64),
    #[error("what is mutable has the words for it in `change`, with {{to}} unless it is a flag")]
    Change,
    #[error("follows, change and only_where are for what is mutable")]
    NotMutable,
    #[error("follows `{0}`, which must be mutable and follow nothing itself")]
    Follows(String),
    #[error("only_where names `{column}` = \"{level}\", which is no level of a category")]
    OnlyWhere { column: String, level: String },
    #[error("limits {min} to {max}: need finite min < max")]
    Limits { min: f64, max: f64 },
}

impl Dictionary {
    /// Reads a dictionary from several TOML texts, each with the file name that errors are to
    /// name. Families may stand in any of them.
    pub fn from_toml(files: &[(&str, &str)]) -> Result<Self, DictionaryError> {
        let mut reading = Reading::default();
        for (file, text) in files {
            reading.read(file, text);
        }
        reading.finish()
    }

    /// The entry of a column or feature.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.position.get(name).map(|&at| &self.entries[at])
    }

    /// All entries, in the order of the files and within a file as written.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What is wrong with the column that an entry follows.
    fn unled(&self, entry: &Entry) -> Option<Fault> {
        let leader = &entry.follows.as_ref()?.column;
        let leads = self
            .entry(leader)
            .is_some_and(|entry| entry.mutable.is_some() && entry.follows.is_none());
        (!leads).then(|| Fault::Follows(leader.clone()))
    }

    /// A condition on something that is no level of a category.
    fn unknown_condition(&self, entry: &Entry) -> Option<Fault> {
        let known = |column: &str, level: &str| {
            self.entry(column)
                .is_some_and(|entry| entry.levels.contains_key(level))
        };
        let (column, level) = entry
            .only_where
            .iter()
            .find(|(column, level)| !known(column, level))?;
        Some(Fault::OnlyWhere {
            column: column.clone(),
            level: level.clone(),
        })
    }

    #[must_use]
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// All families, in the order in which pages show them.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }
}

impl Unit {
    /// The name used in TOML and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Currency => "currency",
            Self::DaysBefore => "days_before",
            Self::Days => "days",
            Self::Months => "months",
            Self::Years => "years",
            Self::Hour => "hour",
            Self::Count => "count",
            Self::Ratio => "ratio",
            Self::Share => "share",
            Self::Score => "score",
            Self::Flag => "flag",
            Self::Category => "category",
            Self::Identifier => "identifier",
        }
    }
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problem(s) in the dictionary", self.problems.len())?;
        for problem in &self.problems {
            write!(f, "\n{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: ", self.file, self.line)?;
        if let Some(name) = &self.name {
            write!(f, "{name}: ")?;
        }
        write!(f, "{}", self.fault)
    }
}

/// An entry as written: without its name, which is the key of its table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryBody {
    label: Text,
    description: Text,
    unit: Unit,
    family: String,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    mutable: Option<Bounds>,
    #[serde(default)]
    change: Option<Text>,
    #[serde(default)]
    follows: Option<Follows>,
    #[serde(default)]
    only_where: BTreeMap<String, String>,
    #[serde(default)]
    limits: Option<Limits>,
    #[serde(default)]
    monotone: i8,
    #[serde(default)]
    similar: bool,
    #[serde(default)]
    same_as: Option<String>,
    #[serde(default)]
    levels: BTreeMap<String, Text>,
}

impl EntryBody {
    fn named(self, name: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            label: self.label,
            description: self.description,
            unit: self.unit,
            family: self.family,
            protected: self.protected,
            mutable: self.mutable,
            change: self.change,
            follows: self.follows,
            only_where: self.only_where,
            limits: self.limits,
            monotone: self.monotone,
            similar: self.similar,
            same_as: self.same_as,
            levels: self.levels,
        }
    }
}

/// Where something was written.
#[derive(Clone)]
struct Place {
    file: String,
    line: usize,
}

/// What has been read so far, with the place of each entry and family for messages.
#[derive(Default)]
struct Reading {
    dictionary: Dictionary,
    family_places: Vec<Place>,
    entry_places: Vec<Place>,
    problems: Vec<Problem>,
}

impl Reading {
    fn read(&mut self, file: &str, text: &str) {
        let place = |offset: usize| Place {
            file: file.to_owned(),
            line: text[..offset.min(text.len())].matches('\n').count() + 1,
        };
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let fault = Fault::Form(error.message().to_owned());
                return self.problem(&place(at), None, fault);
            }
        };
        // The parser sorts tables by key; the order of writing is kept by their position.
        let mut items: Vec<_> = table.into_iter().collect();
        items.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in items {
            let start = key.span().start;
            let name = key.into_inner();
            if name == FAMILY_KEY {
                self.read_families(value, &place);
            } else {
                self.read_entry(&name, value, start, &place);
            }
        }
    }

    fn read_families(&mut self, value: Spanned<DeValue<'_>>, place: &dyn Fn(usize) -> Place) {
        let start = value.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            let fault = Fault::Form("expected `[[family]]` tables".to_owned());
            return self.problem(&place(start), Some(FAMILY_KEY), fault);
        };
        for item in items {
            let here = place(item.span().start);
            match Family::deserialize(ValueDeserializer::from(item)) {
                Err(error) => {
                    let here = error.span().map_or(here, |span| place(span.start));
                    let fault = Fault::Form(error.message().to_owned());
                    self.problem(&here, Some(FAMILY_KEY), fault);
                }
                Ok(family) => self.add_family(family, here),
            }
        }
    }

    fn add_family(&mut self, family: Family, here: Place) {
        let families = &self.dictionary.families;
        if let Some(at) = families.iter().position(|other| other.name == family.name) {
            let fault = duplicate_of(&self.family_places[at]);
            return self.problem(&here, Some(&family.name), fault);
        }
        self.check_text(&here, &family.name, "label", &family.label);
        self.dictionary.families.push(family);
        self.family_places.push(here);
    }

    fn read_entry(
        &mut self,
        name: &str,
        value: Spanned<DeValue<'_>>,
        start: usize,
        place: &dyn Fn(usize) -> Place,
    ) {
        let here = place(start);
        if let Some(&at) = self.dictionary.position.get(name) {
            let fault = duplicate_of(&self.entry_places[at]);
            return self.problem(&here, Some(name), fault);
        }
        match EntryBody::deserialize(ValueDeserializer::from(value)) {
            Err(error) => {
                let here = error.span().map_or(here, |span| place(span.start));
                let fault = Fault::Form(error.message().to_owned());
                self.problem(&here, Some(name), fault);
            }
            Ok(body) => {
                let entry = body.named(name);
                self.check_entry(&here, &entry);
                let at = self.dictionary.entries.len();
                self.dictionary.position.insert(name.to_owned(), at);
                self.dictionary.entries.push(entry);
                self.entry_places.push(here);
            }
        }
    }

    /// What can be said of an entry by itself; its family is checked when all files are read.
    fn check_entry(&mut self, here: &Place, entry: &Entry) {
        let name = &entry.name;
        self.check_text(here, name, "label", &entry.label);
        self.check_text(here, name, "description", &entry.description);
        for (level, words) in &entry.levels {
            self.check_text(here, name, &format!("level `{level}`"), words);
        }
        if !(-1..=1).contains(&entry.monotone) {
            self.problem(here, Some(name), Fault::Monotone(entry.monotone));
        }
        if (entry.unit == Unit::Category) == entry.levels.is_empty() {
            self.problem(here, Some(name), Fault::Levels);
        }
        let acted_on = entry.similar || entry.monotone != 0 || entry.mutable.is_some();
        if entry.unit == Unit::Identifier && acted_on {
            self.problem(here, Some(name), Fault::Identifier);
        }
        if entry.protected && entry.mutable.is_some() {
            self.problem(here, Some(name), Fault::ProtectedMutable);
        }
        if let Some(bounds) = entry.mutable {
            self.check_bounds(here, name, bounds);
        }
        self.check_move(here, entry);
        if let Some(Limits { min, max }) = entry.limits
            && !(min.is_finite() && max.is_finite() && min < max)
        {
            self.problem(here, Some(name), Fault::Limits { min, max });
        }
    }

    /// The words of a move, and that nothing else has any.
    fn check_move(&mut self, here: &Place, entry: &Entry) {
        let name = &entry.name;
        if entry.mutable.is_none() {
            let said = entry.change.is_some() || entry.follows.is_some();
            if said || !entry.only_where.is_empty() {
                self.problem(here, Some(name), Fault::NotMutable);
            }
            return;
        }
        let tells = |words: &str| entry.unit == Unit::Flag || words.contains("{to}");
        match &entry.change {
            Some(change) if tells(&change.en) && tells(&change.fr) => {
                self.check_text(here, name, "change", change);
            }
            _ => self.problem(here, Some(name), Fault::Change),
        }
    }

    fn check_bounds(&mut self, here: &Place, name: &str, bounds: Bounds) {
        let Bounds { min, max, step, .. } = bounds;
        let finite = min.is_finite() && max.is_finite() && step.is_finite();
        if !finite || min >= max || step <= 0.0 || step > max - min {
            self.problem(here, Some(name), Fault::Bounds { min, max, step });
        }
        if let Some(share) = bounds.max_change_share
            && (share.is_nan() || share <= 0.0)
        {
            self.problem(here, Some(name), Fault::MaxChangeShare(share));
        }
    }

    fn check_text(&mut self, here: &Place, name: &str, field: &str, text: &Text) {
        for (language, words) in [("en", &text.en), ("fr", &text.fr)] {
            if words.trim().is_empty() {
                let field = field.to_owned();
                self.problem(here, Some(name), Fault::EmptyText { field, language });
            }
        }
    }

    fn problem(&mut self, here: &Place, name: Option<&str>, fault: Fault) {
        self.problems.push(Problem {
            file: here.file.clone(),
            line: here.line,
            name: name.map(str::to_owned),
            fault,
        });
    }

    fn finish(mut self) -> Result<Dictionary, DictionaryError> {
        for (entry, place) in self.dictionary.entries.iter().zip(&self.entry_places) {
            if self.dictionary.family(&entry.family).is_none() {
                self.problems.push(Problem {
                    file: place.file.clone(),
                    line: place.line,
                    name: Some(entry.name.clone()),
                    fault: Fault::UnknownFamily(entry.family.clone()),
                });
            }
            let faults = [
                self.dictionary.unled(entry),
                self.dictionary.unknown_condition(entry),
            ];
            for fault in faults.into_iter().flatten() {
                self.problems.push(Problem {
                    file: place.file.clone(),
                    line: place.line,
                    name: Some(entry.name.clone()),
                    fault,
                });
            }
        }
        if self.problems.is_empty() {
            Ok(self.dictionary)
        } else {
            Err(DictionaryError {
                problems: self.problems,
            })
        }
    }
}

fn duplicate_of(first: &Place) -> Fault {
    Fault::Duplicate {
        file: first.file.clone(),
        line: first.line,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::portfolio::{ColumnKind, Portfolio};

    const FAMILIES: &str =
        "[[family]]\nname = \"loan\"\nlabel = { en = \"Loan\", fr = \"Crédit\" }\n";

    const CREDIT: &str = "
[AMT_CREDIT]
label = { en = \"Loan amount\", fr = \"Montant du crédit\" }
description = { en = \"Amount.\", fr = \"Montant.\" }
unit = \"currency\"
family = \"loan\"
similar = true
mutable = { min = 100, max = 900.5, step = 50, direction = \"down\" }
change = { en = \"a loan of {to}\", fr = \"un crédit de {to}\" }
";

    /// The messages for `entry`, a text that replaces `from` by `to` in a correct one.
    fn faults(from: &str, to: &str) -> Vec<String> {
        assert!(CREDIT.contains(from));
        let wrong = CREDIT.replace(from, to);
        let error = Dictionary::from_toml(&[("families", FAMILIES), ("loan", &wrong)]).unwrap_err();
        error.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_entry_is_read_with_its_defaults() {
        let dictionary = Dictionary::from_toml(&[("loan", CREDIT), ("f", FAMILIES)]).unwrap();
        let entry = dictionary.entry("AMT_CREDIT").unwrap();
        assert_eq!(entry.label.fr, "Montant du crédit");
        assert_eq!((entry.unit, entry.monotone), (Unit::Currency, 0));
        assert!(entry.similar && !entry.protected && entry.levels.is_empty());
        let bounds = entry.mutable.unwrap();
        assert_eq!(bounds.direction, Direction::Down);
        assert!((bounds.max - 900.5).abs() < 1e-12);
        assert_eq!(dictionary.family("loan").unwrap().label.en, "Loan");
        assert!(dictionary.entry("amt_credit").is_none());
    }

    #[test]
    fn entries_keep_the_order_in_which_they_are_written() {
        let both = format!("{}{CREDIT}", CREDIT.replace("AMT_CREDIT", "Z"));
        let other = CREDIT.replace("AMT_CREDIT", "B");
        let files = [("f", FAMILIES), ("1", both.as_str()), ("2", other.as_str())];
        let dictionary = Dictionary::from_toml(&files).unwrap();
        let names: Vec<&str> = dictionary
            .entries()
            .map(|entry| entry.name.as_str())
            .collect();
        assert_eq!(names, ["Z", "AMT_CREDIT", "B"]);
    }

    #[test]
    fn a_fault_is_named_with_file_line_and_entry() {
        for (from, to, expected) in [
            (
                "\"loan\"",
                "\"lone\"",
                "loan, line 2: AMT_CREDIT: unknown family `lone`",
            ),
            (
                "Montant.",
                " ",
                "loan, line 2: AMT_CREDIT: description is empty in fr",
            ),
            (
                "similar = true",
                "monotone = 2",
                "loan, line 2: AMT_CREDIT: monotone is 2, not -1, 0 or 1",
            ),
            (
                "max = 900.5",
                "max = 90",
                "need finite min < max and 0 < step <= max - min",
            ),
            ("max = 900.5", "max = inf", "need finite min < max"),
            (
                "step = 50",
                "step = 0",
                "need finite min < max and 0 < step",
            ),
            (
                "similar = true",
                "protected = true",
                "protected and mutable",
            ),
            (
                "\"currency\"",
                "\"identifier\"",
                "an identifier cannot be similar",
            ),
            (
                "\"currency\"",
                "\"category\"",
                "unit category needs `levels`",
            ),
            (
                "\"currency\"",
                "\"euro\"",
                "loan, line 5: AMT_CREDIT: unknown variant `euro`",
            ),
            (
                "similar = true",
                "simlar = true",
                "loan, line 7: AMT_CREDIT: unknown field `simlar`",
            ),
            (
                ", fr = \"Montant.\"",
                "",
                "loan, line 4: AMT_CREDIT: missing field `fr`",
            ),
            ("[AMT_CREDIT]", "[AMT_CREDIT", "loan, line 2: "),
            (
                "un crédit de {to}",
                "un autre crédit",
                "the words for it in `change`, with {to}",
            ),
            (
                "similar = true",
                "follows = { column = \"AMT_CREDIT\" }",
                "follows `AMT_CREDIT`, which must be mutable and follow nothing",
            ),
            (
                "similar = true",
                "only_where = { AMT_CREDIT = \"cash\" }",
                "only_where names `AMT_CREDIT` = \"cash\"",
            ),
            (
                "similar = true",
                "limits = { min = 2, max = 1 }",
                "limits 2 to 1: need finite min < max",
            ),
            (
                "mutable =",
                "# mutable =",
                "change and only_where are for what is mutable",
            ),
        ] {
            let faults = faults(from, to);
            assert!(
                faults.iter().any(|fault| fault.contains(expected)),
                "{expected}: {faults:?}"
            );
        }
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let wrong = CREDIT
            .replace("Montant.", "")
            .replace("\"loan\"", "\"lone\"");
        let error = Dictionary::from_toml(&[("loan", &wrong), ("again", CREDIT)]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.problems.len(), 3, "{text}");
        assert!(text.contains("again, line 2: AMT_CREDIT: already defined in loan, line 2"));
    }

    #[test]
    fn every_column_of_the_application_is_described() {
        let portfolio = Portfolio::home_credit();
        for column in &portfolio.application().columns {
            let entry = portfolio.dictionary.entry(&column.name);
            let entry = entry.unwrap_or_else(|| panic!("no entry for {}", column.name));
            match &column.kind {
                ColumnKind::Category { levels } => {
                    let mut levels: Vec<&str> = levels.iter().map(String::as_str).collect();
                    levels.sort_unstable();
                    let described: Vec<&str> = entry.levels.keys().map(String::as_str).collect();
                    assert_eq!(described, levels, "{}", column.name);
                }
                ColumnKind::Id => assert_eq!(entry.unit, Unit::Identifier),
                ColumnKind::Integer | ColumnKind::Number => {
                    assert_ne!(entry.unit, Unit::Category, "{}", column.name);
                }
            }
        }
    }

    #[test]
    fn the_application_dictionary_suits_pages_and_models() {
        let dictionary = &Portfolio::home_credit().dictionary;
        let marked = |mark: fn(&Entry) -> bool| dictionary.entries().filter(move |e| mark(e));
        assert!(marked(|entry| entry.similar).count() >= 10);
        assert!(
            marked(|entry| entry.label.en.chars().count() > 70)
                .next()
                .is_none()
        );
        for name in [
            "CODE_GENDER",
            "DAYS_BIRTH",
            "NAME_FAMILY_STATUS",
            "CNT_CHILDREN",
        ] {
            assert!(dictionary.entry(name).unwrap().protected, "{name}");
        }
        for name in [
            "AMT_CREDIT",
            "AMT_ANNUITY",
            "AMT_GOODS_PRICE",
            "AMT_INCOME_TOTAL",
        ] {
            assert!(dictionary.entry(name).unwrap().mutable.is_some(), "{name}");
        }
    }

    #[test]
    fn what_a_client_can_move_is_a_number_of_the_application_and_a_loan_moves_as_a_whole() {
        let portfolio = Portfolio::home_credit();
        let dictionary = &portfolio.dictionary;
        for entry in dictionary.entries().filter(|entry| entry.mutable.is_some()) {
            let column = portfolio.application().position(&entry.name);
            let kind = column.map(|at| &portfolio.application().columns[at].kind);
            assert!(
                matches!(kind, Some(ColumnKind::Integer | ColumnKind::Number)),
                "{}",
                entry.name
            );
            assert!(!entry.protected, "{}", entry.name);
        }
        for name in ["AMT_GOODS_PRICE", "AMT_ANNUITY"] {
            let follows = dictionary.entry(name).unwrap().follows.as_ref().unwrap();
            assert_eq!(follows.column, "AMT_CREDIT", "{name}");
        }
        assert!(dictionary.entry("TERM_MONTHS").unwrap().limits.is_some());
    }

    #[test]
    fn french_is_set_with_typographic_apostrophes() {
        for entry in Portfolio::home_credit().dictionary.entries() {
            let texts = entry
                .levels
                .values()
                .chain([&entry.label, &entry.description]);
            for text in texts {
                assert!(!text.fr.contains('\''), "{}: {}", entry.name, text.fr);
            }
        }
    }

    #[test]
    fn units_are_written_as_in_json() {
        for entry in Portfolio::home_credit().dictionary.entries() {
            let json = serde_json::to_value(entry.unit).unwrap();
            assert_eq!(json, entry.unit.as_str());
        }
    }
}
