//! The measured side of `tests/bench/engine`: keeps models loaded and answers, line by line,
//! how long one task takes, so that the script can ask it and other libraries in turn.
//!
//! `engine_timings NAME MODEL ROWS COLUMNS ...` takes any number of such fours; ROWS is a file
//! of little-endian `f64`, COLUMNS how many a row has. A line `NAME TASK N OUT` on standard
//! input runs a task on the first N rows, writes its numbers to OUT and prints the seconds.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use ndarray::{Array2, ArrayView2, Axis, Slice};
use octroi_model_registry::background::BackgroundExplainer;
use octroi_model_registry::forest::Forest;
use octroi_model_registry::import;

/// A model and its rows.
struct Loaded {
    forest: Forest,
    rows: Array2<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut loaded = BTreeMap::new();
    for four in arguments.chunks(4) {
        let [name, model, rows, columns] = four else {
            return Err("usage: engine_timings NAME MODEL ROWS COLUMNS ...".into());
        };
        loaded.insert(name.clone(), load(model, rows, columns.parse()?)?);
    }
    let mut answers = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let [name, task, rows, out] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("not NAME TASK N OUT: {line}").into());
        };
        let Loaded {
            forest,
            rows: table,
        } = loaded.get(name).ok_or("no such model")?;
        let rows: usize = rows.parse()?;
        let (seconds, numbers) = run(task, forest, table.slice_axis(Axis(0), Slice::from(..rows)))?;
        let bytes: Vec<u8> = numbers.into_iter().flat_map(f64::to_le_bytes).collect();
        std::fs::write(out, bytes)?;
        writeln!(answers, "{seconds:e}")?;
        answers.flush()?;
    }
    Ok(())
}

fn load(model: &str, rows: &str, columns: usize) -> Result<Loaded, Box<dyn Error>> {
    let forest = import::read(&std::fs::read(model)?)?.forest;
    let numbers: Vec<f64> = std::fs::read(rows)?
        .chunks_exact(8)
        .map(|bytes| Ok(f64::from_le_bytes(bytes.try_into()?)))
        .collect::<Result<_, std::array::TryFromSliceError>>()?;
    let rows = Array2::from_shape_vec((numbers.len() / columns, columns), numbers)?;
    Ok(Loaded { forest, rows })
}

/// Seconds of a task, and what it gave. A further task is a further arm here and a line in the
/// script's table.
fn run(
    task: &str,
    forest: &Forest,
    rows: ArrayView2<'_, f64>,
) -> Result<(f64, Vec<f64>), Box<dyn Error>> {
    let explainer = forest.explainer();
    let mut workspace = explainer.workspace();
    let mut values = vec![0.0; forest.features()];
    let mut numbers = Vec::with_capacity(rows.len());
    let start = Instant::now();
    match task {
        "margin-one" => {
            for row in rows.rows() {
                numbers.push(forest.margin(row.as_slice().ok_or("a gap in the rows")?));
            }
        }
        "margin-many" => numbers = forest.margins(rows),
        "contributions-one" => {
            for row in rows.rows() {
                let row = row.as_slice().ok_or("a gap in the rows")?;
                explainer.explain_with(row, &mut values, &mut workspace);
                numbers.extend_from_slice(&values);
            }
        }
        "contributions-many" => {
            let values = explainer.explain_rows(rows);
            let seconds = start.elapsed().as_secs_f64();
            return Ok((seconds, values.into_iter().collect()));
        }
        // The rows against themselves, the preparation included.
        "background-many" => {
            let values = BackgroundExplainer::new(forest, rows)?.explain_rows(rows);
            let seconds = start.elapsed().as_secs_f64();
            return Ok((seconds, values.into_iter().collect()));
        }
        _ => return Err(format!("no such task: {task}").into()),
    }
    Ok((start.elapsed().as_secs_f64(), numbers))
}
