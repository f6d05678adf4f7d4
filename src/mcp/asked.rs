//! What a client asks of a tool: its arguments, checked against what the tool takes, and their JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// An argument of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// It must be given.
    pub required: bool,
    /// What it is for.
    pub about: &'static str,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text but an empty one.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A whole number from 0 up to this.
    Count(u64),
    /// Yes or no.
    Flag,
}

impl Arg {
    /// An argument that may be left out.
    pub const fn may(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, required: false, about }
    }

    /// An argument that must be given.
    pub const fn must(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, required: true, about }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Text => json!({"type": "string", "minLength": 1}),
            Kind::Word(words) => json!({"type": "string", "enum": words}),
            Kind::Texts => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
            Kind::Count(most) => json!({"type": "integer", "minimum": 0, "maximum": most}),
            Kind::Flag => json!({"type": "boolean"}),
        };
        schema["description"] = self.about.into();
        schema
    }

    /// Reads a value.
    fn read(&self, value: &Value) -> Result<Given, String> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let given = match self.kind {
            Kind::Text => text(value).map(Given::Text),
            Kind::Word(words) => text(value).filter(|text| words.contains(&text.as_str())).map(Given::Text),
            Kind::Texts => value.as_array().and_then(|all| all.iter().map(text).collect()).map(Given::Texts),
            Kind::Count(most) => value.as_u64().filter(|count| *count <= most).map(Given::Count),
            Kind::Flag => value.as_bool().map(Given::Flag),
        };
        given.ok_or_else(|| format!("`{}` must be {}", self.name, self.kind.wanted()))
    }
}

impl Kind {
    fn wanted(self) -> String {
        match self {
            Self::Text => "a text that is not empty".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Texts => "a list of texts, none of them empty".to_owned(),
            Self::Count(most) => format!("a whole number from 0 to {most}"),
            Self::Flag => "true or false".to_owned(),
        }
    }
}

/// The JSON Schema of some arguments.
pub fn schema(args: &[Arg]) -> Map<String, Value> {
    let properties: Map<String, Value> = args.iter().map(|arg| (arg.name.to_owned(), arg.schema())).collect();
    let required: Vec<&str> = args.iter().filter(|arg| arg.required).map(|arg| arg.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), required.into());
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    Text(String),
    Texts(Vec<String>),
    Count(u64),
    Flag(bool),
}

/// The arguments of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked(BTreeMap<&'static str, Given>);

impl Asked {
    /// Reads what a client sends.
    ///
    /// # Errors
    /// All that is wrong with it, in words.
    pub fn read(args: &[Arg], sent: &Map<String, Value>) -> Result<Self, String> {
        let (mut asked, mut wrong) = (BTreeMap::new(), Vec::new());
        for arg in args {
            match sent.get(arg.name).filter(|value| !value.is_null()).map(|value| arg.read(value)) {
                Some(Ok(given)) => _ = asked.insert(arg.name, given),
                Some(Err(why)) => wrong.push(why),
                None if arg.required => wrong.push(format!("`{}` is missing: {}", arg.name, arg.about)),
                None => {}
            }
        }
        let names: Vec<&str> = args.iter().map(|arg| arg.name).collect();
        for name in sent.keys().filter(|name| !names.contains(&name.as_str())) {
            let known = if names.is_empty() { "it takes none".to_owned() } else { names.join(", ") };
            wrong.push(format!("unknown argument `{name}`; there are: {known}"));
        }
        if wrong.is_empty() { Ok(Self(asked)) } else { Err(wrong.join("; ")) }
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Some(Given::Text(text)) = self.0.get(name) { Some(text) } else { None }
    }

    /// A list of texts; empty if it was not given.
    pub fn texts(&self, name: &str) -> &[String] {
        if let Some(Given::Texts(texts)) = self.0.get(name) { texts } else { &[] }
    }

    /// A number.
    pub fn count(&self, name: &str) -> Option<u64> {
        if let Some(Given::Count(count)) = self.0.get(name) { Some(*count) } else { None }
    }

    /// Whether it was given and is true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Given::Flag(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: [Arg; 3] = [
        Arg::must("name", Kind::Text, "who"),
        Arg::may("tail", Kind::Count(5), "how many"),
        Arg::may("goal", Kind::Word(&["memory", "count"]), "what for"),
    ];

    fn read(sent: &Value) -> Result<Asked, String> {
        Asked::read(&ARGS, sent.as_object().unwrap())
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let why = read(&json!({"tail": 6, "goal": "x", "nmae": "web"})).unwrap_err();
        for part in [
            "`name` is missing: who",
            "`tail` must be a whole number from 0 to 5",
            "`goal` must be one of memory, count",
            "unknown argument `nmae`; there are: name, tail, goal",
        ] {
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn what_is_null_was_not_given() {
        let asked = read(&json!({"name": "web", "tail": null})).unwrap();
        assert_eq!((asked.text("name"), asked.count("tail")), (Some("web"), None));
        assert!(read(&json!({"name": null})).is_err());
    }
}
