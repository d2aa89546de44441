//! Times reading a folder and computing features for one client, a few and many:
//! `cargo run --profile demo -p octroi-data --example feature_timings -- FOLDER [FEATURES.csv]`.
//! With a second argument the features of all labelled clients are written there, for a look
//! at them with other tools.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use octroi_data::reader::{Applications, read_folder};
use octroi_data::{FeatureTable, Portfolio, RawApplication, RawTables, features};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rest @ ..] = &arguments[..] else {
        return Err("name a folder with the tables".into());
    };
    let portfolio = Portfolio::home_credit();
    let start = Instant::now();
    let tables = read_folder(portfolio, Path::new(folder), Applications::Train)?;
    println!("read {} clients: {:?}", tables.clients(), start.elapsed());

    let start = Instant::now();
    let all = features::compute(portfolio, &tables)?;
    let (rows, columns) = all.values.dim();
    println!("{rows} clients x {columns} features: {:?}", start.elapsed());

    let start = Instant::now();
    let clients: Vec<RawApplication> = tables.applications().take(10_000).collect();
    println!("{} clients to JSON: {:?}", clients.len(), start.elapsed());
    for count in [1, 10, 100, 1000, 10_000] {
        if count > clients.len() {
            break;
        }
        let (mut fastest_tables, mut fastest) = (f64::INFINITY, f64::INFINITY);
        let mut times = Vec::new();
        for run in 0..(if count > 100 { 3 } else { 60 }) {
            let first = run * count % (clients.len() - count + 1);
            let start = Instant::now();
            let some = RawTables::from_applications(portfolio, &clients[first..first + count])?;
            fastest_tables = fastest_tables.min(start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            features::compute(portfolio, &some)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            fastest = fastest.min(times[run]);
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            "{count} clients: from JSON {fastest_tables:.2} ms at best; features {fastest:.2} ms at best, {median:.2} ms median"
        );
    }
    time_variants(portfolio, &clients)?;
    if let [file] = rest {
        write(&all, Path::new(file))?;
    }
    Ok(())
}

/// Times what a search for a counterfactual does: many variants of one application in one run.
fn time_variants(portfolio: &Portfolio, clients: &[RawApplication]) -> Result<(), Box<dyn Error>> {
    for count in [1_u32, 100, 500, 1_000, 2_000, 5_000] {
        let mut times = Vec::new();
        for client in clients.iter().take(60) {
            let one = RawTables::from_applications(portfolio, std::slice::from_ref(client))?;
            let variants: Vec<Vec<f64>> = (0..count)
                .map(|step| vec![45_000.0 + 450.0 * f64::from(step)])
                .collect();
            let start = Instant::now();
            features::compute_variants(portfolio, &one, &["AMT_CREDIT"], &variants)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{count} variants of one application: {:.2} ms at best, {:.2} ms median",
            times[0],
            times[times.len() / 2]
        );
    }
    Ok(())
}

fn write(table: &FeatureTable, file: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    let names: Vec<&str> = table
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    writeln!(out, "SK_ID_CURR,TARGET,{}", names.join(","))?;
    for (row, id) in table.ids.iter().enumerate() {
        let outcome = table
            .target
            .as_ref()
            .map_or(-1, |target| i32::from(target[row]));
        write!(out, "{id},{outcome}")?;
        for value in table.values.row(row) {
            if value.is_nan() {
                write!(out, ",")?;
            } else {
                write!(out, ",{value}")?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
