//! The directory of definitions: which files there are, and what they define. The only part of the catalog that reads it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::definition::{self, Definition, Problem};
use crate::error::{Error, ErrorKind};

/// Nobody writes longer definitions.
const LARGEST: u64 = 1 << 20;
/// Endings of files of definitions.
const ENDINGS: [&str; 3] = ["yml", "yaml", "json"];

/// What the files define.
#[derive(Debug, Default)]
pub struct Files {
    /// By name: the definition, and the file that it is from.
    pub definitions: BTreeMap<String, (Definition, String)>,
    /// What is wrong with files. What they define is left out: the others go on.
    pub problems: Vec<Problem>,
    /// Names that two files define, and files that can't be read: of what they stand for nothing is known.
    pub doubtful: Vec<String>,
    /// How many files there are, good or bad.
    pub count: usize,
}

/// Reads all definitions of a directory; files in folders below it are none of them.
///
/// # Errors
/// If the directory can't be read: then nothing is known, not even that there is nothing.
pub fn read_dir(dir: &Path) -> Result<Files, Error> {
    let unreadable = |error: &io::Error| {
        let text = format!("can't read the definitions in `{}`: {error}", dir.display());
        Error::new(ErrorKind::Config, text).hint("name the directory with catalog.definitions or --definitions")
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| unreadable(&error))? {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        if !hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) && !path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Files { count: paths.len(), ..Files::default() };
    for path in paths {
        files.add(&path);
    }
    let Files { definitions, doubtful, .. } = &mut files;
    definitions.retain(|name, _| !doubtful.contains(name));
    Ok(files)
}

/// Reads the definitions of one file.
///
/// # Errors
/// What is wrong with it.
pub fn read_file(path: &Path) -> Result<Vec<Definition>, Vec<Problem>> {
    let name = path.display().to_string();
    let text = read_text(path).map_err(|error| {
        vec![Problem { source: name.clone(), line: 0, column: 0, message: format!("can't be read: {error}") }]
    })?;
    definition::parse(&text, &name)
}

/// Opens a file, if it is one: only to open a pipe would keep orca waiting for ever.
///
/// # Errors
/// If it is none, or can't be opened.
pub fn open(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    File::open(path)
}

/// The text of a file of a bearable size.
///
/// # Errors
/// If it can't be read, is too long or is no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

impl Files {
    fn add(&mut self, path: &Path) {
        let source = path.display().to_string();
        let definitions = match read_file(path) {
            Ok(definitions) => definitions,
            Err(problems) => {
                self.problems.extend(problems);
                self.doubtful.push(source);
                return;
            }
        };
        for definition in definitions {
            let name = definition.name.clone();
            if let Some((_, first)) = self.definitions.get(&name) {
                let message = format!("`{name}` is already defined in {first}: neither is used");
                self.problems.push(Problem { source: source.clone(), line: 1, column: 1, message });
                self.doubtful.push(name);
            } else {
                self.definitions.insert(name, (definition, source.clone()));
            }
        }
    }
}

/// The name by which `reconcile` knows a file, if it lies in the directory of definitions.
pub fn listed(dir: &Path, file: &Path) -> Option<String> {
    let name = file.file_name()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let same = folder.canonicalize().ok()? == dir.canonicalize().ok()?;
    same.then(|| dir.join(name).display().to_string())
}
