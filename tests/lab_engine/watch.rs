//! `orca watch` on real engines: three managers, each with its own, one config, and the leader dies while an anchor moves;
//! and what another node's engine hears.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::Lab;

const CONFIG: &str = "
stack: web
options: { retry_intervals: [10] }
dependencies: { db: { services: [app, api], restart_dependents: true } }
watch: { passes: { reconcile: { every: 5s } } }
";

/// One loop on one manager.
struct Loop {
    child: Child,
    out: std::path::PathBuf,
    state: std::path::PathBuf,
    host: String,
    metrics: String,
}

impl Loop {
    fn start(lab: &Lab, node: usize, folder: &Path) -> Self {
        let (out, state) = (folder.join(format!("{node}.out")), folder.join(format!("state-{node}")));
        let host = lab.host(node);
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.env_remove("DOCKER_HOST").args(["watch", "-o", "json", "-H", &host, "-c"]);
        command.arg(folder.join("orca.yml")).arg("--state-dir").arg(&state);
        let metrics = format!("127.0.0.1:{}", free_port());
        command.args(["--metrics-listen", &metrics]);
        let child = command.stdin(Stdio::null()).stdout(File::create(&out).unwrap()).spawn().unwrap();
        Self { child, out, state, host, metrics }
    }

    fn reports(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.out).unwrap();
        // The last line may not be all written yet.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["type"] == "report").map(|line| line["report"].clone()).collect()
    }

    /// What it has done, from its lines.
    fn done(&self) -> Vec<String> {
        let mut done = Vec::new();
        for report in self.reports() {
            let actions = report["actions"].as_array().cloned().unwrap_or_default();
            done.extend(actions.iter().filter(|a| a["status"] == "done").map(|a| a["id"].as_str().unwrap().to_owned()));
        }
        done
    }

    /// The same from its journal, oldest first.
    fn journal(&self) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.args(["history", "-o", "json", "--limit", "500", "-H", &self.host, "--state-dir"]).arg(&self.state);
        let report: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let rows = report["data"]["history"].as_array().cloned().unwrap_or_default();
        let done = rows.iter().rev().filter(|row| row["status"] == "done");
        done.map(|row| row["action"].as_str().unwrap().to_owned()).collect()
    }

    /// How many actions its metrics count as done, by kind.
    fn counted(&self) -> BTreeMap<String, usize> {
        let page = Command::new("curl").args(["-sSf", &format!("http://{}/metrics", self.metrics)]).output().unwrap();
        let page = String::from_utf8(page.stdout).unwrap();
        let mut counted = BTreeMap::new();
        for line in
            page.lines().filter(|line| line.starts_with("orca_actions_total{") && line.contains("status=\"done\""))
        {
            let kind = line.split("kind=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            let count: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
            *counted.entry(kind.to_owned()).or_default() += count;
        }
        counted
    }

    /// The same as its lines have it.
    fn done_by_kind(&self) -> BTreeMap<String, usize> {
        let mut done = BTreeMap::new();
        for report in self.reports() {
            let actions = report["actions"].as_array().cloned().unwrap_or_default();
            for action in actions.iter().filter(|action| action["status"] == "done") {
                *done.entry(action["kind"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        done
    }
}

/// One that nobody has at the moment.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The tasks of a service that have run, by id, with their nodes and what is wanted of them.
fn tasks(lab: &Lab, node: usize, service: &str) -> Vec<(String, String, String)> {
    let format = "{{.ID}} {{.Node}} {{.DesiredState}} {{.CurrentState}}";
    let text = lab.docker_words(node, &["service", "ps", service, "--no-trunc", "--format", format]);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let tasks = text.lines().map(words).filter(|words| words.len() > 3);
    tasks.map(|words| (words[0].clone(), words[1].clone(), format!("{} {}", words[2], words[3]))).collect()
}

/// The node of the running task, and its id.
fn running(lab: &Lab, node: usize, service: &str) -> Option<(String, String)> {
    let mut running = tasks(lab, node, service).into_iter().filter(|(_, _, state)| state == "Running Running");
    let (id, at, _) = running.next()?;
    running.next().is_none().then_some((id, at))
}

#[test]
fn the_leader_dies_while_an_anchor_moves_and_nothing_is_restarted_twice() {
    let lab = Lab::clean();
    lab.try_docker(1, "config rm orca.memory");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("orca.yml"), CONFIG).unwrap();
    let leader = lab.leader();
    let [from, to] = [1, 2, 3].into_iter().filter(|node| *node != leader).collect::<Vec<_>>()[..] else { panic!() };
    // Not where the leader is: that is where everything would have to move anyway.
    lab.service("web_db", &format!("--constraint node.hostname!=node-{leader}"));
    lab.docker(leader, &format!("node update --availability pause node-{to}"));
    lab.docker(leader, "service update -d --no-resolve-image --force web_db");
    lab.wait_for("the anchor's place", || {
        running(&lab, leader, "web_db").is_some_and(|(_, at)| at == format!("node-{from}"))
    });
    lab.docker(leader, &format!("node update --availability active node-{to}"));
    let loops: Vec<Loop> = [1, 2, 3].iter().map(|node| Loop::start(&lab, *node, folder.path())).collect();
    for name in ["web_app", "web_api"] {
        lab.service(name, "--constraint node.labels.db==true");
    }
    lab.wait_for("what has to be known is known", || {
        lab.try_docker(leader, "config inspect orca.memory")
            .is_some_and(|text| text.contains("\\\"tasks\\\":{\\\"1\\\""))
    });
    let before: Vec<_> = ["web_app", "web_api"].iter().map(|name| running(&lab, to, name).unwrap().0).collect();
    let done_before: Vec<usize> = loops.iter().map(|watch| watch.done().len()).collect();

    lab.docker(leader, &format!("node update --availability drain node-{from}"));
    lab.run(&["kill", &leader.to_string()]);

    let at = format!("node-{to}");
    for name in ["web_db", "web_app", "web_api"] {
        lab.wait_for(name, || running(&lab, to, name).is_some_and(|(_, node)| node == at));
    }
    // Longer than the step after which there would be a second restart.
    std::thread::sleep(Duration::from_secs(15));
    for (name, before) in ["web_app", "web_api"].iter().zip(&before) {
        let (now, node) = running(&lab, to, name).unwrap();
        assert_eq!(node, at);
        let since: Vec<_> = tasks(&lab, to, name).into_iter().filter(|(id, _, _)| id != before).collect();
        assert!(since.len() == 1 && since[0].0 == now, "`{name}` was restarted more than once: {since:?}");
    }
    // All have done it together, and each thing once.
    let mut acted: Vec<String> = Vec::new();
    for (watch, before) in loops.iter().zip(&done_before) {
        let done = watch.done();
        assert_eq!(watch.journal(), done, "the journal and the lines of one loop");
        assert_eq!(watch.counted(), watch.done_by_kind(), "the metrics and the lines of one loop");
        acted.extend_from_slice(&done[*before..]);
    }
    acted.sort();
    let wanted = [format!("node/node-{from}#label/db"), format!("node/node-{to}#label/db")];
    let mut wanted = wanted.to_vec();
    wanted.sort();
    assert_eq!(acted, wanted, "all that was done after the leader's death");
    let heirs: Vec<_> =
        loops.iter().zip(&done_before).filter(|(watch, before)| watch.done().len() > **before).collect();
    assert!(heirs.len() == 1 && heirs[0].0.host != lab.host(leader), "it was one of the two that are left");
    drop(loops);
    lab.run(&["start", &leader.to_string()]);
    lab.docker(to, &format!("node update --availability active node-{from}"));
}

/// A task that fails and comes up on another node is no event of the manager's engine, which is looked at every ten seconds
/// where no event asks for more.
#[test]
fn what_another_nodes_engine_hears_is_followed_at_once() {
    let lab = Lab::clean();
    lab.try_docker(1, "config rm orca.memory");
    let leader = lab.leader();
    let others: Vec<usize> = [1, 2, 3].into_iter().filter(|node| *node != leader).collect();
    let hosts: Vec<String> =
        others.iter().map(|node| format!("node-{node}: {{ host: '{}' }}", lab.host(*node))).collect();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "stack: web\ndependencies: {{ db: {{ services: [app] }} }}\nnodes: {{ {} }}\n\
         watch: {{ debounce: 2s, max_wait: 2s, anchor_poll: 0s, subscribe_nodes: true, passes: {{ reconcile: {{ every: 1h }} }} }}\n",
        hosts.join(", ")
    );
    std::fs::write(folder.path().join("orca.yml"), config).unwrap();
    lab.service("web_db", &format!("--restart-delay 0s --constraint node.hostname!=node-{leader}"));
    let from = running(&lab, leader, "web_db").unwrap().1;
    // So that its next task goes where there is less to do.
    lab.service("filler", &format!("--replicas 4 --constraint node.hostname=={from}"));
    let watch = Loop::start(&lab, leader, folder.path());
    lab.service("web_app", "--constraint node.labels.db==true");
    let quiet = || {
        let before = watch.reports().len();
        std::thread::sleep(Duration::from_secs(5));
        let reports = watch.reports();
        let settled = reports.last().is_some_and(|report| report["data"]["unsettled"] == json!([]));
        settled && reports.len() == before
    };
    lab.wait_for("the loop is quiet", quiet);
    let before = watch.reports().len();
    let from_number: usize = from.trim_start_matches("node-").parse().unwrap();
    let container = lab.docker(from_number, "ps -q --filter label=com.docker.swarm.service.name=web_db");
    lab.docker(from_number, &format!("kill {}", container.trim()));
    for name in ["web_db", "web_app"] {
        lab.wait_for(name, || running(&lab, leader, name).is_some_and(|(_, node)| node != from));
    }
    // It is printed when all of it is done.
    let since = || watch.reports().split_off(before);
    let acted = |reports: &[Value]| reports.iter().position(|report| report["summary"]["done"].as_u64() > Some(0));
    lab.wait_for("the report", || acted(&since()).is_some());
    // Where the anchor takes longer to come up than events are collected for, the first pass finds it on its way.
    let first = since()[0]["data"]["cause"].clone();
    assert!(["event", "anchor"].iter().any(|cause| first == *cause), "{:?}", since());
}
