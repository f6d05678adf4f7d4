//! The lab that `scripts/test` has started, with the docker CLI as the witness.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Every option that `docker service create` knows and a swarm without plugins accepts.
pub const EVERY_OPTION: &str = "--replicas 2 --label a=b --container-label cl=1 --env A=b --hostname h --host extra:1.2.3.4 \
    --dns 198.18.255.1 --dns-option ndots:1 --dns-search x.y --cap-add NET_ADMIN --cap-drop MKNOD \
    --sysctl net.core.somaxconn=256 --ulimit nofile=100:200 --stop-signal SIGINT --stop-grace-period 3s --init --user 0:0 \
    --group 5 --workdir /tmp --tty --read-only --mount type=tmpfs,dst=/t,tmpfs-size=1000000 \
    --mount type=volume,src=v,dst=/v,volume-label=x=y,volume-nocopy=true,volume-opt=o=size=1m \
    --mount type=bind,src=/tmp,dst=/b,readonly,bind-propagation=rslave --secret source=sec,target=s,mode=0400 \
    --config source=cfg,target=/c,uid=1 --network name=ov,alias=al --publish target=80,protocol=tcp,mode=ingress \
    --endpoint-mode vip --health-cmd true --health-interval 1s --health-retries 2 --health-timeout 2s \
    --health-start-period 1s --limit-cpu 0.5 --limit-memory 64M --limit-pids 100 --reserve-cpu 0.1 --reserve-memory 8M \
    --log-driver json-file --log-opt max-size=1m --restart-condition any --restart-delay 1s --restart-max-attempts 5 \
    --restart-window 10s --update-parallelism 2 --update-delay 1s --update-monitor 2s --update-failure-action pause \
    --update-max-failure-ratio 0.25 --update-order start-first --rollback-parallelism 1 --rollback-delay 1s \
    --rollback-monitor 2s --rollback-failure-action continue --rollback-max-failure-ratio 0.1 --rollback-order stop-first \
    --placement-pref spread=node.labels.zone --replicas-max-per-node 2 --isolation default \
    --constraint node.labels.nowhere==true";

/// A task that stops as soon as it is told to.
const SERVE: &str = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

pub(crate) struct Lab {
    name: String,
}

/// What orca printed, and how it ended.
pub(crate) struct Report {
    pub(crate) json: Value,
    pub(crate) exit: i32,
}

impl Report {
    /// The kinds of the actions.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.strings("/actions", "kind")
    }

    pub(crate) fn strings(&self, list: &str, field: &str) -> Vec<String> {
        let list = self.json.pointer(list).and_then(Value::as_array).unwrap();
        list.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
    }
}

impl Lab {
    /// The lab as it is.
    pub(crate) fn existing() -> Self {
        let name = std::env::var("ORCA_TEST_LAB").unwrap_or_default();
        assert!(!name.is_empty(), "these tests need a lab: run `scripts/test`, which starts one (as root)");
        Self { name }
    }

    /// A lab that a test starts itself.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    /// The lab with every node up and active, without services and labels.
    pub(crate) fn clean() -> Self {
        let lab = Self::existing();
        lab.run(&["up"]);
        lab.wait_whole();
        let services = lab.docker(1, "service ls -q");
        for service in services.lines() {
            lab.docker(1, &format!("service rm {service}"));
        }
        for node in 1..=3 {
            lab.docker(1, &format!("node update --availability active node-{node}"));
            let json = lab.docker(1, &format!("node inspect node-{node}"));
            let nodes: Value = serde_json::from_str(&json).unwrap();
            let labels = nodes[0]["Spec"]["Labels"].as_object().cloned().unwrap_or_default();
            for key in labels.keys() {
                lab.docker(1, &format!("node update --label-rm {key} node-{node}"));
            }
        }
        for (kind, name) in [("secret", "sec"), ("config", "cfg"), ("network", "ov")] {
            // A network is released a moment after its last service.
            lab.wait_for(name, || {
                lab.try_docker(1, &format!("{kind} rm {name}"));
                !lab.docker(1, &format!("{kind} ls --format {{{{.Name}}}}")).lines().any(|line| line == name)
            });
        }
        lab
    }

    /// Waits until every node says that all are there and that one of them leads: for a while after its return a manager
    /// is none, and the leader may step down over it.
    pub(crate) fn wait_whole(&self) {
        self.wait_for("the swarm is whole", || {
            (1..=3).all(|node| {
                let nodes =
                    self.try_docker(node, "node ls --format {{.Status}}={{.ManagerStatus}}").unwrap_or_default();
                let count = |state: &str| nodes.lines().filter(|line| *line == state).count();
                (count("Ready=Leader"), count("Ready=Reachable")) == (1, 2)
            })
        });
    }

    /// `scripts/lab ARGS`.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/lab");
        output(Command::new(script).args(args).args(["--name", &self.name]))
            .unwrap_or_else(|error| panic!("lab {args:?}: {error}"))
    }

    pub(crate) fn host(&self, node: usize) -> String {
        self.run(&["host", &node.to_string()]).trim().to_owned()
    }

    pub(crate) fn socket(&self, node: usize) -> PathBuf {
        self.host(node).trim_start_matches("unix://").into()
    }

    /// The docker CLI at this node; words are split at blanks.
    pub(crate) fn docker(&self, node: usize, args: &str) -> String {
        self.docker_words(node, &words(args).collect::<Vec<_>>())
    }

    /// The same with words that have blanks in them.
    pub(crate) fn docker_words(&self, node: usize, words: &[&str]) -> String {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host(node)).args(words);
        let started = Instant::now();
        let mut again = false;
        loop {
            match output(&mut command) {
                Ok(text) => return text,
                // The first try was made, only its answer was lost.
                Err(error) if again && done_already(words, &error) => return String::new(),
                Err(error) if passes(&error) && started.elapsed() < LIMIT => {
                    again = true;
                    std::thread::sleep(Duration::from_millis(500));
                }
                Err(error) => panic!("node-{node}: docker {words:?}: {error}"),
            }
        }
    }

    pub(crate) fn try_docker(&self, node: usize, args: &str) -> Option<String> {
        output(Command::new("docker").env("DOCKER_HOST", self.host(node)).args(words(args))).ok()
    }

    pub(crate) fn docker_with_input(&self, node: usize, args: &str, input: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), input).unwrap();
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host(node)).args(words(args)).stdin(file.reopen().unwrap());
        output(&mut command).unwrap_or_else(|error| panic!("node-{node}: docker {args}: {error}"));
    }

    /// A service that runs until it is told to stop.
    pub(crate) fn service(&self, name: &str, options: &str) {
        let first = ["service", "create", "-d", "--no-resolve-image", "--name", name];
        let options: Vec<&str> = words(options).collect();
        self.docker_words(1, &[&first[..], &options, &["127.0.0.1:1/bb:1", "sh", "-c", SERVE]].concat());
        self.wait_running(name);
    }

    pub(crate) fn wait_running(&self, name: &str) {
        self.wait_for(name, || {
            let tasks = self
                .docker(1, &format!("service ps {name} --filter desired-state=running --format {{{{.CurrentState}}}}"));
            tasks.lines().any(|state| state.starts_with("Running"))
        });
    }

    /// Waits until it is so. How soon depends on what else the machine does; it only must not take for ever.
    pub(crate) fn wait_for(&self, what: &str, mut done: impl FnMut() -> bool) {
        let started = Instant::now();
        while !done() {
            let late = started.elapsed() > LIMIT;
            assert!(!late, "lab {}: {what} did not happen within {LIMIT:?}\n{}", self.name, self.sight());
            // Each look is a process or two, and five labs look at once.
            std::thread::sleep(Duration::from_millis(400));
        }
    }

    /// What there is to see for whoever has to find out why a test has failed.
    fn sight(&self) -> String {
        let Some((node, services)) = (1..=3).find_map(|node| Some((node, self.try_docker(node, "service ls -q")?)))
        else {
            return "no manager answers".to_owned();
        };
        let services = services.split_whitespace().collect::<Vec<_>>().join(" ");
        let ask = |question: String| {
            let answer = self.try_docker(node, &question).unwrap_or_default();
            format!("node-{node}$ docker {question}\n{answer}")
        };
        ask("node ls".to_owned()) + &ask(format!("service ps --no-trunc {services}"))
    }

    /// The number of the node that leads.
    pub(crate) fn leader(&self) -> usize {
        let nodes = self.docker(1, "node ls --format {{.Hostname}}={{.ManagerStatus}}");
        let leader = nodes.lines().find(|line| line.ends_with("=Leader")).unwrap();
        leader.trim_start_matches("node-").trim_end_matches("=Leader").parse().unwrap()
    }

    pub(crate) fn spec(&self, node: usize, service: &str) -> Value {
        let json = self.docker(node, &format!("service inspect {service}"));
        let mut services: Value = serde_json::from_str(&json).unwrap();
        services[0]["Spec"].take()
    }

    /// orca against this node.
    pub(crate) fn orca(&self, node: usize, config: &str, state: &Path, args: &[&str]) -> Report {
        Self::orca_at(&self.host(node), config, state, args)
    }

    pub(crate) fn orca_at(host: &str, config: &str, state: &Path, args: &[&str]) -> Report {
        let file = state.join("orca.yml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command
            .env_remove("DOCKER_HOST")
            .args(args)
            .args(["-o", "json", "-H", host, "-c"])
            .arg(file)
            .arg("--state-dir")
            .arg(state);
        let done = command.stdin(Stdio::null()).output().unwrap();
        let json = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        Report { json, exit: done.status.code().unwrap() }
    }
}

/// More than the longest that Swarm itself takes: after its leader's death an election, a minute in which a new task waits
/// for the old one to stop (swarmkit's restart supervisor), and the service's own delay.
const LIMIT: Duration = Duration::from_secs(180);

/// What a manager says that is about to elect a leader or was overtaken by another write, not what is wrong with the
/// request.
fn passes(error: &str) -> bool {
    let texts = [
        "DeadlineExceeded",
        "context deadline exceeded",
        "does not have a leader",
        "has trouble connecting to the cluster",
        "update out of sequence",
    ];
    texts.iter().any(|text| error.contains(text))
}

/// What is said to whoever asks again for what has been made, or is gone.
fn done_already(words: &[&str], error: &str) -> bool {
    let removes = words.iter().any(|word| *word == "rm" || *word == "--label-rm");
    error.contains("name conflicts with an existing object") || removes && error.contains("not found")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn output(command: &mut Command) -> Result<String, String> {
    let done = command.stderr(Stdio::piped()).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() { Ok(text) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}
