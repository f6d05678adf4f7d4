//! The tools: each a command line, and what it may do.

mod line;
mod table;

use super::asked::{Arg, Asked, Kind};

pub use table::TOOLS;

/// What a tool does to the swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It looks.
    Reads,
    /// It says what a command would do: a dry run.
    Plans,
    /// It changes something that can be changed back.
    Changes,
    /// What it takes away does not come back.
    Removes,
}

impl Effect {
    /// Whether it is there only with `--allow-write`.
    pub fn writes(self) -> bool {
        matches!(self, Self::Changes | Self::Removes)
    }
}

/// A tool.
#[derive(Debug)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What it does to the swarm.
    pub effect: Effect,
    /// Asking it again changes nothing more.
    pub idempotent: bool,
    /// What it takes; of those that write also [`CONSENT`].
    pub args: &'static [Arg],
    /// Its command line, without the program.
    pub line: fn(&Asked) -> Vec<String>,
}

/// What every tool that writes takes besides.
pub const CONSENT: [Arg; 2] = [
    Arg::may("plan_id", Kind::Text, "Do it if the plan is still the one with this id, which a call without it returns"),
    Arg::may("confirm", Kind::Flag, "Do it without looking at the plan first"),
];

/// The tool of this name, if it may be used.
pub fn find(name: &str, writes: bool) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name && (writes || !tool.effect.writes()))
}

impl Tool {
    /// All that it takes.
    pub fn takes(&self) -> Vec<Arg> {
        let consent: &[Arg] = if self.effect.writes() { &CONSENT } else { &[] };
        self.args.iter().chain(consent).copied().collect()
    }
}

#[cfg(test)]
mod tests;
