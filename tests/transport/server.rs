//! Servers that answer as a script says, not as HTTP wants it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orca::engine::address::{Address, Endpoint};
use orca::engine::wire::{Tuning, Wire};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixListener;

/// What the server does with one request.
#[derive(Clone)]
pub enum Answer {
    /// Sends these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Sends these bytes and closes.
    SayAndClose(Vec<u8>),
    /// Sends these bytes, then nothing, for ever.
    SayAndHang(Vec<u8>),
    /// Sends the parts with pauses between them.
    Slowly(Vec<&'static str>),
}

/// The text of one request: head and body.
pub type Script = Arc<dyn Fn(&str) -> Answer + Send + Sync>;

/// A complete answer with a length.
pub fn ok(body: &str) -> Answer {
    status("200 OK", body)
}

pub fn status(line: &str, body: &str) -> Answer {
    Answer::Say(format!("HTTP/1.1 {line}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

pub fn script(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Script {
    Arc::new(answer)
}

/// A server on a unix socket of its own.
pub struct Unix {
    pub path: PathBuf,
    pub connections: Arc<AtomicUsize>,
    _dir: tempfile::TempDir,
}

impl Unix {
    pub fn start(script: Script) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&script)));
            }
        });
        Self { path, connections, _dir: dir }
    }

    pub fn wire(&self) -> Wire {
        self.tuned(patient())
    }

    pub fn tuned(&self, tuning: Tuning) -> Wire {
        Wire::tuned(Endpoint::new(Address::Unix(self.path.clone()), "--host"), tuning).unwrap()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Limits for tests that run into them.
pub fn quick() -> Tuning {
    let limit = Duration::from_secs(1);
    Tuning { connect: limit, silence: limit, ..Tuning::default() }
}

/// Limits that only a test that hangs runs into, on however busy a machine.
pub fn patient() -> Tuning {
    let limit = Duration::from_secs(20);
    Tuning { connect: limit, silence: limit, ..Tuning::default() }
}

/// Answers the requests of one connection.
pub async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script) {
    let mut bytes = Vec::new();
    while let Some(request) = next_request(&mut stream, &mut bytes).await {
        match script(&request) {
            Answer::Say(text) => {
                if stream.write_all(&text).await.is_err() {
                    return;
                }
            }
            Answer::SayAndClose(text) => {
                let _ = stream.write_all(&text).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::SayAndHang(text) => {
                let _ = stream.write_all(&text).await;
                let _ = stream.flush().await;
                std::future::pending::<()>().await;
            }
            Answer::Slowly(parts) => {
                for part in parts {
                    if stream.write_all(part.as_bytes()).await.is_err() {
                        return;
                    }
                    let _ = stream.flush().await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let _ = stream.flush().await;
    }
}

async fn next_request(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some(head) = text.find("\r\n\r\n") {
            let length =
                text.to_ascii_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            let end = head + 4 + length.unwrap_or(0);
            if bytes.len() >= end {
                bytes.drain(..end);
                return Some(text[..end].to_owned());
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(n @ 1..) => bytes.extend_from_slice(&chunk[..n]),
            _ => return None,
        }
    }
}
