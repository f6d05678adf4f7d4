//! A socket in front of an engine's, to do something at a certain moment of a pass.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Serves the engine's socket under another name; calls `act` once, before the n-th POST is passed on; false: it is not
/// passed on, as if it had been lost. Returns a `DOCKER_HOST`. The threads end with the test's process.
pub(crate) fn at_nth_write(engine: &Path, n: usize, act: impl FnOnce() -> bool + Send + 'static) -> String {
    let dir = tempfile::tempdir().unwrap().keep();
    let path = dir.join("proxy.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let engine = engine.to_owned();
    let writes = Arc::new(AtomicUsize::new(0));
    let act = Arc::new(Mutex::new(Some(act)));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let Ok(mut server) = UnixStream::connect(&engine) else { continue };
            let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (writes, act) = (writes.clone(), act.clone());
            std::thread::spawn(move || {
                let mut buffer = vec![0; 65536];
                while let Ok(read @ 1..) = client.read(&mut buffer) {
                    // orca's requests are small: one begins where a read begins.
                    let write = buffer[..read].starts_with(b"POST ");
                    if write
                        && writes.fetch_add(1, Ordering::SeqCst) + 1 == n
                        && let Some(act) = act.lock().unwrap().take()
                        && !act()
                    {
                        break;
                    }
                    if server.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                let _ = client.shutdown(std::net::Shutdown::Both);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_server, &mut to_client);
                let _ = to_client.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    format!("unix://{}", path.display())
}
