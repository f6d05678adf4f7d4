//! A web server that does as a test says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Something that can be asked for.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub body: Vec<u8>,
    pub etag: Option<String>,
    pub modified: Option<String>,
    /// 0 is 200.
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// So many answers break off after so many bytes.
    pub breaks: usize,
    pub breaks_after: usize,
    /// So many answers are a 503.
    pub busy: usize,
    /// Wait so long before the answer.
    pub delay_ms: u64,
    /// Wait until so many are there at once, but not for ever.
    pub crowd: usize,
    /// Only for those who have this token.
    pub token: Option<String>,
    /// The length is not told.
    pub chunked: bool,
}

impl Page {
    pub fn new(body: impl AsRef<[u8]>) -> Self {
        Self { body: body.as_ref().to_vec(), etag: Some("\"one\"".to_owned()), ..Self::default() }
    }

    pub fn redirect(to: &str) -> Self {
        Self { status: 302, headers: vec![("Location".to_owned(), to.to_owned())], ..Self::default() }
    }
}

#[derive(Debug, Clone)]
pub struct Web {
    pub port: u16,
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
    log: Arc<Mutex<Vec<String>>>,
    at_once: Arc<AtomicUsize>,
    pub most_at_once: Arc<AtomicUsize>,
}

impl Web {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self {
            port: listener.local_addr().unwrap().port(),
            pages: Arc::default(),
            log: Arc::default(),
            at_once: Arc::default(),
            most_at_once: Arc::default(),
        };
        let serving = web.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let web = serving.clone();
                std::thread::spawn(move || {
                    // Who hangs up early is none of the server's business.
                    let _ = web.answer(stream.unwrap());
                });
            }
        });
        web
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn put(&self, path: &str, page: Page) {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// What was asked since the last time, as `GET /a Range: bytes=5-`.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? <= 2 {
                break;
            }
            let (name, value) = line.trim_end().split_once(": ").unwrap();
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let mut entry = format!("GET {path}");
        for name in ["range", "if-range", "if-none-match", "if-modified-since", "authorization"] {
            entry += &headers.get(name).map(|value| format!(" {name}={value}")).unwrap_or_default();
        }
        self.log.lock().unwrap().push(entry);
        let count = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(count, Ordering::SeqCst);
        let page = {
            let mut pages = self.pages.lock().unwrap();
            let found = pages.get_mut(path.split('?').next().unwrap());
            let before = found.as_ref().map(|page| (**page).clone());
            if let Some(page) = found {
                page.breaks = page.breaks.saturating_sub(1);
                page.busy = page.busy.saturating_sub(1);
            }
            before.unwrap_or(Page { status: 404, ..Page::default() })
        };
        let until = Instant::now() + Duration::from_secs(20);
        while self.most_at_once.load(Ordering::SeqCst) < page.crowd && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(page.delay_ms));
        // Before the answer: who has it may ask again before this thread goes on.
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        self.write(stream, &page, &headers)
    }

    fn write(&self, mut stream: TcpStream, page: &Page, asked: &BTreeMap<String, String>) -> std::io::Result<()> {
        let mut status = if page.status == 0 { 200 } else { page.status };
        let mut body = page.body.as_slice();
        let mut more = String::new();
        let is = |name: &str, value: &Option<String>| value.is_some() && asked.get(name) == value.as_ref();
        let authorised =
            page.token.as_ref().is_none_or(|token| asked.get("authorization") == Some(&format!("Bearer {token}")));
        if !authorised {
            status = 401;
            body = b"";
            more = format!("WWW-Authenticate: Bearer realm=\"{}\",service=\"reg\"\r\n", self.url("/token"));
        } else if page.busy > 0 {
            status = 503;
            "Retry-After: 1\r\n".clone_into(&mut more);
            body = b"";
        } else if is("if-none-match", &page.etag) || is("if-modified-since", &page.modified) {
            status = 304;
            body = b"";
        } else if let Some(range) = asked.get("range")
            && (is("if-range", &page.etag) || is("if-range", &page.modified))
        {
            let start: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
            status = 206;
            more = format!("Content-Range: bytes {start}-{}/{}\r\n", body.len() - 1, body.len());
            body = &body[start..];
        }
        let mut head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{more}");
        if !page.chunked {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        for (name, value) in [("ETag", &page.etag), ("Last-Modified", &page.modified)] {
            head += &value.as_ref().map(|value| format!("{name}: {value}\r\n")).unwrap_or_default();
        }
        for (name, value) in &page.headers {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        let end = if page.breaks > 0 { page.breaks_after.min(body.len()) } else { body.len() };
        stream.write_all(&body[..end])
    }
}
