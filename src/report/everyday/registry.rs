//! `orca registry repos|tags|inspect`.

use serde_json::Value;

use super::{fact, items, number, table, text};
use crate::pass::rebalance::words::bytes;
use crate::report::Report;

pub(super) fn repositories(names: &[Value], color: bool) -> String {
    let rows = names.iter().filter_map(Value::as_str).map(|name| vec![name.to_owned()]).collect();
    table(&["REPOSITORY"], rows, "no repositories", color)
}

pub(super) fn tags(tags: &[Value], color: bool) -> String {
    if tags.iter().all(|tag| tag.get("digest").is_none()) {
        let rows = tags.iter().map(|tag| vec![text(tag, "tag").to_owned()]).collect();
        return table(&["TAG"], rows, "no tags", color);
    }
    let digest = |tag: &Value| match text(tag, "digest") {
        "" => text(tag, "error").to_owned(),
        digest => digest.to_owned(),
    };
    let rows = tags.iter().map(|tag| vec![text(tag, "tag").to_owned(), digest(tag)]).collect();
    table(&["TAG", "DIGEST"], rows, "no tags", color)
}

pub(super) fn page(report: &Report, image: &Value, color: bool) -> String {
    let platforms = items(image, "platforms").count();
    let kind = match (image.get("index") == Some(&Value::Bool(true)), number(image, "attestations")) {
        (false, _) => "one image".to_owned(),
        (true, 0) => format!("index of {platforms} platforms"),
        (true, 1) => format!("index of {platforms} platforms, with an attestation"),
        (true, attestations) => format!("index of {platforms} platforms, with {attestations} attestations"),
    };
    let rate = image.get("rate").filter(|rate| rate.is_object()).map(|rate| {
        let limit = rate.get("limit").and_then(Value::as_u64).map(|limit| format!(" of {limit}"));
        format!("{}{} requests left", number(rate, "remaining"), limit.unwrap_or_default())
    });
    let facts = [
        fact("image", text(image, "name")),
        fact("registry", report.data.get("registry").and_then(Value::as_str).unwrap_or_default()),
        fact("digest", text(image, "digest")),
        fact("form", text(image, "media_type")),
        fact("kind", &kind),
        fact("created", text(image, "created")),
        fact("rate limit", &rate.unwrap_or_default()),
    ];
    let size = |platform: &Value| platform.get("size_bytes").and_then(Value::as_u64).map(bytes).unwrap_or_default();
    let rows = items(image, "platforms")
        .map(|platform| {
            let told = match text(platform, "error") {
                "" => text(platform, "created"),
                error => error,
            };
            let digest = text(platform, "digest");
            let short = digest.get(..19).unwrap_or(digest).to_owned();
            vec![text(platform, "platform").to_owned(), size(platform), told.to_owned(), short]
        })
        .collect();
    facts.concat() + "\n" + &table(&["PLATFORM", "SIZE", "CREATED", "DIGEST"], rows, "no platforms", color)
}
