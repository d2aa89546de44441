//! `XGBoost` files that cannot be scored exactly are refused with the key that is at fault,
//! and no bytes at all make the reader panic.

use std::path::Path;

use octroi_model_registry::import::{self, ImportedModel};
use octroi_model_registry::model::Model;
use proptest::prelude::*;
use serde_json::{Value, json};

fn fixture(path: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/fixtures/models/xgboost"
    );
    std::fs::read(Path::new(folder).join(path)).expect("a fixture")
}

fn document(name: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("{name}/model.json"))).expect("JSON")
}

/// What is said of a model in which the value at `pointer` is another; `None` takes it away.
fn refusal(model: &Value, pointer: &str, instead: Option<Value>) -> String {
    let mut model = model.clone();
    if let Some(instead) = instead {
        *model.pointer_mut(pointer).expect("a place") = instead;
    } else {
        let (parent, key) = pointer.rsplit_once('/').expect("a key");
        let parent = model.pointer_mut(parent).expect("a place");
        let parent = parent.as_object_mut().expect("an object");
        parent.remove(key).expect("a key");
    }
    match import::read(&serde_json::to_vec(&model).expect("bytes")) {
        Ok(_) => panic!("accepted with another {pointer}"),
        Err(error) => error.to_string(),
    }
}

const MODEL: &str = "/learner/gradient_booster/model";

#[test]
fn models_of_another_kind_are_refused_by_the_name_of_what_they_are() {
    let model = document("hist");
    for (pointer, instead, expected) in [
        (
            "/learner/objective/name",
            json!("multi:softprob"),
            "learner.objective.name is `multi:softprob`: only the logistic ones",
        ),
        (
            "/learner/objective/name",
            json!("reg:squarederror"),
            "`reg:squarederror`",
        ),
        ("/learner/objective/name", json!("rank:ndcg"), "`rank:ndcg`"),
        (
            "/learner/objective/name",
            json!("survival:cox"),
            "`survival:cox`",
        ),
        (
            "/learner/objective/name",
            json!("binary:hinge"),
            "`binary:hinge`",
        ),
        (
            "/learner/gradient_booster/name",
            json!("gblinear"),
            "learner.gradient_booster.name is `gblinear`",
        ),
        (
            "/learner/learner_model_param/num_class",
            json!("3"),
            "num_class is 3: one model of many classes has no one PD",
        ),
        (
            "/learner/learner_model_param/num_target",
            json!("2"),
            "num_target is 2",
        ),
    ] {
        let said = refusal(&model, pointer, Some(instead));
        assert!(said.contains(expected), "{pointer}: {said}");
    }
}

#[test]
fn what_surrounds_the_trees_is_checked_too() {
    let model = document("hist");
    for (pointer, instead, expected) in [
        (
            "/learner/learner_model_param/base_score",
            json!("[5E-1,5E-1]"),
            "base_score has 2 entries where 1 are due",
        ),
        (
            "/learner/learner_model_param/base_score",
            json!("1.5E0"),
            "base_score is 1.5: a base score is a probability",
        ),
        (
            "/learner/learner_model_param/base_score",
            json!("[1E-9]"),
            "the versions of XGBoost disagree",
        ),
        (
            "/learner/learner_model_param/base_score",
            json!("nan"),
            "base_score is not a finite number",
        ),
        (
            "/learner/learner_model_param/base_score",
            json!("half"),
            "base_score is not a number",
        ),
        (
            "/learner/learner_model_param/num_feature",
            json!("60000000"),
            "num_feature is 60000000: from 0 to 65536",
        ),
        (
            "/learner/learner_model_param/num_feature",
            json!("5"),
            "learner.feature_names has 4 entries where 5 are due",
        ),
        (
            "/learner/feature_names/1",
            json!("income"),
            "learner.feature_names: the name `income` comes twice",
        ),
        (
            "/version/0",
            json!(2),
            "version is 2.2.0: models of XGBoost 3 are read",
        ),
        (
            "/learner/attributes",
            json!({"best_iteration": "2"}),
            "learner.attributes.best_iteration is 2: later rounds are in the file",
        ),
        (
            "/learner/gradient_booster/model/gbtree_model_param/num_trees",
            json!("7"),
            "model.trees has 6 entries where 7 are due",
        ),
        (
            "/learner/gradient_booster/model/tree_info/1",
            json!(1),
            "tree_info[1] is 1",
        ),
        ("/learner", json!([]), "learner is not an object"),
    ] {
        let said = refusal(&model, pointer, Some(instead));
        assert!(said.contains(expected), "{pointer}: {said}");
    }
    assert!(refusal(&model, "/learner", None).contains("learner is missing"));
}

#[test]
fn a_base_score_is_read_in_all_its_spellings() {
    let mut model = document("hist");
    let margins: Vec<u64> = [
        json!("3E-1"),
        json!("[3E-1]"),
        json!([0.3]),
        json!(0.3),
        json!("0.3"),
    ]
    .into_iter()
    .map(|spelt| {
        model["learner"]["learner_model_param"]["base_score"] = spelt;
        let bytes = serde_json::to_vec(&model).expect("bytes");
        let read = import::read(&bytes).expect("accepted");
        read.forest.base_margin().to_bits()
    })
    .collect();
    assert!(margins.iter().all(|&margin| margin == margins[0]));
}

#[test]
fn trees_that_are_altered_are_refused_with_the_place() {
    let model = document("hist");
    let nodes = model
        .pointer(&format!("{MODEL}/trees/3/left_children"))
        .expect("a list");
    let last = nodes.as_array().expect("a list").len() - 1;
    for (key, instead, expected) in [
        (
            "left_children/0",
            json!(9999),
            "model.trees[3].left_children[0] is 9999: the tree has no such node",
        ),
        ("left_children/0", json!(-2), "left_children[0] is -2"),
        (
            "left_children/1",
            json!(0),
            "left_children[1]: this child is reached twice",
        ),
        (
            "right_children/0",
            json!(1),
            "right_children[0]: this child is reached twice",
        ),
        (
            "left_children/0",
            json!(-1),
            "right_children[0]: a node has a right child and no left one",
        ),
        (
            "split_indices/0",
            json!(4),
            "split_indices[0] is 4: the model has no such column",
        ),
        (
            "split_conditions/0",
            json!(1e39),
            "split_conditions[0] is not a finite number",
        ),
        (
            "sum_hessian/1",
            json!(-1.0),
            "sum_hessian[1] is -1: a sum of Hessians is not negative",
        ),
        (
            "split_type/0",
            json!(1),
            "split_type[0]: a categorical split has no categories",
        ),
        (
            "split_type/0",
            json!(2),
            "split_type[0]: a split is numerical (0) or categorical (1)",
        ),
        (
            "default_left/0",
            json!(2),
            "default_left is not a list of 0 and 1",
        ),
        (
            "split_conditions",
            json!("x"),
            "split_conditions is not a list of numbers",
        ),
        (
            "tree_param/size_leaf_vector",
            json!("2"),
            "size_leaf_vector is 2: leaves of many values",
        ),
        ("tree_param/num_nodes", json!("-1"), "parents has"),
        ("parents", json!([0]), "trees[3].parents has 1 entries"),
        (
            "split_conditions",
            json!([]),
            "trees[3].split_conditions has 0 entries",
        ),
    ] {
        let said = refusal(&model, &format!("{MODEL}/trees/3/{key}"), Some(instead));
        assert!(said.contains(expected), "{key}: {said}");
        assert!(said.contains("trees[3]"), "{key}: {said}");
    }
    for key in [
        "left_children",
        "sum_hessian",
        "categories_sizes",
        "tree_param",
    ] {
        let said = refusal(&model, &format!("{MODEL}/trees/3/{key}"), None);
        assert!(
            said.ends_with(&format!("model.trees[3].{key} is missing")),
            "{said}"
        );
    }
    assert!(last > 4);
}

#[test]
fn nodes_without_a_way_to_them_are_refused_unless_pruning_deleted_them() {
    let model = document("pruned");
    let place = format!("{MODEL}/trees/1/split_indices");
    let deleted = model
        .pointer(&place)
        .and_then(Value::as_array)
        .expect("a list");
    let deleted = deleted
        .iter()
        .position(|feature| feature == &json!(i32::MAX))
        .expect("a deleted node");
    let said = refusal(&model, &format!("{place}/{deleted}"), Some(json!(0)));
    let expected = format!("trees[1].split_indices[{deleted}]: no path from the root leads");
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn category_lists_that_do_not_fit_are_refused() {
    let model = document("categories");
    for (key, instead, expected) in [
        (
            "categories/0",
            json!(1_048_576),
            "1048576: codes go from 0 to 1048575",
        ),
        ("categories/0", json!(-1), "-1: codes go from 0 to 1048575"),
        (
            "categories_nodes/0",
            json!(9999),
            "categories_nodes[0] is 9999",
        ),
        (
            "categories_nodes/1",
            json!(1), // as the first one
            "categories_nodes[1] is 1: the tree has no such node, or it was listed before",
        ),
        (
            "categories_segments/0",
            json!(9999),
            "categories_segments[0] is 9999: its codes are not within",
        ),
        (
            "categories_sizes",
            json!([]),
            "categories_sizes has 0 entries",
        ),
    ] {
        let said = refusal(&model, &format!("{MODEL}/trees/0/{key}"), Some(instead));
        assert!(said.contains(expected), "{key}: {said}");
    }
}

#[test]
fn weights_of_a_dart_model_must_be_one_for_each_tree() {
    let model = document("dart");
    let place = "/learner/gradient_booster/weight_drop";
    let said = refusal(&model, place, Some(json!([1.0])));
    assert!(
        said.contains("weight_drop has 1 entries where 6 are due"),
        "{said}"
    );
    let said = refusal(&model, place, None);
    assert!(
        said.contains("gradient_booster.weight_drop is missing"),
        "{said}"
    );
}

#[test]
fn levels_with_letters_outside_ascii_are_not_believed() {
    let mut model = document("levels");
    let place = format!("{MODEL}/cats/enc/4/values/0");
    *model.pointer_mut(&place).expect("a place") = json!(-61);
    let bytes = serde_json::to_vec(&model).expect("bytes");
    let read = import::read(&bytes).expect("the codes hold all the same");
    assert!(read.features[4].categorical && read.features[4].levels.is_none());
    assert!(read.features[5].levels.is_some());
}

#[test]
fn the_old_binary_format_is_refused_with_the_way_out() {
    let said = import::read(b"binf\0\0\0\x3f")
        .expect_err("refused")
        .to_string();
    assert!(said.contains("save it as JSON or UBJSON"), "{said}");
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_is_cut() {
    let (text, binary) = (
        fixture("constant/model.json"),
        fixture("constant/model.ubj"),
    );
    for (bytes, expected) in [(text, "not valid JSON"), (binary, "not valid UBJSON")] {
        for length in 2..bytes.len() - 1 {
            let said = import::read(&bytes[..length])
                .expect_err("refused")
                .to_string();
            assert!(said.contains(expected), "cut at {length}: {said}");
        }
    }
}

/// An accepted model scores and explains without a panic.
fn exercise(model: &ImportedModel) {
    let model = Model::Forest(model.forest.clone());
    for value in [f64::NAN, -0.5, 3.0, 1e300] {
        let row = vec![value; model.features()];
        let _ = model.margin(&row);
        let _ = model.contributions(&row);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn altered_bytes_are_read_or_refused_and_never_panic(
        name in prop::sample::select(vec!["stumps/model.json", "stumps/model.ubj", "one-hot/model.json", "one-hot/model.ubj", "levels/model.ubj", "dart/model.ubj"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = fixture(name);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(model) = import::read(&bytes) {
            exercise(&model);
        }
    }

    #[test]
    fn numbers_and_keys_moved_about_are_read_or_refused_and_never_panic(
        name in prop::sample::select(vec!["stumps", "one-hot", "dart"]),
        tree in 0..3usize,
        key in prop::sample::select(vec!["left_children", "right_children", "split_indices", "split_type", "categories", "categories_nodes", "categories_segments", "categories_sizes", "default_left"]),
        place in any::<prop::sample::Index>(),
        number in prop_oneof![-2..40i64, Just(i64::MAX), Just(i64::MIN), Just(i64::from(i32::MAX))],
    ) {
        let mut model = document(name);
        let trees = ["/learner/gradient_booster/model/trees", "/learner/gradient_booster/gbtree/model/trees"]
            .into_iter()
            .find(|pointer| model.pointer(pointer).is_some())
            .expect("trees");
        let list = model.pointer_mut(&format!("{trees}/{tree}/{key}"));
        let list = list.and_then(Value::as_array_mut).expect("a list");
        if !list.is_empty() {
            let place = place.index(list.len());
            list[place] = json!(number);
        }
        if let Ok(model) = import::read(&serde_json::to_vec(&model).expect("bytes")) {
            exercise(&model);
        }
    }
}
