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

/// "With a loan of 410,000 instead of 500,000, the credit would have been granted
/// (probability of default 7.9%, threshold 8.3%)." `changes` are the ends of "with ...".
#[must_use]
pub fn counterfactual(words: &Words, changes: &[String], pd: f64, threshold: f64) -> String {
    let format = Format::new(words.language());
    // As many decimals as tell the two apart.
    let (pd, threshold) = (1..=4)
        .map(|places| {
            (
                format.percent(pd, places),
                format.percent(threshold, places),
            )
        })
        .find(|(pd, threshold)| pd != threshold)
        .unwrap_or_else(|| (format.percent(pd, 6), format.percent(threshold, 6)));
    words.with(
        "counterfactual-proposal",
        &[
            ("changes", list(words, changes).into()),
            ("pd", pd.into()),
            ("threshold", threshold.into()),
        ],
    )
}

/// That nothing was found among so many combinations, which may be all there are.
#[must_use]
pub fn no_counterfactual(words: &Words, combinations: u64, exhaustive: bool) -> String {
    let key = match (combinations, exhaustive) {
        (0, _) => "counterfactual-nothing-to-move",
        (_, true) => "counterfactual-none",
        (_, false) => "counterfactual-none-found",
    };
    words.with(key, &[("n", combinations.into())])
}

/// "Length of the loan: 25 months instead of 20 months."
#[must_use]
pub fn consequence(words: &Words, label: &str, from: &str, to: &str) -> String {
    let arguments = [
        ("label", label.into()),
        ("from", from.into()),
        ("to", to.into()),
    ];
    words.with("counterfactual-consequence", &arguments)
}

/// "Loan amount: from 45,000 to 500,000"
#[must_use]
pub fn tried(words: &Words, label: &str, least: &str, greatest: &str) -> String {
    let arguments = [
        ("label", label.into()),
        ("least", least.into()),
        ("greatest", greatest.into()),
    ];
    words.with("counterfactual-tried-range", &arguments)
}

/// "a, b and c"
fn list(words: &Words, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => words.with(
            "list-and",
            &[("first", first.join(", ").into()), ("last", last.into())],
        ),
    }
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

    #[test]
    fn a_proposal_is_a_sentence_in_both_languages() {
        let changes = ["a loan of 410,000 instead of 500,000".to_owned()];
        assert_eq!(
            counterfactual(Words::of(Language::En), &changes, 0.079, 0.083),
            "With a loan of 410,000 instead of 500,000, the credit would have been granted \
             (probability of default 7.9%, threshold 8.3%)."
        );
        let changes = ["un crédit de 410", "une annuité de 20", "un courriel"].map(str::to_owned);
        assert_eq!(
            counterfactual(Words::of(Language::Fr), &changes, 0.0829, 0.0831),
            "Avec un crédit de 410, une annuité de 20 et un courriel, le crédit aurait été accordé \
             (probabilité de défaut 8,29\u{202f}%, seuil 8,31\u{202f}%)."
        );
    }

    #[test]
    fn that_nothing_was_found_is_said_with_how_much_was_tried() {
        let words = Words::of(Language::En);
        assert!(no_counterfactual(words, 1_234, false).contains("1,234 combinations"));
        assert!(no_counterfactual(words, 8, true).starts_with("None of the 8 combinations"));
        assert!(!no_counterfactual(words, 0, true).contains('0'));
    }
}
