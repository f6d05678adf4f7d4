//! The only file that prints: documents on stdout, words for people on stderr.

use std::io::{ErrorKind as IoErrorKind, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::Value;

use super::{Report, ReportedError, text};
use crate::error::ErrorKind;
use crate::plan::Warning;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences.
    Text,
    /// One JSON document.
    Json,
    /// One JSON document a line (loops).
    JsonLines,
}

/// Writes results and messages.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// How results are written.
    pub format: Format,
    /// Whether text may be coloured.
    pub color: bool,
    /// Say nothing that is not an error.
    pub quiet: bool,
}

/// Whether stdout is a terminal.
pub fn on_terminal() -> bool {
    std::io::stdout().is_terminal()
}

impl Printer {
    /// The same printer for a command that reports again and again.
    #[must_use]
    pub fn for_loops(self) -> Self {
        let format = if self.format == Format::Json { Format::JsonLines } else { self.format };
        Self { format, ..self }
    }

    /// Prints a report: the document on stdout, what failed in words on stderr.
    pub fn report(&self, report: &Report) {
        match self.format {
            Format::Text if self.quiet => {}
            Format::Text => out(&text::render(report, self.color)),
            Format::Json => self.json(report),
            Format::JsonLines => event("report", "report", serde_json::to_value(report).unwrap_or_default()),
        }
        if let Some(error) = &report.error {
            self.error(error);
        }
        if self.format != Format::Text {
            self.warnings(&report.warnings);
        }
    }

    /// Prints warnings on stderr, unless told to be quiet.
    pub fn warnings(&self, warnings: &[Warning]) {
        if !self.quiet {
            let lines = warnings.iter().map(|warning| format!("warning: {}\n", warning.message));
            err(&lines.collect::<String>());
        }
    }

    /// Prints a document that is no report (a schema, a snapshot, a script).
    pub fn document(&self, text: &str) {
        out(text);
        if !text.ends_with('\n') {
            out("\n");
        }
    }

    /// Prints any value as one JSON document.
    pub fn json(&self, value: &impl Serialize) {
        out(&format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default()));
    }

    /// A line of a log that is followed.
    pub fn log_line(&self, line: &Value) {
        match self.format {
            Format::Text => out(&super::everyday::log_line(line)),
            Format::Json | Format::JsonLines => event("log", "data", line.clone()),
        }
    }

    /// A line of what goes on, on stderr, unless told to be quiet.
    pub fn aside(&self, line: &str) {
        if !self.quiet {
            err(&format!("{line}\n"));
        }
    }

    /// A question, or what is wrong with its answer, on stderr; whoever is asked sees it even if told to be quiet.
    pub fn ask(&self, words: &str) {
        err(words);
    }

    /// A loop begins or ends.
    pub fn event(&self, kind: &str, data: Value) {
        if self.format != Format::Text {
            event(kind, "data", data);
        }
    }

    /// What failed, why, and what to do next, on stderr.
    pub fn error(&self, error: &ReportedError) {
        // Config problems begin with file:line:column, for editors to jump to.
        let because = if error.kind == ErrorKind::Config { "" } else { "  caused by: " };
        let causes = error.causes.iter().map(|cause| format!("{because}{cause}\n"));
        let hint = error.hint.iter().map(|hint| format!("hint: {hint}\n"));
        let lines = std::iter::once(format!("error: {}\n", error.message)).chain(causes).chain(hint);
        err(&lines.collect::<String>());
    }
}

fn event(kind: &str, key: &str, data: Value) {
    let mut line = serde_json::json!({ "schema": "orca.events/1", "type": kind });
    line[key] = data;
    out(&format!("{line}\n"));
}

fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // The reader has seen enough; the pass was made all the same.
        Err(error) if error.kind() == IoErrorKind::BrokenPipe => {}
        Err(error) => err(&format!("error: can't write to stdout: {error}\n")),
        Ok(()) => {}
    }
}

fn err(text: &str) {
    // Where stderr is closed there is nobody left to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
