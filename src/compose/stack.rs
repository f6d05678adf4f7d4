//! What compose files come to: definitions of services, and the networks, secrets and configs that they need.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::file::File;
use super::{env, objects, service};
use crate::catalog::definition::{Definition, Fault};
use crate::catalog::files;
use crate::catalog::spec::More;
use crate::plan::{TargetKind, Warning};
use crate::settings::{Composed, Problem, parse_compose};

/// Swarm's own bound of secrets and configs is lower.
const LARGEST: u64 = 1 << 20;

/// What a stack's files are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// All of it, down to what secrets hold.
    Deployment,
    /// How images are made: what is for Swarm alone is not looked at, and no file of variables or secrets is opened.
    Build,
}

/// What a stack is called that is only built, where nothing says what it is called.
const NAMELESS: &str = "stack";

/// A stack, as its files have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The folder of its first file.
    pub dir: PathBuf,
    /// Its services, by name.
    pub services: Vec<Part>,
    /// Networks, secrets and configs that are its own.
    pub objects: Vec<Object>,
    /// What is not heeded.
    pub warnings: Vec<Warning>,
}

/// A service of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What it shares with every service that is defined.
    pub definition: Definition,
    /// What only compose files can say.
    pub more: More,
    /// How its image is made, if it is made here.
    pub build: Option<Making>,
}

/// How an image is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Making {
    /// The folder, as the file has it.
    pub context: String,
    /// The file of that folder that says how; none: `Dockerfile`.
    pub dockerfile: Option<String>,
    /// Variables of the build.
    pub args: BTreeMap<String, Option<String>>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// The stage that is wanted; none: the last.
    pub target: Option<String>,
    /// Where the files say so: `stack.yml:4:5`.
    pub place: String,
}

/// A network, secret or config of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Which of them it is.
    pub kind: TargetKind,
    /// Its name in the swarm.
    pub name: String,
    /// What the engine is told to make it; of secrets and configs without the content.
    pub spec: Value,
    /// The content of a secret or config.
    pub content: Option<Content>,
}

/// The content of a secret or config: it is sent to the engine, and shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Vec<u8>);

impl Content {
    /// This content.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// For the engine alone.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// What a conversion reads and where it notes what it finds.
pub(super) struct Scope<'a> {
    /// What the files are read for.
    pub(super) purpose: Purpose,
    /// The stack's name.
    pub(super) stack: &'a str,
    /// The folder of the first file: what is relative is relative to it.
    pub(super) dir: &'a Path,
    /// Variables of the environment.
    pub(super) value: &'a dyn Fn(&str) -> Option<String>,
    /// The file.
    pub(super) file: &'a File,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// What is not heeded: where, and why.
    pub(super) ignored: Vec<(Vec<String>, String)>,
}

impl Scope<'_> {
    /// Notes what is wrong.
    pub(super) fn fault(&mut self, path: &[&str], message: impl Into<String>) {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        self.faults.push(Fault { path, message: message.into() });
    }

    /// Notes what is not heeded.
    pub(super) fn ignored(&mut self, path: &[&str], why: impl Into<String>) {
        self.ignored.push((path.iter().map(|key| (*key).to_owned()).collect(), why.into()));
    }

    /// The name in the swarm of something that is called `name` in the file.
    pub(super) fn scoped(&self, name: &str) -> String {
        format!("{}_{name}", self.stack)
    }

    /// A path of this host.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        let home = text.strip_prefix('~').and_then(|rest| Some((self.value)("HOME")? + rest));
        clean(&self.dir.join(home.as_deref().unwrap_or(text)))
    }
}

/// A path without `.` and `..`, as docker has it; links are left alone.
fn clean(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = clean.pop(),
            other => clean.push(other),
        }
    }
    clean
}

/// Reads the files of a stack; `-` is stdin. `name` is the stack's, if the command line has one.
///
/// # Errors
/// Everything that is wrong with them, each mistake at its place.
pub fn read(paths: &[PathBuf], name: Option<&str>, purpose: Purpose) -> Result<Stack, Vec<Problem>> {
    let unreadable = |path: &Path, message: String| {
        vec![Problem { source: path.display().to_string(), line: 0, column: 0, message }]
    };
    let mut texts = Vec::new();
    for path in paths {
        let text = text_of(path).map_err(|error| unreadable(path, format!("can't be read: {error}")))?;
        texts.push((if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() }, text));
    }
    let first = paths.first().and_then(|path| path.parent()).filter(|dir| !dir.as_os_str().is_empty());
    let dir = first.unwrap_or_else(|| Path::new("."));
    let dir = std::path::absolute(dir).map_err(|error| unreadable(dir, format!("can't be used: {error}")))?;
    let beside = dir.join(".env");
    let dotted = match files::read_text(&beside) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(unreadable(&beside, format!("can't be read: {error}"))),
        Ok(text) => env::dot_env(&text).map_err(|(line, message)| {
            vec![Problem { source: beside.display().to_string(), line, column: 1, message }]
        })?,
    };
    // As docker compose has it: what is set here counts for more than what the file says.
    let value = |name: &str| std::env::var(name).ok().or_else(|| dotted.get(name).cloned());
    let composed = parse_compose(&texts, &value)?;
    of(&composed, &dir, name, purpose, &value)
}

/// The same of what was read already; `value` knows the variables of the environment.
///
/// # Errors
/// Everything that is wrong, each mistake at its place.
pub fn of(
    composed: &Composed,
    dir: &Path,
    name: Option<&str>,
    purpose: Purpose,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Stack, Vec<Problem>> {
    let file = &composed.file;
    let nameless = if purpose == Purpose::Build { NAMELESS } else { "" };
    let named = name.or(file.name.as_deref()).unwrap_or(nameless);
    let mut scope = Scope { purpose, stack: named, dir, value, file, faults: Vec::new(), ignored: Vec::new() };
    if let Some(why) = name_fault(named) {
        scope.fault(&["name"], why);
    }
    if file.services.is_empty() {
        scope.fault(&["services"], "there is no service in it");
    }
    let mut services: Vec<Part> =
        file.services.iter().map(|(name, service)| service::part(&mut scope, name, service)).collect();
    for (part, name) in services.iter_mut().zip(file.services.keys()) {
        if let Some(build) = &mut part.build {
            build.place = composed.at(&["services", name, "build", "context"]);
        }
    }
    let objects = objects::all(&mut scope);
    let Scope { faults, ignored, .. } = scope;
    if !faults.is_empty() {
        let mut problems: Vec<Problem> = faults.iter().map(|fault| composed.problem(fault)).collect();
        problems.sort();
        problems.dedup();
        return Err(problems);
    }
    let mut warnings: Vec<Warning> = ignored
        .iter()
        .map(|(path, why)| {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            Warning::new("ignored", format!("{}: {why}", composed.at(&keys)))
        })
        .collect();
    warnings.extend(composed.unset.iter().map(|(name, place)| {
        Warning::new("unset", format!("{place}: the variable `{name}` is not set: nothing stands in its place"))
    }));
    Ok(Stack { name: named.to_owned(), dir: dir.to_owned(), services, objects, warnings })
}

fn text_of(path: &Path) -> std::io::Result<String> {
    if path != Path::new("-") {
        return files::read_text(path);
    }
    let mut text = String::new();
    std::io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Why a name is none for a stack.
fn name_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the stack has no name: give it one with --stack, or write `name: NAME`".to_owned());
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let good = name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    (!good)
        .then(|| format!("`{name}` is no name for a stack: letters, digits, `-` and `_`, the first a letter or digit"))
}
