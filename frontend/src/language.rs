//! The two languages of the pages. Every visible word comes from `locales/<code>.ftl`;
//! this type picks the file and the number habits that go with it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A language of the pages and documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    #[default]
    En,
    Fr,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The code used in `lang` attributes, cookies and file names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The best of the two for an `Accept-Language` header: the first one that is known.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Self {
        accept_language
            .split(',')
            .find_map(|part| part.split([';', '-']).next()?.trim().parse().ok())
            .unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A language code that is neither `en` nor `fr`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a language of the pages (en, fr)")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        match code {
            "en" => Ok(Self::En),
            "fr" => Ok(Self::Fr),
            other => Err(UnknownLanguage(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_first_known_language_of_the_browser_is_taken() {
        assert_eq!(
            Language::preferred("de-DE,fr-CA;q=0.8,en;q=0.5"),
            Language::Fr
        );
        assert_eq!(Language::preferred("en-GB,fr"), Language::En);
        assert_eq!(Language::preferred(""), Language::En);
    }
}
