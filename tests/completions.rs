//! What shells offer at TAB: names of nodes and anchors, from the cluster and config that the line means; quickly, in
//! silence, and without a write.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ORCA: &str = env!("CARGO_BIN_EXE_orca");
const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];

/// The swarm of the documentation's examples, in a folder with everything else.
struct Place {
    folder: tempfile::TempDir,
    sim: Child,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
        for file in ["cluster.json", "orca.yml"] {
            std::fs::copy(shop.join(file), folder.path().join(file)).unwrap();
        }
        let socket = folder.path().join("sim.sock");
        let mut command = Command::new(ORCA);
        command.args(["sim", "--from", "cluster.json", "--listen"]).arg(&socket).current_dir(folder.path());
        let sim = command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let place = Self { folder, sim };
        wait_until("the simulated engine", || socket.exists());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path("sim.sock").display())
    }

    /// A program with orca in its path, in an environment that says nothing else.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}", Path::new(ORCA).parent().unwrap().display(), std::env::var("PATH").unwrap());
        command.env_clear().env("PATH", path).env("HOME", self.folder.path()).env("TERM", "xterm");
        command.current_dir(self.folder.path());
        command
    }

    /// What orca offers for the last of these words.
    fn offered(&self, words: &[&str], env: &[(&str, &str)]) -> Vec<String> {
        let mut command = self.command(ORCA);
        command.args(["--", "orca"]).args(words).env("ORCA_COMPLETE", "fish").envs(env.iter().copied());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    }

    /// The script for this shell, as a file.
    fn script(&self, shell: &str, file: &str) -> PathBuf {
        let output = self.command(ORCA).args(["completions", shell]).output().unwrap();
        std::fs::create_dir_all(self.path("zsh")).unwrap();
        std::fs::write(self.path(file), output.stdout).unwrap();
        self.path(file)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asks for names that the engine knows, again where orca offers none: on a busy machine an answer may take longer than
/// a person waits at a TAB. Whatever it offers at last must be right.
fn from_engine(mut ask: impl FnMut() -> Vec<String>) -> Vec<String> {
    let began = Instant::now();
    loop {
        let offered = ask();
        // Without names it is flags or nothing.
        if began.elapsed() > PATIENCE || offered.iter().any(|word| !word.starts_with('-')) {
            return offered;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nodes_come_from_the_engine_that_the_line_means() {
    let place = Place::new();
    let host = place.host();
    let env = [("DOCKER_HOST", host.as_str())];
    let known = |words: &[&str], env: &[(&str, &str)]| from_engine(|| place.offered(words, env));
    assert_eq!(known(&["rebalance", "plan", "--empty", ""], &env), NODES);
    assert_eq!(known(&["-H", &host, "rebalance", "plan", "--empty", ""], &[]), NODES);
    assert_eq!(known(&["rebalance", "apply", "--host", &host, "--empty", ""], &[]), NODES);
    assert_eq!(known(&["gc", "--node", "node-2"], &env), ["node-2"]);
    assert_eq!(place.offered(&["autoheal", "--node", "x"], &env), [""; 0]);
    let snapshot = ["--snapshot", "cluster.json", "rebalance", "plan", "--empty", ""];
    assert_eq!(place.offered(&snapshot, &[]), NODES);
    assert_eq!(known(&["nodes", "drain", "node-"], &env), NODES);
    let services = known(&["services", "ps", ""], &env);
    assert!(!services[0].starts_with('-'), "flags before names: {services:?}");
    assert_eq!(place.offered(&["--snapshot", "cluster.json", "services", "ps", ""], &[]), services);
    let mut cluster: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("cluster.json")).unwrap()).unwrap();
    for service in cluster["services"].as_array_mut().unwrap().iter_mut().take(2) {
        service["Spec"]["Labels"] = serde_json::json!({"com.docker.stack.namespace": "shop"});
    }
    std::fs::write(place.path("stack.json"), cluster.to_string()).unwrap();
    assert_eq!(place.offered(&["--snapshot", "stack.json", "services", "ls", "--stack", ""], &[]), ["shop"]);
    assert_eq!(place.offered(&["--snapshot", "stack.json", "stacks", "restart", "sh"], &[]), ["shop"]);
    // What the line says wins over what the environment says.
    assert_eq!(place.offered(&["-H", "unix:///nowhere.sock", "rebalance", "plan", "--empty", ""], &env), [""; 0]);
}

#[test]
fn other_names_come_from_files() {
    let place = Place::new();
    assert_eq!(place.offered(&["-c", "orca.yml", "bootstrap", "--node", ""], &[]), NODES);
    assert_eq!(place.offered(&["bootstrap", "--node", ""], &[("ORCA_CONFIG", "orca.yml")]), NODES);
    // Standard input is the shell's.
    assert_eq!(place.offered(&["-c", "-", "bootstrap", "--node", ""], &[]), [""; 0]);
    std::fs::write(place.path("orca.yml"), "nodes: [").unwrap();
    assert_eq!(place.offered(&["-c", "orca.yml", "bootstrap", "--node", ""], &[]), [""; 0]);
    let meta = place.path(".docker/contexts/meta/abc");
    std::fs::create_dir_all(&meta).unwrap();
    std::fs::write(meta.join("meta.json"), r#"{"Name": "harbor", "Endpoints": {}}"#).unwrap();
    assert_eq!(place.offered(&["--context", ""], &[]), ["harbor"]);
    let metrics = place.offered(&["rebalance", "plan", "--metrics", ""], &[]);
    assert!(["node_exporter", "probe", "cluster.json"].iter().all(|name| metrics.contains(&(*name).to_owned())));
    assert!(place.offered(&["-c", "or"], &[]).contains(&"orca.yml".to_owned()));
}

#[test]
fn commands_and_flags_are_offered() {
    let place = Place::new();
    assert_eq!(place.offered(&["reba"], &[]), ["rebalance"]);
    assert!(place.offered(&["rebalance", "plan", "--e"], &[]).contains(&"--empty".to_owned()));
    assert_eq!(place.offered(&["-o", ""], &[]), ["auto", "text", "json"]);
    // What is for orca's own use.
    assert!(!place.offered(&["gc", "--"], &[]).contains(&"--linger".to_owned()));
}

/// An engine that takes the request and never answers.
#[test]
fn a_silent_engine_costs_little_and_is_only_read() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("silent.sock")).unwrap();
    let asked = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, heard) = (stream.unwrap(), Arc::clone(&heard));
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    *heard.lock().unwrap() += &String::from_utf8_lossy(&bytes[..count]);
                }
            });
        }
    });
    let host = format!("unix://{}", place.path("silent.sock").display());
    wait_until("the request", || {
        let began = Instant::now();
        assert_eq!(place.offered(&["-H", &host, "gc", "--node", ""], &[]), [""; 0]);
        let took = began.elapsed();
        // 300 ms, and what a busy machine adds; other commands wait for minutes.
        assert!(took < Duration::from_secs(10), "{took:?}");
        !asked.lock().unwrap().is_empty()
    });
    let asked = asked.lock().unwrap().clone();
    assert!(asked.starts_with("GET /nodes "), "{asked}");
    assert!(!["POST", "PUT", "DELETE"].iter().any(|method| asked.contains(method)), "{asked}");
}

/// Types into a shell on a terminal, and presses TAB until all node names are there.
fn type_into(place: &Place, shell: &str, before: &str) {
    let mut command = place.command("script");
    let child = command.args(["-qec", shell, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let shown = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&shown);
    let reader = std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = screen.read(&mut bytes) {
            *seen.lock().unwrap() += &String::from_utf8_lossy(&bytes[..count]);
        }
    });
    let has = |text: &str| shown.lock().unwrap().contains(text);
    writeln!(keys, "{before}; echo rea''dy").unwrap();
    wait_until("the shell", || has("ready"));
    shown.lock().unwrap().clear();
    write!(keys, "orca -H {} rebalance plan --empty ", place.host()).unwrap();
    wait_until(&format!("node names in {shell}"), || {
        let _ = keys.write_all(b"\t").and_then(|()| keys.flush());
        std::thread::sleep(Duration::from_millis(200));
        NODES.iter().all(|node| has(node))
    });
    let _ = child.kill();
    let _ = child.wait();
    drop(keys);
    reader.join().unwrap();
}

fn there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var("CI").as_deref() != Ok("true"), "{program} is missing, and nothing may be left out");
    found
}

#[test]
fn bash_offers_node_names() {
    let place = Place::new();
    let script = place.script("bash", "orca.bash");
    type_into(&place, "bash --norc --noprofile -i", &format!("source {}", script.display()));
}

/// From `$fpath`, where the first TAB loads the script.
#[test]
fn zsh_offers_node_names() {
    if !there("zsh") {
        return;
    }
    let place = Place::new();
    place.script("zsh", "zsh/_orca");
    type_into(&place, "zsh -f -i", "fpath=($PWD/zsh $fpath); autoload -U compinit; compinit -u -d $PWD/dump");
}

#[test]
fn elvish_offers_node_names() {
    if !there("elvish") {
        return;
    }
    let place = Place::new();
    let script = place.script("elvish", "orca.elv");
    type_into(&place, "elvish -norc", &format!("eval (slurp < {})", script.display()));
}

/// PowerShell is in no Debian package: what its script runs, and reads, is tried without it.
#[test]
fn powershell_would_offer_node_names() {
    let place = Place::new();
    let script = std::fs::read_to_string(place.script("powershell", "orca.ps1")).unwrap();
    assert!(script.contains("& orca -- $args") && script.contains("ORCA_COMPLETE"), "{script}");
    let names = from_engine(|| {
        let mut command = place.command(ORCA);
        command.args(["--", "orca", "-H", &place.host(), "rebalance", "plan", "--empty", ""]);
        let output = command.env("ORCA_COMPLETE", "powershell").stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    });
    assert_eq!(names, NODES);
}

#[test]
fn fish_offers_node_names() {
    if !there("fish") {
        return;
    }
    let place = Place::new();
    let script = place.script("fish", "orca.fish");
    let line = format!("source {}; complete -C 'orca -H {} rebalance plan --empty '", script.display(), place.host());
    let names = from_engine(|| {
        let output = place.command("fish").args(["--no-config", "-c", &line]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    });
    assert_eq!(names, NODES);
}
