//! Renders views with the Tera templates of `templates/`. One engine a language, so that
//! the filters and functions of the templates know how to write numbers and words.

use std::collections::BTreeMap;

use rust_embed::RustEmbed;
use tera::{Context, Kwargs, Map, State, Tera, TeraResult, Value};

use crate::{
    Chrome, Language, Words, assets,
    charts::svg,
    format::{Format, up_to},
    scale, sentence,
    views::{DriftBin, Reason, View},
    words::{Argument, vocabulary_key},
};

#[derive(RustEmbed)]
#[folder = "templates/"]
#[include = "*.html"]
#[exclude = "charts/*"]
#[exclude = "documents/*"]
struct Templates;

/// A page or document that could not be rendered, or templates that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("template `{template}`: {source}")]
    Template {
        template: String,
        source: tera::Error,
    },
    #[error("chart `{chart}`: {source}")]
    Chart {
        chart: String,
        source: askama::Error,
    },
    #[error("document: {0}")]
    Document(#[from] askama::Error),
}

/// All pages, ready to be rendered from several threads.
pub struct Pages {
    en: Tera,
    fr: Tera,
}

impl Pages {
    /// Reads every template; fails when one does not parse or names something unknown.
    pub fn new() -> Result<Self, RenderError> {
        Ok(Self {
            en: engine(Language::En)?,
            fr: engine(Language::Fr)?,
        })
    }

    /// The whole page in the language of `chrome`.
    pub fn render<V: View>(&self, view: &V, chrome: &Chrome) -> Result<String, RenderError> {
        let tera = match chrome.language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        };
        let template = format!("pages/{}", V::TEMPLATE);
        let failed = |source| RenderError::Template {
            template: template.clone(),
            source,
        };
        let mut context = Context::from_serialize(view).map_err(failed)?;
        context.insert("chrome", chrome);
        let mut charts = BTreeMap::new();
        for (name, html) in view.charts().render(Words::of(chrome.language))? {
            charts.insert(name, Value::safe_string(&html));
        }
        context.insert_value("charts", Value::from_serializable(&charts));
        tera.render(&template, &context).map_err(failed)
    }
}

fn engine(language: Language) -> Result<Tera, RenderError> {
    let mut tera = Tera::new();
    register_words(&mut tera, language);
    register_numbers(&mut tera, language);
    tera.register_function("href", href);
    tera.register_function("asset", |kwargs: Kwargs, _: &State| {
        let path = kwargs.must_get::<&str>("path")?;
        assets::asset_url(path).ok_or_else(|| tera::Error::message(format!("no asset `{path}`")))
    });
    // Identifiers made from the time differ at their end.
    tera.register_filter("tail", |id: &str, _: Kwargs, _: &State| {
        let skipped = id.chars().count().saturating_sub(8);
        id.chars().skip(skipped).collect::<String>()
    });
    tera.register_filter("short", |digest: &str, _: Kwargs, _: &State| {
        digest.chars().take(12).collect::<String>()
    });
    let templates: Vec<(String, String)> = Templates::iter()
        .filter_map(|name| {
            let source = String::from_utf8_lossy(&Templates::get(&name)?.data).into_owned();
            Some((name.into_owned(), source))
        })
        .collect();
    tera.add_raw_templates(templates)
        .map_err(|source| RenderError::Template {
            template: format!("templates ({language})"),
            source,
        })?;
    Ok(tera)
}

fn register_words(tera: &mut Tera, language: Language) {
    let words = Words::of(language);
    tera.register_function("t", move |kwargs: Kwargs, _: &State| {
        let key = kwargs.must_get::<&str>("key")?;
        if words.has(key) {
            Ok(words.with(key, &arguments(&kwargs)))
        } else {
            Err(tera::Error::message(format!("no message `{key}`")))
        }
    });
    tera.register_function(
        "word",
        move |kwargs: Kwargs, _: &State| -> TeraResult<String> {
            let value = kwargs.must_get::<&str>("value")?;
            let otherwise = kwargs.get::<&str>("otherwise")?.unwrap_or(value);
            let key = vocabulary_key(kwargs.must_get::<&str>("group")?, value);
            if words.has(&key) {
                Ok(words.with(&key, &arguments(&kwargs)))
            } else {
                Ok(otherwise.to_owned())
            }
        },
    );
    tera.register_function(
        "reason",
        move |kwargs: Kwargs, _: &State| -> TeraResult<String> {
            #[derive(serde::Deserialize)]
            struct Arguments {
                of: Reason,
            }
            Ok(sentence::reason(
                words,
                &kwargs.deserialize::<Arguments>()?.of,
            ))
        },
    );
    // `interval(of=metrics.intervals, measure="auc", places=4)`; empty where there are none.
    tera.register_function(
        "interval",
        move |kwargs: Kwargs, _: &State| -> TeraResult<String> {
            #[derive(serde::Deserialize)]
            struct Arguments {
                of: Option<serde_json::Value>,
                measure: String,
                places: usize,
            }
            let Arguments {
                of,
                measure,
                places,
            } = kwargs.deserialize()?;
            let of = of.unwrap_or_default();
            let format = Format::new(language);
            let bound = |end: &str| of[&measure][end].as_f64();
            Ok(match (bound("low"), bound("high")) {
                (Some(low), Some(high)) => {
                    let written = |value| Argument::from(format.decimal(value, places));
                    words.with(
                        "interval",
                        &[("low", written(low)), ("high", written(high))],
                    )
                }
                _ => String::new(),
            })
        },
    );
    tera.register_function(
        "sparkbars",
        move |kwargs: Kwargs, _: &State| -> TeraResult<Value> {
            #[derive(serde::Deserialize)]
            struct Arguments {
                bins: Vec<DriftBin>,
            }
            let bins = kwargs.deserialize::<Arguments>()?.bins;
            let drawn = svg::sparkbars(words, &bins).map_err(tera::Error::message)?;
            Ok(Value::safe_string(&drawn))
        },
    );
}

/// What a template passes into a message.
fn arguments(kwargs: &Kwargs) -> Vec<(&str, Argument)> {
    let named = kwargs.iter().filter_map(|(name, value)| {
        let argument = match value.as_f64().filter(|_| value.is_number()) {
            Some(number) => Argument::Number(number),
            None => Argument::Text(value.to_string()),
        };
        Some((name.as_str()?, argument))
    });
    named.collect()
}

fn register_numbers(tera: &mut Tera, language: Language) {
    let format = Format::new(language);
    let places = |kwargs: &Kwargs, usual: usize| -> TeraResult<usize> {
        Ok(kwargs.get::<usize>("places")?.unwrap_or(usual))
    };
    tera.register_filter("integer", move |n: f64, _: Kwargs, _: &State| {
        format.integer(n)
    });
    tera.register_filter("money", move |n: f64, _: Kwargs, _: &State| format.money(n));
    tera.register_filter("number", move |n: f64, _: Kwargs, _: &State| {
        up_to(language, n, 2)
    });
    tera.register_filter("short_number", move |n: f64, _: Kwargs, _: &State| {
        format.setting(n)
    });
    tera.register_filter("p_value", move |n: f64, _: Kwargs, _: &State| {
        format.p_value(n)
    });
    tera.register_filter("decimal", move |n: f64, kwargs: Kwargs, _: &State| {
        places(&kwargs, 2).map(|places| format.decimal(n, places))
    });
    tera.register_filter("signed", move |n: f64, kwargs: Kwargs, _: &State| {
        places(&kwargs, 2).map(|places| format.signed(n, places))
    });
    tera.register_filter("percent", move |n: f64, kwargs: Kwargs, _: &State| {
        places(&kwargs, 1).map(|places| format.percent(n, places))
    });
    tera.register_filter("datetime", move |at: &str, _: Kwargs, _: &State| {
        format.datetime(at)
    });
    tera.register_filter("date", move |day: &str, _: Kwargs, _: &State| {
        format.date(day)
    });
    // Where a PD stands on the bars of the lists, 0 to 100 (see `scale`).
    tera.register_filter("pd_position", |pd: f64, _: Kwargs, _: &State| {
        std::format!("{:.1}", scale::pd_position(pd) * 100.0)
    });
}

/// `href(path="/clients", query=filter, page=2)`: the path with a query of every argument
/// that is neither missing nor empty nor `false`, in the order of their names. The map
/// `query` is laid under the other arguments.
#[allow(clippy::needless_pass_by_value)] // the signature of a Tera function
fn href(kwargs: Kwargs, _: &State) -> TeraResult<String> {
    let path = kwargs.must_get::<&str>("path")?;
    let mut query = BTreeMap::new();
    if let Some(base) = kwargs.get::<&Map>("query")? {
        query.extend(base.iter().filter_map(|(k, v)| Some((k.as_str()?, v))));
    }
    let given = kwargs.iter().filter_map(|(k, v)| Some((k.as_str()?, v)));
    query.extend(given.filter(|(name, _)| !["path", "query"].contains(name)));
    let mut address = path.to_owned();
    for (name, value) in query.into_iter().filter(|(_, value)| value.is_truthy()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        percent_encode(&value.to_string(), &mut address);
    }
    Ok(address)
}

fn percent_encode(value: &str, into: &mut String) {
    use std::fmt::Write as _;
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(byte as char);
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}
