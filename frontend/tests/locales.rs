//! Both locale files say the same things, and nothing that the templates name is missing.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, PatternElement},
    parser,
};

/// Key -> names of the variables inside.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("locales/{language}.ftl"));
    let resource = parser::parse(fs::read_to_string(path).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else {
            continue;
        };
        let mut variables = BTreeSet::new();
        for element in &message.value.as_ref().unwrap().elements {
            collect(element, &mut variables);
        }
        let twice = found.insert(message.id.name.clone(), variables);
        assert!(
            twice.is_none(),
            "{language}.ftl says `{}` twice",
            message.id.name
        );
    }
    found
}

fn collect(element: &PatternElement<String>, into: &mut BTreeSet<String>) {
    let PatternElement::Placeable { expression } = element else {
        return;
    };
    let (Expression::Inline(inline)
    | Expression::Select {
        selector: inline, ..
    }) = expression;
    if let InlineExpression::VariableReference { id } = inline {
        into.insert(id.name.clone());
    }
    if let Expression::Select { variants, .. } = expression {
        for variant in variants {
            variant.value.elements.iter().for_each(|e| collect(e, into));
        }
    }
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((
                    path.display().to_string(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    found
}

/// Keys written as literals after one of these openings.
fn keys_after(source: &str, openings: &[&str]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for opening in openings {
        for rest in source.split(opening).skip(1) {
            let (key, after) = rest.split_once('"').unwrap();
            let joined = after.trim_start().starts_with('~');
            if !joined && key.starts_with(|c: char| c.is_ascii_lowercase()) {
                keys.insert(key.to_owned());
            }
        }
    }
    keys
}

fn used() -> BTreeMap<String, String> {
    let openings = ["t(key=\"", ".t(\"", ".with(\"", "(\"key\": \""];
    let mut used = BTreeMap::new();
    for (file, source) in sources("templates").into_iter().chain(sources("src")) {
        // Long calls are broken after the parenthesis.
        let joined: Vec<&str> = source.split('(').map(str::trim_start).collect();
        for key in keys_after(&joined.join("("), &openings) {
            used.insert(key, file.clone());
        }
    }
    used
}

#[test]
fn both_languages_have_the_same_keys_with_the_same_variables() {
    let (en, fr) = (messages("en"), messages("fr"));
    let keys = |m: &BTreeMap<String, _>| m.keys().cloned().collect::<BTreeSet<_>>();
    let difference: Vec<_> = keys(&en)
        .symmetric_difference(&keys(&fr))
        .cloned()
        .collect();
    assert!(
        difference.is_empty(),
        "only in one language: {difference:?}"
    );
    for (key, variables) in &en {
        assert_eq!(variables, &fr[key], "variables of `{key}`");
    }
}

#[test]
fn every_key_that_a_template_names_exists() {
    let messages = messages("en");
    let used = used();
    assert!(
        used.len() > 200,
        "the search for keys finds them: {}",
        used.len()
    );
    let missing: Vec<_> = used
        .iter()
        .filter(|(key, _)| !messages.contains_key(*key))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_message_is_used() {
    let all: String = sources("templates")
        .into_iter()
        .chain(sources("src"))
        .chain(sources("../backend/src"))
        .map(|(_, source)| source)
        .collect();
    // Looked up by a value of the data: `word(group="role", ...)`, `t(key="nav-" ~ ...)`.
    let vocabularies = [
        "action-",
        "calibration-method-",
        "actor-",
        "candidate-",
        "channel-",
        "error-",
        "group-",
        "imbalance-",
        "key-state-",
        "language-",
        "nav-",
        "notice-",
        "outcome-",
        "password-refusal-",
        "role-",
        "scope-",
        "sign-in-error-",
        "slice-flag-",
        "subject-",
        "test-",
        "verdict-",
        "by-",
    ];
    let unused: Vec<_> = messages("en")
        .into_keys()
        .filter(|key| !all.contains(&format!("\"{key}\"")))
        .filter(|key| !vocabularies.iter().any(|group| key.starts_with(group)))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn french_puts_no_plain_space_before_double_punctuation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/fr.ftl");
    for line in fs::read_to_string(path)
        .unwrap()
        .lines()
        .filter(|l| l.contains(" = "))
    {
        let text = line.split_once(" = ").unwrap().1;
        for mark in [" ;", " !", " ?", " %", " :"] {
            assert!(!text.contains(mark), "{line}");
        }
    }
}
