//! Bad input, told with file, line and column, and nothing half-deployed.

use serde_json::{Value, json};

use crate::stage::{IMAGE, Stage, kinds};

/// One service with these lines, and what comes after it.
fn web(lines: &str, rest: &str) -> String {
    format!("services:\n  web:\n    image: {IMAGE}\n{lines}{rest}")
}

/// All mistakes, a line each.
fn causes(report: &Value) -> String {
    let causes = report["error"]["causes"].as_array().unwrap().iter();
    causes.map(|cause| cause.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_is_told_at_its_place_and_nothing_is_asked() {
    let stage = Stage::new();
    stage.write("empty.txt", "");
    stage.write("bad.env", "A=1\nA B=2\n");
    for (text, place, words) in [
        (web("    imagee: x\n", ""), "4:5", "unknown key \"imagee\""),
        (web("    mem_limit: 5M\n", ""), "4:16", "deploy.resources"),
        (web("    deploy: {replicas: many}\n", ""), "4:24", "must be a whole number"),
        (web("    deploy: {replcas: 2}\n", ""), "4:14", "did you mean \"replicas\""),
        (web("    ports: ['80', 'a:b']\n", ""), "4:19", "no port"),
        (web("    ports: ['80:80/icmp']\n", ""), "4:13", "protocol"),
        (web("    env_file: [gone.env]\n", ""), "4:16", "can't be read"),
        (web("    env_file: bad.env\n", ""), "4:15", "line 2"),
        (web("    networks: [nowhere]\n", ""), "4:16", "network `nowhere` is not defined"),
        (web("    secrets: [key]\n", ""), "4:15", "secret key is not defined"),
        (web("    volumes: ['data:/d']\n", ""), "4:15", "volume `data` is not defined"),
        (web("    volumes: ['/a:b']\n", ""), "4:15", "no absolute path"),
        (web("    image: twice\n", ""), "4:5", "duplicate key"),
        (web("    healthcheck: {interval: soon, test: x}\n", ""), "4:29", "no duration"),
        (web("    deploy: {update_config: {order: both}}\n", ""), "4:37", "stop-first or start-first"),
        (web("    deploy: {mode: some}\n", ""), "4:20", "replicated, global"),
        (web("    deploy: {resources: {limits: {memory: lots}}}\n", ""), "4:43", "size"),
        (web("    dns: here\n", ""), "4:10", "no address"),
        (web("    environment: {A: '${NOT'}\n", ""), "4:22", "no variable"),
        (web("    environment: {A: '${NONE:?set it}'}\n", ""), "4:22", "set it"),
        (web("", "secrets: {key: {file: gone.txt}}\n"), "4:23", "can't be read"),
        (web("", "secrets: {key: {file: empty.txt}}\n"), "4:23", "empty"),
        (web("", "secrets: {key: {}}\n"), "4:16", "needs the key"),
        ("services:\n  web: {command: x}\n".to_owned(), "2:8", "no image"),
        (web("", "networks: {default: {ipam: {config: [{subnet: 10.0.0.0/64}]}}}\n"), "4:38", "no subnet"),
        (web("", "networks: {default: {ipam: {config: [{subnet: '::/+8'}]}}}\n"), "4:38", "no subnet"),
        ("services: {}\n".to_owned(), "1:11", "no service"),
        ("services:\n\t- x\n".to_owned(), "2:1", "a tab"),
    ] {
        let report = stage.deploy(78, &text, &[]);
        let said = causes(&report);
        assert!(
            said.contains(&format!("stack.yml:{place}:")) && said.contains(words),
            "{text}\n{place} {words}: {said}"
        );
    }
    assert!(stage.all().is_empty());
}

#[test]
fn several_mistakes_are_told_at_once_and_a_stack_needs_a_name() {
    let stage = Stage::new();
    let report = stage.deploy(78, &web("    ports: [x]\n    networks: [y]\n", ""), &[]);
    assert!(report["error"]["message"].as_str().unwrap().contains("2 problems"), "{report:#}");
    let report = stage.report(78, &["deploy", "stack.yml"]);
    assert!(report["error"].to_string().contains("no name"), "{report:#}");
    let report = stage.report(78, &["deploy", "gone.yml", "--stack", "shop"]);
    assert!(report["error"].to_string().contains("gone.yml"), "{report:#}");
}

#[test]
fn nothing_is_half_deployed() {
    let stage = Stage::new();
    let text = format!(
        "services:\n  web: {{image: {IMAGE}}}\n  api: {{image: {IMAGE}, networks: [theirs]}}\nnetworks: {{theirs: {{external: true}}}}\n"
    );
    let report = stage.deploy(75, &text, &[]);
    assert!(kinds(&report).is_empty() && stage.all().is_empty(), "{report:#}");
    assert!(report["blocked"].to_string().contains("no network `theirs`"), "{report:#}");
    stage.sim.engine.post("/networks/create", &json!({"Name": "theirs", "Driver": "overlay"})).unwrap();
    stage.deploy(0, &text, &[]);
    assert_eq!(stage.all(), ["networks shop_default", "services shop_api", "services shop_web"]);
}

#[test]
fn changed_content_of_a_secret_or_config_is_refused() {
    let stage = Stage::new();
    let text = web(
        "    secrets: [key]\n    configs: [conf]\n",
        "secrets: {key: {file: key.txt}}\nconfigs: {conf: {file: conf.txt}}\n",
    );
    stage.write("key.txt", "one");
    stage.write("conf.txt", "one");
    stage.deploy(0, &text, &[]);
    for (file, kind) in [("key.txt", "secret"), ("conf.txt", "config")] {
        stage.write(file, "two");
        let report = stage.deploy(75, &text, &[]);
        let reason = report["blocked"].to_string();
        assert!(reason.contains(kind) && reason.contains("Swarm can't change it"), "{report:#}");
        assert!(kinds(&report).is_empty());
        stage.write(file, "one");
    }
    stage.write("key.txt", "two");
    let named = text.replace("file: key.txt", "file: key.txt, name: shop_key_2");
    let report = stage.deploy(0, &named, &[]);
    assert_eq!(kinds(&report), ["secret.create", "service.field.set"], "{report:#}");
}

#[test]
fn what_belongs_to_others_is_left_alone() {
    let stage = Stage::new();
    let text = web("", "");
    let stranger = json!({"Name": "shop_web", "Labels": {}, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": IMAGE}, "Placement": {}}});
    stage.sim.engine.post("/services/create", &stranger).unwrap();
    let report = stage.deploy(75, &text, &[]);
    assert!(report["blocked"].to_string().contains("no part of the stack"), "{report:#}");
    stage.sim.engine.post("/networks/create", &json!({"Name": "shop_default", "Driver": "overlay"})).unwrap();
    let report = stage.deploy(75, &text, &[]);
    assert_eq!(report["blocked"].as_array().map(Vec::len), Some(2), "{report:#}");
    assert_eq!(stage.all(), Vec::<String>::new());
    assert_eq!(stage.service("shop_web").unwrap()["Spec"]["Labels"], Value::from(serde_json::Map::new()));
}

#[test]
fn a_build_context_outside_of_the_stack_is_refused_at_its_place() {
    let stage = Stage::new();
    stage.write("in/stack.yml", &web("    build: {context: ../../}\n", ""));
    let report = stage.report(78, &["build", "in/stack.yml"]);
    assert!(report["error"].to_string().contains("in/stack.yml:4:"), "{report:#}");
    assert!(report["error"].to_string().contains("outside"), "{report:#}");
    stage.write("stack.yml", &web("", ""));
    let report = stage.report(64, &["build", "stack.yml"]);
    assert!(report["error"].to_string().contains("says how it is built"), "{report:#}");
}

/// Makes something at a path.
type Made<'m> = &'m dyn Fn(&std::path::Path);

#[test]
fn a_dot_env_that_is_no_file_or_too_long_is_told_of_and_not_waited_for() {
    let fifo = |path: &std::path::Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let long = |path: &std::path::Path| std::fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
    let cases: [(Made<'_>, &str); 3] = [
        (&fifo, "it is no file"),
        (&|path| std::fs::create_dir(path).unwrap(), "it is no file"),
        (&long, "larger than"),
    ];
    for (make, words) in cases {
        let stage = Stage::new();
        make(&stage.orca.path(".env"));
        let report = stage.deploy(78, &web("", ""), &[]);
        assert!(causes(&report).contains(".env") && causes(&report).contains(words), "{words}: {report:#}");
    }
    let stage = Stage::new();
    fifo(&stage.orca.path("pipe"));
    let pipes = web("    env_file: pipe\n    secrets: [key]\n", "secrets: {key: {file: pipe}}\n");
    assert_eq!(causes(&stage.deploy(78, &pipes, &[])).matches("it is no file").count(), 2);
}

#[test]
fn a_signal_ends_what_waits_for_stdin() {
    let stage = Stage::new();
    for args in [&["stacks", "deploy", "-"][..], &["stacks", "build", "-"], &["catalog", "add", "-"]] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let mut command = stage.orca.command(args);
            command.stdin(std::process::Stdio::piped());
            let mut running = stage.orca.spawn(command).unwrap();
            let open = running.child.stdin.take();
            // As soon as signals are heard, one comes.
            crate::common::poll::until("orca listens", || {
                let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id()))?;
                let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap_or_default();
                let listens = u64::from_str_radix(caught, 16).unwrap_or(0) & (1 << 14) != 0;
                Ok(if listens { Vec::new() } else { vec!["no handler".to_owned()] })
            })
            .unwrap();
            running.signal(signal).unwrap();
            let ended = running.end().unwrap();
            assert_eq!(ended.exit, Some(code), "{args:?}: {ended}");
            drop(open);
        }
    }
}

#[test]
fn what_is_there_otherwise_than_the_files_say_is_told_with_what_to_do() {
    let stage = Stage::new();
    let text = |network: &str, label: &str| {
        web(
            "    secrets: [key]\n    configs: [conf]\n",
            &format!(
                "networks: {{default: {{{network}}}}}\nsecrets: {{key: {{file: key.txt{label}}}}}\nconfigs: {{conf: {{file: key.txt{label}}}}}\n"
            ),
        )
    };
    stage.write("key.txt", "one");
    let first = "driver_opts: {encrypted: ''}, labels: {a: b}, ipam: {config: [{subnet: 10.9.0.0/24}]}";
    stage.deploy(0, &text(first, ", labels: {a: b}"), &[]);
    let told = |network: &str, label: &str| -> Vec<String> {
        let report = stage.deploy(0, &text(network, label), &[]);
        assert_eq!(kinds(&report), [""; 0], "{report:#}");
        let warnings = report["warnings"].as_array().unwrap().iter().filter(|one| one["code"] == "differs");
        warnings.map(|one| one["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told(first, ", labels: {a: b}"), [""; 0]);
    assert_eq!(told(&first.replace("10.9.0.0", "10.9.0.7"), ", labels: {a: b}"), [""; 0], "the same addresses");
    for (network, what) in [
        (first.replace("10.9", "10.8"), "ipam.config"),
        (first.replace("ipam: {", "ipam: {driver: other, "), "ipam.driver"),
        (first.replace("encrypted: ''", ""), "driver_opts"),
        (first.replace("encrypted", "other"), "driver_opts"),
        (first.replace("{a: b}", "{}"), "labels"),
        (format!("{first}, internal: true"), "internal"),
        (format!("{first}, attachable: true"), "attachable"),
        (format!("{first}, driver: macvlan"), "driver"),
    ] {
        let said = told(&network, ", labels: {a: b}");
        let [one] = said.as_slice() else { panic!("{network}: {said:?}") };
        assert!(one.contains(&format!("other {what} than")) && one.contains("`name: shop_default_2`"), "{one}");
    }
    for label in ["", ", labels: {a: c}", ", labels: {a: b, c: d}", ", labels: {a: b}, template_driver: golang"] {
        let said = told(first, label);
        assert!(said.len() == 2 && said.iter().all(|one| one.contains("give it another `name`")), "{label}: {said:?}");
    }
}

#[test]
fn a_build_has_the_files_own_name_and_opens_no_file_that_it_has_no_use_for() {
    let stage = Stage::new();
    stage.write("made/Dockerfile", "FROM scratch\n");
    let text = web(
        "    build: ./made\n    env_file: gone.env\n    secrets: [key]\n    depends_on: [x]\n",
        "secrets: {key: {file: gone.txt}}\n",
    );
    let built = |text: &str, more: &[&str]| {
        stage.write("stack.yml", text);
        stage.report(0, &[&["build", "stack.yml", "-n"], more].concat())
    };
    let report = built(&format!("name: blog\n{text}"), &[]);
    assert_eq!(report["data"]["builds"][0]["name"], "blog_web", "{report:#}");
    assert_eq!(report["warnings"], json!([]), "what deployments leave out is nothing to a build");
    assert_eq!(built(&format!("name: blog\n{text}"), &["--stack", "shop"])["data"]["builds"][0]["name"], "shop_web");
    assert_eq!(built(&text, &[])["data"]["builds"][0]["name"], "stack_web");
    assert_eq!(stage.deploy(78, &text, &[])["error"]["causes"].as_array().map(Vec::len), Some(2));
}
