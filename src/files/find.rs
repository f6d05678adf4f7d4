//! Files by patterns, without ever following a symbolic link that a pattern finds.

use std::io;
use std::path::{Path, PathBuf};

use super::{Dir, Kind, matches};

/// Folders are searched no deeper than this below `**`.
const DEEPEST: usize = 32;

/// A directory in which something was found.
#[derive(Debug)]
pub struct Place {
    /// Its path, as the pattern leads there.
    pub path: PathBuf,
    /// It, held open.
    pub dir: Dir,
    /// The names in it that match, sorted.
    pub names: Vec<String>,
}

/// What a pattern finds: `*` and `?` stand for text within a name, `**` for any folders. What lies behind somebody else's
/// link is not found. Folders that can't be read come back as problems.
pub fn find(pattern: &str, problems: &mut Vec<String>) -> Vec<Place> {
    let Some((folder, name)) = pattern.rsplit_once('/') else { return Vec::new() };
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let fixed = parts.iter().take_while(|part| !is_pattern(part)).count();
    let start: PathBuf = std::iter::once("/").chain(parts[..fixed].iter().copied()).collect();
    let mut places = Vec::new();
    match Dir::open(&start) {
        Ok(dir) => walk(&start, dir, &parts[fixed..], name, 0, &mut places, problems),
        // A program that has never run has no folder yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => problems.push(format!("`{}` can't be read: {error}", start.display())),
    }
    places
}

fn is_pattern(part: &str) -> bool {
    part.contains(['*', '?'])
}

fn walk(
    path: &Path,
    dir: Dir,
    parts: &[&str],
    name: &str,
    depth: usize,
    places: &mut Vec<Place>,
    problems: &mut Vec<String>,
) {
    let names = match dir.names() {
        Ok(names) => names,
        Err(error) => {
            problems.push(format!("`{}` can't be read: {error}", path.display()));
            return;
        }
    };
    let Some((part, rest)) = parts.split_first() else {
        let fits = |own: &String| hidden_fits(name, own) && matches(name.as_bytes(), own.as_bytes());
        let names: Vec<String> = names.into_iter().filter(fits).collect();
        if !names.is_empty() && places.iter().all(|place| place.path != path) {
            places.push(Place { path: path.to_owned(), dir, names });
        }
        return;
    };
    let deep = *part == "**";
    if deep && let Ok(dir) = dir.again() {
        walk(path, dir, rest, name, depth, places, problems);
    }
    for own in names {
        let enters =
            if deep { depth < DEEPEST && !own.starts_with('.') } else { matches(part.as_bytes(), own.as_bytes()) };
        if !enters || !hidden_fits(part, &own) {
            continue;
        }
        if !matches!(dir.stat(&own), Ok(Some(stat)) if stat.kind == Kind::Folder) {
            continue;
        }
        let below = path.join(&own);
        match dir.folder(&own) {
            Ok(inner) => walk(&below, inner, if deep { parts } else { rest }, name, depth + 1, places, problems),
            Err(error) => problems.push(format!("`{}` can't be read: {error}", below.display())),
        }
    }
}

/// As in a shell, a dot at the beginning is matched by a dot only.
fn hidden_fits(pattern: &str, name: &str) -> bool {
    !name.starts_with('.') || pattern.starts_with('.')
}

#[cfg(test)]
mod tests;
