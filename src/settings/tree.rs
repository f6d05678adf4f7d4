//! YAML text -> a tree in which every node knows its line and column.
//!
//! Scalars keep the text they were written with; what it means is decided by the type of the field it ends up in.
//! Aliases and `<<` are expanded here, within bounds. Nothing here knows what a setting is.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::problem::{Log, quoted};

/// Deeper files are refused, so that no later walk can run out of stack.
const MAX_DEPTH: usize = 64;
/// How many nodes all aliases of one file may add: far more than any real file, far less than memory.
const MAX_ALIASED: usize = 100_000;

/// A place in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Mark {
    /// Index of the source.
    pub(super) file: usize,
    /// 1-based line.
    pub(super) line: usize,
    /// 1-based column, in characters.
    pub(super) column: usize,
}

/// One node and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) kind: Kind,
}

/// The content of a node.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// Text; `plain` when it was written without quotes, so that it may also mean a boolean or a number.
    Scalar { text: String, plain: bool },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; every key is a `Scalar`.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar; empty for everything else.
    pub(super) fn text(&self) -> &str {
        match &self.kind {
            Kind::Scalar { text, .. } => text,
            _ => "",
        }
    }
}

/// A plain scalar as YAML 1.1 booleans, which is what Orcastra's parser read.
pub(super) fn boolean(text: &str) -> Option<bool> {
    const TRUE: [&str; 3] = ["true", "yes", "on"];
    const FALSE: [&str; 3] = ["false", "no", "off"];
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    match (TRUE.iter().any(is), FALSE.iter().any(is)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// Reads one document; `None` when it is empty or unreadable, which is then in the log.
pub(super) fn read(file: usize, text: &str, log: &mut Log<'_>) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder { file, ..Builder::default() };
    let fault = builder.run(text, log).err();
    if let Some((mark, message)) = fault {
        log.at(mark, message);
        return None;
    }
    builder.root
}

type Fault = (Mark, String);

/// A finished node that an alias may repeat, with what repeating it costs.
#[derive(Debug, Clone)]
struct Part {
    node: Node,
    size: usize,
    height: usize,
}

/// A list or map that is still open.
#[derive(Debug)]
struct Frame {
    part: Part,
    anchor: usize,
    key: Option<Node>,
    seen: HashMap<String, Mark>,
    merges: Vec<Node>,
}

#[derive(Debug, Default)]
struct Builder {
    file: usize,
    open: Vec<Frame>,
    anchors: HashMap<usize, Part>,
    aliased: usize,
    documents: usize,
    root: Option<Node>,
}

impl Builder {
    fn run(&mut self, text: &str, log: &mut Log<'_>) -> Result<(), Fault> {
        // The parser takes a NUL for the end of the text; half a configuration is worse than none.
        if let Some((before, _)) = text.split_once('\0') {
            let (line, column) =
                (before.lines().count().max(1), before.lines().last().map_or(0, |l| l.chars().count()));
            return Err((
                Mark { file: self.file, line, column: column + 1 },
                "a NUL character: this is not text".to_owned(),
            ));
        }
        let end = end(self.file, text);
        let place = |marker: &Marker| end.min(Mark { line: marker.line(), column: marker.col() + 1, ..end });
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| syntax(place(error.marker()), text, &error))?;
            self.event(event, place(&span.start), log)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, mark: Mark, log: &mut Log<'_>) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((mark, "a second document begins here; a configuration is one document".to_owned()));
                }
            }
            Event::Alias(anchor) => {
                let part = self.alias(anchor, mark)?;
                self.put(part, 0, log)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar(text.into_owned(), style, tag.as_deref()).map_err(|message| (mark, message))?;
                self.put(Part { node: Node { mark, kind }, size: 1, height: 1 }, anchor, log)?;
            }
            Event::SequenceStart(anchor, tag) => self.start(Kind::List(Vec::new()), mark, anchor, tag.as_deref())?,
            Event::MappingStart(anchor, tag) => self.start(Kind::Map(Vec::new()), mark, anchor, tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => self.end(log)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(&mut self, kind: Kind, mark: Mark, anchor: usize, tag: Option<&Tag>) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err((mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema() && !is_bare(tag)) {
            return Err((mark, unknown_tag(tag)));
        }
        self.open.push(Frame {
            part: Part { node: Node { mark, kind }, size: 1, height: 1 },
            anchor,
            key: None,
            seen: HashMap::new(),
            merges: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self, log: &mut Log<'_>) -> Result<(), Fault> {
        let Some(mut frame) = self.open.pop() else { return Ok(()) };
        frame.merge();
        self.put(frame.part, frame.anchor, log)
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Result<Part, Fault> {
        let Some(part) = self.anchors.get(&anchor) else {
            return Err((mark, "an alias stands inside the value that it repeats".to_owned()));
        };
        self.aliased += part.size;
        if self.aliased > MAX_ALIASED {
            return Err((mark, format!("aliases expand to more than {MAX_ALIASED} values")));
        }
        if self.open.len() + part.height > MAX_DEPTH {
            return Err((mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(part.clone())
    }

    /// Gives a finished node to the list or map that is open, or makes it the root.
    fn put(&mut self, part: Part, anchor: usize, log: &mut Log<'_>) -> Result<(), Fault> {
        if anchor != 0 {
            self.anchors.insert(anchor, part.clone());
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(part.node);
            return Ok(());
        };
        frame.part.size += part.size;
        frame.part.height = frame.part.height.max(part.height + 1);
        match &mut frame.part.node.kind {
            Kind::List(items) => items.push(part.node),
            _ => match frame.key.take() {
                None => frame.key = Some(key(part.node)?),
                Some(key) => frame.entry(key, part.node, log)?,
            },
        }
        Ok(())
    }
}

impl Frame {
    fn entry(&mut self, key: Node, value: Node, log: &mut Log<'_>) -> Result<(), Fault> {
        if matches!(&key.kind, Kind::Scalar { text, plain: true } if text == "<<") {
            return self.note_merge(value);
        }
        if let Some(first) = self.seen.get(key.text()) {
            let message = format!("duplicate key {} (first at {})", quoted(key.text()), log.place(*first));
            log.at(key.mark, message);
            return Ok(());
        }
        self.seen.insert(key.text().to_owned(), key.mark);
        if let Kind::Map(entries) = &mut self.part.node.kind {
            entries.push((key, value));
        }
        Ok(())
    }

    fn note_merge(&mut self, value: Node) -> Result<(), Fault> {
        let Node { mark, kind } = value;
        match kind {
            Kind::Null => {}
            Kind::Map(_) => self.merges.push(Node { mark, kind }),
            Kind::List(items) if items.iter().all(|item| matches!(item.kind, Kind::Map(_))) => {
                self.merges.extend(items);
            }
            _ => return Err((mark, "`<<` merges a map or a list of maps".to_owned())),
        }
        Ok(())
    }

    /// Puts merged entries before the map's own, as Python's reader does; own keys win, then the map that was named
    /// first.
    fn merge(&mut self) {
        let Kind::Map(entries) = &mut self.part.node.kind else { return };
        let mut merged = Vec::new();
        for source in self.merges.drain(..) {
            let Kind::Map(pairs) = source.kind else { continue };
            for (key, value) in pairs {
                if !self.seen.contains_key(key.text()) {
                    self.seen.insert(key.text().to_owned(), key.mark);
                    merged.push((key, value));
                }
            }
        }
        if !merged.is_empty() {
            merged.append(entries);
            *entries = merged;
        }
    }
}

fn key(node: Node) -> Result<Node, Fault> {
    match node.kind {
        Kind::Scalar { .. } => Ok(node),
        Kind::Null => Err((node.mark, "a key must be text, not empty".to_owned())),
        Kind::List(_) | Kind::Map(_) => {
            let message = "a key must be text, not a map or list (quote a template such as \"{{ name }}\")";
            Err((node.mark, message.to_owned()))
        }
    }
}

fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>) -> Result<Kind, String> {
    let mut plain = style == ScalarStyle::Plain;
    match tag {
        None => {}
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "binary" => return Err(unknown_tag(tag)),
        Some(tag) if tag.is_yaml_core_schema() => plain = plain && tag.suffix != "str",
        // A lone `!` says "text" in YAML.
        Some(tag) if is_bare(tag) => plain = false,
        Some(tag) => return Err(unknown_tag(tag)),
    }
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Kind::Null);
    }
    Ok(Kind::Scalar { text, plain })
}

fn is_bare(tag: &Tag) -> bool {
    tag.handle.is_empty() && tag.suffix == "!"
}

fn unknown_tag(tag: &Tag) -> String {
    let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
    format!("the tag {} is not supported", quoted(&name))
}

/// The place behind the last character. The parser puts what is missing there on a line that doesn't exist.
fn end(file: usize, text: &str) -> Mark {
    let breaks = text.matches('\n').count() + text.matches('\r').count() - text.matches("\r\n").count();
    let last = text.rsplit(['\n', '\r']).next().unwrap_or_default();
    Mark { file, line: breaks + 1, column: last.chars().count() + 1 }
}

/// A scan error in our words: the commonest cause, a tab, is worth a look at the text.
fn syntax(place: Mark, text: &str, error: &ScanError) -> Fault {
    let Mark { file, line, column } = place;
    // The scanner may notice a tab one line late, or blame what stands before it.
    let tabs = text.lines().enumerate().skip(line.saturating_sub(2)).take(3).filter_map(|(i, content)| {
        let indent = content.chars().take_while(|c| matches!(c, ' ' | '\t'));
        indent.zip(1..).find(|(c, _)| *c == '\t').map(|(_, column)| (i + 1, column))
    });
    match tabs.min_by_key(|(at, _)| at.abs_diff(line)) {
        Some((line, column)) => {
            (Mark { file, line, column }, "a tab is used for indentation; YAML wants spaces".to_owned())
        }
        None => (Mark { file, line, column }, format!("not valid YAML: {}", error.info())),
    }
}
