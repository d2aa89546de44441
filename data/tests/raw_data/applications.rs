//! Applications as JSON: what is refused, by its pointer; that a client who went to JSON and
//! back has the same features.

use octroi_data::application::{MAX_PROBLEMS, MAX_ROWS};
use octroi_data::reader::Applications;
use octroi_data::{Portfolio, RawApplication, RawTables, features};
use serde_json::{Value, json};

use crate::folder::{Folder, bits, value};

fn valid() -> Value {
    json!({
        "application": {
            "SK_ID_CURR": 100_002, "NAME_CONTRACT_TYPE": "Cash loans", "CODE_GENDER": "M",
            "AMT_INCOME_TOTAL": 202_500, "AMT_CREDIT": 406_597.5, "DAYS_BIRTH": -9461
        },
        "bureau": [{ "SK_ID_BUREAU": 5, "CREDIT_ACTIVE": "Closed" }, { "SK_ID_BUREAU": 6 }],
        "bureau_balance": [{ "SK_ID_BUREAU": 6, "MONTHS_BALANCE": -1, "STATUS": "0" }],
        "previous_application": []
    })
}

fn problems(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let mut document = valid();
    change(&mut document);
    match RawApplication::parse(Portfolio::home_credit(), &document) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|problem| (problem.pointer, problem.problem))
            .collect(),
    }
}

/// The one problem of a document, as "pointer: problem".
fn problem(change: impl FnOnce(&mut Value)) -> String {
    let problems = problems(change);
    assert_eq!(problems.len(), 1, "{problems:?}");
    format!("{}: {}", problems[0].0, problems[0].1)
}

#[test]
fn a_whole_application_is_accepted_in_its_one_form() {
    let mut written = valid();
    written["application"]["AMT_ANNUITY"] = Value::Null;
    written["application"]["DAYS_EMPLOYED"] = json!(365_243);
    written["bureau"][0]["SK_ID_CURR"] = json!(100_002);
    let parsed = RawApplication::parse(Portfolio::home_credit(), &written).unwrap();
    assert_eq!(parsed.id, 100_002);
    let mut expected = valid();
    expected["application"]["AMT_INCOME_TOTAL"] = json!(202_500.0);
    assert_eq!(parsed.content, expected);
    let again = RawApplication::parse(Portfolio::home_credit(), &parsed.content).unwrap();
    assert_eq!(again, parsed);
}

/// How the problem begins, and the change to a valid document that causes it.
type Case = (&'static str, fn(&mut Value));

#[test]
fn each_fault_is_named_by_its_pointer() {
    let cases: [Case; 17] = [
        ("/visits: unknown table", |d| d["visits"] = json!([])),
        (
            "/application/SALARY: the table application has no such column",
            |d| d["application"]["SALARY"] = json!(1),
        ),
        (
            "/application/a~1b~0c: the table application has no such column",
            |d| d["application"]["a/b~c"] = json!(1),
        ),
        ("/application/AMT_CREDIT: \"much\" is not a number", |d| {
            d["application"]["AMT_CREDIT"] = json!("much");
        }),
        ("/application/AMT_CREDIT: required and missing", |d| {
            d["application"]["AMT_CREDIT"] = Value::Null;
        }),
        ("/application/AMT_CREDIT: 1e300 is too large", |d| {
            d["application"]["AMT_CREDIT"] = json!(1e300);
        }),
        ("/application/AMT_CREDIT: \"NaN\" is not a number", |d| {
            d["application"]["AMT_CREDIT"] = json!("NaN");
        }),
        (
            "/application/CNT_CHILDREN: 1.5 is not a whole number",
            |d| d["application"]["CNT_CHILDREN"] = json!(1.5),
        ),
        ("/application/FLAG_PHONE: true is not a whole number", |d| {
            d["application"]["FLAG_PHONE"] = json!(true);
        }),
        (
            "/application/FLAG_OWN_CAR: \"maybe\" is none of \"N\", \"Y\"",
            |d| d["application"]["FLAG_OWN_CAR"] = json!("maybe"),
        ),
        ("/application/FLAG_OWN_CAR: 1 is not text", |d| {
            d["application"]["FLAG_OWN_CAR"] = json!(1);
        }),
        ("/application/TARGET: 2 is no outcome", |d| {
            d["application"]["TARGET"] = json!(2);
        }),
        (
            "/bureau/1/SK_ID_CURR: 7 is not this application (100002)",
            |d| d["bureau"][1]["SK_ID_CURR"] = json!(7),
        ),
        (
            "/bureau_balance/0/SK_ID_BUREAU: no row of bureau has 9",
            |d| d["bureau_balance"][0]["SK_ID_BUREAU"] = json!(9),
        ),
        ("/bureau: expected an array of rows", |d| {
            d["bureau"] = json!({});
            d["bureau_balance"] = json!([]);
        }),
        ("/previous_application/0: expected an object", |d| {
            d["previous_application"] = json!([3]);
        }),
        ("/bureau_balance: 10001 rows: at most 10000", |d| {
            let row = json!({ "SK_ID_BUREAU": 6 });
            d["bureau_balance"] = Value::Array(vec![row; MAX_ROWS + 1]);
        }),
    ];
    for (expected, change) in cases {
        let message = problem(change);
        assert!(message.starts_with(expected), "{message} is not {expected}");
    }
}

#[test]
fn a_key_that_is_there_twice_is_named() {
    let message = problem(|document| {
        document["bureau"][1]["SK_ID_BUREAU"] = json!(5);
        document["bureau_balance"] = json!([]);
    });
    assert_eq!(message, "/bureau/1/SK_ID_BUREAU: 5 is there twice");
}

#[test]
fn all_problems_are_told_at_once() {
    let found = problems(|document| {
        document["application"]["AMT_CREDIT"] = json!([]);
        document["application"]["CODE_GENDER"] = Value::Null;
        document["bureau"][0]["CREDIT_ACTIVE"] = json!("Perhaps");
    });
    let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/application/CODE_GENDER",
            "/application/AMT_CREDIT",
            "/bureau/0/CREDIT_ACTIVE"
        ]
    );
}

#[test]
fn documents_that_are_no_application_are_refused() {
    for document in [
        json!(null),
        json!(3),
        json!([]),
        json!("x"),
        json!({}),
        json!({ "application": 1 }),
    ] {
        assert!(
            RawApplication::parse(Portfolio::home_credit(), &document).is_err(),
            "{document}"
        );
    }
}

#[test]
fn a_flood_of_problems_ends_with_the_first_hundred_and_one_more() {
    let rows: Vec<Value> = (0..9_000)
        .map(|at| json!({ "SK_ID_BUREAU": at, "CREDIT_ACTIVE": at, "NO_SUCH": 1 }))
        .collect();
    let told = problems(|document| document["bureau"] = json!(rows));
    assert_eq!(told.len(), MAX_PROBLEMS);
    assert_eq!(told[0].0, "/bureau/0/NO_SUCH");
    assert_eq!(told[MAX_PROBLEMS - 1].0, "/bureau/50/NO_SUCH");
    let told = problems(|document| {
        for at in 0..5_000 {
            document["application"][format!("NO_SUCH_{at}")] = json!(1);
            document[format!("no_table_{at}")] = json!([]);
        }
    });
    assert_eq!(told.len(), MAX_PROBLEMS);
}

#[test]
fn the_same_client_twice_is_refused() {
    let client = RawApplication::parse(Portfolio::home_credit(), &valid()).unwrap();
    let error = RawTables::from_applications(Portfolio::home_credit(), &[client.clone(), client]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "application: 100002 is there twice"
    );
}

#[test]
fn content_that_was_never_checked_is_refused() {
    let forged = RawApplication {
        id: 1,
        content: json!({ "application": { "AMT_CREDIT": "x" } }),
    };
    let error = RawTables::from_applications(Portfolio::home_credit(), &[forged]).unwrap_err();
    assert!(
        error.to_string().contains("/application/AMT_CREDIT"),
        "{error}"
    );
}

#[test]
fn an_empty_table_is_no_history_and_an_absent_one_unknown() {
    let client = RawApplication::parse(Portfolio::home_credit(), &valid()).unwrap();
    let tables = RawTables::from_applications(Portfolio::home_credit(), &[client]).unwrap();
    assert!(
        tables
            .report()
            .absent
            .contains(&"POS_CASH_balance".to_owned())
    );
    assert!(
        !tables
            .report()
            .absent
            .contains(&"previous_application".to_owned())
    );
    let features = features::compute(Portfolio::home_credit(), &tables).unwrap();
    assert!(value(&features, 0, "PREV_COUNT").abs() < 1e-12);
    assert!(value(&features, 0, "PREV_REFUSED_SHARE").is_nan());
    assert!(value(&features, 0, "POS_LOANS_COUNT").is_nan());
}

#[test]
fn required_sentinels_survive_the_way_through_json() {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[&[("SK_ID_CURR", "1"), ("CODE_GENDER", "XNA")]],
    );
    let tables = folder.read(Applications::Train).unwrap();
    let client = tables.applications().next().unwrap();
    let parsed = RawApplication::parse(Portfolio::home_credit(), &client.content).unwrap();
    assert_eq!(parsed, client);
    let again = RawTables::from_applications(Portfolio::home_credit(), &[parsed]).unwrap();
    let own = features::compute(Portfolio::home_credit(), &tables).unwrap();
    let back = features::compute(Portfolio::home_credit(), &again).unwrap();
    assert_eq!(bits(&own, 0), bits(&back, 0));
}
