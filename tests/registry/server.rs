//! A registry that is a tiny server in this process: what it has, and whatever a test lets it say instead.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Asked {
    pub fn authorisation(&self) -> &str {
        self.headers.get("authorization").map_or("", String::as_str)
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delay: Duration,
}

impl Said {
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn json(value: &Value) -> Self {
        Self { body: value.to_string().into_bytes(), ..Self::status(200) }.with("Content-Type", "application/json")
    }

    /// As registries say what is wrong.
    pub fn error(status: u16, message: &str) -> Self {
        Self { status, ..Self::json(&json!({"errors": [{"code": "X", "message": message}]})) }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }
}

#[derive(Debug, Clone)]
pub struct Server {
    pub port: u16,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), log: Arc::default() };
        let (log, answer) = (server.log.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                // Who hangs up early is none of the server's business.
                std::thread::spawn(move || serve(stream, &log, &*answer).ok());
            }
        });
        server
    }

    /// `127.0.0.1:PORT`.
    pub fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn image(&self, rest: &str) -> String {
        format!("{}/{rest}", self.name())
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    /// The same as `GET /v2/a/b`.
    pub fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Said) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        let (name, value) = line.trim_end().split_once(": ").unwrap_or((line.trim_end(), ""));
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let query = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decode(k), decode(v))).collect();
    let body = String::from_utf8_lossy(&body).into_owned();
    let asked = Asked { method: method.to_owned(), path: decode(path), query, headers, body };
    log.lock().unwrap().push(asked.clone());
    let said = answer(&asked);
    std::thread::sleep(said.delay);
    let mut head =
        format!("HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n", said.status, said.body.len());
    for (name, value) in &said.headers {
        head.extend([name.as_str(), ": ", value, "\r\n"]);
    }
    let mut stream = stream;
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    if asked.method != "HEAD" {
        stream.write_all(&said.body)?;
    }
    Ok(())
}

pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// What a registry has.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Arc<Mutex<Things>>);

#[derive(Debug, Default)]
struct Things {
    /// Of a repository: what its tags stand for.
    tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Manifests with their form, by repository and digest.
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    blobs: BTreeMap<String, Vec<u8>>,
    /// Repositories that are listed on top of those that are there.
    listed: BTreeSet<String>,
}

impl Shelf {
    /// An image of one platform; returns its digest.
    pub fn image(&self, repository: &str, tag: Option<&str>, architecture: &str, created: &str) -> String {
        let config = json!({"architecture": architecture, "os": "linux", "created": created, "config": {}});
        let config = config.to_string().into_bytes();
        let name = digest(&config);
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": name, "size": config.len()},
            "layers": [{"digest": digest(architecture.as_bytes()), "size": 1_000_000}]});
        self.0.lock().unwrap().blobs.insert(name, config);
        self.manifest(repository, tag, MANIFEST, manifest.to_string().as_bytes())
    }

    /// An index of images that are there, and of an attestation.
    pub fn index(&self, repository: &str, tag: &str, images: &[(&str, &str)]) -> String {
        let mut manifests: Vec<Value> = images
            .iter()
            .map(|(architecture, digest)| {
                json!({"mediaType": MANIFEST, "digest": digest, "size": 500,
                    "platform": {"architecture": architecture, "os": "linux"}})
            })
            .collect();
        manifests.push(json!({"mediaType": MANIFEST, "digest": digest(b"attestation"), "size": 500,
            "platform": {"architecture": "unknown", "os": "unknown"}}));
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.manifest(repository, Some(tag), INDEX, index.to_string().as_bytes())
    }

    pub fn manifest(&self, repository: &str, tag: Option<&str>, form: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let things = &mut *self.0.lock().unwrap();
        things.manifests.insert((repository.to_owned(), digest.clone()), (form.to_owned(), bytes.to_vec()));
        let tags = things.tags.entry(repository.to_owned()).or_default();
        tags.extend(tag.map(|tag| (tag.to_owned(), digest.clone())));
        digest
    }

    /// A repository without anything in it.
    pub fn list(&self, repository: &str) {
        self.0.lock().unwrap().listed.insert(repository.to_owned());
    }

    pub fn tags(&self, repository: &str) -> Vec<String> {
        self.0.lock().unwrap().tags.get(repository).map(|tags| tags.keys().cloned().collect()).unwrap_or_default()
    }

    /// As a registry answers.
    pub fn answer(&self, asked: &Asked) -> Said {
        let path = asked.path.strip_prefix("/v2/").unwrap_or_default();
        if path == "_catalog" {
            let things = self.0.lock().unwrap();
            let all = things.tags.keys().chain(&things.listed).cloned().collect();
            return page(asked, "repositories", all, "");
        }
        if let Some(repository) = path.strip_suffix("/tags/list") {
            let things = self.0.lock().unwrap();
            return match things.tags.get(repository) {
                Some(tags) => page(asked, "tags", tags.keys().cloned().collect(), repository),
                None => Said::error(404, "repository name not known to registry"),
            };
        }
        if let Some((_, digest)) = path.split_once("/blobs/") {
            let blob = self.0.lock().unwrap().blobs.get(digest).cloned();
            return blob.map_or_else(|| Said::status(404), |body| Said { body, ..Said::status(200) });
        }
        match path.split_once("/manifests/") {
            Some((repository, reference)) => self.manifests(asked, repository, reference),
            None => Said::json(&json!({})),
        }
    }

    fn manifests(&self, asked: &Asked, repository: &str, reference: &str) -> Said {
        let things = &mut *self.0.lock().unwrap();
        let tag = things.tags.get(repository).and_then(|tags| tags.get(reference)).cloned();
        let digest = tag.unwrap_or_else(|| reference.to_owned());
        let key = (repository.to_owned(), digest.clone());
        if asked.method == "DELETE" {
            if things.manifests.remove(&key).is_none() {
                return Said::error(404, "manifest unknown");
            }
            things.tags.entry(repository.to_owned()).or_default().retain(|_, other| *other != digest);
            return Said::status(202);
        }
        match things.manifests.get(&key) {
            Some((form, body)) => Said { body: body.clone(), ..Said::status(200) }
                .with("Content-Type", form)
                .with("Docker-Content-Digest", &digest),
            None => Said::error(404, "manifest unknown"),
        }
    }
}

/// One page of a list, never more than three names.
fn page(asked: &Asked, key: &str, all: BTreeSet<String>, repository: &str) -> Said {
    let wanted: usize = asked.query.get("n").and_then(|n| n.parse().ok()).unwrap_or(3).min(3);
    let last = asked.query.get("last").cloned().unwrap_or_default();
    let mut rest = all.into_iter().filter(|name| *name > last);
    let names: Vec<String> = rest.by_ref().take(wanted).collect();
    let said = Said::json(&json!({"name": repository, key: names}));
    match (rest.next(), names.last()) {
        (Some(_), Some(last)) => {
            said.with("Link", &format!("<{}?last={}&n={wanted}>; rel=\"next\"", asked.path, last.replace('/', "%2F")))
        }
        _ => said,
    }
}
