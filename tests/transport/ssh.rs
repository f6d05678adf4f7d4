//! The engine behind ssh. The ssh here is a script that does what a real one does: pass bytes on, or say why not.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;
use orca::engine::address::{Endpoint, parse};
use orca::engine::fault::maybe_applied;
use orca::engine::wire::{Tuning, Wire};
use orca::error::{ErrorKind, hint_of, kind_of};
use tokio::time::Instant;

/// Answers every request with `[]`.
const ENGINE: &str = r#"
cr=$(printf '\r')
while read -r line; do
    if [ "$line" = "$cr" ]; then printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]'; fi
done"#;

/// A program called ssh that notes what it was started with.
struct FakeSsh(tempfile::TempDir);

impl FakeSsh {
    fn new(body: &str) -> Self {
        let fake = Self(tempfile::tempdir().unwrap());
        let dir = fake.0.path().display();
        let notes = format!("echo $$ >>'{dir}/pids'\nprintf '<%s>' \"$@\" >>'{dir}/args'\n");
        std::fs::write(fake.path("ssh"), format!("#!/bin/sh\n{notes}{body}\n")).unwrap();
        std::fs::set_permissions(fake.path("ssh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        fake
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn wire(&self, address: &str) -> Wire {
        let tuning = Tuning { ssh: self.path("ssh").into(), silence: Duration::from_secs(20), ..Tuning::default() };
        Wire::tuned(Endpoint::new(parse(address, None).unwrap(), "--host"), tuning).unwrap()
    }

    async fn failure(&self, address: &str) -> anyhow::Error {
        let error = self.wire(address).get("/_ping").await.unwrap_err();
        assert_eq!(kind_of(&error), ErrorKind::Unreachable);
        error
    }
}

#[tokio::test]
async fn one_connection_serves_requests_in_parallel() {
    let ssh = FakeSsh::new(ENGINE);
    let wire = ssh.wire("ssh://lab");
    let all = futures_util::future::join_all((0..5).map(|_| wire.get("/tasks"))).await;
    assert!(all.iter().all(|reply| reply.as_ref().is_ok_and(|reply| reply.body == b"[]")), "{all:?}");
    wire.request(Method::POST, "/x", None).await.unwrap();
    assert_eq!(ssh.read("pids").lines().count(), 1);
    assert_eq!(ssh.read("args"), "<-o><BatchMode=yes><-o><ConnectTimeout=10><-T><--><lab><docker><system><dial-stdio>");
}

#[tokio::test]
async fn user_port_and_socket_are_arguments_and_the_socket_is_quoted_for_the_remote_shell() {
    let ssh = FakeSsh::new(ENGINE);
    ssh.wire("ssh://me@[::1]:2222/run/my'%20$(id).sock").get("/").await.unwrap();
    let expected =
        r"<-T><-l><me><-p><2222><--><::1><docker><'--host=unix:///run/my'\'' $(id).sock'><system><dial-stdio>";
    assert!(ssh.read("args").ends_with(expected), "{}", ssh.read("args"));
    let ssh = FakeSsh::new(ENGINE);
    ssh.wire("ssh://h/run/user/1000/docker.sock").get("/").await.unwrap();
    assert!(ssh.read("args").contains("<docker><--host=unix:///run/user/1000/docker.sock><system>"));
}

#[tokio::test]
async fn what_ssh_says_is_in_the_error() {
    for (says, hint) in [
        (
            "No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.",
            "host key",
        ),
        ("me@h: Permission denied (publickey,password).", "ssh-copy-id"),
        ("sh: 1: docker: not found", "install the docker CLI on `h`"),
        ("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", "may this user"),
    ] {
        let ssh = FakeSsh::new(&format!("cat >&2 <<'END'\n{says}\nEND\nexit 255"));
        let error = ssh.failure("ssh://me@h").await;
        let text = format!("{error:#}");
        assert!(text.contains("GET /_ping: connection to ssh://me@h (--host) lost: ssh says: "), "{text}");
        assert!(text.contains(says.lines().last().unwrap()), "{text}");
        assert!(hint_of(&error).unwrap().contains(hint), "{:?}", hint_of(&error));
    }
}

#[tokio::test]
async fn an_ssh_that_says_nothing_useful_still_ends_in_an_error() {
    let error = FakeSsh::new("exit 1").failure("ssh://h").await;
    assert!(format!("{error:#}").contains("connection to ssh://h (--host) lost"), "{error:#}");
    let noise = "i=0; while [ $i -lt 3000 ]; do echo 'a line of a very long motd' >&2; i=$((i+1)); done; exit 1";
    let error = FakeSsh::new(noise).failure("ssh://h").await;
    assert!(format!("{error:#}").len() < 500);
    let error = FakeSsh::new("echo 'Welcome to h!'; echo; exec sleep 100").failure("ssh://h").await;
    assert!(format!("{error:#}").contains("is not HTTP"), "{error:#}");
}

#[tokio::test]
async fn a_silent_ssh_is_given_up_and_ended() {
    let ssh = FakeSsh::new("exec sleep 100");
    // Time for the script to start in.
    let wire = ssh.wire("ssh://h").with_deadline(Some(Instant::now() + Duration::from_secs(3)));
    let both = tokio::join!(wire.get("/a"), wire.request(Method::POST, "/b", None));
    assert!(format!("{:#}", both.0.unwrap_err()).contains("GET /a: no answer within"));
    let second = both.1.unwrap_err();
    assert_eq!(kind_of(&second), ErrorKind::Timeout);
    assert!(!maybe_applied(&second));
    let pid = ssh.read("pids").trim().to_owned();
    for _ in 0..1000 {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("ssh still runs");
}

#[tokio::test]
async fn no_ssh_at_all() {
    let ssh = FakeSsh::new("");
    std::fs::remove_file(ssh.path("ssh")).unwrap();
    let error = ssh.failure("ssh://h").await;
    assert!(format!("{error:#}").contains("cannot connect to the engine at ssh://h (--host)"), "{error:#}");
    assert!(hint_of(&error).unwrap().contains("install ssh"));
}
