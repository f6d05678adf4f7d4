//! Build contexts: folders of the projects directory, and what of them is sent to an engine. Nothing outside of that
//! directory is ever read, whatever links and `..` say.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::model::Reference;

/// Names of files that say how an image is built.
const DOCKERFILE: &str = "Dockerfile";
/// Compose files, by the names that docker knows.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// A folder that an image is built of.
#[derive(Debug)]
pub struct BuildContext {
    /// The folder, links resolved.
    pub dir: PathBuf,
    dockerfile: String,
    ignored: Vec<(bool, Vec<String>)>,
}

impl BuildContext {
    /// Finds a context below the projects directory; `dockerfile` is the file in it that says how, if that is not
    /// `Dockerfile`.
    ///
    /// # Errors
    /// If it is none, lies outside, or has no such file.
    pub fn find(projects: Option<&Path>, context: &str, dockerfile: Option<&str>) -> Result<Self, Error> {
        let refuse = |text: String, hint: &str| Error::new(ErrorKind::Config, text).hint(hint);
        let Some(projects) = projects else {
            let text = "no projects directory is named, so there is nothing to build from".to_owned();
            return Err(refuse(text, "write catalog.projects into the config, or set PROJECTS_DIR"));
        };
        let base = projects.canonicalize().map_err(|error| {
            refuse(
                format!("can't use the projects directory `{}`: {error}", projects.display()),
                "see catalog.projects",
            )
        })?;
        let hint = "build_context names a folder of the projects directory";
        let dir = base.join(context).canonicalize();
        let dir = dir.map_err(|error| refuse(format!("can't use the build context `{context}`: {error}"), hint))?;
        if !dir.starts_with(&base) {
            return Err(refuse(format!("the build context `{context}` lies outside of `{}`", base.display()), hint));
        }
        let named = dockerfile.unwrap_or(DOCKERFILE);
        let outside = || refuse(format!("`{named}` lies outside of the build context `{context}`"), hint);
        let dockerfile = plain(named).ok_or_else(outside)?;
        let file = dir.join(&dockerfile).canonicalize();
        if !file.is_ok_and(|file| file.starts_with(&dir) && file.is_file()) {
            return Err(refuse(format!("the build context `{context}` has no {dockerfile}"), hint));
        }
        let ignored = ignored(&dir).map_err(|why| {
            let text = format!("can't read .dockerignore of the build context `{context}`: {why}");
            refuse(text, "without it more would be sent than is meant to be")
        })?;
        Ok(Self { dir, dockerfile, ignored })
    }

    /// Registries of the images that its Dockerfile is made from; none where variables name them, or it can't be read.
    pub fn registries(&self) -> Option<BTreeSet<String>> {
        let text = std::fs::read_to_string(self.dir.join(&self.dockerfile)).ok()?;
        let (mut stages, mut found) = (BTreeSet::from(["scratch".to_owned()]), BTreeSet::new());
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let from = words.iter().find_map(|word| word.strip_prefix("--from="));
            let image = match words.first().map(|word| word.to_uppercase()).as_deref() {
                Some("FROM") => words.iter().skip(1).find(|word| !word.starts_with("--")).copied(),
                Some("COPY") => from.filter(|from| from.parse::<usize>().is_err()),
                _ => None,
            };
            if let Some(image) = image.filter(|image| !stages.contains(&image.to_lowercase())) {
                if image.contains('$') {
                    return None;
                }
                found.insert(Reference::parse(image).registry().to_owned());
            }
            if let [.., r#as, name] = words.as_slice()
                && r#as.eq_ignore_ascii_case("as")
            {
                stages.insert(name.to_lowercase());
            }
        }
        Some(found)
    }

    /// Writes it into a temporary file, as tar. Links are sent as links: what they point to is the engine's matter.
    ///
    /// # Errors
    /// If something can't be read, or the disk is full.
    pub fn pack(&self) -> Result<File> {
        let file = tempfile::tempfile().context("can't make a temporary file for the build context")?;
        let mut tar = tar::Builder::new(file);
        tar.follow_symlinks(false);
        self.add(&mut tar, &[])?;
        let mut file = tar.into_inner().context("can't write the build context")?;
        io::Seek::rewind(&mut file)?;
        Ok(file)
    }

    fn add(&self, tar: &mut tar::Builder<File>, at: &[String]) -> Result<()> {
        let folder = self.dir.join(at.join("/"));
        let unreadable = || format!("can't read `{}`", folder.display());
        let mut entries: Vec<_> =
            std::fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<_>>).with_context(unreadable)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path: Vec<String> = at.iter().cloned().chain([name]).collect();
            let kind = entry.file_type().with_context(unreadable)?;
            // What a folder's rule leaves out may be let in again below it.
            let keeps = self.ignored.iter().any(|(keep, _)| *keep);
            let ignored = self.is_ignored(&path);
            // The engine needs what says how, wherever it lies.
            let leads = self.dockerfile.starts_with(&format!("{}/", path.join("/")));
            if kind.is_dir() && (!ignored || keeps || leads) {
                if !ignored {
                    tar.append_path_with_name(entry.path(), path.join("/")).with_context(unreadable)?;
                }
                self.add(tar, &path)?;
            } else if !ignored && (kind.is_file() || kind.is_symlink()) {
                tar.append_path_with_name(entry.path(), path.join("/"))
                    .with_context(|| format!("can't read `{}`", entry.path().display()))?;
            }
        }
        Ok(())
    }

    /// By the last rule of `.dockerignore` that speaks of it, or of a folder that it lies in.
    fn is_ignored(&self, path: &[String]) -> bool {
        if path.join("/") == self.dockerfile || path == [".dockerignore"] {
            return false;
        }
        let speaks = |rule: &[String]| (1..=path.len()).any(|end| matches(rule, &path[..end]));
        self.ignored.iter().rfind(|(_, rule)| speaks(rule)).is_some_and(|(keep, _)| !keep)
    }
}

/// What is not sent. That there is no such file is known; one that can't be read says nothing.
fn ignored(dir: &Path) -> std::result::Result<Vec<(bool, Vec<String>)>, String> {
    let path = dir.join(".dockerignore");
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Ok(data) if !data.is_file() => return Err("it is no file".to_owned()),
        _ => {}
    }
    std::fs::read_to_string(&path).map(|text| rules(&text)).map_err(|error| error.to_string())
}

/// A path below the context as its parts are called in the archive; none if it leads out.
pub(super) fn plain(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The rules of a `.dockerignore`: whether they let in, and their parts.
fn rules(text: &str) -> Vec<(bool, Vec<String>)> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let rules = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let (keep, path) = line.strip_prefix('!').map_or((false, line), |path| (true, path.trim()));
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        (keep, parts.map(str::to_owned).collect::<Vec<_>>())
    });
    rules.filter(|(_, parts)| !parts.is_empty()).collect()
}

/// `**` stands for any number of folders.
fn matches(rule: &[String], path: &[String]) -> bool {
    match (rule.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((part, rest)), _) if part == "**" => {
            (0..=path.len()).any(|skipped| matches(rest, &path[skipped..])) || rest.is_empty()
        }
        (Some((part, rest)), Some((name, below))) => {
            fits(&part.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>()) && matches(rest, below)
        }
        _ => false,
    }
}

/// `*` stands for any text, `?` for any one character.
fn fits(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
        (Some(('?', rest)), Some((_, below))) => fits(rest, below),
        (Some((wanted, rest)), Some((found, below))) => wanted == found && fits(rest, below),
        _ => false,
    }
}

/// A folder of the projects directory.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Project {
    /// The folder's.
    pub name: String,
    /// An image can be built of it.
    pub has_dockerfile: bool,
    /// It has a compose file.
    pub has_compose: bool,
}

/// The folders of the projects directory, and what they can be used for.
///
/// # Errors
/// If it can't be read.
pub fn projects(dir: &Path) -> Result<Vec<Project>, Error> {
    let unreadable = |error: &io::Error| {
        let text = format!("can't read the projects directory `{}`: {error}", dir.display());
        Error::new(ErrorKind::Config, text).hint("name it with catalog.projects or PROJECTS_DIR")
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        if let (Ok(name), true) = (entry.file_name().into_string(), entry.path().is_dir()) {
            names.push(name);
        }
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    let has = |name: &str, files: &[&str]| files.iter().any(|file| dir.join(name).join(file).is_file());
    let one =
        |name: String| Project { has_dockerfile: has(&name, &[DOCKERFILE]), has_compose: has(&name, &COMPOSE), name };
    Ok(names.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests;
