//! Other nodes' engines: what they tell makes the manager's be asked at once.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::stage::Stage;

/// Another node's engine: answers as the simulated one does, and its stream of events says only what it is told to.
struct Outpost {
    listeners: Arc<Mutex<Vec<UnixStream>>>,
}

impl Outpost {
    fn new(socket: &Path, engine: &Path) -> Result<Self> {
        let listener = UnixListener::bind(socket)?;
        let (engine, listeners) = (engine.to_owned(), Arc::default());
        let outpost = Self { listeners: Arc::clone(&listeners) };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (engine, listeners) = (engine.clone(), Arc::clone(&listeners));
                std::thread::spawn(move || serve(client, &engine, &listeners));
            }
        });
        Ok(outpost)
    }

    fn listened(&self) -> bool {
        !self.listeners.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Tells that a container of this service has started.
    fn started(&self, service: &str) -> Result<()> {
        let event = json!({"Type": "container", "Action": "start", "timeNano": 1,
            "Actor": {"ID": "c", "Attributes": {"com.docker.swarm.service.name": service}}});
        let line = format!("{event}\n");
        for stream in self.listeners.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            write!(stream, "{:x}\r\n{line}\r\n", line.len())?;
        }
        Ok(())
    }
}

/// Ends when one of the two has gone.
fn serve(mut client: UnixStream, engine: &Path, listeners: &Mutex<Vec<UnixStream>>) -> std::io::Result<()> {
    let mut server = UnixStream::connect(engine)?;
    let (mut answers, mut asks) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut asks);
    });
    let mut buffer = vec![0; 65536];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        if String::from_utf8_lossy(&buffer[..read]).lines().next().is_some_and(|line| line.contains("/events")) {
            let _ = server.shutdown(Shutdown::Both);
            client.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            listeners.lock().unwrap_or_else(PoisonError::into_inner).push(client);
            return Ok(());
        }
        server.write_all(&buffer[..read])?;
    }
    Ok(())
}

/// Where the anchor runs is looked up after events only, and what only may matter waits for two seconds.
#[test]
fn what_another_nodes_engine_hears_is_followed_at_once() -> Result<()> {
    let stage = Stage::new()?;
    let socket = stage.orca.path("node-2.sock");
    let outpost = Outpost::new(&socket, &stage.sim.engine.socket)?;
    let host = format!("unix://{}", socket.display());
    stage.orca.config(&format!(
        "stack: ''\ndependencies: {{ db: {{ services: [app] }} }}\nnodes: {{ node-2: {{ host: '{host}' }} }}\n\
         watch: {{ debounce: 2s, max_wait: 2s, anchor_poll: 0s, subscribe_nodes: true, passes: {{ reconcile: {{ every: 1h }} }} }}\n"
    ))?;
    let at = stage.place("db")?;
    for number in 0..3 {
        stage.service(&format!("filler-{number}"), &[&format!("node.hostname=={at}")])?;
    }
    let watch = stage.watch(&[])?;
    stage.together()?;
    watch.until("the other engine is heard", |_| outpost.listened())?;
    watch.quiet(Duration::from_millis(2_500))?;
    let before = watch.of("report").len();
    // Neither its node nor its service changes, and the manager's own engine says nothing.
    stage.sim.admin("/tasks", &json!({"service": "db", "state": "failed"}))?;
    assert_ne!(stage.place("db")?, at);
    outpost.started("db")?;
    stage.together()?;
    // Had it only been a hint that something may have changed, the cause would be another.
    watch.until("a pass has told of it", |watch| watch.causes().iter().skip(before).any(|cause| cause == "anchor"))
}
