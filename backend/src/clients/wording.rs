//! Features and their values in the words of the dictionary: labels, help, and values as a
//! reader of either language writes them.

use octroi_data::dictionary::Entry;
use octroi_data::distribution::percentile_rank;
use octroi_data::language::Language;
use octroi_data::portfolio::Portfolio;
use octroi_frontend::Words;
use octroi_frontend::format::{Format, Unit};

/// Speaks of one portfolio's features in one language.
#[derive(Clone, Copy)]
pub struct Wording {
    portfolio: &'static Portfolio,
    language: Language,
    format: Format,
}

/// The pages' name for a language of the data.
#[must_use]
pub fn page_language(language: Language) -> octroi_frontend::Language {
    match language {
        Language::En => octroi_frontend::Language::En,
        Language::Fr => octroi_frontend::Language::Fr,
    }
}

impl Wording {
    #[must_use]
    pub fn new(portfolio: &'static Portfolio, language: Language) -> Self {
        Self {
            portfolio,
            language,
            format: Format::new(page_language(language)),
        }
    }

    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    fn entry(&self, feature: &str) -> Option<&'static Entry> {
        self.portfolio.dictionary.entry(feature)
    }

    /// The dictionary's label; the name itself where the dictionary has none.
    #[must_use]
    pub fn label(&self, feature: &str) -> String {
        self.entry(feature).map_or_else(
            || feature.to_owned(),
            |entry| entry.label.get(self.language).to_owned(),
        )
    }

    /// The dictionary's description.
    #[must_use]
    pub fn help(&self, feature: &str) -> String {
        self.entry(feature)
            .map(|entry| entry.description.get(self.language).to_owned())
            .unwrap_or_default()
    }

    /// The family a feature belongs to (its name, not its label).
    #[must_use]
    pub fn family(&self, feature: &str) -> &'static str {
        self.entry(feature)
            .map_or("", |entry| entry.family.as_str())
    }

    /// The label of a family; features the dictionary does not know are the other ones.
    #[must_use]
    pub fn family_label(&self, family: &str) -> String {
        self.portfolio.dictionary.family(family).map_or_else(
            || Words::of(page_language(self.language)).t("family-other"),
            |family| family.label.get(self.language).to_owned(),
        )
    }

    /// A level of a category in words.
    #[must_use]
    pub fn level(&self, feature: &str, level: &str) -> String {
        self.entry(feature)
            .and_then(|entry| entry.levels.get(level))
            .map_or_else(
                || level.to_owned(),
                |text| text.get(self.language).to_owned(),
            )
    }

    /// A value as it is to be read. `levels`: of a category, whose value is a position.
    #[must_use]
    pub fn value(&self, feature: &str, levels: Option<&[String]>, value: f64) -> String {
        if !value.is_finite() {
            return self.format.missing();
        }
        if let Some(levels) = levels {
            return levels
                .get(value as usize)
                .map_or_else(|| self.format.missing(), |level| self.level(feature, level));
        }
        let unit = self
            .entry(feature)
            .and_then(|entry| entry.unit.as_str().parse().ok())
            .unwrap_or(Unit::Ratio);
        self.format.value(unit, value)
    }

    /// A move of a mutable column as the end of "with ..."; its label and value where the
    /// dictionary has no words for it.
    #[must_use]
    pub fn change(&self, column: &str, from: f64, to: f64) -> String {
        let value = |value| self.value(column, None, value);
        match self.entry(column).and_then(|entry| entry.change.as_ref()) {
            Some(change) => change
                .get(self.language)
                .replace("{to}", &value(to))
                .replace("{from}", &value(from)),
            None => format!("{} {}", self.label(column), value(to)),
        }
    }

    /// True for a feature that says the same as another one in another unit.
    #[must_use]
    pub fn repeats_another(&self, feature: &str) -> bool {
        self.entry(feature)
            .is_some_and(|entry| entry.same_as.is_some())
    }

    /// True where a larger number is read as a smaller one: days before the application are
    /// negative and are read as time passed.
    #[must_use]
    pub fn reads_backwards(&self, feature: &str) -> bool {
        self.entry(feature)
            .is_some_and(|entry| entry.unit.as_str() == "days_before")
    }

    /// The rank of a value among others, 0 to 1, in the direction in which it is read.
    #[must_use]
    pub fn rank(&self, feature: &str, values: &[f64], value: f64) -> Option<f64> {
        let rank = percentile_rank(values, value)?;
        let rank = if self.reads_backwards(feature) {
            1.0 - rank
        } else {
            rank
        };
        // Nobody is above all clients, being one of them.
        Some(rank.min(0.99))
    }

    /// True for what the law names as a ground of discrimination.
    #[must_use]
    pub fn is_protected(&self, feature: &str) -> bool {
        self.entry(feature).is_some_and(|entry| entry.protected)
    }

    /// The values from one to another as they are to be read, the lesser first.
    #[must_use]
    pub fn range(&self, feature: &str, from: f64, to: f64) -> String {
        let (from, to) = if self.reads_backwards(feature) {
            (to, from)
        } else {
            (from, to)
        };
        let [low, high] = [from, to].map(|value| self.value(feature, None, value));
        if low == high {
            return low;
        }
        Words::of(page_language(self.language))
            .with("interval", &[("low", low.into()), ("high", high.into())])
    }

    /// True for a yes-or-no feature.
    #[must_use]
    pub fn is_flag(&self, feature: &str) -> bool {
        self.entry(feature)
            .is_some_and(|entry| entry.unit.as_str() == "flag")
    }
}
