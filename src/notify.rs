//! Tells people and programs of what a pass did: a webhook, a chat, a command. What can't be told is a warning, never a
//! failed pass.

pub mod decide;

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use rustix::fs::OFlags;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::metrics::url::Url;
use crate::plan::Warning;
use crate::program::Program;
use crate::registry::net::Net;
use crate::report::{Report, Status, Summary};
use crate::settings::{Event, Form, Hidden, Kept, Notify};
use crate::state::State;
use decide::{Occasion, Told};

/// Where the state file has what was told.
const KEY: &str = "#notify";
/// Secrets are no longer.
const LARGEST: u64 = 16 * 1024;

/// Tells of a report what is to be told, as the rate allows it. Returns what went wrong with that.
pub async fn tell(notify: &Notify, state_dir: &Path, report: &Report) -> Vec<Warning> {
    if !notify.is_on() || report.run.dry_run {
        return Vec::new();
    }
    match attempt(notify, state_dir, report).await {
        Ok(warnings) => warnings,
        Err(error) => vec![warning(&error)],
    }
}

async fn attempt(notify: &Notify, state_dir: &Path, report: &Report) -> Result<Vec<Warning>> {
    let (state, _) = State::open(state_dir)?;
    let now = Timestamp::now();
    let mut occasion = None;
    state.revise(KEY, |told: &mut Told| {
        occasion = told.note(report, &line(report), &notify.on, notify.every, now);
    })?;
    let Some(occasion) = occasion else { return Ok(Vec::new()) };
    let until = Instant::now() + notify.timeout;
    let body = body(report, &occasion)?;
    let (hook, chat, command) = tokio::join!(
        webhook(notify, &body, &occasion, report, now, until),
        chat(notify, report, &occasion, until),
        command(notify, &body, &occasion, until),
    );
    let ended: Vec<Result<()>> = [hook, chat, command].into_iter().flatten().collect();
    if ended.iter().any(Result::is_ok) {
        state.revise(KEY, |told: &mut Told| told.sent(&occasion))?;
    }
    Ok(ended.iter().filter_map(|ended| ended.as_ref().err()).map(warning).collect())
}

fn warning(error: &anyhow::Error) -> Warning {
    Warning::new("notify", format!("{error:#}"))
}

/// The report, with what was held back under `data.notification`, and without what containers have printed: passwords and
/// people's data may stand there.
fn body(report: &Report, occasion: &Occasion) -> Result<String> {
    let mut body = serde_json::to_value(report)?;
    let updates = body.pointer_mut("/data/updates").and_then(Value::as_array_mut).into_iter().flatten();
    for task in updates.filter_map(|update| update.get_mut("failed_task")?.as_object_mut()) {
        task.remove("log");
    }
    let notification =
        json!({ "event": occasion.event, "held": occasion.held, "newest": occasion.newest, "own": occasion.own });
    if let Some(data) = body.get_mut("data").and_then(Value::as_object_mut) {
        data.insert("notification".to_owned(), notification);
    }
    Ok(body.to_string())
}

async fn webhook(
    notify: &Notify,
    body: &str,
    occasion: &Occasion,
    report: &Report,
    now: Timestamp,
    until: Instant,
) -> Option<Result<()>> {
    let (url, secret) = notify.webhook.as_ref()?;
    let sent = async {
        let mut headers = HeaderMap::new();
        let stamp = now.as_second().to_string();
        if let Some(secret) = secret {
            let secret = read(secret).context("the secret of the webhook")?;
            let signature = signature(secret.expose(), &stamp, body);
            headers.insert(HeaderName::from_static("x-orca-signature"), HeaderValue::try_from(signature)?);
        }
        headers.insert(HeaderName::from_static("x-orca-timestamp"), HeaderValue::try_from(stamp)?);
        headers.insert(HeaderName::from_static("x-orca-event"), HeaderValue::from_static(occasion.event.name()));
        headers.insert(HeaderName::from_static("x-orca-run"), HeaderValue::try_from(report.run.id.as_str())?);
        post(url, headers, body.to_owned(), until).await
    };
    Some(sent.await.context("the webhook was not told"))
}

/// `sha256=` and the HMAC of timestamp, a full stop, and body: an old request can't be sent again with a new time.
fn signature(secret: &str, stamp: &str, body: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = ring::hmac::sign(&key, format!("{stamp}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

async fn chat(notify: &Notify, report: &Report, occasion: &Occasion, until: Instant) -> Option<Result<()>> {
    let (url, form) = notify.chat.as_ref()?;
    let of = if occasion.own { format!(" of {}", report.command) } else { ", told late".to_owned() };
    let title = format!("orca: {}{of}", occasion.event.name());
    let mut text = if occasion.own { account(report) } else { format!("{} held back until now:", occasion.held) };
    if occasion.held > 0 {
        text.extend(occasion.own.then(|| format!("\n{} more since the last message:", occasion.held)));
        text.extend(occasion.newest.iter().map(|held| format!("\n{:.0} {}", held.at, held.text)));
    }
    let body = match form {
        Form::Slack => json!({ "text": format!("{title}\n{text}") }),
        Form::Apprise => {
            let kind = match occasion.event {
                Event::Change => "info",
                Event::Failure => "failure",
                Event::Recovery => "success",
            };
            json!({ "title": title, "body": text, "type": kind })
        }
    };
    Some(post(url, HeaderMap::new(), body.to_string(), until).await.context("the chat was not told"))
}

async fn post(url: &Kept, mut headers: HeaderMap, body: String, until: Instant) -> Result<()> {
    let text = read(url).context("its URL")?;
    // The message of what is wrong with it could have the token in it.
    let Ok(url) = Url::parse(text.expose(), 443) else { bail!("its URL is none that orca understands") };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match Net::new().post(&url, &headers, body, until).await.map(|answer| answer.status) {
        Ok(200..=299) => Ok(()),
        Ok(status @ 300..=399) => bail!("it answered {status}: redirects are not followed, name where it leads to"),
        Ok(status) => bail!("it answered {status}"),
        Err(fault) => bail!("{}", fault.text()),
    }
}

async fn command(notify: &Notify, body: &str, occasion: &Occasion, until: Instant) -> Option<Result<()>> {
    notify.command.first()?;
    let given = vec![("ORCA_EVENT", occasion.event.name().to_owned())];
    // Other receivers' secrets are none of its business.
    let withheld = variables(notify).collect();
    let ended = Program { words: &notify.command, given, withheld, input: body.as_bytes(), until }.run().await;
    Some(ended.context("the command was not told"))
}

/// The variables that hold URLs and secrets.
pub(crate) fn variables(notify: &Notify) -> impl Iterator<Item = &str> {
    let hook = notify.webhook.iter().flat_map(|(url, secret)| std::iter::once(url).chain(secret));
    hook.chain(notify.chat.iter().map(|(url, _)| url)).filter_map(|kept| match kept {
        Kept::Env(name, _) => Some(name.as_str()),
        Kept::Here(_) | Kept::File(_) => None,
    })
}

/// A secret from where it is kept.
fn read(kept: &Kept) -> Result<Hidden> {
    match kept {
        Kept::Here(text) => Ok(text.clone()),
        Kept::Env(name, held) => held.clone().with_context(|| format!("`${name}` is not set")),
        Kept::File(path) => {
            use std::io::Read as _;
            let mut text = String::new();
            // A pipe that nobody writes to must not hold orca up.
            let file =
                std::fs::File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
            let file = file.with_context(|| format!("can't open `{}`", path.display()))?;
            anyhow::ensure!(file.metadata().is_ok_and(|meta| meta.is_file()), "`{}` is no file", path.display());
            file.take(LARGEST).read_to_string(&mut text).with_context(|| format!("can't read `{}`", path.display()))?;
            let text = text.trim().to_owned();
            anyhow::ensure!(!text.is_empty(), "`{}` is empty", path.display());
            Ok(Hidden::from(text))
        }
    }
}

/// What happened, in a line.
fn line(report: &Report) -> String {
    let Summary { done, failed, blocked, .. } = report.summary;
    let counts = [(done, "done"), (failed, "failed"), (blocked, "blocked")];
    let counts: Vec<_> = counts.iter().filter(|(count, _)| *count > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    let error = report.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
    format!("{} {}{counts}{error}", report.command, report.outcome)
}

/// What happened, in as many lines as a chat bears.
fn account(report: &Report) -> String {
    const SHOWN: usize = 10;
    let node = report.cluster.as_ref().map(|cluster| format!(" on {}", cluster.node)).unwrap_or_default();
    let mut text = format!("{}{node}", line(report));
    let told: Vec<_> = report.actions.iter().filter(|a| matches!(a.status, Status::Done | Status::Failed)).collect();
    text.extend(told.iter().take(SHOWN).map(|action| {
        let error = action.error.as_ref().map(|error| format!(" FAILED: {error}")).unwrap_or_default();
        format!("\n- {} {}{error}", action.kind, action.target.name)
    }));
    text.extend(told.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("\n- and {more} more")));
    text
}

#[cfg(test)]
mod tests {
    /// RFC 4231, test case 2, as far as its key goes: what is signed is stamp, full stop, body.
    #[test]
    fn a_signature_is_hmac_sha256_of_stamp_and_body() {
        use ring::hmac;
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        let known = hmac::sign(&key, b"what do ya want for nothing?");
        let hex: String = known.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let own = super::signature("Jefe", "1", "x");
        assert_ne!(own, super::signature("Jefe", "2", "x"));
        assert!(hmac::verify(&key, b"1.x", &unhex(own.trim_start_matches("sha256="))).is_ok());
    }

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }
}
