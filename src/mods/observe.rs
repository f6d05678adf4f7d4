//! What is there, and what servers say of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use tokio::time::Instant;

use super::download;
use super::fetcher::Fetcher;
use super::layers;
use super::manifest::{Manifest, Record};
use super::source::{Refused, Want, What};
use crate::files::Dir;
use crate::pass::mods::{Seen, at_hand};
use crate::registry::net::Fault;

/// Times of change of everything that is wanted or was fetched.
pub(super) fn look(
    dest: &Path,
    wants: &mut Vec<Want>,
    manifest: &Manifest,
    refused: &mut Vec<Refused>,
) -> Result<BTreeMap<String, Option<Timestamp>>> {
    let names: Vec<String> = wants.iter().map(|want| want.name.clone()).chain(manifest.mods.keys().cloned()).collect();
    let Ok(root) = Dir::open(dest) else {
        anyhow::ensure!(!dest.exists(), "`{}` can't be opened as a folder", dest.display());
        return Ok(names.into_iter().map(|name| (name, None)).collect());
    };
    let mut there = BTreeMap::new();
    for name in names {
        match modified(&root, &name) {
            Ok(modified) => _ = there.insert(name, modified),
            // A link where a folder should be, say: that one can't be had, the others can.
            Err(error) => {
                let known = refused.iter().any(|refused| refused.name == name);
                wants.retain(|want| want.name != name);
                if !known {
                    refused.push(Refused { name, reason: format!("{error:#}") });
                }
            }
        }
    }
    Ok(there)
}

/// When what has this name last changed; none if there is nothing.
fn modified(root: &Dir, name: &str) -> Result<Option<Timestamp>> {
    let mut parts = name.split('/').collect::<Vec<_>>();
    let Some(last) = parts.pop() else { return Ok(None) };
    let mut dir = root.again()?;
    for part in parts {
        dir = match dir.folder(part) {
            Ok(dir) => dir,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("`{name}`: `{part}` is no folder of its own")),
        };
    }
    Ok(dir.stat(last)?.map(|stat| stat.modified))
}

/// Finds out about everything that is wanted, asking servers where needed.
pub(super) async fn observe(
    fetcher: &Fetcher<'_>,
    wants: &[Want],
    manifest: &Manifest,
    there: &BTreeMap<String, Option<Timestamp>>,
) -> Vec<Seen> {
    let looks = wants.iter().map(async |want| {
        if let Some(seen) = at_hand(want, manifest, there.get(&want.name).copied().flatten()) {
            return seen;
        }
        let Some(record) = manifest.mods.get(&want.name) else { return Seen::Missing };
        let _turn = fetcher.hosts.turn(want).await;
        let until = fetcher.until();
        let asked = download::again(fetcher.settings.retries, until, async || ask(fetcher, want, record, until).await);
        match asked.await {
            Ok(true) => Seen::Fresh,
            Ok(false) => Seen::Newer,
            Err(fault) => Seen::Unknown(fault.text().to_owned()),
        }
    });
    let parallel = usize::try_from(fetcher.settings.parallel).unwrap_or(1).max(1);
    futures_util::stream::iter(looks).buffered(parallel).collect().await
}

/// Whether the server still has what was fetched.
async fn ask(fetcher: &Fetcher<'_>, want: &Want, record: &Record, until: Instant) -> Result<bool, Fault> {
    match &want.what {
        What::Image(image) => Ok(fetcher.registry(want, until).parts(image).await?.0.digest == record.sha256),
        What::File { url, .. } => {
            let mut headers = HeaderMap::new();
            for (name, value) in [(IF_NONE_MATCH, &record.etag), (IF_MODIFIED_SINCE, &record.last_modified)] {
                if let Some(value) = value.as_deref().and_then(|value| HeaderValue::try_from(value).ok()) {
                    headers.insert(name, value);
                }
            }
            let answer = fetcher.net.get(url, &headers, fetcher.allowed(want), until).await?;
            if answer.status == 304 {
                return Ok(true);
            }
            layers::check(&answer, &url.to_string())?;
            // Some servers know nothing of conditions, but still say which version it is.
            let same = |name: &str, known: &Option<String>| known.is_some() && answer.header(name) == known.as_deref();
            let size = answer.header("content-length").and_then(|text| text.parse().ok());
            Ok(same("etag", &record.etag)
                || (same("last-modified", &record.last_modified) && size == Some(record.size)))
        }
    }
}
