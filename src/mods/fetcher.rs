//! From a server into its place: fetch, unpack beside, rename.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use http::HeaderMap;
use indicatif::ProgressBar;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::download::{self, Download, Fetched, forget};
use super::layers::{Registry, hex};
use super::manifest::Record;
use super::source::{Want, What};
use super::unpack::Tree;
use crate::files::{Dir, Kind};
use crate::registry::Image;
use crate::registry::image::Plain;
use crate::registry::net::{Allowed, Fault, Net};
use crate::settings::Mods;

/// Turns with each host.
pub(super) struct Hosts {
    each: usize,
    turns: RefCell<BTreeMap<String, std::sync::Arc<Semaphore>>>,
}

impl Hosts {
    pub(super) fn new(each: u32) -> Self {
        Self { each: usize::try_from(each).unwrap_or(1).max(1), turns: RefCell::new(BTreeMap::new()) }
    }

    /// Waits for a turn with the host of what is wanted.
    pub(super) async fn turn(&self, want: &Want) -> Option<OwnedSemaphorePermit> {
        let host = match &want.what {
            What::File { url, .. } => url.host.clone(),
            What::Image(image) => image.registry.clone(),
        };
        let turn = self.turns.borrow_mut().entry(host).or_insert_with(|| Semaphore::new(self.each).into()).clone();
        turn.acquire_owned().await.ok()
    }
}

/// Fetches.
pub(super) struct Fetcher<'a> {
    pub(super) settings: &'a Mods,
    pub(super) net: &'a Net,
    pub(super) hosts: &'a Hosts,
    /// Of the whole run.
    pub(super) deadline: Instant,
}

impl Fetcher<'_> {
    /// When something that is begun now must be over.
    pub(super) fn until(&self) -> Instant {
        self.deadline.min(Instant::now() + self.settings.timeout)
    }

    pub(super) fn allowed(&self, want: &Want) -> Allowed<'_> {
        let hosts = want.from_label.then_some(self.settings.label_hosts.as_slice());
        Allowed { addresses: &self.settings.allow_addresses, hosts }
    }

    pub(super) fn registry(&self, want: &Want, until: Instant) -> Registry<'_> {
        let plain = Plain { names: self.settings.insecure_registries.clone(), networks: Vec::new() };
        Registry { net: self.net, allowed: self.allowed(want), plain, until }
    }

    /// Fetches what several want alike, and puts it in all their places, once `placing` is told; what is resumed is said
    /// beside.
    pub(super) async fn fetch(
        &self,
        wants: &[&Want],
        bar: &ProgressBar,
        placing: &dyn Fn() -> Result<()>,
    ) -> Result<Vec<Result<(Record, u64), String>>, String> {
        let Some(first) = wants.first() else { return Ok(Vec::new()) };
        let _turn = self.hosts.turn(first).await;
        let until = self.until();
        match &first.what {
            What::Image(image) => Ok(vec![self.image(first, image, until, bar, placing).await]),
            What::File { url, sha256, .. } => {
                let partial = self.partial(&url.to_string());
                let order = Download {
                    url,
                    headers: &HeaderMap::new(),
                    allowed: self.allowed(first),
                    sha256: sha256.as_deref(),
                    max_size: self.settings.max_size,
                    retries: self.settings.retries,
                    until,
                    partial: partial.clone(),
                    bar: bar.clone(),
                };
                let fetched = download::fetch(self.net, &order).await.map_err(|fault| fault.text().to_owned())?;
                placing().map_err(|error| format!("{error:#}"))?;
                let mut records = Vec::new();
                for (at, want) in wants.iter().enumerate() {
                    let last = at + 1 == wants.len();
                    records.push(self.put(want, &partial, &fetched, last).await.map_err(|error| format!("{error:#}")));
                }
                forget(&partial);
                Ok(records)
            }
        }
    }

    fn partial(&self, key: &str) -> PathBuf {
        self.settings.dest.join(".orca/partial").join(hex(&Sha256::digest(key)[..16]))
    }

    /// Puts a fetched file, or what is in it, where it is wanted; another may still need the file.
    async fn put(&self, want: &Want, partial: &Path, fetched: &Fetched, last: bool) -> Result<(Record, u64)> {
        let (dest, name, from) = (self.settings.dest.clone(), want.name.clone(), partial.to_owned());
        let (unpack, most) = (want.unpacks(), self.settings.max_unpacked);
        let modified = tokio::task::spawn_blocking(move || {
            if unpack {
                return put_tree(&dest, &name, &[from], most, false);
            }
            let from = if last {
                from
            } else {
                let copy = from.with_extension("copy");
                std::fs::copy(&from, &copy).with_context(|| format!("can't copy `{}`", from.display()))?;
                copy
            };
            put_file(&dest, &name, &from)
        });
        let modified = modified.await.context("the work on it broke off")??;
        let record = Record {
            from: want.from(),
            source: want.source.clone(),
            sha256: fetched.sha256.clone(),
            size: fetched.size,
            unpacked: unpack,
            fetched_at: Timestamp::now(),
            etag: fetched.etag.clone(),
            last_modified: fetched.last_modified.clone(),
            modified,
        };
        Ok((record, fetched.resumed))
    }

    async fn image(
        &self,
        want: &Want,
        image: &Image,
        until: Instant,
        bar: &ProgressBar,
        placing: &dyn Fn() -> Result<()>,
    ) -> Result<(Record, u64), String> {
        let words = |fault: Fault| fault.text().to_owned();
        let registry = self.registry(want, until);
        let asked = download::again(self.settings.retries, until, async || registry.parts(image).await).await;
        let (parts, headers) = asked.map_err(words)?;
        let (mut layers, mut size, mut resumed) = (Vec::new(), 0, 0);
        for layer in &parts.layers {
            let url = registry.blob(image, layer).map_err(words)?;
            let partial = self.partial(&layer.sha256);
            let order = Download {
                url: &url,
                headers: &headers,
                allowed: self.allowed(want),
                sha256: Some(&layer.sha256),
                max_size: self.settings.max_size,
                retries: self.settings.retries,
                until,
                partial: partial.clone(),
                bar: bar.clone(),
            };
            let fetched = download::fetch(self.net, &order).await.map_err(words)?;
            size += fetched.size;
            resumed += fetched.resumed;
            layers.push(partial);
        }
        placing().map_err(|error| format!("{error:#}"))?;
        let (dest, name, most, files) =
            (self.settings.dest.clone(), want.name.clone(), self.settings.max_unpacked, layers.clone());
        let put = tokio::task::spawn_blocking(move || put_tree(&dest, &name, &files, most, true)).await;
        for layer in &layers {
            forget(layer);
        }
        let modified = put.map_err(|_| "the work on it broke off".to_owned())?.map_err(|error| format!("{error:#}"))?;
        let record = Record {
            from: want.from(),
            source: want.source.clone(),
            sha256: parts.digest,
            size,
            unpacked: true,
            fetched_at: Timestamp::now(),
            etag: None,
            last_modified: None,
            modified,
        };
        Ok((record, resumed))
    }
}

/// The folder that a name lies in, and its last part; no folder is made, and none is entered through a link.
pub(super) fn leaf(dest: &Path, name: &str, make: bool) -> Result<Option<(Dir, String)>> {
    let mut dir = Dir::open(dest).with_context(|| format!("can't open `{}`", dest.display()))?;
    let (folders, leaf) = name.rsplit_once('/').map_or((None, name), |(folders, leaf)| (Some(folders), leaf));
    for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
        dir = match if make { dir.make(part) } else { dir.folder(part) } {
            Ok(dir) => dir,
            Err(error) if !make && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("`{part}` is no folder of its own")),
        };
    }
    Ok(Some((dir, leaf.to_owned())))
}

fn put_file(dest: &Path, name: &str, from: &Path) -> Result<Timestamp> {
    std::fs::set_permissions(from, std::fs::Permissions::from_mode(0o644))?;
    let own = Dir::open(&dest.join(".orca/partial"))?;
    let file = from.file_name().and_then(|name| name.to_str()).context("a partial file without a name")?;
    place(dest, name, &own, file)
}

/// Unpacks beside the place, so that the place has the old content or the new, and never half of it.
fn put_tree(dest: &Path, name: &str, archives: &[PathBuf], most: u64, layers: bool) -> Result<Timestamp> {
    let own = Dir::open(&dest.join(".orca"))?;
    let new = format!("new-{}", hex(&Sha256::digest(name)[..8]));
    own.remove_all(&new)?;
    let unpacked = (|| {
        let mut tree = Tree::new(own.make(&new)?, most);
        for archive in archives {
            tree.add(File::open(archive)?, layers)?;
        }
        Ok::<(), anyhow::Error>(())
    })();
    if let Err(error) = unpacked {
        own.remove_all(&new)?;
        return Err(error.context("it was not unpacked"));
    }
    place(dest, name, &own, &new)
}

/// Moves something into its place, and takes away what was there.
fn place(dest: &Path, name: &str, own: &Dir, new: &str) -> Result<Timestamp> {
    let (dir, leaf) = leaf(dest, name, true)?.context("it has no folder")?;
    let aside = Dir::open(&dest.join(".orca"))?;
    let old = format!("old-{}", hex(&Sha256::digest(name)[..8]));
    aside.remove_all(&old)?;
    let is_file = own.stat(new)?.is_some_and(|stat| stat.kind == Kind::File);
    let was_file = dir.stat(&leaf)?.is_none_or(|stat| stat.kind == Kind::File);
    if !(is_file && was_file) && dir.stat(&leaf)?.is_some() {
        // A folder can't be replaced in one step.
        dir.replace(&leaf, &aside, &old).with_context(|| format!("can't take the old `{name}` away"))?;
    }
    own.replace(new, &dir, &leaf).with_context(|| format!("can't put `{name}` in place"))?;
    dir.sync()?;
    aside.remove_all(&old)?;
    Ok(dir.stat(&leaf)?.with_context(|| format!("`{name}` is gone already"))?.modified)
}
