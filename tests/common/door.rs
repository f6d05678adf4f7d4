//! A door in front of an engine's socket: whoever comes through it is counted, or does not come through.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use tempfile::TempDir;

/// An engine's socket under another name; it goes with this.
#[derive(Debug)]
pub struct Door {
    dir: TempDir,
}

impl Door {
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("door.sock")
    }
}

/// Serves the engine's socket under another name, and asks `pass` with each request's method whether it may go on to the
/// engine; false: the connection ends there, as if the request had been lost. The threads end with the test's process.
pub fn open(engine: &Path, pass: impl Fn(&str) -> bool + Send + Sync + 'static) -> Result<Door> {
    let door = Door { dir: tempfile::tempdir()? };
    let listener = UnixListener::bind(door.socket())?;
    let engine = engine.to_owned();
    let pass = Arc::new(pass);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            // Of an engine that is away the connection is lost; at its own socket it would be refused.
            let Ok(server) = UnixStream::connect(&engine) else { continue };
            let pass = pass.clone();
            let (Ok(to_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { continue };
            std::thread::spawn(move || requests(client, server, &*pass));
            std::thread::spawn(move || answers(from_server, to_client));
        }
    });
    Ok(door)
}

fn requests(mut client: UnixStream, mut server: UnixStream, pass: &dyn Fn(&str) -> bool) {
    let mut buffer = vec![0; 65536];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..read];
        if method(sent).is_some_and(|method| !pass(method)) || server.write_all(sent).is_err() {
            break;
        }
    }
    // The engine's side stays: what has reached it is carried out, even if who has sent it was killed since.
    let _ = client.shutdown(Shutdown::Both);
}

fn answers(mut server: UnixStream, mut client: UnixStream) {
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

/// The method of a request that begins here: orca sends the next one after the answer, so one begins where a read begins.
fn method(sent: &[u8]) -> Option<&str> {
    let end = sent.iter().take(8).position(|byte| *byte == b' ')?;
    let known = sent[..end].iter().all(u8::is_ascii_uppercase) && sent[end..].starts_with(b" /");
    std::str::from_utf8(&sent[..end]).ok().filter(|_| known)
}
