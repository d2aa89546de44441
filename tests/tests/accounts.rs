//! What ends a credential and what holds it back: tokens of before, keys that a second person
//! must approve, one's own password, and the one-time link of somebody who has forgotten it.

use octroi_tests::{
    AZUR, Answer, Bank, Caller, HARBOUR, Installation, PASSWORD, Role, Visitor, on_both_databases,
};
use serde_json::{Value, json};

const NEW: &str = "tournesol gravier lampe";
const PROBE: &str = "/api/v1/clients?limit=1";

/// The identifier of the only row of a table that fulfils the condition.
#[track_caller]
fn id(octroi: &Installation, table: &str, condition: &str) -> String {
    let hex = octroi.hex_of("id");
    let rows = octroi.texts(&format!("SELECT {hex} FROM {table} WHERE {condition}"));
    let hex = rows[0][0].clone().expect("it has an id");
    let part = |from: usize, to: usize| &hex[from..to];
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

#[track_caller]
fn person(octroi: &Installation, bank: &Bank, role: Role) -> String {
    id(
        octroi,
        "user_account",
        &format!("email = '{}'", bank.email(role)),
    )
}

/// An access token with this password.
#[track_caller]
fn program(octroi: &Installation, role: Role, password: &str) -> Caller {
    let credentials = json!({ "email": AZUR.email(role), "password": password });
    let answer = octroi
        .anonymous()
        .post("/api/v1/auth/token", &credentials)
        .expect(200);
    Caller::new(octroi.base(), answer["access_token"].as_str())
}

/// What stands in the page from `start` on, as far as a secret goes.
#[track_caller]
fn secret(page: &Answer, start: &str) -> String {
    let text = page.text();
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("no {start} in {text}"));
    let rest = &text[at..];
    let end = rest[start.len()..]
        .find(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)))
        .expect("the secret ends");
    rest[..start.len() + end].to_owned()
}

/// An administrator makes a key in the browser.
#[track_caller]
fn make_key(admin: &mut Visitor, name: &str, scopes: &[&str]) -> String {
    let mut fields = vec![("name", name)];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = admin.press("/administration", "/administration/keys", &fields);
    assert_eq!(page.status, 200, "{}", page.text());
    secret(&page, "octroi_live_")
}

/// An administrator makes a link in the browser; its path.
#[track_caller]
fn make_link(octroi: &Installation, admin: &mut Visitor, role: Role) -> String {
    let action = format!(
        "/administration/users/{}/password-link",
        person(octroi, &AZUR, role)
    );
    let page = admin.press("/administration", &action, &[]);
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(
        page.text()
            .contains(&format!("{}/password/", octroi.base())),
        "the whole address"
    );
    secret(&page, "/password/")
}

fn decide(visitor: &mut Visitor, key: &str, what: &str) -> Answer {
    visitor.press("/account", &format!("/account/keys/{key}/{what}"), &[])
}

#[track_caller]
fn data(octroi: &Installation, action: &str) -> Value {
    octroi.events(&AZUR, action)[0]["data"].clone()
}

fn change(visitor: &mut Visitor, old: &str, new: &str) -> Answer {
    visitor.press(
        "/account",
        "/account/password",
        &[("old", old), ("new", new), ("again", new)],
    )
}

on_both_databases! {
    fn signing_out_of_one_browser_ends_the_tokens_of_before_and_no_other_session(octroi: Installation) {
        let before = octroi.person(&AZUR, Role::Adviser);
        let colleague = octroi.person(&AZUR, Role::Analyst);
        let mut desk = octroi.signed_in(&AZUR, Role::Adviser);
        let mut laptop = octroi.signed_in(&AZUR, Role::Adviser);
        before.get(PROBE).expect(200);
        assert_eq!(desk.press("/clients", "/sign-out", &[]).status, 303);
        before.get(PROBE).expect_problem(401);
        assert_eq!(laptop.get("/clients").status, 200);
        colleague.get(PROBE).expect(200);
        // Issued in the same instant, as far as a clock can tell, and good.
        octroi.person(&AZUR, Role::Adviser).get(PROBE).expect(200);
    }

    fn signing_out_everywhere_ends_every_session_and_token_of_the_person(octroi: Installation) {
        let before = octroi.person(&AZUR, Role::Adviser);
        let mut desk = octroi.signed_in(&AZUR, Role::Adviser);
        let mut laptop = octroi.signed_in(&AZUR, Role::Adviser);
        let mut colleague = octroi.signed_in(&AZUR, Role::Analyst);
        let answer = desk.press("/account", "/account/sign-out-everywhere", &[]);
        assert_eq!(answer.header("Location"), Some("/sign-in?notice=signed_out_everywhere"));
        assert!(desk.cookies().keys().all(|name| !name.contains("session")));
        assert_eq!(laptop.get("/clients").status, 303);
        assert_eq!(colleague.get("/clients").status, 200);
        before.get(PROBE).expect_problem(401);
        octroi.person(&AZUR, Role::Adviser).get(PROBE).expect(200);
        let events = octroi.events(&AZUR, "signed_out_everywhere");
        assert_eq!(events[0]["subject"]["id"], person(&octroi, &AZUR, Role::Adviser));
        // Without the form's token nothing of it happens.
        let mut laptop = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(laptop.submit("/account/sign-out-everywhere", &[]).status, 403);
        assert_eq!(laptop.get("/clients").status, 200);
    }

    fn a_token_of_before_stays_ended_when_a_disabled_person_comes_back(octroi: Installation) {
        let before = octroi.person(&AZUR, Role::Adviser);
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let path = format!("/administration/users/{}", person(&octroi, &AZUR, Role::Adviser));
        for what in ["disable", "enable"] {
            assert_eq!(admin.press("/administration", &format!("{path}/{what}"), &[]).status, 303);
            before.get(PROBE).expect_problem(401);
        }
        octroi.person(&AZUR, Role::Adviser).get(PROBE).expect(200);
    }

    fn ones_own_password_is_changed_with_the_old_one_and_ends_everything_else(octroi: Installation) {
        let before = octroi.person(&AZUR, Role::Adviser);
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let link = make_link(&octroi, &mut admin, Role::Adviser);
        let mut desk = octroi.signed_in(&AZUR, Role::Adviser);
        let mut laptop = octroi.signed_in(&AZUR, Role::Adviser);
        let wrong = change(&mut desk, "not the old one", NEW);
        assert_eq!(wrong.status, 422);
        assert_eq!(data(&octroi, "sign_in_failed")["at"], "password change");
        let twice = [("old", PASSWORD), ("new", NEW), ("again", "tournesol gravier lampes")];
        assert_eq!(desk.press("/account", "/account/password", &twice).status, 422);
        assert_eq!(change(&mut desk, PASSWORD, PASSWORD).status, 422, "the same again");
        assert_eq!(laptop.get("/clients").status, 200, "nothing has happened yet");
        let answer = change(&mut desk, PASSWORD, NEW);
        assert_eq!(answer.header("Location"), Some("/account?notice=password_changed"));
        assert_eq!(desk.get("/clients").status, 200, "this browser stays signed in");
        assert_eq!(laptop.get("/clients").status, 303);
        before.get(PROBE).expect_problem(401);
        assert_eq!(octroi.visitor().get(&link).status, 404, "open links have ended");
        assert_eq!(octroi.visitor().sign_in(&AZUR.email(Role::Adviser), PASSWORD).status, 401);
        program(&octroi, Role::Adviser, NEW).get(PROBE).expect(200);
        let events = octroi.events(&AZUR, "password_changed");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["subject"]["id"], person(&octroi, &AZUR, Role::Adviser));
    }

    fn a_password_that_is_tried_first_is_refused_with_the_reason(octroi: Installation) {
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        for (weak, why) in [
            ("short", "12 to 128"),
            ("aaaaaaaaaaaa", "repeats itself"),
            ("abcabcabcabc", "repeats itself"),
            ("123456789012", "row of keys"),
            ("password1234", "leaked"),
            ("camille-et-le-train", "“camille”"),
            ("un coffre azur vide", "“azur”"),
        ] {
            adviser.set_cookie("octroi_language", "en");
            let page = change(&mut adviser, PASSWORD, weak);
            assert_eq!(page.status, 422, "{weak}");
            assert!(page.text().contains(why), "{weak}: {}", page.text());
        }
        let add = |password: &str| {
            let arguments = ["user-add", "--tenant", AZUR.slug, "--email", "rose@azur.example",
                "--name", "Rose Delorme", "--role", "adviser"];
            octroi.command_with_input(&arguments, &format!("{password}\n"))
        };
        for (weak, why) in [("abcabcabcabc", "repeats"), ("la barque de delorme", "delorme")] {
            assert!(add(weak).expect_failure().contains(why), "{weak}");
        }
        add(NEW).expect_success();
    }

    fn guessing_the_old_password_in_an_open_browser_is_throttled(octroi: Installation) {
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        let stopped = (0..40).any(|_| change(&mut adviser, "not the old one", NEW).status == 429);
        assert!(stopped, "nobody stops it");
        assert_eq!(change(&mut adviser, PASSWORD, NEW).status, 429);
    }

    fn a_one_time_link_sets_a_password_once_and_ends_what_was_open(octroi: Installation) {
        let before = octroi.person(&AZUR, Role::Adviser);
        let mut desk = octroi.signed_in(&AZUR, Role::Adviser);
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let link = make_link(&octroi, &mut admin, Role::Adviser);
        let token = link.rsplit('/').next().expect("a token").to_owned();
        assert!(token.len() >= 43, "256 bits: {token}");
        assert!(!admin.get("/administration").text().contains(&token), "shown once");
        let kept = octroi.texts("SELECT token_hash FROM password_link");
        assert!(!kept[0][0].as_deref().is_some_and(|hash| hash.contains(&token)), "only a hash is kept");
        // Looking at it uses nothing up, and ends nothing.
        let mut stranger = octroi.visitor();
        let page = stranger.get(&link);
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Camille Laurent") && page.text().contains(AZUR.name));
        assert_eq!(desk.get("/clients").status, 200);
        let weak = [("new", "abcabcabcabc"), ("again", "abcabcabcabc")];
        assert_eq!(stranger.submit(&link, &weak).status, 422);
        let fields = [("new", NEW), ("again", NEW)];
        let elsewhere = [("Sec-Fetch-Site", "cross-site")];
        assert_eq!(stranger.submit_with(&link, &elsewhere, &fields).status, 403);
        let answer = stranger.submit(&link, &fields);
        assert_eq!(answer.header("Location"), Some("/sign-in?notice=password_set"));
        assert_eq!(desk.get("/clients").status, 303);
        before.get(PROBE).expect_problem(401);
        assert_eq!(octroi.visitor().sign_in(&AZUR.email(Role::Adviser), PASSWORD).status, 401);
        let mut adviser = octroi.visitor();
        assert_eq!(adviser.sign_in(&AZUR.email(Role::Adviser), NEW).status, 303);
        assert!(adviser.get("/account").text().contains("Jeanne Petit"), "it says whose link it was");
        assert_eq!(stranger.submit(&link, &fields).status, 404, "once");
        let (made, used) = (octroi.events(&AZUR, "password_link_made"), octroi.events(&AZUR, "password_link_used"));
        let (admin, adviser) = (person(&octroi, &AZUR, Role::Admin), person(&octroi, &AZUR, Role::Adviser));
        assert_eq!((&made[0]["actor"]["id"], &made[0]["subject"]["id"]), (&json!(admin), &json!(adviser)));
        assert_eq!((&used[0]["actor"]["id"], &used[0]["data"]["made_by"]), (&json!(adviser), &json!(admin)));
        assert_eq!(made[0]["data"]["link"], used[0]["data"]["link"]);
    }

    fn unknown_used_replaced_and_old_links_and_those_of_the_disabled_answer_alike(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let fields = [("new", NEW), ("again", NEW)];
        let used = make_link(&octroi, &mut admin, Role::Adviser);
        assert_eq!(octroi.visitor().submit(&used, &fields).status, 303);
        let replaced = make_link(&octroi, &mut admin, Role::Adviser);
        make_link(&octroi, &mut admin, Role::Adviser);
        let old = make_link(&octroi, &mut admin, Role::Compliance);
        octroi.execute("UPDATE password_link SET expires_at = made_at + 1 WHERE used_at IS NULL");
        let disabled = make_link(&octroi, &mut admin, Role::Analyst);
        let analyst = person(&octroi, &AZUR, Role::Analyst);
        let press = |admin: &mut Visitor, what: &str| {
            admin.press("/administration", &format!("/administration/users/{analyst}/{what}"), &[]).status
        };
        assert_eq!(press(&mut admin, "disable"), 303);
        assert_eq!(press(&mut admin, "password-link"), 409, "none for a disabled account");
        let unknown = format!("/password/{}", "A".repeat(43));
        let plain = |link: &str, answer: &Answer| answer.text().replace(link, "LINK");
        let expected = octroi.visitor().get(&unknown);
        assert_eq!(expected.status, 404);
        for link in [&used, &replaced, &old, &disabled, &"/password/x".to_owned()] {
            let shown = octroi.visitor().get(link);
            assert_eq!(shown.status, 404);
            assert_eq!(plain(link, &shown), plain(&unknown, &expected));
            let set = octroi.visitor().submit(link, &fields);
            assert_eq!((set.status, plain(link, &set)), (404, plain(&unknown, &expected)));
        }
        assert_eq!(press(&mut admin, "enable"), 303);
        assert_eq!(octroi.visitor().get(&disabled).status, 404, "it has ended with the disabling");
        // Nobody gets around the old password of their own account.
        let own = format!("/administration/users/{}/password-link", person(&octroi, &AZUR, Role::Admin));
        assert_eq!(admin.press("/administration", &own, &[]).status, 409);
    }

    fn the_operator_makes_a_link_for_somebody_whom_no_administrator_can_help(octroi: Installation) {
        let make = |email: &str| octroi.command(&["password-link", email, "--tenant", AZUR.slug]);
        assert!(make("nobody@azur.example").expect_failure().contains("nobody@azur.example"));
        assert!(make(&HARBOUR.email(Role::Admin)).expect_failure().contains("nobody in this bank"));
        let link = make(&AZUR.email(Role::Admin)).expect_success();
        let mut admin = octroi.visitor();
        assert_eq!(admin.submit(link.trim(), &[("new", NEW), ("again", NEW)]).status, 303);
        assert_eq!(admin.sign_in(&AZUR.email(Role::Admin), NEW).status, 303);
        let made = &octroi.events(&AZUR, "password_link_made")[0];
        assert_eq!(made["actor"]["role"], "operator");
    }

    fn guessing_links_is_throttled(octroi: Installation) {
        let path = format!("/password/{}", "A".repeat(43));
        let stopped = (0..40).any(|_| octroi.visitor().get(&path).status == 429);
        assert!(stopped, "nobody stops it");
    }

    fn a_key_that_goes_beyond_its_maker_opens_nothing_before_holders_of_its_scopes_approve(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let scopes = ["decisions:view", "clients:view", "audit:view"];
        let broker = Caller::new(octroi.base(), Some(&make_key(&mut admin, "Broker", &scopes)));
        let key = id(&octroi, "api_key", "name = 'Broker'");
        let refused = broker.get("/api/v1/decisions").expect_problem(403);
        assert_eq!(refused["type"], "/problems/key-waiting");
        assert!(refused["detail"].as_str().is_some_and(|said| said.contains("approv")));
        // The adviser holds two of its scopes, the compliance officer the third.
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        assert!(adviser.get("/clients").text().contains("class=\"count\""), "the frame says that something waits");
        assert!(adviser.get("/account").text().contains("Broker"));
        assert_eq!(decide(&mut admin, &key, "approve").status, 409, "not the maker");
        let mut theirs = octroi.signed_in(&HARBOUR, Role::Adviser);
        assert!(!theirs.get("/account").text().contains("Broker"));
        assert_eq!(decide(&mut theirs, &key, "approve").status, 404);
        let answer = decide(&mut adviser, &key, "approve");
        assert_eq!(answer.header("Location"), Some("/account?notice=key_approved_in_part"));
        broker.get("/api/v1/decisions").expect_problem(403);
        assert!(!adviser.get("/account").text().contains("Broker"), "nothing is left to decide");
        assert_eq!(decide(&mut adviser, &key, "approve").status, 403, "the rest is not theirs");
        assert_eq!(octroi.events(&AZUR, "access_denied")[0]["subject"]["id"], "audit:view");
        let mut officer = octroi.signed_in(&AZUR, Role::Compliance);
        let answer = decide(&mut officer, &key, "approve");
        assert_eq!(answer.header("Location"), Some("/account?notice=key_approved"));
        broker.get("/api/v1/decisions").expect(200);
        broker.get("/api/v1/clients").expect(200);
        broker.get("/api/v1/models").expect_problem(403);
        let page = admin.get("/administration").text();
        for name in ["Jeanne Petit", "Camille Laurent", "Hugo Mercier"] {
            assert!(page.contains(name), "{name} made or approved it");
        }
        let approved = octroi.events(&AZUR, "api_key_approved");
        assert_eq!(approved[1]["data"]["scopes"], json!(["clients:view", "decisions:view"]));
        assert_eq!(approved[1]["data"]["awaiting"], json!(["audit:view"]));
        assert_eq!(approved[0]["data"]["scopes"], json!(["audit:view"]));
        assert!(approved.iter().all(|event| event["subject"]["id"] == key.as_str()));
        // A key is the bank's: it outlives whoever approved it.
        let path = format!("/administration/users/{}/disable", person(&octroi, &AZUR, Role::Adviser));
        assert_eq!(admin.press("/administration", &path, &[]).status, 303);
        broker.get("/api/v1/decisions").expect(200);
        let revoke = format!("/administration/keys/{key}/revoke");
        assert_eq!(admin.press("/administration", &revoke, &[]).status, 303);
        broker.get("/api/v1/decisions").expect_problem(401);
        assert_eq!(data(&octroi, "api_key_revoked")["scopes"], json!(["clients:view", "decisions:view", "audit:view"]));
    }

    fn a_refused_key_never_works(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let broker = Caller::new(octroi.base(), Some(&make_key(&mut admin, "Broker", &["decisions:make", "models:view"])));
        let key = id(&octroi, "api_key", "name = 'Broker'");
        let mut officer = octroi.signed_in(&AZUR, Role::Compliance);
        let mut analyst = octroi.signed_in(&AZUR, Role::Analyst);
        assert_eq!(decide(&mut officer, &key, "refuse").header("Location"), Some("/account?notice=key_refused"));
        broker.get("/api/v1/models").expect_problem(401);
        assert_eq!(decide(&mut analyst, &key, "approve").status, 409);
        broker.get("/api/v1/models").expect_problem(401);
        assert_eq!(data(&octroi, "api_key_refused")["scopes"], json!(["decisions:make", "models:view"]));
    }

    fn disabling_an_administrator_refuses_the_keys_of_theirs_that_wait(octroi: Installation) {
        octroi.command_with_input(&["user-add", "--tenant", AZUR.slug, "--email", "second@azur.example",
            "--name", "Rose Delorme", "--role", "admin"], &format!("{NEW}\n")).expect_success();
        let mut second = octroi.visitor();
        assert_eq!(second.sign_in("second@azur.example", NEW).status, 303);
        make_key(&mut second, "Broker", &["decisions:view"]);
        let key = id(&octroi, "api_key", "name = 'Broker'");
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let path = format!("/administration/users/{}/disable", id(&octroi, "user_account", "email = 'second@azur.example'"));
        assert_eq!(admin.press("/administration", &path, &[]).status, 303);
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(decide(&mut adviser, &key, "approve").status, 409);
        assert_eq!(octroi.events(&AZUR, "api_key_refused")[0]["subject"]["id"], key);
    }

    fn an_administrator_does_not_approve_with_the_account_of_a_colleague_that_they_have_a_link_for(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let link = make_link(&octroi, &mut admin, Role::Adviser);
        let mut taken = octroi.visitor();
        assert_eq!(taken.submit(&link, &[("new", NEW), ("again", NEW)]).status, 303);
        assert_eq!(taken.sign_in(&AZUR.email(Role::Adviser), NEW).status, 303);
        let broker = Caller::new(octroi.base(), Some(&make_key(&mut admin, "Broker", &["clients:view"])));
        let key = id(&octroi, "api_key", "name = 'Broker'");
        assert_eq!(decide(&mut taken, &key, "approve").status, 409);
        let again = "lampe gravier tournesol";
        assert_eq!(change(&mut taken, NEW, again).status, 303);
        assert_eq!(decide(&mut taken, &key, "approve").status, 409, "changing it once more helps nobody");
        broker.get(PROBE).expect_problem(403);
        octroi.execute("UPDATE password_link SET used_at = used_at - 691200000000");
        assert_eq!(decide(&mut taken, &key, "approve").status, 303, "eight days later the person has noticed");
        broker.get(PROBE).expect(200);
    }

    fn a_new_key_ends_after_a_year_or_when_its_maker_says(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let days = |name: &str| {
            octroi.numbers(&format!("SELECT (expires_at - created_at) / 86400000000 FROM api_key WHERE name = '{name}'"))
        };
        let fields = |days: &'static str| [("name", "Month"), ("scope", "decisions:view"), ("days", days)];
        assert_eq!(admin.press("/administration", "/administration/keys", &fields("30")).status, 200);
        assert_eq!(days("Month"), [30]);
        for bad in ["0", "-1", "36500", "4294967296", "x", ""] {
            assert_eq!(admin.press("/administration", "/administration/keys", &fields(bad)).status, 400, "{bad}");
        }
        make_key(&mut admin, "Year", &["decisions:view"]);
        assert_eq!(days("Year"), [365]);
        octroi.new_key(&AZUR, &["decisions:view"]);
        assert_eq!(days("test"), [365]);
        let with = |days: &str| octroi.command(&["key-add", "--name", "Week", "--scope", "decisions:view",
            "--tenant", AZUR.slug, "--expires-days", days]);
        let week = with("7").expect_success();
        assert_eq!(days("Week"), [7]);
        for bad in ["0", "3651", "-1", "x"] {
            with(bad).expect_failure();
        }
        octroi.execute("UPDATE api_key SET expires_at = created_at + 1 WHERE name = 'Week'");
        let refused = Caller::new(octroi.base(), Some(week.trim())).get("/api/v1/decisions").expect_problem(401);
        assert_eq!(refused["type"], "/problems/key-expired");
        admin.set_cookie("octroi_language", "en");
        let page = admin.get("/administration").text();
        assert!(page.contains("</span> expired"), "it is shown as what it is");
        // Keys of before keys had an end go on.
        octroi.execute("UPDATE api_key SET expires_at = NULL WHERE name = 'Week'");
        Caller::new(octroi.base(), Some(week.trim())).get("/api/v1/decisions").expect(200);
    }

    fn the_language_of_an_account_is_its_owners_to_choose(octroi: Installation) {
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        assert!(adviser.get("/account").text().contains("<html lang=\"fr\""));
        assert_eq!(adviser.press("/account", "/account/language", &[("language", "xx")]).status, 400);
        assert_eq!(adviser.press("/account", "/account/language", &[("language", "en")]).status, 303);
        assert!(adviser.get("/account").text().contains("<html lang=\"en\""));
        assert!(octroi.signed_in(&AZUR, Role::Adviser).get("/account").text().contains("<html lang=\"en\""));
        assert_eq!(data(&octroi, "language_changed")["language"], "en");
    }
}
