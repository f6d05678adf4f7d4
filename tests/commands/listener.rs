//! An HTTP server that notes what it is sent, and answers as it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;

#[derive(Debug, Clone, Default)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Debug)]
pub struct Listener {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Listener {
    /// Answers with this status line and these headers, after so long. Its thread ends with the test's process.
    pub fn new(answer: &'static str, after: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut request = Request::default();
                reader.read_line(&mut request.line).unwrap();
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let Some((key, value)) = line.trim().split_once(": ") else { break };
                    request.headers.push((key.to_ascii_lowercase(), value.to_owned()));
                }
                let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                request.body = String::from_utf8(body).unwrap();
                noted.lock().unwrap().push(request);
                std::thread::sleep(after);
                let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes());
            }
        });
        Ok(Self { url, seen })
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}
