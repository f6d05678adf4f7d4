//! The answers that the files are written by: from flags, from whoever is asked, else from what was found.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;
use serde_json::{Value, json};

use super::found::Found;
use crate::cli::{ExporterUse, Init};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::report::print::Printer;
use crate::settings::is_registry;

/// The word for "there is none".
const NONE: &str = "none";
/// So many wrong answers to one question, then that is it.
const TRIES: usize = 3;

/// What the files are written by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The first manager, as the config calls it.
    pub leader: String,
    /// What it tells the others; none if nobody knows.
    pub advertise_addr: Option<String>,
    /// The stack of the anchors.
    pub stack: Option<String>,
    /// The registry of built images.
    pub registry: Option<String>,
    /// Where memory figures come from.
    pub exporter: ExporterUse,
    /// Where exporters answer, or are to.
    pub exporter_port: u16,
    /// The directory of definitions.
    pub definitions: Option<PathBuf>,
    /// The directory of build contexts.
    pub projects: Option<PathBuf>,
    /// Programs may change the swarm.
    pub allow_write: bool,
}

/// An answer that nobody has given yet, and why it is sensible.
struct Usual<'d> {
    value: String,
    why: &'d str,
}

/// Asks, or takes what is found; remembers where each answer is from.
#[derive(Debug)]
pub struct Asker<'a> {
    /// Who says the questions.
    pub printer: &'a Printer,
    /// Signals.
    pub interrupt: &'a Interrupt,
    /// There is somebody to ask.
    pub asks: bool,
    /// What was answered so far, for the report.
    pub told: RefCell<Vec<Value>>,
}

impl Asker<'_> {
    /// The answer to one question: the flag's, else what is answered, else the default.
    async fn answer<T>(
        &self,
        (name, question): (&str, &str),
        flag: Option<&str>,
        usual: Usual<'_>,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        let check = |text: &str| {
            if text.chars().any(char::is_control) { Err("it must be one line of text".to_owned()) } else { check(text) }
        };
        if let Some(flag) = flag {
            let value = check(flag).map_err(|why| {
                Error::new(ErrorKind::Usage, format!("--{name}: {why}")).hint("`orca init --help` says what it may be")
            })?;
            self.tell(name, flag, "flag or environment");
            return Ok(value);
        }
        if self.asks {
            for _ in 0..TRIES {
                self.printer.ask(&format!("{question} [{}]: ", usual.value));
                let line = self.line().await?;
                let (text, from) = if line.is_empty() { (usual.value.as_str(), usual.why) } else { (&*line, "answer") };
                match check(text) {
                    Ok(value) => {
                        self.tell(name, text, from);
                        return Ok(value);
                    }
                    Err(why) => self.printer.ask(&format!("  {why}\n")),
                }
            }
            let text = format!("no usable answer to `{question}`; nothing was written");
            return Err(Error::new(ErrorKind::Refused, text).hint(format!("give it as --{name}")).into());
        }
        let value = check(&usual.value).map_err(|why| {
            let text = format!("nothing sensible can be taken for --{name}: {why}");
            Error::new(ErrorKind::Refused, text).hint(format!("give it as --{name}, or run `orca init` on a terminal"))
        })?;
        self.tell(name, &usual.value, usual.why);
        Ok(value)
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// If the answer is no, or there is none.
    pub async fn confirm(&self, question: &str) -> Result<()> {
        if !self.asks {
            return Ok(());
        }
        self.printer.ask(&format!("{question} [yes]: "));
        let line = self.line().await?;
        if matches!(&*line.to_lowercase(), "" | "y" | "yes") {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Refused, "nothing was written: the answer was no").into())
    }

    fn tell(&self, name: &str, value: &str, from: &str) {
        self.told.borrow_mut().push(json!({"answer": name, "value": value, "from": from}));
    }

    /// A line of stdin, without the blanks around it.
    async fn line(&self) -> Result<String> {
        let read = self.interrupt.aside(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|bytes| (bytes, line))
        });
        let (bytes, line) = read.await?.context("can't read an answer from stdin")?;
        if bytes == 0 {
            let error =
                Error::new(ErrorKind::Refused, "stdin ended before all questions were answered; nothing was written");
            return Err(error.hint("give the answers as flags, or --yes to take what is found").into());
        }
        Ok(line.trim().to_owned())
    }
}

/// Where exporters were asked, and who answered.
#[derive(Debug, Clone, Copy)]
pub struct Exporters {
    /// Nodes that were asked.
    pub asked: usize,
    /// Nodes whose exporter answered.
    pub up: usize,
    /// orca keeps a service of them already.
    pub own: bool,
}

/// All answers, in the order of the questions.
///
/// # Errors
/// If one can't be had.
pub async fn ask(asker: &Asker<'_>, flags: &Init, found: &Found, exporters: Exporters, dir: &Path) -> Result<Answers> {
    let leader = leader(asker, flags, found).await?;
    let advertise_addr = address(asker, flags, found, &leader).await?;
    let stack = stack(asker, flags, found).await?;
    let registry = registry(asker, flags, found).await?;
    let exporter = exporter(asker, flags, exporters).await?;
    let definitions =
        folder(asker, ("definitions", "Directory of definitions of services"), flags.definitions.as_deref(), dir)
            .await?;
    let projects = folder(asker, ("projects", "Directory of build contexts"), flags.projects.as_deref(), dir).await?;
    let question = ("allow-write", "May programs that talk to orca (.mcp.json) change the swarm? yes or no");
    let usual = Usual { value: "no".to_owned(), why: "default" };
    let allow_write = asker.answer(question, flags.allow_write.then_some("yes"), usual, yes_or_no).await?;
    let exporter_port = flags.exporter_port;
    Ok(Answers { leader, advertise_addr, stack, registry, exporter, exporter_port, definitions, projects, allow_write })
}

async fn leader(asker: &Asker<'_>, flags: &Init, found: &Found) -> Result<String> {
    let names = || found.nodes.iter().map(|node| format!("`{}`", node.key)).collect::<Vec<_>>().join(", ");
    let check = |text: &str| match found.node(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("the swarm has no node `{text}`; it has {}", names())),
    };
    let usual = Usual { value: found.leader.clone().unwrap_or_default(), why: "it leads the swarm" };
    asker.answer(("leader", "First manager"), flags.leader.as_deref(), usual, check).await
}

async fn address(asker: &Asker<'_>, flags: &Init, found: &Found, leader: &str) -> Result<Option<String>> {
    let known = found.node(leader).and_then(|node| node.address.clone());
    let usual = Usual { value: known.unwrap_or_else(|| NONE.to_owned()), why: "the swarm" };
    let check = |text: &str| Ok(some(text).map(str::to_owned));
    let question = ("advertise-addr", "Address that it tells the others, or none");
    asker.answer(question, flags.advertise_addr.as_deref(), usual, check).await
}

async fn stack(asker: &Asker<'_>, flags: &Init, found: &Found) -> Result<Option<String>> {
    let largest = found.stacks.first();
    let why = largest.map_or_else(
        || "the swarm has no stack".to_owned(),
        |(_, services)| format!("{} of {} services are of it", services.len(), found.services),
    );
    let usual = Usual { value: largest.map_or(NONE, |(stack, _)| stack).to_owned(), why: &why };
    let check = |text: &str| Ok(some(text).map(str::to_owned));
    asker.answer(("stack", "Stack of the anchors, or none"), flags.stack.as_deref(), usual, check).await
}

async fn registry(asker: &Asker<'_>, flags: &Init, found: &Found) -> Result<Option<String>> {
    let most = found.registries.first();
    let why = most.map_or_else(
        || "no image names one".to_owned(),
        |(_, count)| format!("images of {count} of {} services are from it", found.services),
    );
    let usual = Usual { value: most.map_or(NONE, |(registry, _)| registry).to_owned(), why: &why };
    let check = |text: &str| match some(text).map(host_of) {
        Some(registry) if !is_registry(registry) => {
            // Before an `@` there may be a password.
            let text = registry.rsplit('@').next().unwrap_or_default();
            Err(format!("`{text}` is no registry; name it as registry.example.org or host:5000"))
        }
        registry => Ok(registry.map(str::to_owned)),
    };
    asker
        .answer(("registry", "Registry of built images as HOST:PORT, or none"), flags.registry.as_deref(), usual, check)
        .await
}

async fn exporter(asker: &Asker<'_>, flags: &Init, exporters: Exporters) -> Result<ExporterUse> {
    let Exporters { asked, up, own } = exporters;
    let why = match asked {
        0 => "no node was asked".to_owned(),
        _ => format!("{up} of {asked} nodes answer at port {}", flags.exporter_port),
    };
    let found = match up {
        _ if own => ExporterUse::Deploy,
        0 => ExporterUse::None,
        _ => ExporterUse::Use,
    };
    let usual = Usual { value: found.name().to_owned(), why: &why };
    let question = format!("node_exporter ({why}): use, deploy or none");
    let check =
        |text: &str| ExporterUse::from_str(text, true).map_err(|_| format!("`{text}` is none of use, deploy, none"));
    asker.answer(("exporter", &question), flags.exporter.map(ExporterUse::name), usual, check).await
}

async fn folder(asker: &Asker<'_>, question: (&str, &str), flag: Option<&str>, dir: &Path) -> Result<Option<PathBuf>> {
    let usual = match question.0 {
        "definitions" => "services",
        _ => "projects",
    };
    let there = dir.join(usual).is_dir();
    let (value, why) = if there { (usual, "it is there") } else { (NONE, "default") };
    let check = |text: &str| Ok(some(text).map(|text| dir.join(text)));
    let words = format!("{}, or none", question.1);
    asker.answer((question.0, &words), flag, Usual { value: value.to_owned(), why }, check).await
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty() && *text != NONE)
}

/// `http://host:5000/` is what the original's variable has.
fn host_of(registry: &str) -> &str {
    registry.split_once("://").map_or(registry, |(_, host)| host).trim_end_matches('/')
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match &*text.to_lowercase() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err(format!("`{text}` is neither yes nor no")),
    }
}
