//! Who is told of what: by a server on this host, and by a program.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::listener::Listener;
use crate::stage::{CONFIG, Stage};

const TOKEN: &str = "s3cr3t-t0ken";

fn stage(notify: &str) -> Result<Stage> {
    Stage::new(&format!("{CONFIG}notify:\n{notify}"))
}

/// Warnings of the code `notify`.
fn complaints(report: &Value) -> Vec<String> {
    let warnings = report["warnings"].as_array().unwrap().iter();
    warnings.filter(|w| w["code"] == "notify").map(|w| w["message"].as_str().unwrap().to_owned()).collect()
}

fn body(request: &crate::listener::Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

/// As anybody would check it who has the secret, without orca's code.
fn signed(secret: &str, request: &crate::listener::Request) -> String {
    let text = format!("{}.{}", request.header("x-orca-timestamp").unwrap(), request.body);
    let script =
        "import hmac,sys; print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), 'sha256').hexdigest())";
    let mut python = std::process::Command::new("python3")
        .args(["-c", script, secret])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let hex = String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap();
    format!("sha256={}", hex.trim())
}

#[test]
fn a_change_is_told_with_a_signature_and_the_next_is_held_back() -> Result<()> {
    let hook = Listener::new("204 No Content", Duration::ZERO)?;
    let chat = Listener::new("200 OK", Duration::ZERO)?;
    let stage = stage(&format!(
        "  webhook: {{ url: '{}/hook/{TOKEN}', secret_file: secret }}\n  chat: {{ url_env: CHAT }}\n",
        hook.url
    ))?;
    stage.write("secret", "key\n")?;
    let run = |args: &[&str]| {
        let mut command = stage.orca.command(args);
        command.env("CHAT", format!("{}/{TOKEN}", chat.url)).args(["-vv"]);
        stage.orca.spawn(command)?.end()
    };
    let first = run(&["labels", "sync"])?;
    assert_eq!((first.exit, complaints(&first.report()?)), (Some(0), Vec::new()), "{first}");
    let [request] = &hook.seen()[..] else { panic!("{:?}", hook.seen()) };
    assert_eq!(request.line, format!("POST /hook/{TOKEN} HTTP/1.1\r\n"));
    assert_eq!(request.header("x-orca-signature").unwrap(), signed("key", request));
    assert_eq!(request.header("x-orca-event"), Some("change"));
    let told = body(request);
    assert_eq!((&told["schema"], &told["actions"][0]["status"]), (&json!("orca.report/1"), &json!("done")));
    assert_eq!(told["data"]["notification"]["held"], 0);
    let text = body(&chat.seen()[0])["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("orca: change of labels sync\nlabels sync changed (1 done) on node-1"), "{text}");
    // Within the minute nobody is told again, and nothing is told where nothing was changed.
    let second = run(&["anchors", "follow"])?;
    assert_eq!((second.exit, hook.seen().len(), chat.seen().len()), (Some(0), 1, 1), "{second}");
    let third = run(&["anchors", "follow"])?;
    for ended in [&first, &second, &third] {
        assert!(!format!("{ended}").contains(TOKEN), "{ended}");
    }
    // A minute later the next one sums up.
    let db = stage.orca.state_dir().join("state.db");
    let age =
        "UPDATE memory SET json = json_set(json, '$.kinds.change.last', '2001-01-01T00:00:00Z') WHERE key = '#notify'";
    rusqlite::Connection::open(&db)?.execute(age, [])?;
    stage.orca.config(&std::fs::read_to_string(stage.orca.path("orca.yml"))?.replace("zone: a", "zone: b"))?;
    run(&["labels", "sync"])?;
    let held = body(&hook.seen()[1])["data"]["notification"].clone();
    assert_eq!((&held["held"], &held["newest"][0]["command"]), (&json!(1), &json!("anchors follow")), "{held:#}");
    assert!(body(&chat.seen()[1])["text"].as_str().unwrap().contains("1 more since the last message:"));
    assert!(!String::from_utf8_lossy(&std::fs::read(&db)?).contains(TOKEN), "secrets are nowhere in the state");
    let shown = run(&["config", "show"])?;
    assert!(!shown.stdout.contains(TOKEN) && shown.stdout.contains("(redacted)"), "{shown}");
    Ok(())
}

#[test]
fn a_failure_is_told_and_the_first_success_after_it() -> Result<()> {
    let chat = Listener::new("200 OK", Duration::ZERO)?;
    let stage = stage(&format!("  on: [failure, recovery]\n  chat: {{ url: '{}', form: apprise }}\n", chat.url))?;
    stage.run(&["labels", "sync"], 0)?;
    assert!(chat.seen().is_empty(), "a change is not wanted");
    stage.sim.admin("/crash", &json!({}))?;
    stage.run(&["labels", "sync"], 69)?;
    stage.run(&["labels", "sync"], 69)?;
    stage.sim.engine.ask("DELETE", "/_sim/crash", None)?;
    // Another command is none of that one's business.
    stage.run(&["anchors", "follow"], 0)?;
    stage.run(&["labels", "sync"], 0)?;
    stage.run(&["labels", "sync"], 0)?;
    let told: Vec<_> =
        chat.seen().iter().map(|request| (body(request)["type"].clone(), body(request)["title"].clone())).collect();
    let wanted = [("failure", "orca: failure of labels sync"), ("success", "orca: recovery of labels sync")];
    assert_eq!(told, wanted.map(|(kind, title)| (json!(kind), json!(title))));
    Ok(())
}

#[test]
fn a_pass_that_can_not_begin_has_failed_too() -> Result<()> {
    let chat = Listener::new("200 OK", Duration::ZERO)?;
    let stage = stage(&format!(
        "  chat: {{ url: '{}', form: apprise }}\nlogs: {{ containers: {{ list: false }} }}\n",
        chat.url
    ))?;
    stage.run(&["logs", "rotate", "--fix-services"], 78)?;
    let told: Vec<_> = chat.seen().iter().map(|request| body(request)["title"].clone()).collect();
    assert_eq!(told, [json!("orca: failure of logs rotate")]);
    Ok(())
}

#[test]
fn who_cannot_be_told_fails_no_pass() -> Result<()> {
    let answers =
        [("500 Oh", "it answered 500"), ("302 Found\r\nLocation: http://127.0.0.1:1/", "redirects are not followed")];
    for (answer, said) in answers {
        let hook = Listener::new(answer, Duration::ZERO)?;
        let stage = stage(&format!("  webhook: {{ url: '{}/{TOKEN}' }}\n", hook.url))?;
        let (ended, report) = stage.run(&["labels", "sync"], 0)?;
        let [complaint] = &complaints(&report)[..] else { panic!("{ended}") };
        assert!(complaint.contains(said) && !format!("{ended}").contains(TOKEN), "{ended}");
        assert_eq!(hook.seen().len(), 1);
    }
    // Nobody there, a secret that is not there, and no URL at all.
    for (target, said) in [
        (format!("webhook: {{ url: 'http://127.0.0.1:1/{TOKEN}' }}"), "no connection to http://127.0.0.1:1 "),
        ("webhook: { url: 'http://127.0.0.1:1/', secret_env: NONE }".to_owned(), "`$NONE` is not set"),
        ("chat: { url_file: nowhere }".to_owned(), "can't open `nowhere`"),
    ] {
        let stage = stage(&format!("  {target}\n"))?;
        let (ended, report) = stage.run(&["labels", "sync"], 0)?;
        assert!(complaints(&report)[0].contains(said) && !format!("{ended}").contains(TOKEN), "{ended}");
    }
    Ok(())
}

#[test]
fn a_slow_one_is_not_waited_for() -> Result<()> {
    let hook = Listener::new("200 OK", Duration::from_secs(30))?;
    let notify = format!("  timeout: 1s\n  webhook: {{ url: '{}' }}\n  command: [sleep, '30']\n", hook.url);
    let stage = stage(&notify)?;
    let started = Instant::now();
    let (ended, report) = stage.run(&["labels", "sync"], 0)?;
    assert!(started.elapsed() < Duration::from_secs(10), "{ended}");
    let complaints = complaints(&report);
    assert!(complaints[0].contains("no answer of") && complaints[1].contains("`sleep` took too long"), "{ended}");
    Ok(())
}

#[test]
fn a_program_gets_the_report_and_no_shell_is_involved() -> Result<()> {
    let stage = stage("  command: [sh, -c, 'cat > got.json; echo \"$0 $ORCA_EVENT\" > args', '$(touch pwned); x']\n")?;
    let (_, report) = stage.run(&["labels", "sync"], 0)?;
    assert_eq!(complaints(&report), Vec::<String>::new());
    let got: Value = serde_json::from_str(&stage.read("got.json").unwrap())?;
    assert_eq!(got["run"]["id"], report["run"]["id"]);
    assert_eq!(stage.read("args").as_deref(), Some("$(touch pwned); x change\n"));
    assert_eq!(stage.read("pwned"), None);
    let stage = self::stage("  command: [sh, -c, 'echo no such channel >&2; exit 3']\n")?;
    let (_, report) = stage.run(&["labels", "sync"], 0)?;
    assert!(complaints(&report)[0].contains("no such channel"), "{report:#}");
    // Neither side waits for the other, and what another receiver is reached by is not handed on.
    let noisy = "head -c 200000 /dev/zero | tr '\\0' x >&2; cat >/dev/null; echo \"[${CHAT-none}]\" > seen; exit 3";
    let stage =
        self::stage(&format!("  chat: {{ url_env: CHAT }}\n  command: [sh, -c, '{}']\n", noisy.replace('\'', "''")))?;
    // More than a pipe holds.
    let labels: String = (0..100).map(|n| format!("l{n}: {}, ", "v".repeat(700))).collect();
    stage.orca.config(
        &std::fs::read_to_string(stage.orca.path("orca.yml"))?.replace("zone: a", &format!("{labels} zone: a")),
    )?;
    let mut command = stage.orca.command(&["labels", "sync"]);
    command.env("CHAT", "http://127.0.0.1:1/");
    let ended = stage.orca.spawn(command)?.end()?;
    let complaints = complaints(&ended.report()?);
    assert!(complaints[1].contains("ended with exit status: 3: xxx") && complaints[1].len() < 500, "{complaints:?}");
    assert_eq!(stage.read("seen").as_deref(), Some("[none]\n"));
    Ok(())
}

#[test]
fn a_rehearsal_is_nobodys_business_and_a_pipe_is_no_secret() -> Result<()> {
    let stage = stage("  command: [sh, -c, 'exit 3']\n")?;
    let (_, report) = stage.run(&["labels", "sync", "-n"], 0)?;
    assert_eq!(complaints(&report), Vec::<String>::new());
    let stage = self::stage("  chat: { url_file: pipe }\n")?;
    assert!(std::process::Command::new("mkfifo").arg(stage.orca.path("pipe")).status()?.success());
    let (_, report) = stage.run(&["labels", "sync"], 0)?;
    assert!(complaints(&report)[0].contains("`pipe` is no file"), "{report:#}");
    Ok(())
}

#[test]
fn mistakes_in_the_section_are_named_without_what_is_secret() -> Result<()> {
    let text = format!(
        "  every: 10s\n  timeout: 2m\n  on: [chnage]\n  webhook: {{ url: 'ftp://x/{TOKEN}', url_file: f }}\n  chat: {{ }}\n  command: ['']\n"
    );
    let stage = stage(&text)?;
    let (ended, report) = stage.run(&["config", "check"], 78)?;
    let list = report["error"]["causes"].as_array().unwrap();
    let said = |part: &str| list.iter().any(|cause| cause.as_str().unwrap().contains(part));
    assert!(said("orca.yml:7:"), "{ended}");
    assert!(!format!("{ended}").contains(TOKEN), "{ended}");
    let stage = self::stage(&text.replace("  on: [chnage]\n", ""))?;
    let (ended, report) = stage.run(&["config", "check"], 78)?;
    let list = report["error"]["causes"].as_array().unwrap().clone();
    for part in [
        "notify.every must be at least 1m",
        "notify.timeout must be more than 0s and at most 1m",
        "notify.webhook.url must be a URL",
        "notify.webhook.url_file: it is already given",
        "notify.chat needs one of",
        "notify.command",
    ] {
        assert!(list.iter().any(|cause| cause.as_str().unwrap().contains(part)), "no `{part}` in {ended}");
    }
    assert!(!format!("{ended}").contains(TOKEN), "{ended}");
    Ok(())
}

/// The report for the operator has what a failed container has printed last; nobody else gets that.
#[test]
fn what_containers_print_is_sent_to_nobody() -> Result<()> {
    const SECRET: &str = "password=hunter2";
    let (hook, chat) = (Listener::new("200 OK", Duration::ZERO)?, Listener::new("200 OK", Duration::ZERO)?);
    let stage = stage(&format!(
        "  webhook: {{ url: '{}' }}\n  chat: {{ url: '{}' }}\n  command: [sh, -c, 'cat > got.json']\n",
        hook.url, chat.url
    ))?;
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let spec = json!({"Name": "shop", "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"Placement": {}, "ContainerSpec":
            {"Image": format!("r.invalid/shop:1@{}", digest("a")), "Command": ["echo"], "Args": [SECRET]}},
        "UpdateConfig": {"Parallelism": 1, "Monitor": 300_000_000, "FailureAction": "pause"}});
    stage.sim.engine.post("/services/create", &spec)?;
    crate::common::poll::until("the cluster rests", || {
        crate::common::cluster::Cluster::peek(&stage.sim.engine)?.unsettled()
    })?;
    let platforms = json!([{"architecture": "amd64", "os": "linux"}]);
    let newer = json!({"image": "r.invalid/shop:1", "digest": digest("b"), "platforms": platforms});
    stage.sim.admin("/registry", &newer)?;
    stage.sim.admin("/images", &json!({"match": digest("b"), "state": "failed", "err": "out of luck"}))?;
    let (ended, report) = stage.run(&["services", "update", "shop", "--deadline", "5s"], 1)?;
    assert_eq!(complaints(&report), Vec::<String>::new(), "{ended}");
    assert_eq!(report["data"]["updates"][0]["failed_task"]["log"][0], SECRET, "{report:#}");
    let program: Value = serde_json::from_str(&stage.read("got.json").unwrap())?;
    for told in [&body(&hook.seen()[0]), &program] {
        let task = &told["data"]["updates"][0]["failed_task"];
        assert_eq!((&task["error"], task.get("log")), (&json!("out of luck"), None), "{told:#}");
    }
    let sent = [hook.seen()[0].body.clone(), chat.seen()[0].body.clone(), program.to_string()];
    assert!(sent.iter().all(|text| text.contains("out of luck") && !text.contains(SECRET)), "{sent:?}");
    Ok(())
}
