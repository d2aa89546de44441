//! The one rule for names that people give: of banks, people, keys, clients. A name is shown in
//! pages, logs and terminals, so it holds nothing that moves the cursor or turns the direction
//! of writing round, and has an end. Names that are addresses, too (of models, aliases, banks)
//! have narrower rules of their own.

/// Characters of a name.
pub const LONGEST: usize = 120;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name has 1 to {LONGEST} characters, not {0}")]
    Length(usize),
    #[error("a name holds no control characters, and this one has U+{:04X}", *.0 as u32)]
    Control(char),
}

/// The name without what is before and after it.
pub fn parse(text: &str) -> Result<String, NameError> {
    let name = text.trim();
    if let Some(control) = name.chars().find(|c| controls(*c)) {
        return Err(NameError::Control(control));
    }
    match name.chars().count() {
        1..=LONGEST => Ok(name.to_owned()),
        length => Err(NameError::Length(length)),
    }
}

/// Controls proper, ends of lines, and what turns the direction of writing round.
#[must_use]
pub fn controls(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_people_write_and_nothing_that_a_terminal_obeys() {
        for name in [
            "Banque Azur",
            "Zoë O’Neill-Ånström",
            "株式会社",
            "عبد الله",
            "a",
        ] {
            assert_eq!(parse(name).as_deref(), Ok(name));
        }
        assert_eq!(parse("  Azur \n").as_deref(), Ok("Azur"));
        for name in [
            "a\0b",
            "a\x1b[2Jb",
            "a\nb",
            "a\tb",
            "a\u{7f}b",
            "a\u{202e}b",
            "a\u{2028}b",
            "a\u{85}b",
        ] {
            assert!(
                matches!(parse(name), Err(NameError::Control(_))),
                "{name:?}"
            );
        }
        assert_eq!(parse(""), Err(NameError::Length(0)));
        assert_eq!(parse(" "), Err(NameError::Length(0)));
        assert!(parse(&"é".repeat(LONGEST)).is_ok());
        assert_eq!(
            parse(&"é".repeat(LONGEST + 1)),
            Err(NameError::Length(LONGEST + 1))
        );
    }
}
