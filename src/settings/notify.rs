//! `notify:`: who is told of what a pass did.
//!
//! URLs of webhooks have tokens in them as a rule: here they are secrets, which show in no message and no `config show`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::Span;
use super::problem::Log;
use super::section::Section;
use super::show::span;
use crate::metrics::url::Url;

/// Nobody is told of things of one kind more often.
const OFTENEST: Duration = Duration::from_secs(60);
/// A pass must not hang on who is told of it.
const LONGEST: Duration = Duration::from_secs(60);

/// What somebody may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Something was changed.
    Change,
    /// A pass failed.
    Failure,
    /// The first success after a failure.
    Recovery,
}

impl Event {
    /// The word in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Failure => "failure",
            Self::Recovery => "recovery",
        }
    }
}

/// A text that nobody is to see.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// The text itself, to be sent to whom it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In the config itself.
    Here(Hidden),
    /// In a file, read when it is needed.
    File(PathBuf),
    /// In the environment: the variable, and what it holds; none if it is not set.
    Env(String, Option<Hidden>),
}

/// How a chat takes a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `{"text": ...}`: Slack, Mattermost, Rocket.Chat, Google Chat.
    #[default]
    Slack,
    /// `{"title": ..., "body": ..., "type": ...}`: Apprise's API.
    Apprise,
}

/// `notify:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// What is told.
    pub on: Vec<Event>,
    /// Of each kind at most one in this time.
    pub every: Duration,
    /// Telling takes no longer.
    pub timeout: Duration,
    /// Gets the report, and signs it with the secret.
    pub webhook: Option<(Kept, Option<Kept>)>,
    /// Gets a line.
    pub chat: Option<(Kept, Form)>,
    /// Program and arguments; gets the report on stdin.
    pub command: Vec<String>,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            on: vec![Event::Change, Event::Failure, Event::Recovery],
            every: OFTENEST,
            timeout: Duration::from_secs(10),
            webhook: None,
            chat: None,
            command: Vec::new(),
        }
    }
}

/// Who is told of what a pass did.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NotifyEntry {
    /// What is told: `change`, `failure`, `recovery`; default all three.
    on: Option<Vec<Spanned<Event>>>,
    /// Of each kind at most one in this time, at least a minute; what is held back is summed up in the next. Default `1m`.
    every: Option<Spanned<Span>>,
    /// Telling takes no longer, at most a minute; default `10s`.
    timeout: Option<Spanned<Span>>,
    /// An HTTP endpoint that gets the report as JSON.
    webhook: Option<Spanned<WebhookEntry>>,
    /// A chat that gets a line of text.
    chat: Option<Spanned<ChatEntry>>,
    /// A program and its arguments, which gets the report on stdin; no shell is involved.
    command: Option<Vec<Spanned<String>>>,
}

/// An HTTP endpoint.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WebhookEntry {
    /// Its URL; never shown again.
    url: Option<Spanned<String>>,
    /// Or a file that has it.
    url_file: Option<Spanned<String>>,
    /// Or a variable that has it.
    url_env: Option<Spanned<String>>,
    /// A file with the secret that requests are signed with.
    secret_file: Option<Spanned<String>>,
    /// Or a variable that has it.
    secret_env: Option<Spanned<String>>,
}

/// A chat.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChatEntry {
    /// Its URL; never shown again.
    url: Option<Spanned<String>>,
    /// Or a file that has it.
    url_file: Option<Spanned<String>>,
    /// Or a variable that has it.
    url_env: Option<Spanned<String>>,
    /// `slack` (`{"text": ...}`) or `apprise` (`{"title", "body", "type"}`); default `slack`.
    form: Option<Spanned<Form>>,
}

/// Lays what is written over what is built in.
pub(super) fn resolve(
    entry: Option<&NotifyEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Notify {
    let mut notify = Notify::default();
    let Some(entry) = entry else { return notify };
    let mut section = Section { name: "notify", env, origins, log };
    if let Some(on) = &entry.on {
        for event in on {
            section.came_from("on", event);
        }
        notify.on = on.iter().map(|event| event.value).collect();
    }
    section.span("every", entry.every.as_ref(), "", &mut notify.every);
    if let Some(every) = entry.every.as_ref().filter(|_| notify.every < OFTENEST) {
        section.log.at(every.mark, "notify.every must be at least 1m");
    }
    section.span("timeout", entry.timeout.as_ref(), "", &mut notify.timeout);
    if let Some(timeout) = entry.timeout.as_ref().filter(|_| notify.timeout.is_zero() || notify.timeout > LONGEST) {
        section.log.at(timeout.mark, "notify.timeout must be more than 0s and at most 1m");
    }
    if let Some(Spanned { mark, value: webhook }) = &entry.webhook {
        let written = [&webhook.url, &webhook.url_file, &webhook.url_env];
        let url = kept(&mut section, "webhook", ["url", "url_file", "url_env"], written);
        if url.is_none() {
            section.log.at(*mark, "notify.webhook needs one of url, url_file and url_env");
        }
        let written = [&None, &webhook.secret_file, &webhook.secret_env];
        let secret = kept(&mut section, "webhook", ["", "secret_file", "secret_env"], written);
        notify.webhook = url.map(|url| (url, secret));
    }
    if let Some(Spanned { mark, value: chat }) = &entry.chat {
        let written = [&chat.url, &chat.url_file, &chat.url_env];
        let url = kept(&mut section, "chat", ["url", "url_file", "url_env"], written);
        if url.is_none() {
            section.log.at(*mark, "notify.chat needs one of url, url_file and url_env");
        }
        chat.form.iter().for_each(|form| section.came_from("chat.form", form));
        notify.chat = url.map(|url| (url, chat.form.as_ref().map(|form| form.value).unwrap_or_default()));
    }
    if let Some(command) = &entry.command {
        for word in command {
            section.came_from("command", word);
        }
        notify.command = command.iter().map(|word| word.value.clone()).collect();
        if let Some(first) = command.first().filter(|first| first.value.trim().is_empty()) {
            section.log.at(first.mark, "notify.command must name a program");
        }
    }
    notify
}

/// A secret that is written in one of three ways: here, as a file, as a variable.
fn kept(
    section: &mut Section<'_, '_>,
    parent: &str,
    keys: [&str; 3],
    written: [&Option<Spanned<String>>; 3],
) -> Option<Kept> {
    let mut found = None;
    for (at, (key, written)) in keys.into_iter().zip(written).enumerate() {
        let key = format!("{parent}.{key}");
        let Some(value) = section.word(&key, written.as_ref()) else { continue };
        let mark = written.as_ref().map(|written| written.mark).unwrap_or_default();
        if found.is_some() {
            section.log.at(mark, format!("notify.{key}: it is already given in another way"));
        }
        if at == 0
            && let Err(why) = Url::parse(&value, 443)
        {
            // What is wrong may have the token in it.
            let why = why.split(", not with the host").next().unwrap_or_default().to_owned();
            section.log.at(mark, format!("notify.{key} {why}"));
        }
        found = Some(match at {
            0 => Kept::Here(Hidden(value)),
            1 => Kept::File(PathBuf::from(value)),
            _ => {
                let held = section.env.get(&value).filter(|held| !held.is_empty()).cloned().map(Hidden);
                Kept::Env(value, held)
            }
        });
    }
    found
}

impl Notify {
    /// Whether anybody is told of anything.
    pub fn is_on(&self) -> bool {
        self.webhook.is_some() || self.chat.is_some() || !self.command.is_empty()
    }

    /// The section's effective values by key, as the file would have them; secrets are hidden.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let on: Vec<_> = self.on.iter().map(|event| event.name()).collect();
        let mut shown =
            vec![("on", json!(on)), ("every", json!(span(self.every))), ("timeout", json!(span(self.timeout)))];
        if let Some((url, secret)) = &self.webhook {
            shown.push(place(url, ["webhook.url", "webhook.url_file", "webhook.url_env"]));
            shown.extend(secret.as_ref().map(|kept| place(kept, ["", "webhook.secret_file", "webhook.secret_env"])));
        }
        if let Some((url, form)) = &self.chat {
            shown.push(place(url, ["chat.url", "chat.url_file", "chat.url_env"]));
            shown.push(("chat.form", json!(if *form == Form::Slack { "slack" } else { "apprise" })));
        }
        if let Some(program) = self.command.first() {
            // Arguments may be secret.
            let hidden = self.command.iter().skip(1).map(|_| crate::redact::REDACTED);
            shown.push(("command", std::iter::once(program.as_str()).chain(hidden).collect()));
        }
        shown
    }
}

fn place(kept: &Kept, [here, file, env]: [&'static str; 3]) -> (&'static str, Value) {
    match kept {
        Kept::Here(url) => (here, json!(without_path(url))),
        Kept::File(path) => (file, json!(path.display().to_string())),
        Kept::Env(name, _) => (env, json!(name)),
    }
}

/// Scheme, host and port: tokens stand in the path.
fn without_path(url: &Hidden) -> String {
    let bare = Url::parse(url.expose(), 443).map(|url| Url { path: "/(redacted)".to_owned(), ..url });
    bare.map_or_else(|_| crate::redact::REDACTED.to_owned(), |url| url.to_string())
}
