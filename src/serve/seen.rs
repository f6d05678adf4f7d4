//! The version that whoever asks for a change has seen: where a request says it, and what it is compared with. No
//! change leaves one unheeded: it is compared, or refused with the reason.

use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode};

use super::orders::Kind;
use super::problem::Problem;
use super::routes::Op;

/// What it is compared with; or why with nothing.
pub(super) type Compared = Result<&'static str, &'static str>;

const SERVICE: Compared = Ok("the service's `version` in /api/services/live");
const NODE: Compared = Ok("the node's `version`");
/// Of an entry of the catalog.
pub(super) const REVISION: Compared = Ok("the entry's `revision`");
const STACK: Compared = Err("a stack has no version: order it of its services, each with its own");
/// Of what is to come into the catalog.
pub(super) const ADDED: Compared =
    Err("what is not in the catalog yet has no version; where there is an entry of this name, that is refused anyway");
/// Of a tag in a registry.
pub(super) const TAG: Compared =
    Err("a tag has no version: name the digest that was seen in its place, and nothing else is removed");
/// Of the tools of `/mcp`.
pub(super) const TOOL: Compared = Err("a tool has its `plan_id` for that");

/// Of an order.
pub(super) fn of_order(kind: Kind, word: &str) -> Compared {
    match (kind, word) {
        (Kind::Stack, _) => STACK,
        (Kind::Node, _) => NODE,
        (Kind::Entry, "build") => REVISION,
        // A deployment changes the service that there is.
        (Kind::Entry | Kind::Service, _) => SERVICE,
    }
}

/// Of what programs may ask for; none of what changes nothing.
pub(super) fn of(op: Op) -> Option<Compared> {
    match op {
        Op::Order(kind, word) => Some(of_order(kind, word)),
        Op::CatalogEdit | Op::CatalogRemove => Some(REVISION),
        Op::CatalogAdd => Some(ADDED),
        Op::DeleteTag => Some(TAG),
        Op::Mcp => Some(TOOL),
        _ => None,
    }
}

/// The version that a request says: in its query or form, in its head, or in its body.
///
/// # Errors
/// 400 if it is no number, if there are several, or if it would be compared with nothing.
pub(super) fn read<'a>(
    pairs: impl IntoIterator<Item = &'a (String, String)>,
    headers: &HeaderMap,
    body: impl IntoIterator<Item = u64>,
    compared: Compared,
) -> Result<Option<u64>, Problem> {
    let wrong = |text: String| Problem::new(StatusCode::BAD_REQUEST, "bad_request", text);
    let named = pairs.into_iter().filter(|(key, _)| matches!(key.as_str(), "version" | "expected_version"));
    let mut said: Vec<(&str, String)> = named.map(|(key, value)| (key.as_str(), value.trim().to_owned())).collect();
    let tag = |value: &http::HeaderValue| value.to_str().unwrap_or_default().trim().trim_matches('"').to_owned();
    said.extend(headers.get_all(IF_MATCH).iter().map(|value| ("If-Match", tag(value))));
    said.extend(body.into_iter().map(|version| ("expected_version", version.to_string())));
    if let (Err(why), false) = (compared, said.is_empty()) {
        return Err(wrong(format!("a version was said, and can't be heeded: {why}")));
    }
    let mut seen = None;
    for (key, text) in said {
        let version: u64 = text.parse().map_err(|_| wrong(format!("`{key}` must be a version, which is a number")))?;
        if seen.replace(version).is_some_and(|other| other != version) {
            return Err(wrong(format!("two versions were said, {version} for one: only one can have been seen")));
        }
    }
    Ok(seen)
}
