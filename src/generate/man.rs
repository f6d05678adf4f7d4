//! Man pages: synopsis and options from clap, the rest from [`super::pages`].

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::json;
use super::pages::{self, Page, Row};
use crate::cli::Cli;

/// All man pages by name, as `orca-labels-sync`.
pub fn man_pages() -> Result<BTreeMap<String, String>> {
    let mut command = without_help(Cli::command());
    command.build();
    let mut pages = BTreeMap::new();
    collect(command, "orca", &mut pages)?;
    Ok(pages)
}

/// A page about `orca help` would only repeat the others.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn collect(command: Command, name: &str, pages: &mut BTreeMap<String, String>) -> Result<()> {
    for sub in command.get_subcommands() {
        collect(sub.clone(), &format!("{name}-{}", sub.get_name()), pages)?;
    }
    pages.insert(name.to_owned(), page(command, name)?);
    Ok(())
}

fn page(command: Command, name: &str) -> Result<String> {
    let whole = name == "orca";
    let facts = pages::page(name);
    let options = global_options(&command);
    let command = if whole {
        command
    } else {
        // They are explained once, on the main page.
        command.mut_args(|arg| if arg.is_global_set() || arg.get_id() == "help" { arg.hide(true) } else { arg })
    };
    let has_options = command.get_arguments().any(|arg| !arg.is_hide_set());
    let has_subcommands = command.has_subcommands();
    let synopsis = synopsis(&command, name);
    let examples = examples(&command, name, facts);
    let man = Man::new(command);
    let mut text = Vec::new();
    title(name).to_writer(&mut text)?;
    man.render_name_section(&mut text)?;
    synopsis.to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    if has_options {
        man.render_options_section(&mut text)?;
    }
    if has_subcommands {
        man.render_subcommands_section(&mut text)?;
    }
    if !whole {
        global(&options).to_writer(&mut text)?;
    }
    sections(facts, &examples).to_writer(&mut text)?;
    printed(name).to_writer(&mut text)?;
    see_also(name, facts).to_writer(&mut text)?;
    Ok(tidy(&String::from_utf8(text)?))
}

fn title(name: &str) -> Roff {
    let mut roff = Roff::new();
    let name = name.to_uppercase();
    roff.control("TH", [name.as_str(), "1", pages::DATE, concat!("orca ", env!("CARGO_PKG_VERSION")), "orca"]);
    roff
}

/// What `clap_mangen` writes there leaves out the values of options.
fn synopsis(command: &Command, name: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    let mut line = vec![bold(name.replace('-', " "))];
    if name == "orca" {
        line.push(roman(" [global options] command"));
    } else if command.has_subcommands() {
        line.extend([roman(" "), italic("command")]);
    } else {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let (before, after) = if arg.is_required_set() { (" ", "") } else { (" [", "]") };
            line.push(roman(if arg.is_last_set() { format!("{before}-- ") } else { before.to_owned() }));
            line.extend(arg.get_long().map(|long| bold(format!("--{long}"))));
            if arg.get_action().takes_values() {
                let value = arg.get_value_names().and_then(<[_]>::first).map_or_else(String::new, ToString::to_string);
                line.extend(arg.get_long().map(|_| roman(" ")));
                line.push(italic(value));
            }
            line.push(roman(if arg.is_last_set() { format!(" ...{after}") } else { after.to_owned() }));
        }
    }
    roff.text(line);
    roff
}

/// `-H, --host` and so on: every option that all commands take.
fn global_options(command: &Command) -> Vec<String> {
    let global = command.get_arguments().filter(|arg| arg.is_global_set());
    let written = global.filter_map(|arg| {
        let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        Some(format!("{short}--{}", arg.get_long()?))
    });
    written.collect()
}

fn global(options: &[String]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["GLOBAL OPTIONS"]);
    let mut line = vec![roman("Every command takes the options that orca(1) explains: ")];
    for (at, option) in options.iter().enumerate() {
        let end = if at + 1 < options.len() { "; " } else { "." };
        line.extend([bold(option.as_str()), roman(end)]);
    }
    roff.text(line);
    roff
}

/// A command that only has subcommands shows them.
fn examples(command: &Command, name: &str, page: &Page) -> Vec<(String, String)> {
    if page.examples.is_empty() {
        let show = |sub: &Command| {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            (format!("{about}:"), format!("{} {}", name.replace('-', " "), sub.get_name()))
        };
        return command.get_subcommands().map(show).collect();
    }
    page.examples.iter().map(|(what, line)| ((*what).to_owned(), (*line).to_owned())).collect()
}

fn sections(page: &Page, examples: &[(String, String)]) -> Roff {
    let mut roff = Roff::new();
    table(&mut roff, "EXIT STATUS", page.exits, pages::HELP_ONLY);
    table(
        &mut roff,
        "ENVIRONMENT",
        page.environment,
        "None of its own; those of the log and of the output are on orca(1).",
    );
    table(&mut roff, "FILES", page.files, "None.");
    roff.control("SH", ["EXAMPLES"]);
    for (at, (what, line)) in examples.iter().enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(what.as_str())]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("nf", []);
        roff.text([bold(line.as_str())]);
        roff.control("fi", []);
        roff.control("RE", []);
    }
    roff
}

fn printed(name: &str) -> Roff {
    let printed = json::printed(name);
    let mut roff = Roff::new();
    roff.control("SH", ["JSON"]);
    roff.text([roman(printed.what)]);
    rows(&mut roff, printed.data);
    roff
}

/// A section of rows, or of this sentence where there are none.
fn table(roff: &mut Roff, title: &str, found: &[&[Row]], nothing: &str) {
    roff.control("SH", [title]);
    if found.is_empty() {
        roff.text([roman(nothing)]);
    }
    rows(roff, found);
}

fn rows(roff: &mut Roff, found: &[&[Row]]) {
    for (name, text) in found.iter().copied().flatten() {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*text)]);
    }
}

fn see_also(name: &str, page: &Page) -> Roff {
    let mut others: Vec<&str> = page.see.to_vec();
    if name != "orca" {
        others.insert(0, "orca");
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let mut line: Vec<Inline> = Vec::new();
    for (at, other) in others.iter().enumerate() {
        let end = if at + 1 < others.len() { "(1), " } else { "(1)" };
        line.extend([bold(*other), roman(end)]);
    }
    roff.text(line);
    roff
}

/// Without what `clap_mangen` writes twice: the preamble of each part, and breaks and spaces at line ends.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let preamble = line.starts_with(".ie ") || line.starts_with(".el ");
        let repeated = preamble && lines.contains(&line) || line == ".br" && lines.last() == Some(&line);
        if !line.is_empty() && !repeated {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}
