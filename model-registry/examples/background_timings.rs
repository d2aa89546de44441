//! What background values of many rows against many rows take, for docs/PERFORMANCE.md.
//!
//! `cargo run --release -p octroi-model-registry --example background_timings -- model.txt
//! rows.csv background.csv` reads a model of another library and two tables with its features
//! as columns (other columns are ignored, an empty cell is missing).

use std::time::Instant;

use ndarray::Array2;
use octroi_model_registry::background::BackgroundExplainer;
use octroi_model_registry::import;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, rows, background] = arguments.as_slice() else {
        eprintln!("background_timings model.txt rows.csv background.csv");
        return;
    };
    let bytes = std::fs::read(model).expect("a model");
    let imported = import::read(&bytes).expect("a model that can be imported");
    let names: Vec<&str> = imported
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    let (rows, background) = (table(rows, &names), table(background, &names));
    let start = Instant::now();
    let explainer =
        BackgroundExplainer::new(&imported.forest, background.view()).expect("a background");
    let size = explainer.size();
    println!(
        "prepared for {} background rows in {:.2} s: {} tables ({:.1} MiB), {} deep terms ({:.1} MiB)",
        background.nrows(),
        start.elapsed().as_secs_f64(),
        size.tables,
        size.table_bytes as f64 / f64::from(1 << 20),
        size.deep_terms,
        size.deep_bytes as f64 / f64::from(1 << 20),
    );
    let start = Instant::now();
    let values = explainer.explain_rows(rows.view());
    println!(
        "explained {} rows in {:.2} s",
        rows.nrows(),
        start.elapsed().as_secs_f64()
    );
    let mut largest = 0.0f64;
    for (row, values) in rows.rows().into_iter().zip(values.rows()) {
        let margin = imported.forest.margin(&row.to_vec());
        largest = largest.max((explainer.base_value() + values.sum() - margin).abs());
    }
    println!("base value plus contributions is the margin to {largest:.1e}");
    let (mut workspace, mut out) = (explainer.workspace(), vec![0.0; names.len()]);
    let few = rows.nrows().min(100);
    let start = Instant::now();
    for row in rows.rows().into_iter().take(few) {
        explainer.explain_with(row.as_slice().expect("a row"), &mut out, &mut workspace);
    }
    println!(
        "one row after the other on one thread: {:.1} us each",
        start.elapsed().as_secs_f64() * 1e6 / few as f64
    );
    if let Some(peak) = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| Some(status.split("VmHWM:").nth(1)?.lines().next()?.to_owned()))
    {
        println!("peak memory {}", peak.trim());
    }
}

fn table(path: &str, names: &[&str]) -> Array2<f64> {
    let text = std::fs::read_to_string(path).expect("a table");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let places: Vec<usize> = names
        .iter()
        .map(|name| {
            let place = header.iter().position(|column| column == name);
            place.expect("a column per feature")
        })
        .collect();
    let mut values = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        values.extend(places.iter().map(|&place| match cells[place] {
            "" => f64::NAN,
            cell => cell.parse().expect("a number"),
        }));
    }
    Array2::from_shape_vec((values.len() / names.len(), names.len()), values).expect("a table")
}
