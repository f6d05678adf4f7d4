//! A small HTTP server that answers by path, well or badly, and text as `node_exporter` prints it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

/// What a path is answered with.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A status and a body.
    Body(u16, String),
    /// So many bytes announced, and less sent.
    Cut(usize, String),
    /// A body without end.
    Endless,
    /// Nothing, ever.
    Silence,
}

/// Serves until the test ends.
#[derive(Debug, Clone)]
pub struct Server {
    pub address: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), answers: Arc::default(), asked: Arc::default() };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        server
    }

    pub fn set(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    pub fn text(&self, path: &str, text: impl Into<String>) {
        self.set(path, Answer::Body(200, text.into()));
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The paths and queries that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut line = String::new();
        BufReader::new(stream.try_clone().ok()?).read_line(&mut line).ok()?;
        let target = line.split(' ').nth(1)?;
        self.asked.lock().unwrap().push(target.to_owned());
        let path = target.split('?').next()?;
        let answer = self.answers.lock().unwrap().get(path).cloned();
        let head = |status: u16, length: usize| {
            format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
        };
        match answer.unwrap_or(Answer::Body(404, "404 page not found".to_owned())) {
            Answer::Body(status, body) => stream.write_all((head(status, body.len()) + &body).as_bytes()).ok()?,
            Answer::Cut(length, body) => stream.write_all((head(200, length) + &body).as_bytes()).ok()?,
            Answer::Endless => {
                stream.write_all(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n").ok()?;
                let chunk = b"# noise without end, line after line\n".repeat(1000);
                while stream.write_all(&chunk).is_ok() {}
            }
            Answer::Silence => std::thread::sleep(Duration::from_secs(60)),
        }
        Some(())
    }
}

/// What the exporter of a node says now; GiB.
pub fn exposition(nodename: &str, total: f64, available: f64) -> String {
    exposition_at(nodename, total, available, Timestamp::now().as_second())
}

/// The same of another time.
pub fn exposition_at(nodename: &str, total: f64, available: f64, second: i64) -> String {
    let gib = |gib: f64| format!("{:e}", gib * 1_073_741_824.0);
    format!(
        "# HELP node_memory_MemTotal_bytes Memory information field MemTotal_bytes.\n\
         # TYPE node_memory_MemTotal_bytes gauge\n\
         node_memory_MemTotal_bytes {}\nnode_memory_MemAvailable_bytes {}\nnode_boot_time_seconds 1.7e+09\n\
         node_pressure_memory_stalled_seconds_total 0\nnode_pressure_memory_waiting_seconds_total 0.25\n\
         node_vmstat_oom_kill 0\nnode_time_seconds {second}\n\
         node_uname_info{{domainname=\"(none)\",machine=\"x86_64\",nodename=\"{nodename}\",release=\"6.1.0\",\
         sysname=\"Linux\",version=\"#1 SMP \\\"x\\\"\"}} 1\ngarbage{{{{\n",
        gib(total),
        gib(available)
    )
}
