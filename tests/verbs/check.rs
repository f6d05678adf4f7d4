//! `orca services ls --check`: whether there is anything newer, each image asked for once, and what is not known is said.

use serde_json::{Value, json};

use crate::common::orca::Orca;
use crate::common::sim::Sim;

fn digest(letter: char) -> String {
    format!("sha256:{}", letter.to_string().repeat(64))
}

struct Shop {
    sim: Sim,
    orca: Orca,
}

impl Shop {
    fn new(images: &[(&str, String)]) -> Self {
        let sim = Sim::three().unwrap();
        for (name, image) in images {
            let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}},
                "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}}});
            sim.engine.post("/services/create", &spec).unwrap();
        }
        let orca = Orca::new(&sim.engine.host()).unwrap();
        Self { sim, orca }
    }

    fn publish(&self, image: &str, letter: char) {
        self.sim.admin("/registry", &json!({"image": image, "digest": digest(letter)})).unwrap();
    }

    /// Exit code and report.
    fn run(&self, args: &[&str]) -> (i32, Value) {
        let ended = self.orca.run(&[&["services", "ls", "-o", "json"], args].concat()).unwrap();
        (ended.exit.unwrap(), ended.report().unwrap())
    }

    fn questions(&self) -> u64 {
        let counts = self.sim.requests().unwrap()["counts"].clone();
        let asked = counts.as_object().unwrap().iter().filter(|(path, _)| path.contains("/distribution/"));
        asked.filter_map(|(_, count)| count.as_u64()).sum()
    }
}

fn verdicts(report: &Value) -> Vec<(String, String)> {
    let words = |service: &Value, path: &str| service.pointer(path).and_then(Value::as_str).unwrap_or("-").to_owned();
    let services = report["data"]["services"].as_array().unwrap();
    let mut found: Vec<_> = services.iter().map(|one| (words(one, "/name"), words(one, "/check/verdict"))).collect();
    found.sort();
    found
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(name, verdict)| ((*name).to_owned(), (*verdict).to_owned())).collect()
}

#[test]
fn each_image_is_asked_for_once_and_every_service_has_a_verdict() {
    let at = |image: &str, letter| format!("{image}@{}", digest(letter));
    let shop = Shop::new(&[
        ("web", at("r.invalid/app:1", 'a')),
        ("api", at("r.invalid/app:1", 'b')),
        ("bare", "r.invalid/app:1".to_owned()),
        ("fixed", at("r.invalid/app", 'a')),
        ("other", at("r.invalid/other", 'c')),
    ]);
    shop.publish("r.invalid/app:1", 'b');
    shop.publish("r.invalid/other:latest", 'c');
    let (exit, report) = shop.run(&["--check"]);
    assert_eq!(exit, 0, "{report}");
    let wanted =
        [("api", "up_to_date"), ("bare", "unpinned"), ("fixed", "fixed"), ("other", "fixed"), ("web", "newer")];
    assert_eq!(verdicts(&report), pairs(&wanted));
    assert_eq!(shop.questions(), 1, "one image, however many services have it");
    let web = report["data"]["services"].as_array().unwrap().iter().find(|one| one["name"] == "web").unwrap();
    assert_eq!(web["check"]["digest"], digest('b'));
    assert_eq!(shop.sim.requests().unwrap()["writes"], 5, "only the services that the test has made were written");
    // Only what is named is asked about.
    assert_eq!(verdicts(&shop.run(&["--check", "web"]).1), pairs(&[("web", "newer")]));
    let text = shop.orca.run(&["services", "ls", "--check", "-o", "text"]).unwrap();
    let line = text.stdout.lines().find(|line| line.contains(" web ")).unwrap();
    assert!(text.stdout.contains("NEWER") && line.contains("@bbbbbbbbbbbb"), "{text}");
    // Who doesn't ask is told nothing, and nobody is asked.
    let asked = shop.questions();
    let (_, plain) = shop.run(&[]);
    assert_eq!((&plain["data"]["services"][0]["check"], shop.questions()), (&Value::Null, asked));
}

#[test]
fn a_registry_that_is_away_makes_nothing_up_to_date() {
    let shop = Shop::new(&[
        ("web", format!("r.invalid/app:1@{}", digest('a'))),
        ("api", format!("r.invalid/api:1@{}", digest('a'))),
    ]);
    shop.publish("r.invalid/api:1", 'a');
    let away = json!({"image": "r.invalid/app:1", "status": 500, "message": "dial tcp: connection refused"});
    shop.sim.admin("/registry", &away).unwrap();
    let (exit, report) = shop.run(&["--check"]);
    assert_eq!(verdicts(&report), pairs(&[("api", "up_to_date"), ("web", "unknown")]));
    assert_eq!((exit, &report["error"]["kind"]), (75, &json!("refused")), "{report}");
    assert_eq!(report["warnings"][0]["code"], "unresolved");
    assert!(report["warnings"][0]["message"].as_str().unwrap().contains("connection refused"), "{report}");
    let text = shop.orca.run(&["services", "ls", "--check", "-o", "text"]).unwrap();
    assert!(text.stdout.contains("unknown") && text.stderr.contains("of 1 of 2 services"), "{text}");
}

#[test]
fn a_snapshot_can_ask_nobody() {
    let shop = Shop::new(&[]);
    let snapshot = shop.orca.run(&["snapshot"]).unwrap();
    std::fs::write(shop.orca.path("s.json"), snapshot.stdout).unwrap();
    let refused = shop.orca.run(&["--snapshot", "s.json", "services", "ls", "--check"]).unwrap();
    assert!(refused.exit == Some(64) && refused.stderr.contains("leave out --snapshot"), "{refused}");
}
