//! Every kind of `LightGBM` model that `tests/fixtures/models` holds is scored and explained
//! as `LightGBM` does, and what is not one of them is refused by name.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use octroi_model_registry::import::{self, ImportedModel};
use octroi_model_registry::model::{Model, logistic};
use proptest::prelude::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models/lightgbm")
}

fn text(name: &str, file: &str) -> String {
    std::fs::read_to_string(fixtures().join(name).join(file)).unwrap()
}

fn model(text: &str) -> ImportedModel {
    import::read(text.as_bytes()).unwrap()
}

fn refusal(text: &str) -> String {
    import::read(text.as_bytes()).unwrap_err().to_string()
}

/// Rows of a fixture; the text of a level is its code.
fn rows(name: &str, model: &ImportedModel) -> Vec<Vec<f64>> {
    let cell = |column: usize, cell: &str| match (cell, &model.features[column].levels) {
        ("", _) => f64::NAN,
        (cell, Some(levels)) => levels.iter().position(|level| level == cell).unwrap() as f64,
        (cell, None) => cell.parse().unwrap(),
    };
    let text = text(name, "rows.csv");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let names: Vec<&str> = model.features.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(header, names);
    lines
        .map(|line| {
            let cells = line.split(',').enumerate();
            cells.map(|(column, text)| cell(column, text)).collect()
        })
        .collect()
}

fn expected(name: &str) -> Vec<Vec<f64>> {
    let text = text(name, "expected.csv");
    let number = |cell: &str| cell.parse().unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect()
}

#[test]
fn every_kind_of_model_gives_lightgbms_margins_pds_and_contributions() {
    let mut names: Vec<String> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names.len(), 15, "{names:?}");
    for name in names {
        let model = model(&text(&name, "model.txt"));
        let (rows, expected) = (rows(&name, &model), expected(&name));
        assert_eq!(rows.len(), expected.len());
        let slope = model.slope;
        let model = Model::Forest(model.forest);
        let (mut margins, mut pds, mut contributions) = (0f64, 0f64, 0f64);
        for (row, expected) in rows.iter().zip(&expected) {
            let margin = model.margin(row);
            margins = margins.max((margin - expected[0]).abs());
            pds = pds.max((logistic(slope * margin) - expected[1]).abs());
            let explained = model.contributions(row);
            let ours = explained.values.iter().chain([&explained.base_value]);
            assert_eq!(explained.values.len() + 3, expected.len());
            for (ours, theirs) in ours.zip(&expected[2..]) {
                contributions = contributions.max((ours - theirs).abs());
            }
        }
        println!("{name}: margin {margins:e}, pd {pds:e}, contributions {contributions:e}");
        assert!(margins < 1e-12, "{name}: margins differ by {margins:e}");
        assert!(pds < 1e-12, "{name}: PDs differ by {pds:e}");
        assert!(
            contributions < 1e-9,
            "{name}: contributions differ by {contributions:e}"
        );
    }
}

#[test]
fn the_slope_is_that_of_the_objective() {
    let halved = model(&text("sigmoid", "model.txt"));
    assert_eq!(halved.slope.to_bits(), 0.5f64.to_bits());
    let plain = model(&text("cross-entropy", "model.txt"));
    assert_eq!(plain.slope.to_bits(), 1f64.to_bits());
}

#[test]
fn levels_come_from_pandas_and_belong_to_the_categories_in_order() {
    let model = model(&text("pandas-categories", "model.txt"));
    let levels = |name: &str| {
        let feature = model.features.iter().find(|f| f.name == name).unwrap();
        (feature.categorical, feature.levels.clone())
    };
    assert_eq!(levels("income"), (false, None));
    let (categorical, regions) = levels("region");
    assert!(categorical);
    let regions = regions.unwrap();
    assert_eq!(
        regions,
        ["north", "east", "south", "west", "abroad", "unknown"]
    );
    assert!(levels("occupation").1.unwrap().contains(&"job 3".into()));
}

#[test]
fn levels_that_could_be_of_another_column_are_nobodys() {
    let whole = text("pandas-categories", "model.txt");
    let one_more = whole.replace(
        "pandas_categorical:[",
        "pandas_categorical:[[\"low\",\"high\"],",
    );
    for feature in model(&one_more).features {
        assert_eq!(feature.levels, None, "{}", feature.name);
    }
    // As many lists as columns, but the first is too short for the codes of the first column.
    let at = whole.find("pandas_categorical:").unwrap();
    let too_short = format!(
        "{}pandas_categorical:[[\"low\"],[\"high\"]]\n",
        &whole[..at]
    );
    for feature in model(&too_short).features {
        assert_eq!(feature.levels, None, "{}", feature.name);
    }
}

#[test]
fn categories_without_levels_are_known_to_be_categories() {
    let model = model(&text("categories", "model.txt"));
    let categorical: Vec<&str> = model
        .features
        .iter()
        .filter(|feature| feature.categorical)
        .map(|feature| feature.name.as_str())
        .collect();
    assert_eq!(categorical, ["region", "occupation"]);
    assert!(model.features.iter().all(|f| f.levels.is_none()));
}

/// The text with `from` replaced once, and the sizes of its trees made to fit again: what is
/// wrong is then wrong inside a whole file.
fn altered(whole: &str, from: &str, to: &str) -> String {
    assert!(whole.contains(from), "nothing to alter: {from}");
    resized(&whole.replacen(from, to, 1))
}

fn resized(text: &str) -> String {
    let start = text.find("\nTree=0").unwrap() + 1;
    let end = text.find("end of trees").unwrap();
    let sizes: Vec<String> = text[start..end]
        .split("Tree=")
        .skip(1)
        .map(|tree| (tree.len() + 5).to_string())
        .collect();
    let header: Vec<String> = text[..start]
        .split_inclusive('\n')
        .map(|line| match line.strip_prefix("tree_sizes=") {
            Some(_) => format!("tree_sizes={}\n", sizes.join(" ")),
            None => line.to_owned(),
        })
        .collect();
    format!("{}{}", header.concat(), &text[start..])
}

/// The value of a key of the first tree.
fn first<'a>(whole: &'a str, key: &str) -> &'a str {
    let from = whole.find(&format!("\n{key}=")).unwrap() + 1;
    whole[from..].lines().next().unwrap()
}

#[test]
#[allow(
    clippy::too_many_lines,
    reason = "one list of files, each with what it is refused for"
)]
fn what_cannot_be_scored_exactly_is_refused_by_line_and_key() {
    let whole = text("categories", "model.txt");
    assert_eq!(
        resized(&whole),
        whole,
        "the sizes are counted as LightGBM does"
    );
    let threshold = first(&whole, "threshold");
    let short = threshold.rsplit_once(' ').unwrap().0;
    let cases = [
        ("version=v4", "version=v2", "line 2: format version `v2`"),
        ("num_class=1", "num_class=3", "line 3: `num_class` is 3"),
        (
            "num_tree_per_iteration=1",
            "num_tree_per_iteration=2",
            "line 4: `num_tree_per_iteration` is 2",
        ),
        (
            "objective=binary sigmoid:1",
            "objective=regression",
            "line 7: the objective `regression`",
        ),
        (
            "objective=binary sigmoid:1",
            "objective=lambdarank",
            "`lambdarank`",
        ),
        (
            "objective=binary sigmoid:1",
            "objective=cross_entropy_lambda",
            "`cross_entropy_lambda`",
        ),
        (
            "objective=binary sigmoid:1",
            "objective=binary sigmoid:-1",
            "a sigmoid above zero",
        ),
        (
            "objective=binary sigmoid:1\n",
            "",
            "the key `objective` is missing",
        ),
        (
            "max_feature_idx=5",
            "max_feature_idx=6",
            "`feature_names` holds 6 values, expected 7",
        ),
        (
            "=income debt_share",
            "=income income",
            "the feature name `income`",
        ),
        (
            "num_leaves=15\n",
            "",
            "tree 0 (line 12): the key `num_leaves` is missing",
        ),
        (
            "num_leaves=15",
            "num_leaves=16",
            "`leaf_value` holds 15 values, expected 16",
        ),
        ("num_leaves=15", "num_leaves=0", "at least one leaf"),
        (
            "num_leaves=15",
            "num_leaves=99999999999",
            "99999999999 leaves",
        ),
        (
            "num_leaves=15",
            "num_leaves=15\nnum_leaves=15",
            "the key `num_leaves` is there twice",
        ),
        ("is_linear=0", "is_linear=1", "tree 0 is a linear tree"),
        (
            "is_linear=0",
            "leaf_const=1 2",
            "the key `leaf_const` is unknown",
        ),
        ("is_linear=0", "surprise", "`surprise` is not KEY=VALUE"),
        (threshold, short, "`threshold` holds 13 values, expected 14"),
        ("threshold=", "threshold=x", "`threshold` holds `x"),
        ("leaf_value=-", "leaf_value=--", "`leaf_value` holds `--"),
        (
            "leaf_value=",
            "leaf_value=nan ",
            "`leaf_value` holds 16 values",
        ),
        (
            "split_feature=",
            "split_feature=-",
            "`split_feature` holds `-",
        ),
        ("leaf_count=", "leaf_count=-", "`leaf_count` holds `-"),
        ("num_cat=", "num_cat=1", "`cat_boundaries` holds 3 values"),
        (
            "cat_boundaries=0 ",
            "cat_boundaries=1 ",
            "`cat_boundaries` do not divide",
        ),
        (
            "cat_threshold=",
            "cat_threshold=7 ",
            "`cat_boundaries` do not divide",
        ),
        (
            "cat_threshold=",
            "cat_threshold=-",
            "`cat_threshold` holds `-",
        ),
        (
            "pandas_categorical:[]",
            "pandas_categorical:[",
            "`pandas_categorical` cannot be read",
        ),
        (
            "pandas_categorical:[]",
            "pandas_categorical:[[[]]]",
            "[] is not a level",
        ),
        (
            "end of parameters",
            "",
            "`end of parameters` should stand here",
        ),
    ];
    for (from, to, told) in cases {
        let message = refusal(&altered(&whole, from, to));
        assert!(message.starts_with("LightGBM text model: "), "{message}");
        assert!(message.contains(told), "{from} -> {to}: {message}");
    }
}

#[test]
fn trees_that_are_no_trees_are_refused_by_tree() {
    let whole = text("gbdt", "model.txt");
    let with = |key: &str, value: &str| {
        let line = first(&whole, key);
        let rest = line.split_once(' ').unwrap().1;
        refusal(&altered(&whole, line, &format!("{key}={value} {rest}")))
    };
    assert!(with("left_child", "0").contains("tree 0, node 0 is reached twice"));
    assert!(with("left_child", "14").contains("`left_child` points to 14, outside tree 0"));
    assert!(with("right_child", "-16").contains("`right_child` points to -16, outside tree 0"));
    assert!(with("right_child", "-9223372036854775808").contains("outside tree 0"));
    assert!(with("split_feature", "6").contains("feature 6 of 6"));
    assert!(with("leaf_value", "inf").contains("leaf value is not finite"));
    assert!(with("threshold", "nan").contains("threshold is not finite"));
    assert!(with("decision_type", "12").contains("a decision type below 12"));
    assert!(with("decision_type", "9").contains("is not the index of its own set"));
    assert!(with("decision_type", "300").contains("`decision_type` holds `300`"));
}

#[test]
fn a_chain_of_splits_that_nobody_could_explain_is_refused() {
    let splits = 5000;
    let list = |value: &dyn Fn(usize) -> String, count: usize| {
        (0..count).map(value).collect::<Vec<_>>().join(" ")
    };
    let zeros = list(&|_| "0".to_owned(), splits);
    let ones = list(&|_| "1".to_owned(), splits + 1);
    let left = list(
        &|at| {
            if at + 1 < splits {
                (at + 1).to_string()
            } else {
                format!("-{}", splits + 1)
            }
        },
        splits,
    );
    let right = list(&|at| format!("-{}", at + 1), splits);
    let whole = text("gbdt", "model.txt");
    let start = whole.find("Tree=0").unwrap();
    let end = whole.find("end of trees").unwrap();
    let text = format!(
        "{}Tree=0\nnum_leaves={}\nnum_cat=0\nsplit_feature={zeros}\nthreshold={zeros}\n\
         decision_type={zeros}\nleft_child={left}\nright_child={right}\nleaf_value={ones}\n\
         leaf_count={ones}\ninternal_count={zeros}\nshrinkage=1\n\n\n{}",
        &whole[..start],
        splits + 1,
        &whole[end..]
    );
    let message = refusal(&resized(&text));
    assert!(
        message.contains("tree 0 is deeper than 1024 splits"),
        "{message}"
    );
}

#[test]
fn a_file_cut_off_anywhere_in_its_trees_is_refused() {
    let whole = text("stumps", "model.txt");
    let end = whole.find("end of trees").unwrap() + "end of trees\n".len();
    for at in 5..end {
        let message = refusal(&whole[..at]);
        assert!(
            message.starts_with("LightGBM text model: "),
            "{at}: {message}"
        );
    }
}

#[test]
fn a_file_with_other_line_ends_is_said_to_be_altered() {
    let whole = text("stumps", "model.txt");
    assert!(refusal(&whole.replace('\n', "\r\n")).contains("CR LF"));
}

#[test]
fn trees_in_another_order_are_found_by_their_places() {
    let whole = text("stumps", "model.txt");
    let message = refusal(&resized(&whole.replacen("Tree=1\n", "Tree=2\n", 1)));
    assert!(
        message.contains("tree 1 is not where `tree_sizes` says"),
        "{message}"
    );
}

/// What happens to a file on its way, and worse.
#[derive(Debug, Clone)]
enum Alteration {
    Delete(prop::sample::Index),
    Repeat(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Word(prop::sample::Index, String),
}

fn alteration() -> impl Strategy<Value = Alteration> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Alteration::Delete),
        index().prop_map(Alteration::Repeat),
        (index(), index()).prop_map(|(one, other)| Alteration::Swap(one, other)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Alteration::Byte(at, byte)),
        index().prop_map(Alteration::Cut),
        (
            index(),
            "-?[0-9]{1,20}(\\.[0-9]{1,3})?(e-?[0-9]{1,3})?|nan|inf|"
        )
            .prop_map(|(at, word)| Alteration::Word(at, word)),
    ]
}

fn apply(alteration: &Alteration, text: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    let mut lines: Vec<Vec<u8>> = text
        .split_inclusive(|&b| b == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    match alteration {
        Alteration::Byte(at, byte) => {
            let at = at.index(text.len());
            text[at] = *byte;
            return;
        }
        Alteration::Cut(at) => {
            text.truncate(at.index(text.len()));
            return;
        }
        Alteration::Delete(at) => {
            lines.remove(at.index(lines.len()));
        }
        Alteration::Repeat(at) => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at].clone());
        }
        Alteration::Swap(one, other) => {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
        }
        Alteration::Word(at, word) => {
            let separates = |byte: &u8| b" =\n".contains(byte);
            let ends: Vec<usize> = (0..text.len()).filter(|&at| separates(&text[at])).collect();
            if ends.len() > 1 {
                let at = at.index(ends.len() - 1);
                text.splice(ends[at] + 1..ends[at + 1], word.bytes());
            }
            return;
        }
    }
    *text = lines.concat();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_alteration_makes_the_reader_panic(
        name in prop::sample::select(vec!["stumps", "pandas-categories", "constant", "rf"]),
        alterations in prop::collection::vec(alteration(), 1..4),
        whole_again in any::<bool>(),
    ) {
        let mut bytes = text(name, "model.txt").into_bytes();
        for alteration in &alterations {
            apply(alteration, &mut bytes);
        }
        // Sizes that fit lead the altered trees past the first check.
        if whole_again && let Ok(text) = std::str::from_utf8(&bytes)
            && text.contains("\nTree=0") && text.contains("end of trees")
            && text.find("\nTree=0") < text.find("end of trees")
        {
            bytes = resized(text).into_bytes();
        }
        if let Ok(model) = import::read(&bytes) {
            let row = vec![f64::NAN; model.features.len()];
            let model = Model::Forest(model.forest);
            prop_assert!(model.contributions(&row).values.len() == row.len());
        }
    }
}
