//! Whole raw applications as a partner sends them.

use serde_json::{Map, Value, json};
use std::path::Path;

/// The tables beside the application, with the column that says whose row it is.
const TABLES: [(&str, &str); 6] = [
    ("bureau", "SK_ID_CURR"),
    ("bureau_balance", "SK_ID_BUREAU"),
    ("previous_application", "SK_ID_CURR"),
    ("POS_CASH_balance", "SK_ID_CURR"),
    ("installments_payments", "SK_ID_CURR"),
    ("credit_card_balance", "SK_ID_CURR"),
];

/// An application with rows in all seven tables.
pub fn rich_application(number: i64) -> Value {
    json!({
        "application": {
            "SK_ID_CURR": number, "NAME_CONTRACT_TYPE": "Cash loans", "CODE_GENDER": "F",
            "FLAG_OWN_CAR": "N", "FLAG_OWN_REALTY": "Y", "CNT_CHILDREN": 1,
            "AMT_INCOME_TOTAL": 135_000.0, "AMT_CREDIT": 406_597.5, "AMT_ANNUITY": 24_700.5,
            "AMT_GOODS_PRICE": 351_000.0, "NAME_INCOME_TYPE": "Working",
            "NAME_EDUCATION_TYPE": "Higher education", "NAME_FAMILY_STATUS": "Married",
            "DAYS_BIRTH": -14_000, "DAYS_EMPLOYED": -2_300, "OCCUPATION_TYPE": "Accountants",
            "CNT_FAM_MEMBERS": 3, "EXT_SOURCE_1": 0.41, "EXT_SOURCE_2": 0.52, "EXT_SOURCE_3": 0.37
        },
        "bureau": [
            { "SK_ID_BUREAU": 8_000_001, "CREDIT_ACTIVE": "Closed", "DAYS_CREDIT": -700,
              "AMT_CREDIT_SUM": 90_000.0, "AMT_CREDIT_SUM_DEBT": 0.0 },
            { "SK_ID_BUREAU": 8_000_002, "CREDIT_ACTIVE": "Active", "DAYS_CREDIT": -120,
              "AMT_CREDIT_SUM": 150_000.0, "AMT_CREDIT_SUM_DEBT": 83_000.0 }
        ],
        "bureau_balance": [
            { "SK_ID_BUREAU": 8_000_002, "MONTHS_BALANCE": -1, "STATUS": "0" },
            { "SK_ID_BUREAU": 8_000_002, "MONTHS_BALANCE": -2, "STATUS": "1" }
        ],
        "previous_application": [
            { "SK_ID_PREV": 1_900_001, "NAME_CONTRACT_STATUS": "Approved",
              "AMT_APPLICATION": 60_000.0, "AMT_CREDIT": 58_000.0, "DAYS_DECISION": -400 }
        ],
        "POS_CASH_balance": [
            { "SK_ID_PREV": 1_900_001, "MONTHS_BALANCE": -3, "CNT_INSTALMENT": 12.0,
              "CNT_INSTALMENT_FUTURE": 4.0, "SK_DPD": 0, "SK_DPD_DEF": 0 }
        ],
        "installments_payments": [
            { "SK_ID_PREV": 1_900_001, "NUM_INSTALMENT_NUMBER": 1, "DAYS_INSTALMENT": -370.0,
              "DAYS_ENTRY_PAYMENT": -362.0, "AMT_INSTALMENT": 5_200.0, "AMT_PAYMENT": 5_200.0 }
        ],
        "credit_card_balance": [
            { "SK_ID_PREV": 1_900_002, "MONTHS_BALANCE": -1, "AMT_BALANCE": 12_000.0,
              "AMT_CREDIT_LIMIT_ACTUAL": 45_000, "SK_DPD": 0, "SK_DPD_DEF": 0 }
        ]
    })
}

/// One client of a folder of generated tables.
pub fn from_folder(folder: &Path, number: i64) -> Value {
    let number_text = number.to_string();
    let files = ["application_train", "application_test"];
    let mut own = files
        .iter()
        .flat_map(|file| rows(folder, file, "SK_ID_CURR", &[number_text.as_str()]));
    let own = own
        .next()
        .unwrap_or_else(|| panic!("{number} is not in {}", folder.display()));
    let mut tables = Map::new();
    tables.insert("application".to_owned(), Value::Object(own));
    for (table, key) in TABLES {
        let owners: Vec<String> = match table {
            "bureau_balance" => tables["bureau"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|row| row["SK_ID_BUREAU"].to_string())
                .collect(),
            _ => vec![number_text.clone()],
        };
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        let rows = rows(folder, table, key, &owners)
            .into_iter()
            .map(Value::Object);
        tables.insert(table.to_owned(), rows.collect());
    }
    Value::Object(tables)
}

fn rows(folder: &Path, table: &str, key: &str, owners: &[&str]) -> Vec<Map<String, Value>> {
    let path = folder.join(format!("{table}.csv"));
    let mut reader = csv::Reader::from_path(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let header = reader.headers().expect("a header").clone();
    let at = header
        .iter()
        .position(|column| column == key)
        .expect("the key is a column");
    reader
        .records()
        .map(|record| record.expect("a row"))
        .filter(|record| owners.contains(&&record[at]))
        .map(|record| {
            header
                .iter()
                .zip(&record)
                .filter(|(_, text)| !text.is_empty())
                .map(|(column, text)| (column.to_owned(), cell(column, text)))
                .collect()
        })
        .collect()
}

/// Numbers as numbers; `STATUS` is the one category whose levels look like them.
fn cell(column: &str, text: &str) -> Value {
    let number = serde_json::from_str::<Value>(text)
        .ok()
        .filter(Value::is_number);
    number
        .filter(|_| column != "STATUS")
        .unwrap_or_else(|| Value::from(text))
}
