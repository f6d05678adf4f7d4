//! `orca bootstrap` on real engines behind real sshds: a lab of its own, without a swarm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::lab::Lab;
use crate::proxy;

/// Five engines in no swarm; gone when dropped.
struct Bare {
    lab: Lab,
    /// A folder with an `ssh` that knows their keys.
    ssh: PathBuf,
    addresses: Vec<String>,
    state: tempfile::TempDir,
}

/// What a run of orca printed, and how it ended.
struct Run {
    exit: i32,
    report: Value,
    text: String,
}

impl Run {
    fn outcome(&self) -> (i32, &str) {
        (self.exit, self.report["outcome"].as_str().unwrap())
    }

    fn actions(&self) -> Vec<String> {
        let word = |action: &Value, key: &str| action[key].as_str().unwrap().trim_start_matches("node/").to_owned();
        let actions = self.report["actions"].as_array().unwrap();
        actions.iter().map(|action| format!("{} {}", word(action, "id"), word(action, "status"))).collect()
    }
}

impl Bare {
    fn up() -> Self {
        let lab = Lab::named(&format!("boot-{}", std::process::id()));
        lab.run(&["up", "5", "--bare", "--engines", "20.10,26.1,28.5"]);
        let ssh = PathBuf::from(lab.run(&["ssh"]).trim());
        let addresses = (1..=5).map(|node| lab.run(&["addr", &node.to_string()]).trim().to_owned()).collect();
        Self { lab, ssh, addresses, state: tempfile::tempdir().unwrap() }
    }

    /// Three managers and two workers, of which these are reached some other way.
    fn config(&self, hosts: &[(usize, &str)]) -> String {
        let node = |at: usize| {
            let role = if (2..=3).contains(&at) { "role: manager, " } else { "" };
            let host = hosts.iter().find(|(node, _)| *node == at).map(|(_, host)| format!("host: '{host}', "));
            let labels = if at > 3 { "labels: {zone: edge}, availability: active" } else { "labels: [core]" };
            let ip = &self.addresses[at - 1];
            format!("  node-{at}: {{{role}{}ip: {ip}, {labels}}}\n", host.unwrap_or_default())
        };
        format!("leader: node-1\nnodes:\n{}", (1..=5).map(node).collect::<String>())
    }

    fn orca(&self, config: &str, args: &[&str]) -> Run {
        self.orca_knowing(None, config, args)
    }

    /// With other host keys than those of the lab.
    fn orca_knowing(&self, known_hosts: Option<&Path>, config: &str, args: &[&str]) -> Run {
        let file = self.state.path().join("orca.yml");
        std::fs::write(&file, config).unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.env("PATH", format!("{}:{path}", self.ssh.display())).stdin(Stdio::null());
        command.envs(known_hosts.map(|file| ("ORCA_LAB_KNOWN_HOSTS", file)));
        command.arg("-c").arg(file).arg("--state-dir").arg(self.state.path().join("state"));
        let done = command.args(["-o", "json", "-vv", "bootstrap"]).args(args).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        let report = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {text}"));
        Run { exit: done.status.code().unwrap(), report, text }
    }

    /// `name role availability` of each node that is Ready, and its manager's status.
    fn nodes(&self, node: usize) -> Vec<String> {
        sorted(&self.lab.docker(node, NODES))
    }
}

const NODES: &str = "node ls --format {{.Hostname}},{{.Status}},{{.Availability}},{{.ManagerStatus}}";

fn sorted(lines: &str) -> Vec<String> {
    let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.lab.run(&["down"]);
    }
}

#[test]
fn bare_engines_become_a_swarm_of_five_though_one_dies_in_the_middle() {
    let bare = Bare::up();
    let config = bare.config(&[]);

    // A host whose key is another's is not talked to; the others are.
    let known = std::fs::read_to_string(bare.ssh.with_file_name("known_hosts")).unwrap();
    let keys: Vec<&str> = known.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    let wrong = bare.state.path().join("known_hosts");
    std::fs::write(&wrong, known.replace(keys[4], keys[3])).unwrap();
    let run = bare.orca_knowing(Some(&wrong), &config, &["-n"]);
    assert_eq!(run.outcome(), (1, "failed"), "{}", run.text);
    let message = run.report["error"]["message"].as_str().unwrap();
    for part in ["1 of 5 nodes can't be reached: `node-5`", "Host key verification failed", "check its host key"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(run.actions().contains(&"node-4#join planned".to_owned()), "{:?}", run.actions());

    // An engine in a swarm of its own stays in it.
    bare.lab.docker(4, &format!("swarm init --advertise-addr {}", bare.addresses[3]));
    // A manager dies when it is about to be asked to join.
    let name = format!("boot-{}", std::process::id());
    let (_door, host) = proxy::at_nth_write(&bare.lab.socket(3), 1, move || {
        Lab::named(&name).run(&["kill", "3"]);
        true
    });
    let run = bare.orca(&bare.config(&[(3, &host)]), &[]);
    assert_eq!(run.outcome(), (1, "partial"), "{}", run.text);
    let actions = run.actions();
    for expected in
        ["node-1#init done", "node-2#join done", "node-3#join failed", "node-5#join done", "node-5#label/zone done"]
    {
        assert!(actions.iter().any(|action| action == expected), "{expected}: {actions:?}");
    }
    let blocked = &run.report["blocked"][0];
    assert_eq!(blocked["id"], "node/node-4#swarm", "{}", run.text);
    assert!(blocked["reasons"][0].as_str().unwrap().contains("it belongs to another swarm"), "{blocked}");
    assert_eq!(bare.nodes(4), ["node-4,Ready,Active,Leader"]);
    assert!(!run.text.contains("SWMTKN"), "a token shows");

    // Both are as they should be: the next run goes on where the first ended.
    bare.lab.docker(4, "swarm leave --force");
    bare.lab.run(&["start", "3"]);
    let run = bare.orca(&config, &[]);
    assert_eq!(run.outcome(), (0, "changed"), "{}", run.text);
    let five = [
        "node-1,Ready,Active,Leader",
        "node-2,Ready,Active,Reachable",
        "node-3,Ready,Active,Reachable",
        "node-4,Ready,Active,",
        "node-5,Ready,Active,",
    ];
    assert_eq!(bare.nodes(2), five);
    let run = bare.orca(&config, &[]);
    assert_eq!(run.outcome(), (0, "unchanged"), "{}", run.text);
    assert!(run.report["data"]["requests"].as_u64().unwrap() <= 7);

    // A manager that is off: it fails alone, and no other one may take its place in the count.
    bare.lab.run(&["kill", "2"]);
    let run = bare.orca(&config, &[]);
    assert_eq!((run.outcome(), run.actions().len()), ((1, "failed"), 0), "{}", run.text);
    bare.lab.run(&["start", "2"]);
    // Its return may cost an election.
    let led = |node: usize| {
        let Some(text) = bare.lab.try_docker(node, NODES) else { return false };
        let nodes = sorted(&text);
        let leaders = nodes.iter().filter(|node| node.ends_with(",Leader")).count();
        let role = |node: &str| node.replace(",Leader", ",Reachable");
        leaders == 1 && nodes.iter().map(|node| role(node)).eq(five.iter().map(|node| role(node)))
    };
    bare.lab.wait_for("node-2", || (1..=3).all(led));

    // A host that was installed anew, and its ghost.
    bare.lab.docker(5, "swarm leave");
    bare.lab.wait_for("the ghost", || bare.nodes(1).contains(&"node-5,Down,Active,".to_owned()));
    let run = bare.orca(&config, &["--remove-ghosts"]);
    assert_eq!(run.outcome(), (0, "changed"), "{}", run.text);
    assert!(led(1), "{:?}", bare.nodes(1));

    // The node that leads the managers becomes a worker, and a worker takes its place.
    let leader = bare.nodes(1).iter().position(|node| node.ends_with(",Leader")).unwrap() + 1;
    let moved = match leader {
        1 => config.replace("leader: node-1", "leader: node-2"),
        other => config.replace(&format!("node-{other}: {{role: manager, "), &format!("node-{other}: {{")),
    };
    let moved = moved.replace("node-4: {", "node-4: {role: manager, ");
    let run = bare.orca(&moved, &[]);
    assert_eq!(
        (run.outcome(), run.actions()),
        ((0, "changed"), vec!["node-4#role done".into(), format!("node-{leader}#role done")]),
        "{}",
        run.text
    );
    // The managers elect another leader.
    bare.lab.wait_for("node-4 as a manager in place of the one that led", || {
        let nodes = bare.nodes(4);
        let reachable = nodes.iter().filter(|node| node.ends_with(",Reachable")).count();
        nodes.contains(&format!("node-{leader},Ready,Active,")) && reachable == 2
    });
    assert_eq!(bare.orca(&moved, &[]).outcome(), (0, "unchanged"));
}
