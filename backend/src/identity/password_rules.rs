//! Which passwords are refused: what is tried first is not only what is short. A password is
//! read as the cheapest row of parts that whoever guesses would try (a common word, a row of
//! keys, a repetition, a year, a name of the person) and single characters, and the parts that
//! are left must be as many as eight characters chosen at random. The person's own names are
//! refused wherever they stand. Each refusal says why and what to do instead.

use super::PasswordError;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// What a password must not be made of: the names of the person and of their bank.
pub struct PasswordOwner<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub bank: &'a str,
}

/// Shorter parts of names are in too many other words to be refused wherever they stand; they
/// count as common words.
const SHORTEST_NAME: usize = 4;

/// How much of a password is weighed: one that is hard to guess up to here is hard to guess.
const WEIGHED: usize = 64;

/// The least that a password must weigh, in characters that nothing foretells.
const LEAST: u32 = 8;

/// What common passwords of twelve characters and more are put together from, in English and
/// French: words that are passwords by themselves, what people in a bank add a year to, and
/// this program's name.
const COMMON: [&str; 95] = [
    "password",
    "passwort",
    "motdepasse",
    "passe",
    "pass",
    "mdp",
    "secret",
    "login",
    "user",
    "admin",
    "administrator",
    "administrateur",
    "root",
    "guest",
    "test",
    "default",
    "temporary",
    "temp",
    "changeme",
    "letmein",
    "welcome",
    "bienvenue",
    "bonjour",
    "salut",
    "hello",
    "coucou",
    "iloveyou",
    "jetaime",
    "loveyou",
    "mylove",
    "monamour",
    "princess",
    "princesse",
    "sunshine",
    "soleil",
    "football",
    "baseball",
    "monkey",
    "dragon",
    "master",
    "superman",
    "batman",
    "pokemon",
    "starwars",
    "chocolat",
    "chocolate",
    "doudou",
    "loulou",
    "marseille",
    "liverpool",
    "chelsea",
    "arsenal",
    "paris",
    "london",
    "france",
    "michael",
    "nicolas",
    "thomas",
    "charlie",
    "jordan",
    "azerty",
    "qwerty",
    "trustno",
    "unknown",
    "computer",
    "ordinateur",
    "internet",
    "spring",
    "summer",
    "autumn",
    "winter",
    "printemps",
    "automne",
    "hiver",
    "january",
    "february",
    "october",
    "november",
    "december",
    "janvier",
    "fevrier",
    "juillet",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
    "vacances",
    "holiday",
    "company",
    "nouveau",
    "octroi",
    "banque",
    "bank",
    "credit",
    "finance",
];

/// Rows that fingers and memory follow, in either direction.
const ROWS: [&str; 16] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn,;:!",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2z3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1z2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujmik",
    "aqwzsxedcrfvtgbyhnuj",
    "1qaz2wsx3edc4rfv5tgb",
    "!@#$%^&*()",
];

/// Lower case without accents: `Adèle` and `adele` are one name.
fn plain(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The letter that a sign is often written for.
fn unmasked(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' | '€' => 'e',
        '1' | '!' | '|' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// The parts of a name, and the whole of it without what stands between them.
fn parts(name: &str) -> Vec<String> {
    let plain = plain(name);
    let mut parts: Vec<String> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    parts.push(parts.concat());
    parts
}

/// What a part of a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Character,
    Word,
    Repetition,
    Row,
    Year,
}

impl Part {
    /// In characters that nothing foretells: words are chosen among hundreds, as two
    /// characters are, and of a repetition only that there is one.
    fn weight(self) -> u32 {
        match self {
            Self::Character | Self::Repetition | Self::Year => 1,
            Self::Word | Self::Row => 2,
        }
    }
}

/// A password and what it may be made of.
struct Reading<'a> {
    written: Vec<char>,
    unmasked: Vec<char>,
    words: Vec<&'a str>,
}

impl<'a> Reading<'a> {
    fn new(text: &str, words: Vec<&'a str>) -> Self {
        let written: Vec<char> = plain(text).chars().take(WEIGHED).collect();
        Self {
            unmasked: written.iter().map(|c| unmasked(*c)).collect(),
            written,
            words,
        }
    }

    /// The parts that can begin at `at`, each with its length.
    fn parts_at(&self, at: usize) -> Vec<(Part, usize)> {
        let mut found = vec![(Part::Character, 1)];
        let (written, unmasked) = (&self.written[at..], &self.unmasked[at..]);
        for word in &self.words {
            let length = word.chars().count();
            let begins = |text: &[char]| {
                text.len() >= length && text.iter().copied().zip(word.chars()).all(|(a, b)| a == b)
            };
            if length >= 3 && (begins(written) || begins(unmasked)) {
                found.push((Part::Word, length));
            }
        }
        let row = row(written);
        if row >= 3 {
            found.push((Part::Row, row));
        }
        if written.len() >= 4 && written[..4].iter().all(char::is_ascii_digit) {
            let century: String = written[..2].iter().collect();
            if ["19", "20"].contains(&century.as_str()) {
                found.push((Part::Year, 4));
            }
        }
        // What stood just before, once more or several times.
        for period in 1..=at {
            let same = (at..self.written.len())
                .take_while(|i| self.written[*i] == self.written[*i - period])
                .count();
            if same >= period.max(2) {
                found.push((Part::Repetition, same));
            }
        }
        found
    }

    /// The cheapest reading: what it weighs, and how many characters each part takes.
    fn cheapest(&self) -> (u32, Vec<(Part, usize)>) {
        let length = self.written.len();
        let mut best: Vec<Option<(u32, Part, usize)>> = vec![None; length + 1];
        for at in 0..length {
            let so_far = if at == 0 {
                0
            } else {
                best[at].map_or(u32::MAX, |(weight, _, _)| weight)
            };
            for (part, taken) in self.parts_at(at) {
                let weight = so_far.saturating_add(part.weight());
                if best[at + taken].is_none_or(|(known, _, _)| weight < known) {
                    best[at + taken] = Some((weight, part, taken));
                }
            }
        }
        let weight = best[length].map_or(0, |(weight, _, _)| weight);
        let mut parts = Vec::new();
        let mut at = length;
        while let Some((_, part, taken)) = best[at] {
            parts.push((part, taken));
            at -= taken;
        }
        (weight, parts)
    }
}

/// How many characters from the first on follow a row, either way.
fn row(text: &[char]) -> usize {
    let along = |row: &mut dyn Iterator<Item = char>| {
        text.iter()
            .copied()
            .zip(row)
            .take_while(|(a, b)| a == b)
            .count()
    };
    let mut longest = 0;
    for row in ROWS {
        let forward: Vec<char> = row.chars().collect();
        let backward: Vec<char> = row.chars().rev().collect();
        for row in [forward, backward] {
            for start in 0..row.len() {
                longest = longest.max(along(&mut row[start..].iter().copied()));
            }
        }
    }
    longest
}

pub(super) fn check(text: &str, owner: &PasswordOwner<'_>) -> Result<(), PasswordError> {
    let length = text.chars().count();
    if !(12..=128).contains(&length) {
        return Err(PasswordError::Length(length));
    }
    let (local, domain) = owner.email.split_once('@').unwrap_or((owner.email, ""));
    // Of the domain, `example` or `com` says nothing about anybody.
    let domain = domain.rsplit_once('.').map_or(domain, |(name, _)| name);
    let names: Vec<String> = [owner.name, local, domain, owner.bank]
        .into_iter()
        .flat_map(parts)
        .collect();
    let written = plain(text);
    let unmasked: String = written.chars().map(unmasked).collect();
    let squeezed: String = written.chars().filter(|c| c.is_alphanumeric()).collect();
    let own = names.iter().find(|name| {
        let stands_in = |text: &String| text.contains(name.as_str());
        name.chars().count() >= SHORTEST_NAME
            && [&written, &unmasked, &squeezed].into_iter().any(stands_in)
    });
    if let Some(own) = own {
        return Err(PasswordError::Personal(own.clone()));
    }
    let words = names.iter().map(String::as_str).chain(COMMON).collect();
    let (weight, parts) = Reading::new(text, words).cheapest();
    if weight >= LEAST {
        return Ok(());
    }
    let share = |kind: Part| -> usize {
        let own = parts.iter().filter(|(part, _)| *part == kind);
        own.map(|(_, taken)| taken).sum()
    };
    let kinds = [Part::Repetition, Part::Row, Part::Word];
    Err(match kinds.into_iter().max_by_key(|kind| share(*kind)) {
        Some(Part::Repetition) => PasswordError::Repeated,
        Some(Part::Row) => PasswordError::Sequence,
        Some(Part::Word) if share(Part::Word) > 0 => PasswordError::Leaked,
        _ => PasswordError::Guessable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMILLE: PasswordOwner<'_> = PasswordOwner {
        name: "Adèle Petit-Laurent",
        email: "a.laurent@credit-azur.example",
        bank: "Banque Azur",
    };

    fn refusal(text: &str) -> Option<PasswordError> {
        check(text, &CAMILLE).err()
    }

    #[test]
    fn a_password_has_12_to_128_characters_whatever_bytes_they_take() {
        assert!(matches!(refusal("short"), Some(PasswordError::Length(5))));
        assert!(refusal("éçà ùî ôêâ ñ").is_none());
        let long = "tournesol gravier lampe ".repeat(6);
        assert!(matches!(refusal(&long), Some(PasswordError::Length(144))));
    }

    #[test]
    fn the_commonest_passwords_are_refused_also_in_disguise() {
        for text in [
            "password1234",
            "P@ssw0rd!2024",
            "motdepasse123",
            "azertyuiop123",
            "qwerty123456",
            "iloveyou1234",
            "administrator",
            "unknown12345",
            "1q2w3e4r5t6y",
            "letmein!letmein",
            "summer2026!!",
            "Bienvenue2026",
            "Printemps2026!",
        ] {
            assert!(
                matches!(
                    refusal(text),
                    Some(
                        PasswordError::Leaked | PasswordError::Sequence | PasswordError::Guessable
                    )
                ),
                "{text}: {:?}",
                refusal(text)
            );
        }
    }

    #[test]
    fn repetitions_and_sequences_are_refused_as_what_they_are() {
        for text in ["aaaaaaaaaaaa", "abcabcabcabc", "111111222222"] {
            assert!(
                matches!(refusal(text), Some(PasswordError::Repeated)),
                "{text}"
            );
        }
        for text in ["abcdefghijkl", "123456789012"] {
            assert!(
                matches!(refusal(text), Some(PasswordError::Sequence)),
                "{text}"
            );
        }
    }

    #[test]
    fn the_persons_and_the_banks_own_names_are_refused_wherever_they_stand() {
        for (text, name) in [
            ("gravier-ADELE-tournesol", "adele"),
            ("gravier Adèle tournesol", "adele"),
            ("xk7 laurent qv93 lampe", "laurent"),
            ("une lampe a l-a-u-r-e-n-t", "laurent"),
            ("la banque des tournesols", "banque"),
            ("tournesol azur gravier", "azur"),
        ] {
            match refusal(text) {
                Some(PasswordError::Personal(found)) => assert_eq!(found, name, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_name_of_three_letters_is_weighed_and_not_sought() {
        let ana = PasswordOwner {
            name: "Ana",
            email: "ana@b.example",
            bank: "B",
        };
        assert!(check("banane tournesol gravier", &ana).is_ok());
        assert!(check("ana ana ana ana", &ana).is_err());
    }

    #[test]
    fn several_words_that_do_not_belong_together_are_taken() {
        for text in [
            "tournesol gravier lampe",
            "correct horse battery",
            "k7Qv-x93P-mmZ2",
            "octroi-demo-2026",
        ] {
            assert!(refusal(text).is_none(), "{text}: {:?}", refusal(text));
        }
    }
}
