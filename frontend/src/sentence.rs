//! A contribution told as a sentence: "External score 2: 0.26, lower than 92% of clients.
//! This strongly raises the risk." The parts are whole clauses in the locales, so that each
//! language keeps its own order and agreement.

use crate::{
    Words,
    format::Format,
    views::{Reason, Standing},
};

/// The sentence for one reason, without markup.
#[must_use]
pub fn reason(words: &Words, reason: &Reason) -> String {
    let fact = words.with(
        "reason-fact",
        &[
            ("label", (&reason.label).into()),
            ("value", (&reason.value).into()),
        ],
    );
    let fact = match standing(words, reason.standing) {
        Some(standing) => words.with(
            "reason-fact-standing",
            &[("fact", fact.into()), ("standing", standing.into())],
        ),
        None => words.with("reason-fact-alone", &[("fact", fact.into())]),
    };
    format!("{fact} {}", effect(words, reason.raises, reason.strength))
}

/// "This strongly raises the risk."
#[must_use]
pub fn effect(words: &Words, raises: bool, strength: u8) -> String {
    words.t(match (raises, strength) {
        (true, 0 | 1) => "reason-raises-slightly",
        (true, 2) => "reason-raises",
        (true, _) => "reason-raises-strongly",
        (false, 0 | 1) => "reason-lowers-slightly",
        (false, 2) => "reason-lowers",
        (false, _) => "reason-lowers-strongly",
    })
}

/// "lower than 92% of clients", if there is anything to say.
#[must_use]
pub fn standing(words: &Words, standing: Standing) -> Option<String> {
    let (key, share) = match standing {
        Standing::Unsaid => return None,
        Standing::Middle => return Some(words.t("standing-middle")),
        // Nobody is lower than all clients, being one of them.
        Standing::LowerThan(share) => ("standing-lower", share.min(0.99)),
        Standing::HigherThan(share) => ("standing-higher", share.min(0.99)),
        Standing::SharedBy(share) => ("standing-shared", share),
    };
    let share = Format::new(words.language()).percent(share, 0);
    Some(words.with(key, &[("share", share.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    fn example(label: &str, value: &str) -> Reason {
        Reason {
            feature: "EXT_SOURCE_2".to_owned(),
            label: label.to_owned(),
            value: value.to_owned(),
            raises: true,
            strength: 3,
            standing: Standing::LowerThan(0.92),
        }
    }

    #[test]
    fn a_reason_is_a_sentence_in_both_languages() {
        assert_eq!(
            reason(
                Words::of(Language::En),
                &example("External score 2", "0.26")
            ),
            "External score 2: 0.26, lower than 92% of clients. This strongly raises the risk."
        );
        assert_eq!(
            reason(Words::of(Language::Fr), &example("Score externe 2", "0,26")),
            "Score externe 2\u{a0}: 0,26, plus bas que chez 92\u{202f}% des clients. Cela augmente fortement le risque."
        );
    }

    #[test]
    fn a_value_in_the_middle_is_not_called_high_or_low() {
        assert_eq!(Standing::of(0.48, 0.50), Standing::Middle);
        assert_eq!(Standing::of(0.05, 0.92), Standing::LowerThan(0.92));
        assert_eq!(Standing::of(0.9, 0.1), Standing::HigherThan(0.9));
    }
}
