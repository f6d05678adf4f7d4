//! One file, from its server into the cache directory's own folder: resumed where it stopped, bounded, and hashed while it
//! comes.
//!
//! Whatever comes is handed to a thread that writes and hashes; only a few pieces are ever on the way.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue};
use hyper::body::Bytes;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::layers::{check, hex};
use crate::metrics::url::Url;
use crate::registry::net::{Allowed, Answer, Fault, Net, lasting, next, passing};

/// So many bytes are sent to the disk at once.
const FLUSH: u64 = 32 << 20;
/// Pieces on their way to the disk.
const ON_THE_WAY: usize = 16;
/// The first wait before another try; it doubles.
const BACKOFF: Duration = Duration::from_secs(1);
/// No wait is longer, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is to be fetched, and how.
#[derive(Debug)]
pub(super) struct Download<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: &'a HeaderMap,
    pub(super) allowed: Allowed<'a>,
    /// What it must be.
    pub(super) sha256: Option<&'a str>,
    pub(super) max_size: u64,
    pub(super) retries: u32,
    pub(super) until: Instant,
    /// Where it is kept until it is whole.
    pub(super) partial: PathBuf,
    pub(super) bar: ProgressBar,
}

/// A file that has come whole, still at [`Download::partial`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// Bytes that had come in an earlier run or try.
    pub(super) resumed: u64,
}

/// What is known of a half-fetched file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Half {
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Half {
    fn of(url: &Url, answer: &Answer) -> Self {
        let header = |name| answer.header(name).map(str::to_owned);
        Self { url: url.to_string(), etag: header("etag"), last_modified: header("last-modified") }
    }

    /// By what the server can tell that it is still the same file. A weak tag only says that it is about the same.
    fn validator(&self) -> Option<&str> {
        self.etag.as_deref().filter(|tag| !tag.starts_with("W/")).or(self.last_modified.as_deref())
    }
}

/// Fetches with as many tries as the order allows.
pub(super) async fn fetch(net: &Net, order: &Download<'_>) -> Result<Fetched, Fault> {
    again(order.retries, order.until, async || attempt(net, order).await).await
}

/// Tries something until it goes well or would fail again: each wait is twice the one before, or what the server asks for.
pub(super) async fn again<T>(
    retries: u32,
    until: Instant,
    mut attempt: impl AsyncFnMut() -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut wait = BACKOFF;
    let mut tries = 0;
    loop {
        let fault = match attempt().await {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        let Fault::Passing(text, asked) = &fault else { return Err(fault) };
        if tries >= retries {
            return Err(fault);
        }
        let pause = asked.unwrap_or(wait).min(LONGEST_WAIT);
        if Instant::now() + pause >= until {
            return Err(passing(format!("{text}; no time is left for another try")));
        }
        tracing::debug!("{text}; tries again in {} s", pause.as_secs());
        tokio::time::sleep(pause).await;
        tries += 1;
        wait = wait.saturating_mul(2);
    }
}

async fn attempt(net: &Net, order: &Download<'_>) -> Result<Fetched, Fault> {
    let beside = order.partial.with_extension("json");
    let half: Half =
        std::fs::read(&beside).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let have = std::fs::metadata(&order.partial).map_or(0, |meta| meta.len());
    let mut headers = order.headers.clone();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let validator = half.validator().filter(|_| have > 0 && half.url == order.url.to_string());
    if let Some(validator) = validator.and_then(|validator| HeaderValue::try_from(validator).ok()) {
        headers.insert(RANGE, HeaderValue::try_from(format!("bytes={have}-")).map_err(|e| lasting(e.to_string()))?);
        headers.insert(IF_RANGE, validator);
    }
    let answer = net.get(order.url, &headers, order.allowed, order.until).await?;
    if answer.status == 416 {
        forget(&order.partial);
        return Err(passing(format!("{}: what had come before is not part of it any more", order.url.bare())));
    }
    check(&answer, &order.url.bare().to_string())?;
    let start = if answer.status == 206 { have } else { 0 };
    if answer.status == 206
        && answer.header("content-range").is_none_or(|range| !range.starts_with(&format!("bytes {have}-")))
    {
        forget(&order.partial);
        return Err(passing(format!("{}: the server went on at another place", order.url.bare())));
    }
    let promised: Option<u64> = answer.header("content-length").and_then(|text| text.parse().ok());
    if promised.is_some_and(|promised| promised.saturating_add(start) > order.max_size) {
        return Err(lasting(too_large(order)));
    }
    let now = Half::of(order.url, &answer);
    write_down(&beside, &now).map_err(|error| lasting(format!("can't write `{}`: {error}", beside.display())))?;
    order.bar.set_length(promised.map_or(0, |promised| promised + start));
    order.bar.set_position(start);
    let (sha256, size) = receive(answer, order, start).await?;
    if let Some(wanted) = order.sha256.filter(|wanted| *wanted != sha256) {
        forget(&order.partial);
        return Err(lasting(format!("{} has the SHA-256 {sha256}, not {wanted}", order.url.bare())));
    }
    let _ = std::fs::remove_file(&beside);
    Ok(Fetched { sha256, size, etag: now.etag, last_modified: now.last_modified, resumed: start })
}

/// Takes the body in, behind what is there already.
async fn receive(mut answer: Answer, order: &Download<'_>, start: u64) -> Result<(String, u64), Fault> {
    let (sender, pieces) = mpsc::channel::<Bytes>(ON_THE_WAY);
    let partial = order.partial.clone();
    let writer = tokio::task::spawn_blocking(move || write(&partial, start, pieces));
    let mut size = start;
    let ended = loop {
        match next(&mut answer.body, order.until).await {
            Ok(None) => break Ok(()),
            Ok(Some(bytes)) => {
                size += bytes.len() as u64;
                order.bar.set_position(size);
                if size > order.max_size {
                    break Err(lasting(too_large(order)));
                }
                // The writer ends early only by failing, and says why itself.
                if sender.send(bytes).await.is_err() {
                    break Ok(());
                }
            }
            Err(Fault::Passing(why, wait)) => break Err(Fault::Passing(format!("{}: {why}", order.url.bare()), wait)),
            Err(fault) => break Err(fault),
        }
    };
    drop(sender);
    let written = writer.await.map_err(|_| lasting("the writing broke off"))?;
    if matches!(ended, Err(Fault::Lasting(_))) {
        forget(&order.partial);
    }
    let written = written.map_err(|error| lasting(format!("can't write `{}`: {error}", order.partial.display())))?;
    ended.map(|()| written)
}

fn write(partial: &Path, start: u64, mut pieces: mpsc::Receiver<Bytes>) -> io::Result<(String, u64)> {
    let mut file = File::options().create(true).read(true).write(true).truncate(false).open(partial)?;
    let mut hash = Sha256::new();
    let mut before = (&mut file).take(start);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match before.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    drop(buffer);
    file.set_len(start)?;
    file.seek(SeekFrom::Start(start))?;
    let mut size = start;
    let mut flusher = Flusher::new(file.try_clone()?);
    while let Some(bytes) = pieces.blocking_recv() {
        file.write_all(&bytes)?;
        hash.update(&bytes);
        size += bytes.len() as u64;
        flusher.wrote(bytes.len() as u64);
    }
    flusher.end()?;
    file.sync_all()?;
    Ok((hex(&hash.finalize()), size))
}

/// Sends what was written to the disk while more comes in: at the end little is left to wait for.
struct Flusher {
    due: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
    waiting: u64,
}

impl Flusher {
    fn new(file: File) -> Self {
        // One flush at a time, and one to come; more would only queue up.
        let (due, told) = sync_channel(1);
        let thread = std::thread::spawn(move || told.into_iter().try_for_each(|()| file.sync_data()));
        Self { due, thread, waiting: 0 }
    }

    fn wrote(&mut self, bytes: u64) {
        self.waiting += bytes;
        if self.waiting >= FLUSH {
            self.waiting = 0;
            // While one is waiting already, it takes this along.
            let _ = self.due.try_send(());
        }
    }

    fn end(self) -> io::Result<()> {
        drop(self.due);
        self.thread.join().map_err(|_| io::Error::other("the thread that flushes broke off"))?
    }
}

fn write_down(path: &Path, half: &Half) -> io::Result<()> {
    std::fs::write(path, serde_json::to_vec(half).map_err(io::Error::other)?)
}

/// Takes a half-fetched file away.
pub(super) fn forget(partial: &Path) {
    let _ = std::fs::remove_file(partial);
    let _ = std::fs::remove_file(partial.with_extension("json"));
}

fn too_large(order: &Download<'_>) -> String {
    format!("{} is larger than mods.max_size ({} bytes) allows", order.url.bare(), order.max_size)
}
