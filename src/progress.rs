//! Progress on stderr, for a person at a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar, or nothing.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shown if `wanted`; indicatif itself hides it where stderr is not a terminal.
    pub fn new(wanted: bool) -> Self {
        let bar = if wanted { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// So many actions are to be done.
    pub fn begin(&self, actions: usize) {
        if actions > 0 {
            self.bar.set_position(0);
            self.bar.set_length(actions as u64);
        }
    }

    /// The next `actions` are about this object.
    pub fn step(&self, name: &str, actions: usize) {
        self.bar.inc(actions as u64);
        self.bar.set_message(name.to_owned());
    }

    /// What is waited for.
    pub fn waiting(&self, what: &str) {
        self.bar.set_message(format!("waiting: {what}"));
        self.bar.tick();
    }

    /// Clears the line.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Several files on their way at once, a bar each.
#[derive(Debug)]
pub struct Transfers {
    bars: Option<indicatif::MultiProgress>,
}

impl Transfers {
    /// Shown if `wanted`, and only on a terminal.
    pub fn new(wanted: bool) -> Self {
        Self { bars: wanted.then(indicatif::MultiProgress::new) }
    }

    /// A bar for this file; its length is told later.
    pub fn bar(&self, name: &str) -> ProgressBar {
        let Some(bars) = &self.bars else { return ProgressBar::hidden() };
        let bar = bars.add(ProgressBar::no_length());
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {bytes}/{total_bytes} {bytes_per_sec} {wide_msg}") {
            bar.set_style(style);
        }
        bar.with_message(name.to_owned())
    }
}
