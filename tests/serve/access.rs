//! Who is let in, and for what.

use serde_json::json;

use crate::client::Answer;
use crate::stage::{Server, Stage};

fn code(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status);
    assert!(problem["detail"].is_string() && problem["title"].is_string());
    (answer.status, problem["code"].as_str().unwrap().to_owned())
}

fn said(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn where_others_can_reach_it_there_must_be_tokens() {
    let stage = Stage::new();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let ended = stage.orca.run(&["serve", "--listen", listen]).unwrap();
        assert_eq!(ended.exit, Some(78), "{ended}");
        assert!(ended.stderr.contains("hint: make a token with"), "{ended}");
    }
    stage.token("read-only");
    let server = Server::start(&stage.orca, &["serve", "--listen", "0.0.0.0:0", "--token-file", "tokens"]);
    let port = server.address.rsplit_once(':').unwrap().1.to_owned();
    let address = format!("127.0.0.1:{port}");
    assert_eq!(crate::client::Request::new(&address, "GET", "/api/nodes").send().status, 401);
}

#[test]
fn only_tokens_of_the_file_come_in_and_each_as_far_as_it_may() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let (look, change) = (stage.token("read-only"), stage.token("read-write"));
    let server = stage.serve(&["--token-file", "tokens"]);
    assert_eq!(code(&server.get("/api/nodes")), said(401, "no_token"));
    assert!(server.get("/api/nodes").header("www-authenticate").starts_with("Bearer"));
    for wrong in ["Bearer nobody", "Bearer ", "Basic abc", "Bearer"] {
        let answer = server.request("GET", "/api/nodes").with("Authorization", wrong).send();
        assert_eq!(code(&answer), said(401, "wrong_token"), "{wrong}");
    }
    // What a probe asks needs none, and tells nothing.
    for path in ["/livez", "/readyz", "/api/health", "/login", "/assets/app.css"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    for path in ["/metrics", "/api/openapi.json", "/api/events", "/api/history", "/api/runs", "/api/services/live"] {
        assert_eq!(server.get(path).status, 401, "{path}");
    }
    let server = server.with_token(&look);
    assert_eq!(server.get("/api/nodes").status, 200);
    assert_eq!(code(&server.post("/api/services/web/scale", &json!({"replicas": 2}))), said(403, "read_only_token"));
    assert_eq!(stage.replicas("web"), 1);
    let server = server.with_token(&change);
    assert_eq!(server.post("/api/services/web/scale", &json!({"replicas": 2})).status, 200);
    assert_eq!(stage.replicas("web"), 2);
}

#[test]
fn guessing_is_slow() {
    let stage = Stage::new();
    let token = stage.token("read-only");
    let server = stage.serve(&["--token-file", "tokens"]).with_token("wrong");
    let codes: Vec<u16> = (0..12).map(|_| server.get("/api/nodes").status).collect();
    assert_eq!(codes[..10], [401; 10]);
    assert_eq!(codes[10..], [429; 2]);
    // Not even the right one is told apart then.
    assert_eq!(server.with_token(&token).get("/api/nodes").status, 429);
}

#[test]
fn without_tokens_everybody_here_may_look_and_nobody_change() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.serve(&[]);
    assert_eq!(server.get("/api/nodes").status, 200);
    assert_eq!(code(&server.post("/api/services/web/scale", &json!({"replicas": 2}))), said(403, "read_only"));
    assert!(!server.page("/services/web").contains("Change it"), "no button that is refused");
    drop(server);
    let token = stage.token("read-write");
    let server = stage.serve(&["--token-file", "tokens", "--read-only"]).with_token(&token);
    assert_eq!(code(&server.post("/api/services/web/scale", &json!({"replicas": 2}))), said(403, "read_only"));
    assert_eq!(stage.replicas("web"), 1);
}

#[test]
fn other_sites_are_kept_out() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let server = stage.serve(&["--trust-local", "--allow-host", "orca.example.org"]);
    let port = server.address.rsplit_once(':').unwrap().1.to_owned();
    // A name that somebody else has made to point here.
    for host in ["evil.example.org", "evil.example.org:80", "localhost.evil.org", ""] {
        let answer = server.request("GET", "/api/nodes").with("Host", host).send();
        assert_eq!(code(&answer), said(421, "foreign_host"), "{host}");
    }
    for host in
        [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "[::1]".to_owned(), "Orca.example.org".to_owned()]
    {
        assert_eq!(server.request("GET", "/api/nodes").with("Host", host.as_str()).send().status, 200, "{host}");
    }
    // A page of somebody else's.
    let scale = server.request("POST", "/api/services/web/scale").json(&json!({"replicas": 3}));
    for (header, value) in [
        ("Origin", "https://evil.example.org".to_owned()),
        ("Origin", "null".to_owned()),
        ("Origin", format!("http://127.0.0.1.evil.org:{port}")),
        ("Origin", format!("http://localhost:{port}")),
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Sec-Fetch-Site", "same-site".to_owned()),
    ] {
        assert_eq!(code(&scale.clone().with(header, value.as_str()).send()), said(403, "foreign_origin"), "{value}");
    }
    // A form needs no leave of a browser's to be sent: it isn't JSON, and it doesn't bear the seal.
    let form = server.request("POST", "/api/services/web/scale").form("replicas=3");
    assert_eq!(code(&form.send()), said(415, "not_json"));
    let form = server.request("POST", "/services/web/do/scale").form("replicas=3&seal=guessed");
    assert_eq!(code(&form.send()), said(403, "wrong_seal"));
    assert_eq!(stage.replicas("web"), 1);
    // Nobody else is ever told that he may read.
    let asked = server.request("GET", "/api/nodes").with("Origin", "https://evil.example.org").send();
    assert_eq!(asked.header("access-control-allow-origin"), "");
    let own = scale.with("Origin", format!("http://{}", server.address)).with("Sec-Fetch-Site", "same-origin");
    assert_eq!(own.send().status, 200);
    assert_eq!(stage.replicas("web"), 3);
}

#[test]
fn browsers_come_in_by_a_form_and_stay_by_a_cookie() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let token = stage.token("read-write");
    let server = stage.serve(&["--token-file", "tokens"]);
    let first = server.request("GET", "/").with("Accept", "text/html").send();
    assert_eq!((first.status, first.header("location")), (303, "/login"));
    let wrong = server.request("POST", "/login").form("token=x").send();
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    let foreign = server.request("POST", "/login").form(&format!("token={token}")).with("Origin", "http://evil").send();
    assert_eq!(foreign.status, 403);
    let entered = server.request("POST", "/login").form(&format!("token={token}")).send();
    let cookie = entered.header("set-cookie").to_owned();
    assert!(entered.status == 303 && cookie.contains("HttpOnly; SameSite=Strict"), "{entered:?}");
    assert!(!cookie.contains(&token));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = server.request("GET", "/services/web").with("Cookie", cookie.as_str()).send();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Change it"));
    assert_eq!(server.request("POST", "/logout").with("Cookie", cookie.as_str()).send().status, 303);
    assert_eq!(server.request("GET", "/services/web").with("Cookie", cookie.as_str()).send().status, 401);
}

#[test]
fn every_answer_tells_browsers_to_keep_to_themselves() {
    let stage = Stage::new();
    let server = stage.serve(&[]);
    for path in ["/", "/api/nodes", "/nope", "/assets/app.js", "/login"] {
        let answer = server.request("GET", path).with("Accept", "text/html").send();
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!answer.body.contains("<script>") && !answer.body.contains(" onclick="), "{path}");
    }
}

#[test]
fn no_path_leads_anywhere_else() {
    let stage = Stage::new();
    let server = stage.serve(&[]);
    for path in [
        "/assets/../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/%252e%252e%252fetc%252fpasswd",
        "/assets/..%5c..%5cetc",
        "/api/services/%2e%2e/logs",
        "/api/registry/repositories/%2e%2e/tags",
        "/api/services/live/%252e%252e",
        "/assets/app.js%00",
        "/api/nodes/..",
        "//etc/passwd",
    ] {
        assert_eq!(code(&server.get(path)), said(404, "not_found"), "{path}");
    }
    assert_eq!(server.request("PUT", "/api/nodes").send().status, 405);
}
