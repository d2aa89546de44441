//! Progress on a terminal: a bar with the time left; nothing where nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Steps of a bar.
const STEPS: u64 = 1_000;

/// A bar for work of which the share done is known.
pub(super) fn bar(text: &str) -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{msg:40!} {wide_bar} {percent:>3} %  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(text.to_owned());
    bar
}

/// Moves the bar to a share of the work, 0 to 1.
pub(super) fn at(bar: &ProgressBar, share: f64) {
    bar.set_position((share.clamp(0.0, 1.0) * STEPS as f64) as u64);
}
