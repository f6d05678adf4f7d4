//! The command against a fleet of simulated engines, each on a socket of its own.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command as Orca;
use serde_json::{Value, json};

use crate::certs::{Behind, Certs};

struct Fleet {
    dir: tempfile::TempDir,
    process: Child,
}

/// What a run said, and how it ended.
struct Ended {
    exit: i32,
    report: Value,
    text: String,
}

impl Ended {
    fn outcome(&self) -> &str {
        self.report["outcome"].as_str().unwrap()
    }

    /// `id status` of each action.
    fn actions(&self) -> Vec<String> {
        let word = |action: &Value, key: &str| action[key].as_str().unwrap().trim_start_matches("node/").to_owned();
        let actions = self.report["actions"].as_array().unwrap();
        actions.iter().map(|action| format!("{} {}", word(action, "id"), word(action, "status"))).collect()
    }

    fn refusal(&self) -> String {
        let blocked = self.report["blocked"].as_array().unwrap();
        assert_eq!(blocked.len(), 1, "{:#}", self.report);
        format!("{}: {}", blocked[0]["id"], blocked[0]["reasons"])
    }
}

impl Fleet {
    fn start(engines: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.args(["sim", "--bare", &engines.to_string(), "--listen"]).arg(dir.path()).stdout(Stdio::null());
        let fleet = Self { process: command.spawn().unwrap(), dir };
        let started = Instant::now();
        while UnixStream::connect(fleet.socket(engines)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the engines don't listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        fleet
    }

    fn socket(&self, engine: usize) -> PathBuf {
        self.dir.path().join(format!("n{engine}.sock"))
    }

    /// Three managers, of which one is the leader, and workers.
    fn config(&self, engines: usize, more: &str) -> String {
        Self::config_at(engines, more, |at| format!("unix://{}", self.socket(at).display()))
    }

    /// With engines that are reached at these addresses.
    fn config_at(engines: usize, more: &str, host: impl Fn(usize) -> String) -> String {
        let node = |at: usize| {
            let role = if (2..=3).contains(&at) { "role: manager, " } else { "" };
            let extra = ["labels: {zone: a}, ", "", "availability: drain, "][at % 3];
            format!("  n{at}: {{{role}{extra}host: '{}'}}\n", host(at))
        };
        format!("leader: n1\nnodes:\n{}{more}\n", (1..=engines).map(node).collect::<String>())
    }

    fn orca(&self, config: &str, args: &[&str]) -> Ended {
        self.orca_in(&[], config, args)
    }

    /// Runs orca where these variables are set.
    fn orca_in(&self, env: &[(&str, &Path)], config: &str, args: &[&str]) -> Ended {
        let file = self.dir.path().join("orca.yml");
        std::fs::write(&file, config).unwrap();
        let mut orca = Orca::new(assert_cmd::cargo::cargo_bin!("orca"));
        orca.env_clear()
            .envs(env.iter().copied())
            .arg("--state-dir")
            .arg(self.dir.path().join("state"))
            .arg("-c")
            .arg(&file);
        let output = orca.args(["-o", "json", "-vv", "bootstrap"]).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let text = format!("{}{}", text(&output.stdout), text(&output.stderr));
        Ended { exit: output.status.code().unwrap(), report, text }
    }

    fn ask(&self, engine: usize, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = UnixStream::connect(self.socket(engine)).unwrap();
        let body = body.to_string();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or(Value::Null)
    }

    fn order(&self, engine: usize, order: &Value) {
        self.ask(1, "POST", &format!("/_sim/engines/n{engine}"), order);
    }

    fn writes(&self) -> u64 {
        self.ask(1, "GET", "/_sim/requests", &Value::Null)["writes"].as_u64().unwrap()
    }

    /// `name role availability labels` of each node, as this engine lists them.
    fn nodes(&self, engine: usize) -> Vec<String> {
        let nodes = self.ask(engine, "GET", "/nodes", &Value::Null);
        let of = |node: &Value| {
            let zone = node["Spec"]["Labels"]["zone"].as_str().unwrap_or("-");
            let word = |pointer: &str| node.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
            [word("/Description/Hostname"), word("/Spec/Role"), word("/Spec/Availability"), zone.to_owned()].join(" ")
        };
        let mut nodes: Vec<String> = nodes.as_array().unwrap().iter().map(of).collect();
        nodes.sort();
        nodes
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const FIVE: [&str; 5] =
    ["n1 manager active -", "n2 manager drain -", "n3 manager active a", "n4 worker active -", "n5 worker drain -"];

#[test]
fn engines_behind_tls_become_a_swarm_for_those_who_have_the_certificate() {
    let (fleet, certs, others) = (Fleet::start(3), Certs::new(), Certs::new());
    let ports: Vec<u16> = (1..=3).map(|at| certs.front(true, Behind::Socket(fleet.socket(at)))).collect();
    let config = Fleet::config_at(3, "", |at| format!("tcp://localhost:{}", ports[at - 1]));
    let with = |certs: &Certs, args: &[&str]| {
        let folder = certs.path("");
        fleet.orca_in(&[("DOCKER_TLS_VERIFY", Path::new("1")), ("DOCKER_CERT_PATH", &folder)], &config, args)
    };
    let stranger = with(&others, &[]);
    assert_eq!((stranger.exit, fleet.writes()), (69, 0), "{}", stranger.text);
    assert!(stranger.text.contains("not signed by"), "{}", stranger.text);
    let made = with(&certs, &[]);
    assert_eq!((made.exit, made.outcome()), (0, "changed"), "{}", made.text);
    assert_eq!(fleet.nodes(2), FIVE[..3]);
    assert_eq!(with(&certs, &[]).outcome(), "unchanged");
    let key = std::fs::read_to_string(certs.path("key.pem")).unwrap();
    assert!(!made.text.contains(key.lines().nth(1).unwrap()) && !made.text.contains("SWMTKN"));
}

#[test]
fn five_engines_become_a_swarm_in_one_command() {
    let fleet = Fleet::start(5);
    let config = fleet.config(5, "");
    let planned = fleet.orca(&config, &["-n"]);
    assert_eq!((planned.exit, planned.outcome(), fleet.writes()), (0, "planned", 0));
    assert!(!fleet.dir.path().join("state").exists(), "a dry run writes nothing, anywhere");
    let made = fleet.orca(&config, &[]);
    assert_eq!((made.exit, made.outcome()), (0, "changed"), "{}", made.text);
    assert_eq!(fleet.nodes(3), FIVE);
    let ids = |ended: &Ended| {
        let mut ids: Vec<String> = ended.actions().iter().map(|a| a.split(' ').next().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&planned), ids(&made), "what was planned is what was done");
    let writes = fleet.writes();
    let again = fleet.orca(&config, &[]);
    assert_eq!((again.exit, again.outcome(), fleet.writes()), (0, "unchanged", writes), "{}", again.text);
    assert!(again.report["data"]["requests"].as_u64().unwrap() <= 7, "one an engine, two for the swarm");
    for ended in [&planned, &made, &again] {
        assert!(!ended.text.contains("SWMTKN"), "a token shows");
    }
    let state = std::fs::read(fleet.dir.path().join("state/state.db")).unwrap();
    assert!(!String::from_utf8_lossy(&state).contains("SWMTKN"), "a token is kept");
}

#[test]
fn an_engine_that_dies_in_the_middle_fails_alone_and_the_next_run_goes_on() {
    let fleet = Fleet::start(5);
    let config = fleet.config(5, "");
    fleet.order(2, &json!({"power": "dying"}));
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (1, "partial"), "{}", ended.text);
    let actions = ended.actions();
    for expected in ["n2#join failed", "n3#join skipped", "n4#join done", "n5#join done"] {
        assert!(actions.iter().any(|action| action == expected), "{expected}: {actions:?}");
    }
    assert!(ended.report["error"]["message"].as_str().unwrap().contains("`node/n2#join`"), "{:#}", ended.report);
    // Still away: the rest is as it should be, and two managers are not made.
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (1, "failed"), "{}", ended.text);
    assert!(ended.report["error"]["message"].as_str().unwrap().contains("1 of 5 nodes can't be reached: `n2`"));
    assert!(ended.refusal().contains("n3#join") && ended.refusal().contains("end on 2 managers"));
    fleet.order(2, &json!({"power": "on"}));
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (0, "changed"), "{}", ended.text);
    assert_eq!(fleet.nodes(1), FIVE);
    assert_eq!(fleet.orca(&config, &[]).outcome(), "unchanged");
}

#[test]
fn an_engine_in_another_swarm_is_refused_and_stays_there() {
    let fleet = Fleet::start(4);
    fleet.order(4, &json!({"swarm": "own"}));
    let before = fleet.ask(4, "GET", "/info", &Value::Null)["Swarm"]["NodeID"].clone();
    let ended = fleet.orca(&fleet.config(4, ""), &["--remove-ghosts", "--allow-even-managers"]);
    assert_eq!((ended.exit, ended.outcome()), (75, "changed"), "{}", ended.text);
    assert!(
        ended.refusal().contains("n4#swarm") && ended.refusal().contains("belongs to another swarm, `swarm-of-n4`")
    );
    assert_eq!(fleet.ask(4, "GET", "/info", &Value::Null)["Swarm"]["NodeID"], before);
    assert_eq!(fleet.nodes(1).len(), 3);
}

#[test]
fn the_unlock_key_is_for_its_owner_alone() {
    let fleet = Fleet::start(3);
    let file = fleet.dir.path().join("key");
    let more = format!("bootstrap: {{autolock: true, unlock_key_file: '{}', data_path_port: 4790}}", file.display());
    let config = fleet.config(3, &more);
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (0, "changed"), "{}", ended.text);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "SWMKEY-1-simulated\n");
    assert!(!ended.text.contains("SWMKEY"), "the key shows");
    assert_eq!(fleet.orca(&config, &[]).outcome(), "unchanged");
    // Stopped before it was saved.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(fleet.orca(&config, &[]).actions(), ["n1#unlock_key done"]);
    assert!(file.exists());
    // Another cluster's key is not overwritten, and no swarm is locked without saving its key.
    let other = Fleet::start(1);
    let config = |file: &str| {
        let host = other.socket(1);
        format!(
            "leader: n1\nnodes: {{n1: {{host: 'unix://{}'}}}}\nbootstrap: {{autolock: true, unlock_key_file: '{file}'}}",
            host.display()
        )
    };
    let ended = other.orca(&config(&file.display().to_string()), &[]);
    assert!(ended.exit == 75 && ended.refusal().contains("may hold the unlock key of another swarm"), "{}", ended.text);
    let ended = other.orca(&config("/nonexistent/key"), &[]);
    assert!(ended.exit == 1 && ended.text.contains("can't write the unlock key into `/nonexistent`"), "{}", ended.text);
    assert_eq!(other.ask(1, "GET", "/info", &Value::Null)["Swarm"]["LocalNodeState"], "inactive");
}

#[test]
fn a_host_that_joins_again_and_its_ghost() {
    let fleet = Fleet::start(5);
    let config = fleet.config(5, "");
    assert_eq!(fleet.orca(&config, &[]).outcome(), "changed");
    // A worker: it joins again, and its ghost is only spoken of.
    fleet.order(4, &json!({"swarm": "none"}));
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.actions()), (0, vec!["n4#join done".to_owned()]), "{}", ended.text);
    assert_eq!(ended.report["warnings"][0]["code"], "ghost");
    assert_eq!(fleet.nodes(1).len(), 6);
    let ended = fleet.orca(&config, &["--remove-ghosts"]);
    assert_eq!((ended.exit, ended.actions().len()), (0, 1), "{}", ended.text);
    assert_eq!(fleet.nodes(1), FIVE);
    // A manager: as things are it can't come back, and with --remove-ghosts it comes back as what it was.
    fleet.order(3, &json!({"swarm": "none"}));
    let ended = fleet.orca(&config, &[]);
    assert!(ended.exit == 75 && ended.refusal().contains("--remove-ghosts"), "{}", ended.text);
    let ended = fleet.orca(&config, &["--remove-ghosts"]);
    assert_eq!((ended.exit, ended.outcome()), (0, "changed"), "{}", ended.text);
    let ends: Vec<String> = ended.actions().iter().map(|action| action.split('#').nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        ends,
        ["join done", "label/zone done", "role done", "role done", "remove done"],
        "{:?}",
        ended.actions()
    );
    assert_eq!(fleet.nodes(1), FIVE);
    assert_eq!(fleet.orca(&config, &["--remove-ghosts"]).outcome(), "unchanged");
}

#[test]
fn roles_follow_the_file_one_at_a_time() {
    let fleet = Fleet::start(5);
    assert_eq!(fleet.orca(&fleet.config(5, ""), &[]).outcome(), "changed");
    let swapped = fleet.config(5, "").replace("n4: {", "n4: {role: manager, ").replace("n2: {role: manager, ", "n2: {");
    let ended = fleet.orca(&swapped, &[]);
    assert_eq!(
        (ended.exit, ended.actions()),
        (0, vec!["n4#role done".to_owned(), "n2#role done".to_owned()]),
        "{}",
        ended.text
    );
    // The leader of the file is another, and the old one is to be a worker.
    let moved = swapped.replace("leader: n1", "leader: n3").replace("n4: {role: manager, ", "n4: {");
    let ended = fleet.orca(&moved, &[]);
    assert_eq!((ended.exit, ended.actions().len()), (0, 2), "{}", ended.text);
    assert_eq!(fleet.nodes(3).iter().filter(|node| node.contains("manager")).count(), 1);
    assert_eq!(fleet.orca(&moved, &[]).outcome(), "unchanged");
}

/// Managers that elect a leader say nothing for a moment.
#[test]
fn looks_that_fail_on_the_way_take_nothing_back() {
    let fleet = Fleet::start(5);
    let silent = |times: u64| {
        let fault = json!({"kind": "error500", "method": "GET", "path": "/nodes/", "times": times});
        fleet.ask(1, "POST", "/_sim/fault", &fault);
    };
    silent(3);
    let config = fleet.config(5, "");
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (0, "changed"), "{}", ended.text);
    silent(3);
    let swapped = config.replace("n4: {", "n4: {role: manager, ").replace("n2: {role: manager, ", "n2: {");
    let ended = fleet.orca(&swapped, &[]);
    assert_eq!((ended.exit, ended.outcome()), (0, "changed"), "{}", ended.text);
    // What never comes is told in the end.
    silent(u64::MAX);
    let ended = fleet.orca(&format!("{config}bootstrap: {{wait: 1s}}\n"), &[]);
    assert!(ended.exit == 69 && ended.text.contains("simulated failure"), "{}", ended.text);
}

#[test]
fn lost_answers_and_other_writers() {
    let fleet = Fleet::start(5);
    let config = fleet.config(5, "");
    for path in ["/swarm/init", "/swarm/join"] {
        fleet.ask(1, "POST", "/_sim/fault", &json!({"kind": "cut", "method": "POST", "path": path, "times": 1}));
    }
    fleet.ask(1, "POST", "/_sim/fault", &json!({"kind": "conflict", "method": "POST", "path": "/nodes", "times": 3}));
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (0, "changed"), "{}", ended.text);
    assert_eq!(fleet.nodes(1), FIVE);
    // Somebody who never stops.
    fleet.ask(1, "POST", "/_sim/fault", &json!({"kind": "conflict", "method": "POST", "path": "/nodes"}));
    let ended = fleet.orca(&config.replace("zone: a", "zone: b"), &[]);
    assert_eq!((ended.exit, ended.actions()), (75, vec!["n3#label/zone failed".to_owned()]), "{}", ended.text);
    assert!(ended.text.contains("kept changing while orca tried to update it"), "{}", ended.text);
}

#[test]
fn bounds() {
    let fleet = Fleet::start(5);
    let config = fleet.config(5, "");
    let ended = fleet.orca(&config, &["--max-actions", "2"]);
    assert_eq!((ended.exit, ended.outcome()), (75, "partial"), "{}", ended.text);
    assert_eq!(ended.report["summary"]["done"], 2, "{}", ended.text);
    let ended = fleet.orca(&config, &["--node", "n5"]);
    assert_eq!((ended.exit, ended.actions()), (0, vec!["n5#join done".to_owned()]), "{}", ended.text);
    assert_eq!(fleet.orca(&config, &[]).outcome(), "changed");
    assert_eq!(fleet.nodes(1), FIVE);
    let leader = |engine: usize| {
        let host = format!("unix://{}", fleet.socket(engine).display());
        let ended = fleet.orca(&config, &["--leader-only", "-H", &host]);
        (ended.exit, ended.outcome().to_owned())
    };
    assert_eq!(
        [leader(1), leader(2), leader(4)],
        [(0, "unchanged".into()), (0, "skipped".into()), (0, "skipped".into())]
    );
    fleet.order(1, &json!({"power": "off"}));
    let ended = fleet.orca(&config, &[]);
    assert_eq!((ended.exit, ended.outcome()), (1, "failed"), "the other managers are asked: {}", ended.text);
    assert!(ended.report["blocked"].as_array().unwrap().is_empty(), "{:#}", ended.report);
    fleet.order(2, &json!({"power": "off"}));
    let ended = fleet.orca(&config, &[]);
    assert!(ended.exit == 1 && ended.refusal().contains("can't be reached"), "no majority: {}", ended.text);
}

#[test]
fn what_makes_no_sense_is_refused_before_anybody_is_asked() {
    let fleet = Fleet::start(1);
    for (config, args, exit, says) in [
        ("leader: x\nnodes: {n1: {ip: 10.0.0.1}}", vec![], 78, "the leader `x` is none of `nodes`"),
        ("leader: n1\nnodes: {n1: {role: worker}}", vec![], 78, "the leader `n1` has the role worker"),
        ("stack: x", vec![], 78, "the config names no nodes"),
        ("nodes: {n1: {}}", vec!["--node", "n2"], 78, "the config has no node `n2`"),
        ("nodes: {n1: {}}", vec![], 69, "set nodes.n1.ip, or nodes.n1.host"),
        ("nodes: {n1: {host: 'ftp://x'}}", vec![], 69, "nodes.n1.host"),
        ("bootstrap: {subnet_size: 30}", vec![], 78, "bootstrap.subnet_size must be between 1 and 29, not 30"),
        ("bootstrap: {default_addr_pool: [10.0.0.0]}", vec![], 78, "is no subnet; write 10.20.0.0/16"),
        ("bootstrap: {data_path_port: 80}", vec![], 78, "must be between 1024 and 49151"),
        ("nodes: {n1: {}}", vec!["--parallel", "0"], 64, "invalid value"),
        ("nodes: {n1: {}}", vec!["--snapshot", "x.json"], 64, "looks at nodes themselves"),
    ] {
        let ended = fleet.orca(config, &args);
        assert!(ended.exit == exit && ended.text.contains(says), "{config} {args:?}: {} {}", ended.exit, ended.text);
    }
}
