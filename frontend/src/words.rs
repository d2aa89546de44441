//! The words of the pages: one Fluent bundle a language, read from `locales/` at compile
//! time. Numbers inside messages are written in the language's habit.

use std::sync::{Arc, LazyLock};

use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, memoizer::MemoizerKind,
};

use crate::{Language, format};

static EN: LazyLock<Words> =
    LazyLock::new(|| Words::read(Language::En, include_str!("../locales/en.ftl")));
static FR: LazyLock<Words> =
    LazyLock::new(|| Words::read(Language::Fr, include_str!("../locales/fr.ftl")));

/// Every message in one language. Obtain it with [`Words::of`].
pub struct Words {
    language: Language,
    bundle: Arc<FluentBundle<FluentResource>>,
}

/// A value inside a message.
#[derive(Clone, Debug)]
pub enum Argument {
    Number(f64),
    Text(String),
}

impl From<f64> for Argument {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Argument {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<&u64> for Argument {
    fn from(number: &u64) -> Self {
        Self::Number(*number as f64)
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl Words {
    /// The words of a language; read once per process.
    #[must_use]
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Fr => &FR,
        }
    }

    fn read(language: Language, source: &str) -> Self {
        // A message that does not parse is dropped here and missed by the test that
        // compares the keys of both files, so a broken file cannot be shipped unseen.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read);
        let locale = language.as_str().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match language {
            Language::En => write_number_en,
            Language::Fr => write_number_fr,
        }));
        bundle.add_resource_overriding(resource);
        Self {
            language,
            bundle: Arc::new(bundle),
        }
    }

    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether there is a message with this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// The message with this key; the key itself when there is none, which the tests
    /// forbid for every key that a template names.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The message with this key and these values inside.
    #[must_use]
    pub fn with(&self, key: &str, arguments: &[(&str, Argument)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|m| m.value()) else {
            return key.to_owned();
        };
        let mut args = FluentArgs::with_capacity(arguments.len());
        for (name, value) in arguments {
            let value = match value {
                Argument::Number(number) => FluentValue::from(*number),
                Argument::Text(text) => FluentValue::from(text.clone()),
            };
            args.set((*name).to_owned(), value);
        }
        self.bundle
            .format_pattern(pattern, Some(&args), &mut Vec::new())
            .into_owned()
    }

    /// The word for a value of a vocabulary (`role`, `action`), or `otherwise` when it has
    /// none: a new action must not break the audit page.
    #[must_use]
    pub fn word(&self, group: &str, value: &str, otherwise: &str) -> String {
        let key = vocabulary_key(group, value);
        if self.has(&key) {
            self.t(&key)
        } else {
            otherwise.to_owned()
        }
    }
}

/// `action` and `decision.made` give `action-decision-made`.
pub(crate) fn vocabulary_key(group: &str, value: &str) -> String {
    format!("{group}-{}", value.replace(['.', '_', ':', ' '], "-"))
}

fn write_number_en<M: MemoizerKind>(value: &FluentValue, _: &M) -> Option<String> {
    write_number(Language::En, value)
}

fn write_number_fr<M: MemoizerKind>(value: &FluentValue, _: &M) -> Option<String> {
    write_number(Language::Fr, value)
}

fn write_number(language: Language, value: &FluentValue) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(format::up_to(language, number.value, 2)),
        _ => None,
    }
}
