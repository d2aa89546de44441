//! Features of a tiny population against figures worked out by hand.

use octroi_data::{FeatureKind, FeatureTable, Portfolio, features};

use crate::folder::{Folder, value};

fn assert_values(table: &FeatureTable, row: usize, expected: &[(&str, f64)]) {
    for (name, expected) in expected {
        let found = value(table, row, name);
        let same = (expected.is_nan() && found.is_nan()) || (found - expected).abs() < 1e-9;
        assert!(same, "{name} of row {row} is {found}, not {expected}");
    }
}

const NONE: f64 = f64::NAN;

#[test]
fn derived_features_are_what_their_names_say() {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[
            &[
                ("SK_ID_CURR", "5"),
                ("TARGET", "1"),
                ("AMT_INCOME_TOTAL", "200000"),
                ("AMT_CREDIT", "600000"),
                ("AMT_ANNUITY", "25000"),
                ("AMT_GOODS_PRICE", "500000"),
                ("CNT_CHILDREN", "1"),
                ("CNT_FAM_MEMBERS", "4"),
                ("DAYS_BIRTH", "-14610"),
                ("DAYS_EMPLOYED", "-7305"),
                ("EXT_SOURCE_1", "0.2"),
                ("EXT_SOURCE_3", "0.6"),
                ("FLAG_DOCUMENT_3", "1"),
                ("FLAG_DOCUMENT_8", "1"),
                ("WEEKDAY_APPR_PROCESS_START", "SUNDAY"),
                ("NAME_EDUCATION_TYPE", "Higher education"),
                ("DEF_30_CNT_SOCIAL_CIRCLE", "1"),
                ("OBS_30_CNT_SOCIAL_CIRCLE", "4"),
                ("DEF_60_CNT_SOCIAL_CIRCLE", "0"),
                ("OBS_60_CNT_SOCIAL_CIRCLE", "0"),
                ("LANDAREA_AVG", "0.1"),
                ("APARTMENTS_AVG", "0.2"),
            ],
            &[
                ("SK_ID_CURR", "4"),
                ("TARGET", "0"),
                ("AMT_INCOME_TOTAL", "0"),
            ],
        ],
    );
    let table = folder.features();
    assert_eq!(table.ids, [5, 4]);
    assert_eq!(table.target, Some(vec![true, false]));
    assert_values(
        &table,
        0,
        &[
            ("AMT_CREDIT", 600_000.0),
            ("CREDIT_TO_INCOME", 3.0),
            ("ANNUITY_TO_INCOME", 0.125),
            ("TERM_MONTHS", 24.0),
            ("CREDIT_TO_GOODS", 1.2),
            ("CREDIT_ABOVE_GOODS", 100_000.0),
            ("INCOME_PER_FAMILY_MEMBER", 50_000.0),
            ("INCOME_PER_CHILD", 100_000.0),
            ("AGE_YEARS", 40.0),
            ("EMPLOYED_YEARS", 20.0),
            ("EMPLOYED_TO_AGE", 0.5),
            ("AGE_WHEN_EMPLOYED", 20.0),
            ("NOT_EMPLOYED", 0.0),
            ("AGE_AT_LOAN_END", 42.0),
            ("EXT_SOURCES_COUNT", 2.0),
            ("EXT_SOURCES_MEAN", 0.4),
            ("EXT_SOURCES_MIN", 0.2),
            ("EXT_SOURCES_MAX", 0.6),
            ("EXT_SOURCES_SPREAD", 0.4),
            ("EXT_SOURCES_PRODUCT", 0.12),
            ("EXT_SOURCES_WEIGHTED", 2.2 / 5.0),
            ("EXT_SOURCE_1_TIMES_3", 0.12),
            ("EXT_SOURCE_1_TIMES_2", NONE),
            ("CHILDREN_SHARE", 0.25),
            ("ADULTS_COUNT", 3.0),
            ("DOCUMENTS_COUNT", NONE),
            ("APPLIED_ON_WEEKEND", 1.0),
            ("NAME_EDUCATION_TYPE", 3.0),
            ("SOCIAL_DEFAULT_SHARE_30", 0.25),
            ("BUILDING_FACTS_COUNT", 2.0),
            // Nothing divided by nothing is missing, not an infinity.
            ("SOCIAL_DEFAULT_SHARE_60", NONE),
        ],
    );
    assert_values(
        &table,
        1,
        &[
            ("CREDIT_TO_INCOME", NONE),
            ("TERM_MONTHS", NONE),
            ("EXT_SOURCES_COUNT", 0.0),
            ("EXT_SOURCES_MEAN", NONE),
            ("EXT_SOURCES_MIN", NONE),
            ("EXT_SOURCES_MAX", NONE),
            ("EXT_SOURCES_PRODUCT", NONE),
            ("EXT_SOURCES_WEIGHTED", NONE),
            ("NOT_EMPLOYED", 1.0),
            ("APPLIED_ON_WEEKEND", NONE),
            ("BUILDING_FACTS_COUNT", 0.0),
        ],
    );
}

/// Clients 1 and 2, of whom 2 has no history.
fn two_clients() -> Folder {
    let folder = Folder::new();
    folder.applications(
        "application_train",
        &[
            &[
                ("SK_ID_CURR", "1"),
                ("TARGET", "0"),
                ("AMT_ANNUITY", "20000"),
            ],
            &[("SK_ID_CURR", "2"), ("TARGET", "0")],
        ],
    );
    folder
}

/// [`two_clients`] with three loans of client 1 at the bureau.
fn three_loans_at_the_bureau() -> Folder {
    let folder = two_clients();
    folder.table(
        "bureau",
        &[
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "10"),
                ("CREDIT_ACTIVE", "Active"),
                ("CREDIT_TYPE", "Credit card"),
                ("DAYS_CREDIT", "-100"),
                ("DAYS_CREDIT_ENDDATE", "200"),
                ("AMT_CREDIT_SUM", "40000"),
                ("AMT_CREDIT_SUM_DEBT", "30000"),
                ("CREDIT_DAY_OVERDUE", "12"),
                ("AMT_CREDIT_SUM_OVERDUE", "500"),
            ],
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "11"),
                ("CREDIT_ACTIVE", "Closed"),
                ("CREDIT_TYPE", "Consumer credit"),
                ("DAYS_CREDIT", "-900"),
                ("DAYS_CREDIT_ENDDATE", "-300"),
                ("DAYS_ENDDATE_FACT", "-290"),
                ("AMT_CREDIT_SUM", "60000"),
                ("CREDIT_DAY_OVERDUE", "0"),
            ],
            &[
                ("SK_ID_CURR", "1"),
                ("SK_ID_BUREAU", "12"),
                ("CREDIT_ACTIVE", "Sold"),
            ],
        ],
    );
    folder
}

#[test]
fn loans_at_the_bureau_are_counted_and_added_up() {
    let table = three_loans_at_the_bureau().features();
    assert_values(
        &table,
        0,
        &[
            ("BUREAU_COUNT", 3.0),
            ("BUREAU_ACTIVE_COUNT", 1.0),
            ("BUREAU_CLOSED_COUNT", 1.0),
            ("BUREAU_SOLD_COUNT", 1.0),
            ("BUREAU_ACTIVE_SHARE", 1.0 / 3.0),
            ("BUREAU_CARD_COUNT", 1.0),
            ("BUREAU_DAYS_FIRST", -900.0),
            ("BUREAU_DAYS_LAST", -100.0),
            ("BUREAU_DAYS_MEAN", -500.0),
            ("BUREAU_COUNT_12M", 1.0),
            ("BUREAU_COUNT_36M", 2.0),
            ("BUREAU_CLOSED_AFTER_PLAN_MEAN", 10.0),
            ("BUREAU_ACTIVE_END_MAX", 200.0),
            ("BUREAU_CREDIT_SUM", 100_000.0),
            ("BUREAU_DEBT_SUM", 30_000.0),
            ("BUREAU_DEBT_TO_CREDIT", 0.3),
            ("BUREAU_ACTIVE_DEBT_TO_CREDIT", 0.75),
            ("BUREAU_DEBT_TO_CREDIT_MAX", 0.75),
            ("BUREAU_CARD_DEBT_SUM", 30_000.0),
            ("BUREAU_OVERDUE_COUNT", 1.0),
            ("BUREAU_OVERDUE_DAYS_MAX", 12.0),
            ("BUREAU_OVERDUE_SUM", 500.0),
            ("BUREAU_DEBT_TO_INCOME", 0.3),
            ("TOTAL_DEBT_TO_INCOME", 5.3),
        ],
    );
    // Client 2 has no loan there: counts and sums are 0, what would be of nothing is missing.
    assert_values(
        &table,
        1,
        &[
            ("BUREAU_COUNT", 0.0),
            ("BUREAU_DEBT_SUM", 0.0),
            ("BUREAU_DAYS_LAST", NONE),
            ("BUREAU_ACTIVE_SHARE", NONE),
            ("TOTAL_DEBT_TO_INCOME", 5.0),
        ],
    );
}

#[test]
fn months_at_the_bureau_belong_to_the_client_of_the_loan() {
    let folder = three_loans_at_the_bureau();
    folder.table(
        "bureau_balance",
        &[
            &[
                ("SK_ID_BUREAU", "10"),
                ("MONTHS_BALANCE", "-1"),
                ("STATUS", "0"),
            ],
            &[
                ("SK_ID_BUREAU", "10"),
                ("MONTHS_BALANCE", "-2"),
                ("STATUS", "1"),
            ],
            &[
                ("SK_ID_BUREAU", "11"),
                ("MONTHS_BALANCE", "-20"),
                ("STATUS", "3"),
            ],
            &[
                ("SK_ID_BUREAU", "11"),
                ("MONTHS_BALANCE", "-21"),
                ("STATUS", "X"),
            ],
        ],
    );
    let table = folder.features();
    assert_values(
        &table,
        0,
        &[
            ("BUREAU_MONTHS_COUNT", 4.0),
            ("BUREAU_MONTHS_LATE_COUNT", 2.0),
            ("BUREAU_MONTHS_LATE_SHARE", 0.5),
            ("BUREAU_MONTHS_LATE_12M", 1.0),
            ("BUREAU_MONTHS_SEVERE_COUNT", 1.0),
            ("BUREAU_MONTHS_LATENESS_MAX", 3.0),
            ("BUREAU_MONTHS_LAST_LATE", -2.0),
            ("BUREAU_MONTHS_ON_TIME_SHARE", 0.25),
            ("BUREAU_MONTHS_UNKNOWN_SHARE", 0.25),
        ],
    );
    assert_values(
        &table,
        1,
        &[
            ("BUREAU_MONTHS_LATE_COUNT", 0.0),
            ("BUREAU_MONTHS_LATE_SHARE", NONE),
        ],
    );
}

#[test]
fn previous_applications_count_decisions_from_the_latest() {
    let folder = two_clients();
    folder.table(
        "previous_application",
        &[
            &[
                ("SK_ID_PREV", "20"),
                ("SK_ID_CURR", "1"),
                ("NAME_CONTRACT_STATUS", "Refused"),
                ("DAYS_DECISION", "-50"),
                ("AMT_APPLICATION", "90000"),
                ("AMT_CREDIT", "100000"),
                ("CODE_REJECT_REASON", "HC"),
            ],
            &[
                ("SK_ID_PREV", "22"),
                ("SK_ID_CURR", "1"),
                ("NAME_CONTRACT_STATUS", "Approved"),
                ("DAYS_DECISION", "-50"),
                ("AMT_APPLICATION", "50000"),
                ("AMT_CREDIT", "40000"),
                ("AMT_ANNUITY", "5000"),
                ("CNT_PAYMENT", "10"),
                ("DAYS_FIRST_DUE", "-20"),
                ("DAYS_LAST_DUE", "365243"),
                ("NAME_YIELD_GROUP", "high"),
            ],
            &[
                ("SK_ID_PREV", "21"),
                ("SK_ID_CURR", "1"),
                ("NAME_CONTRACT_STATUS", "Approved"),
                ("DAYS_DECISION", "-800"),
                ("AMT_CREDIT", "80000"),
                ("DAYS_FIRST_DUE", "-770"),
                ("DAYS_LAST_DUE", "-400"),
                ("DAYS_LAST_DUE_1ST_VERSION", "-370"),
            ],
            &[
                ("SK_ID_PREV", "23"),
                ("SK_ID_CURR", "1"),
                ("NAME_CONTRACT_STATUS", "Canceled"),
                ("DAYS_DECISION", "-900"),
                ("AMT_CREDIT", "0"),
                ("AMT_APPLICATION", "0"),
            ],
        ],
    );
    assert_values(
        &folder.features(),
        0,
        &[
            ("PREV_COUNT", 4.0),
            ("PREV_APPROVED_COUNT", 2.0),
            ("PREV_REFUSED_COUNT", 1.0),
            ("PREV_CANCELED_COUNT", 1.0),
            ("PREV_REFUSED_SHARE", 0.25),
            ("PREV_COUNT_12M", 2.0),
            ("PREV_REFUSED_COUNT_12M", 1.0),
            ("PREV_REJECT_POLICY_COUNT", 1.0),
            // Of the two decided on the same day the one with the higher number is the later.
            ("PREV_LAST_REFUSED", 0.0),
            ("PREV_LAST_CREDIT", 40_000.0),
            ("PREV_LAST_3_REFUSED_SHARE", 1.0 / 3.0),
            ("PREV_LAST_5_REFUSED_SHARE", 0.25),
            ("PREV_DAYS_LAST", -50.0),
            ("PREV_DAYS_LAST_REFUSED", -50.0),
            ("PREV_CREDIT_MEAN", 60_000.0),
            ("PREV_CREDIT_MAX", 80_000.0),
            ("PREV_ASKED_TO_CREDIT_MAX", 1.25),
            ("PREV_ASKED_TO_CREDIT_MIN", 0.9),
            ("PREV_TOTAL_TO_CREDIT_MEAN", 1.25),
            ("PREV_HIGH_RATE_SHARE", 0.25),
            ("PREV_RUNNING_COUNT", 1.0),
            ("PREV_RUNNING_ANNUITY_SUM", 5000.0),
            ("PREV_ENDED_EARLY_DAYS_MEAN", 30.0),
            ("TOTAL_ANNUITY_TO_INCOME", 0.25),
            ("CREDIT_TO_PREV_MAX", 6.25),
        ],
    );
}

#[test]
fn instalments_tell_lateness_and_what_was_paid() {
    let folder = two_clients();
    let instalment = |due: &'static str, paid: &'static str, amount: &'static str| {
        [
            ("SK_ID_PREV", "20"),
            ("SK_ID_CURR", "1"),
            ("DAYS_INSTALMENT", due),
            ("DAYS_ENTRY_PAYMENT", paid),
            ("AMT_INSTALMENT", "100"),
            ("AMT_PAYMENT", amount),
        ]
    };
    folder.table(
        "installments_payments",
        &[
            &instalment("-100", "-90", "100"),
            &instalment("-400", "-405", "100"),
            &instalment("-800", "-760", "60"),
            &instalment("-900", "", ""),
        ],
    );
    assert_values(
        &folder.features(),
        0,
        &[
            ("INST_COUNT", 4.0),
            ("INST_LOANS_COUNT", 1.0),
            ("INST_LATE_COUNT", 2.0),
            ("INST_LATE_SHARE", 0.5),
            ("INST_LATE_7_SHARE", 0.5),
            ("INST_LATE_30_SHARE", 0.25),
            ("INST_LATE_SHARE_12M", 1.0),
            ("INST_LATE_SHARE_24M", 0.5),
            ("INST_LATE_SHARE_TREND", 0.5),
            ("INST_DAYS_LATE_MAX", 40.0),
            ("INST_DAYS_LATE_MEAN", 12.5),
            ("INST_DAYS_EARLY_MEAN", 1.25),
            ("INST_DAYS_LAST_LATE", -100.0),
            ("INST_PAID_TO_DUE", 0.65),
            ("INST_PAID_TO_DUE_12M", 1.0),
            ("INST_UNDERPAID_SHARE", 0.5),
            ("INST_UNDERPAID_SUM", 140.0),
            ("INST_PAID_SUM", 260.0),
            ("INST_PAID_MIN", 60.0),
            ("INST_DAYS_LAST_PAYMENT", -90.0),
            ("ANNUITY_TO_INST_MEAN", 200.0),
        ],
    );
}

#[test]
fn monthly_states_of_loans_and_cards_are_summed_up() {
    let folder = two_clients();
    folder.table(
        "POS_CASH_balance",
        &[
            &[
                ("SK_ID_PREV", "20"),
                ("SK_ID_CURR", "1"),
                ("MONTHS_BALANCE", "-1"),
                ("CNT_INSTALMENT_FUTURE", "3"),
                ("SK_DPD", "5"),
                ("SK_DPD_DEF", "0"),
                ("NAME_CONTRACT_STATUS", "Active"),
            ],
            &[
                ("SK_ID_PREV", "20"),
                ("SK_ID_CURR", "1"),
                ("MONTHS_BALANCE", "-30"),
                ("CNT_INSTALMENT_FUTURE", "9"),
                ("SK_DPD", "1"),
                ("SK_DPD_DEF", "1"),
                ("NAME_CONTRACT_STATUS", "Completed"),
            ],
        ],
    );
    folder.table(
        "credit_card_balance",
        &[
            &[
                ("SK_ID_PREV", "30"),
                ("SK_ID_CURR", "1"),
                ("MONTHS_BALANCE", "-2"),
                ("AMT_BALANCE", "900"),
                ("AMT_CREDIT_LIMIT_ACTUAL", "1000"),
                ("AMT_DRAWINGS_CURRENT", "400"),
                ("AMT_DRAWINGS_ATM_CURRENT", "100"),
                ("AMT_INST_MIN_REGULARITY", "50"),
                ("AMT_PAYMENT_TOTAL_CURRENT", "40"),
                ("SK_DPD", "0"),
                ("SK_DPD_DEF", "0"),
            ],
            &[
                ("SK_ID_PREV", "30"),
                ("SK_ID_CURR", "1"),
                ("MONTHS_BALANCE", "-10"),
                ("AMT_BALANCE", "100"),
                ("AMT_CREDIT_LIMIT_ACTUAL", "1000"),
                ("AMT_INST_MIN_REGULARITY", "50"),
                ("AMT_PAYMENT_TOTAL_CURRENT", "60"),
                ("SK_DPD", "3"),
                ("SK_DPD_DEF", "2"),
            ],
            &[
                ("SK_ID_PREV", "30"),
                ("SK_ID_CURR", "1"),
                ("MONTHS_BALANCE", "-20"),
                ("AMT_BALANCE", "50"),
                ("AMT_CREDIT_LIMIT_ACTUAL", "0"),
            ],
        ],
    );
    assert_values(
        &folder.features(),
        0,
        &[
            ("POS_MONTHS_COUNT", 2.0),
            ("POS_LOANS_COUNT", 1.0),
            ("POS_DPD_MAX", 5.0),
            ("POS_DPD_DEF_MAX", 1.0),
            ("POS_LATE_COUNT", 2.0),
            ("POS_LATE_COUNT_12M", 1.0),
            ("POS_LATE_DEF_SHARE", 0.5),
            ("POS_LEFT_RECENT_SUM", 3.0),
            ("POS_COMPLETED_COUNT", 1.0),
            ("POS_ACTIVE_RECENT_COUNT", 1.0),
            ("CARD_COUNT", 1.0),
            ("CARD_BALANCE_MEAN", 350.0),
            ("CARD_BALANCE_MEAN_3M", 900.0),
            // A limit of 0 has no share of it in use.
            ("CARD_USE_MEAN", 0.5),
            ("CARD_USE_MAX", 0.9),
            ("CARD_USE_TREND", 0.4),
            ("CARD_CASH_SHARE", 0.25),
            ("CARD_PAYMENT_TO_MINIMUM", 1.0),
            ("CARD_BELOW_MINIMUM_SHARE", 0.5),
            ("CARD_DPD_MAX", 3.0),
            ("CARD_LATE_COUNT", 1.0),
        ],
    );
}

#[test]
fn categories_are_codes_by_the_order_of_the_schema() {
    let table = two_clients().features();
    let income = table
        .features
        .iter()
        .find(|feature| feature.name == "NAME_INCOME_TYPE");
    let FeatureKind::Category { levels } = &income.unwrap().kind else {
        panic!("NAME_INCOME_TYPE is a category")
    };
    assert_eq!(levels[..2], ["Working", "Commercial associate"]);
}

#[test]
fn the_columns_are_the_same_whoever_is_asked_about() {
    let few = Folder::with_one_client().features();
    let more = two_clients();
    more.table("bureau", &[&[("SK_ID_CURR", "1"), ("SK_ID_BUREAU", "1")]]);
    assert_eq!(few.features, more.features().features);
    let none = octroi_data::RawTables::from_applications(Portfolio::home_credit(), &[]).unwrap();
    let none = features::compute(Portfolio::home_credit(), &none).unwrap();
    assert_eq!((few.features, none.values.nrows()), (none.features, 0));
}

#[test]
fn the_digest_of_the_queries_is_stable_within_a_build() {
    let digest = features::sql_digest(Portfolio::home_credit());
    assert_eq!(digest, features::sql_digest(Portfolio::home_credit()));
    assert_eq!(digest.len(), 64);
}
