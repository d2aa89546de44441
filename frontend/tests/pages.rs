//! Every view renders in both languages, safely and with all its words.

#![allow(clippy::unwrap_used)]

mod fixtures;

use octroi_frontend::{
    Chrome, Language, Notice, Pages, Section, Words, asset, document,
    views::{Counterfactual, DecisionOutcome, Grouping, PasswordRefusal, SignInError},
};

fn both() -> Vec<(Language, String, String)> {
    let pages = Pages::new().unwrap();
    let in_language = |language| {
        fixtures::all_pages(&pages, language)
            .unwrap()
            .into_iter()
            .map(move |(name, html)| (language, name, html))
    };
    Language::ALL.into_iter().flat_map(in_language).collect()
}

#[test]
fn every_page_and_document_renders_in_both_languages() {
    let rendered = both();
    assert_eq!(rendered.len(), 2 * 29);
    for (language, name, html) in rendered {
        assert!(
            html.contains(&format!("<html lang=\"{language}\"")),
            "{name}"
        );
        assert!(html.trim_end().ends_with("</html>"), "{name}");
    }
}

#[test]
fn no_page_holds_an_inline_script_style_or_handler() {
    for (language, name, html) in both() {
        if name.starts_with("document_") {
            continue;
        }
        assert!(!html.contains("<style"), "{name} {language}");
        assert!(!html.contains(" style="), "{name} {language}");
        assert!(!html.contains(" onclick="), "{name} {language}");
        assert!(!html.contains("javascript:"), "{name} {language}");
        for script in html.split("<script").skip(1) {
            assert!(
                script.starts_with(" src=\"/assets/")
                    || script.starts_with(" type=\"application/json\""),
                "{name} {language}: <script{}",
                &script[..script.len().min(60)]
            );
        }
    }
}

#[test]
fn documents_load_nothing() {
    for (_, name, html) in both()
        .into_iter()
        .filter(|(_, n, _)| n.starts_with("document_"))
    {
        for forbidden in ["<script", "<link", " src=", "http:", "https:", " style="] {
            assert!(!html.contains(forbidden), "{name}: {forbidden}");
        }
    }
    assert!(document::content_security_policy().contains("style-src 'sha256-"));
}

#[test]
fn what_the_pages_link_as_assets_is_there() {
    for (_, name, html) in both() {
        for link in html.split("\"/assets/").skip(1) {
            let path = link.split(['?', '"']).next().unwrap();
            assert!(asset(path).is_some(), "{name} links {path}");
        }
    }
}

#[test]
fn every_post_form_carries_the_anti_forgery_token() {
    for (_, name, html) in both() {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            if form.contains("method=\"post\"") {
                assert!(
                    form.contains("name=\"csrf\" value=\"csrf-token\""),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn every_table_has_a_caption_or_a_heading_and_every_field_a_label() {
    for (_, name, html) in both()
        .into_iter()
        .filter(|(_, n, _)| !n.starts_with("document_"))
    {
        for table in html.split("<table").skip(1) {
            let table = table.split("</table>").next().unwrap();
            assert!(
                table.contains("<caption"),
                "{name}: {}",
                &table[..200.min(table.len())]
            );
        }
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(
            html.contains("class=\"skip-link\" href=\"#main\""),
            "{name}"
        );
    }
}

#[test]
fn text_from_outside_is_escaped() {
    let pages = Pages::new().unwrap();
    let hostile = "<img src=x onerror=alert(1)>\"'</script>";
    let mut view = fixtures::client(Language::En, 0.2);
    view.name = Some(hostile.to_owned());
    view.reasons[0].label = hostile.to_owned();
    view.groups[0].items[0].help = hostile.to_owned();
    view.waterfall.as_mut().unwrap().bars[0].label = hostile.to_owned();
    let chrome = fixtures::chrome(Language::En, Section::Clients, "/clients?q=\"><script>");
    let html = pages.render(&view, &chrome).unwrap();
    assert!(!html.contains("<img"));
    assert!(!html.contains("'</script>"));
    assert!(!html.contains("\"><script>"));
    let event = pages.render(&fixtures::audit(true), &chrome).unwrap();
    assert!(!event.contains("<b>not markup"));
}

#[test]
fn a_decision_is_said_by_word_and_by_shape() {
    let pages = Pages::new().unwrap();
    for (language, pd, word, shape) in [
        (Language::En, 0.2, "Credit refused", "◆"),
        (Language::Fr, 0.2, "Crédit refusé", "◆"),
        (Language::En, 0.02, "Credit granted", "●"),
        (Language::Fr, 0.02, "Crédit accordé", "●"),
    ] {
        let chrome = fixtures::chrome(language, Section::Clients, "/clients/1");
        let html = pages
            .render(&fixtures::client(language, pd), &chrome)
            .unwrap();
        let badge = format!("aria-hidden=\"true\">{shape}</span>{word}");
        assert!(html.contains(&badge), "{badge}");
    }
}

#[test]
fn the_reasons_stand_as_sentences_on_the_side_they_push_to() {
    let pages = Pages::new().unwrap();
    let chrome = fixtures::chrome(Language::Fr, Section::Clients, "/clients/1");
    let html = pages
        .render(&fixtures::client(Language::Fr, 0.2), &chrome)
        .unwrap();
    let sentence = "Score externe 2\u{a0}: 0,26, plus bas que chez 92\u{202f}% des clients. Cela augmente fortement le risque.";
    let (raises, lowers) = html.split_once("class=\"lowers\"").unwrap();
    assert!(raises.contains(sentence));
    assert!(lowers.contains("Cela diminue le risque."));
    assert!(!raises.contains("Cela diminue"));
}

#[test]
fn what_would_change_a_decision_is_offered_for_a_refusal_and_never_for_a_grant() {
    let pages = Pages::new().unwrap();
    for language in [Language::En, Language::Fr] {
        let chrome = fixtures::chrome(language, Section::Clients, "/clients/1");
        let mut view = fixtures::client(language, 0.2);
        let html = pages.render(&view, &chrome).unwrap();
        let card = html.split("id=\"counterfactual\"").nth(1).unwrap();
        assert!(card.contains(&view.counterfactual.as_ref().unwrap().proposals[0].sentence));
        assert!(card.contains("/clients/100083?by=feature&amp;counterfactual=true#counterfactual"));
        view.counterfactual = Some(Counterfactual::default());
        let html = pages.render(&view, &chrome).unwrap();
        assert!(
            html.contains("id=\"counterfactual-ask\""),
            "asked for, not given"
        );
        assert!(!html.contains("<h2 id=\"counterfactual-heading\"></h2>"));
        let granted = pages
            .render(&fixtures::client(language, 0.02), &chrome)
            .unwrap();
        assert!(!granted.contains("counterfactual"));
    }
}

#[test]
fn the_tables_under_the_waterfall_add_up_to_the_margin() {
    let waterfall = fixtures::waterfall(Language::En);
    let sum: f64 = waterfall.bars.iter().map(|bar| bar.contribution).sum();
    assert!((waterfall.base_value + sum - waterfall.margin).abs() < 1e-12);
    let pages = Pages::new().unwrap();
    let mut view = fixtures::client(Language::En, 0.2);
    view.by = Grouping::Family;
    let chrome = fixtures::chrome(Language::En, Section::Clients, "/clients/1");
    let html = pages.render(&view, &chrome).unwrap();
    assert!(
        html.contains("<td class=\"number\">\u{2212}1.363</td>"),
        "the margin closes the table"
    );
    assert!(html.contains("by=family\"") && html.contains("312 others"));
}

#[test]
fn links_to_other_pages_of_the_list_keep_the_filters() {
    let pages = Pages::new().unwrap();
    let mut view = fixtures::clients();
    view.filter.q = "é & b".to_owned();
    view.filter.descending = true;
    let chrome = fixtures::chrome(Language::En, Section::Clients, "/clients");
    let html = pages.render(&view, &chrome).unwrap();
    assert!(
        html.contains("/clients?descending=true&amp;page=4&amp;q=%C3%A9%20%26%20b&amp;sort=id")
    );
}

#[test]
fn navigation_shows_only_what_is_permitted_and_language_keeps_the_page() {
    let pages = Pages::new().unwrap();
    let mut chrome = fixtures::chrome(Language::En, Section::Audit, "/audit?action=signed_in");
    chrome.may.models = false;
    let html = pages.render(&fixtures::audit(false), &chrome).unwrap();
    assert!(!html.contains("href=\"/models\""));
    assert!(html.contains("href=\"/audit\" aria-current=\"page\""));
    assert!(html.contains("/audit?action=signed_in&amp;lang=fr"));
}

#[test]
fn a_notice_is_said_once_in_the_reader_s_language() {
    let pages = Pages::new().unwrap();
    let chrome = Chrome {
        notice: Some(Notice::KeyRevoked),
        ..fixtures::chrome(Language::Fr, Section::Administration, "/administration")
    };
    let html = pages.render(&fixtures::administration(), &chrome).unwrap();
    assert!(html.contains("La clé d’API est révoquée."));
}

#[test]
fn every_word_of_a_closed_vocabulary_is_translated() {
    let said = |of: serde_json::Value| of.as_str().unwrap().replace('_', "-");
    for language in Language::ALL {
        let words = Words::of(language);
        for notice in Notice::ALL {
            let key = format!("notice-{}", said(serde_json::to_value(notice).unwrap()));
            assert!(words.has(&key), "{key}");
        }
        for refusal in PasswordRefusal::ALL {
            let key = said(serde_json::to_value(refusal).unwrap());
            assert!(words.has(&format!("password-refusal-{key}")), "{key}");
        }
        for error in [
            SignInError::WrongCredentials,
            SignInError::TooManyAttempts,
            SignInError::FormExpired,
        ] {
            let key = format!(
                "sign-in-error-{}",
                said(serde_json::to_value(error).unwrap())
            );
            assert!(words.has(&key), "{key}");
        }
    }
}

#[test]
fn the_note_takes_every_number_from_its_view() {
    let mut note = fixtures::note(Language::En);
    note.model.metrics.auc = 0.123_456;
    note.model.training.rows = 987_654;
    note.model.threshold = 0.3339;
    let html = document::note(&note, Language::En).unwrap();
    for shown in ["0.1235", "987,654", "33.4%"] {
        assert!(html.contains(shown), "{shown}");
    }
    assert!(!html.contains("307,511 applications"));
}

#[test]
fn the_note_has_every_section_in_both_languages_and_numbers_them_in_order() {
    for language in Language::ALL {
        let words = Words::of(language);
        let html = document::note(&fixtures::note(language), language).unwrap();
        let anchors = [
            "data",
            "imbalance",
            "cost",
            "candidates",
            "procedure",
            "calibration",
            "quality",
            "global",
            "local",
            "points",
            "slices",
            "limits",
            "watch",
            "fingerprints",
        ];
        for (index, anchor) in anchors.iter().enumerate() {
            let title = match *anchor {
                "points" => words.t("points-title"),
                other => words.t(&format!("note-{other}")),
            };
            let heading = format!("<h2 id=\"{anchor}\">{}. {title}</h2>", index + 1);
            let heading = heading.replace('\'', "&#39;");
            assert!(html.contains(&heading), "{language}: {heading}");
            assert!(html.contains(&format!("href=\"#{anchor}\"")), "{anchor}");
        }
        assert_eq!(
            html.matches("<h2").count(),
            anchors.len() + 1,
            "and a summary"
        );
    }
}

#[test]
fn the_note_of_an_imported_model_says_where_it_is_from_and_leaves_out_what_nobody_knows() {
    for language in Language::ALL {
        let note = fixtures::imported_note(language);
        let html = document::note(&note, language).unwrap();
        let imported = note.model.imported.unwrap();
        assert!(html.contains(&imported.sha256) && html.contains("champion.txt"));
        for unknown in ["imbalance", "candidates", "procedure"] {
            assert!(!html.contains(&format!("id=\"{unknown}\"")), "{unknown}");
        }
        let words = Words::of(language);
        for said in [
            "slices-none",
            "beeswarm-none",
            "dependence-none",
            "limit-imported",
        ] {
            let text = words.t(said).replace('\'', "&#39;");
            assert!(html.contains(&text), "{language}: {said}");
        }
        for empty in ["NaN", "class=\"swarm\"", "class=\"slices\""] {
            assert!(!html.contains(empty), "{empty}");
        }
    }
}

#[test]
fn what_is_to_be_noticed_about_a_group_stands_in_its_row_and_among_the_limits() {
    let html = document::note(&fixtures::note(Language::En), Language::En).unwrap();
    assert!(html.contains("ranks worse") && html.contains("more defaults than predicted"));
    let (_, limits) = html.split_once("id=\"limits\"").unwrap();
    assert!(
        limits.contains("ranks clearly worse than elsewhere: Kind of contract (Revolving loan).")
    );
    let mut calm = fixtures::note(Language::En);
    for feature in &mut calm.model.slices.features {
        feature
            .groups
            .iter_mut()
            .for_each(|group| group.flags.clear());
    }
    let html = document::note(&calm, Language::En).unwrap();
    assert!(!html.contains("ranks clearly worse"));
}

#[test]
fn the_threshold_explorer_has_the_curve_in_the_page_and_says_the_chosen_one_without_a_script() {
    let pages = Pages::new().unwrap();
    let chrome = fixtures::chrome(Language::En, Section::Models, "/models");
    let html = pages
        .render(&fixtures::model_version(Language::En), &chrome)
        .unwrap();
    let data = html.split("type=\"application/json\">").nth(1).unwrap();
    let data: serde_json::Value =
        serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
    assert_eq!(data["kind"], "cost_curve");
    assert_eq!(data["points"].as_array().unwrap().len(), 100);
    assert_eq!(data["rows"], 307_511);
    assert!(html.contains("data-explorer-control hidden"));
    assert!(html.contains("<dd data-explored=\"cost\">0.490</dd>"));
}

#[test]
fn outcomes_are_written_in_snake_case_for_templates() {
    let json = |of| serde_json::to_string(&of).unwrap();
    assert_eq!(json(DecisionOutcome::Granted), "\"granted\"");
    assert_eq!(
        Words::of(Language::En).word("role", "nobody", "nobody"),
        "nobody"
    );
}

#[test]
fn what_families_contribute_stands_above_the_reasons_in_words_and_as_bars() {
    let pages = Pages::new().unwrap();
    for (language, heading, last) in [
        (Language::En, "By subject", "lowers the risk, </span>-0.22"),
        (Language::Fr, "Par thème", "diminue le risque, </span>-0,22"),
    ] {
        let chrome = fixtures::chrome(language, Section::Clients, "/clients/1");
        let html = pages
            .render(&fixtures::client(language, 0.2), &chrome)
            .unwrap();
        let (above, _) = html.split_once("class=\"reasons-columns\"").unwrap();
        assert!(above.contains(heading));
        assert!(above.replace('\u{2212}', "-").contains(last), "{last}");
        assert_eq!(above.matches("<svg class=\"share-bar").count(), 3);
        let html = pages
            .render(&fixtures::client_never_scored(language), &chrome)
            .unwrap();
        assert!(!html.contains(heading));
    }
}
