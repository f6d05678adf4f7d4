//! As much of Markdown as the pages use.

use std::path::{Path, PathBuf};

/// A page by its path in the project.
pub struct Page {
    pub path: PathBuf,
    pub lines: Vec<String>,
}

/// A fenced block, or what a comment says is to be run unseen.
pub struct Block {
    /// The word after the fence; `hidden` for a comment.
    pub language: String,
    /// Index of its first line in the page.
    pub first: usize,
    pub lines: Vec<String>,
    /// Why it is not run.
    pub excuse: Option<String>,
}

impl Page {
    pub fn read(root: &Path, path: PathBuf) -> Self {
        let text = std::fs::read_to_string(root.join(&path));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, lines: text.lines().map(str::to_owned).collect() }
    }

    pub fn place(&self, index: usize) -> String {
        format!("{}:{}", self.path.display(), index + 1)
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut excuse = None;
        let mut lines = self.lines.iter().enumerate();
        while let Some((index, line)) = lines.next() {
            let text = line.trim();
            if let Some(why) = comment(text, "not run:") {
                excuse = Some(why.to_owned());
            } else if let Some(command) = comment(text, "run:") {
                let lines = vec![command.to_owned()];
                blocks.push(Block { language: "hidden".to_owned(), first: index, lines, excuse: None });
            } else if let Some(language) = text.strip_prefix("```") {
                let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```");
                let lines = inside.cloned().collect();
                blocks.push(Block { language: language.to_owned(), first: index + 1, lines, excuse: excuse.take() });
            } else if !text.is_empty() {
                excuse = None;
            }
        }
        blocks
    }

    /// The lines outside of blocks, with their index.
    pub fn prose(&self) -> Vec<(usize, &str)> {
        let mut inside = false;
        let mut prose = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            if line.trim().starts_with("```") {
                inside = !inside;
            } else if !inside {
                prose.push((index, line.as_str()));
            }
        }
        prose
    }

    pub fn headings(&self) -> Vec<&str> {
        let prose = self.prose().into_iter().map(|(_, line)| line);
        prose.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim()).collect()
    }
}

fn comment<'t>(line: &'t str, kind: &str) -> Option<&'t str> {
    Some(line.strip_prefix("<!--")?.strip_suffix("-->")?.trim().strip_prefix(kind)?.trim())
}

/// What stands between backticks in a line.
pub fn code_spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn blocks_and_excuses_are_told_apart() {
    let text =
        "a\n<!-- run: touch x -->\n```console\n$ orca\n```\n<!-- not run: why -->\n\n```sh\nx\n```\nb\n```sh\ny\n```\n";
    let page = Page { path: PathBuf::new(), lines: text.lines().map(str::to_owned).collect() };
    let found: Vec<_> =
        page.blocks().iter().map(|b| (b.language.clone(), b.first, b.lines.join("|"), b.excuse.clone())).collect();
    let block = |language: &str, first, text: &str, excuse: Option<&str>| {
        (language.to_owned(), first, text.to_owned(), excuse.map(str::to_owned))
    };
    let wanted = [
        block("hidden", 1, "touch x", None),
        block("console", 3, "$ orca", None),
        block("sh", 8, "x", Some("why")),
        block("sh", 12, "y", None),
    ];
    assert_eq!(found, wanted);
    assert_eq!(page.prose().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1, 5, 6, 10]);
}
