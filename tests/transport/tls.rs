//! TCP with and without TLS: docker's usual certificates, and every usual mistake with them.

use orca::engine::address::{Address, Endpoint, TlsFiles};
use orca::engine::wire::{Reply, Tuning, Wire};
use orca::error::{ErrorKind, hint_of, kind_of};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::certs::Certs;
use crate::server::{ok, patient, quick, script, serve};

fn files(certs: &Certs, client: bool) -> TlsFiles {
    let pair = |name: &str| client.then(|| certs.path(name));
    TlsFiles { ca: Some(certs.path("ca.pem")), cert: pair("cert.pem"), key: pair("key.pem"), skip_verify: false }
}

/// A server with this folder's server pair; returns its port.
async fn secured(certs: &Certs, wants_client: bool) -> u16 {
    let acceptor = certs.acceptor(wants_client);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, script(|_| ok("secured"))).await;
                }
            });
        }
    });
    port
}

fn names() -> Vec<String> {
    vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
}

async fn ask(host: &str, port: u16, tls: Option<TlsFiles>) -> anyhow::Result<Reply> {
    ask_within(host, port, tls, patient()).await
}

async fn ask_within(host: &str, port: u16, tls: Option<TlsFiles>, tuning: Tuning) -> anyhow::Result<Reply> {
    let address = Address::Tcp { host: host.to_owned(), port, base: String::new(), tls };
    Wire::tuned(Endpoint::new(address, "--host"), tuning)?.get("/_ping").await
}

/// Asks, expects a failure, and returns message and hint.
async fn fail(host: &str, port: u16, tls: Option<TlsFiles>) -> String {
    let error = ask(host, port, tls).await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    format!("{error:#} | {}", hint_of(&error).unwrap_or("no hint"))
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

#[tokio::test]
async fn by_name_and_by_address_with_and_without_client_certificate() {
    let certs = Certs::new();
    let (open, closed) = (secured(&certs, false).await, secured(&certs, true).await);
    for host in ["localhost", "127.0.0.1"] {
        for (port, client) in [(open, false), (open, true), (closed, true)] {
            assert_eq!(ask(host, port, Some(files(&certs, client))).await.unwrap().body, b"secured");
        }
    }
    let text = fail("localhost", closed, Some(files(&certs, false))).await;
    says(&text, &["the engine wants a client certificate"]);
}

#[tokio::test]
async fn an_unknown_authority_and_a_wrong_name() {
    let (certs, others) = (Certs::new(), Certs::new());
    let port = secured(&certs, true).await;
    let text = fail("localhost", port, Some(files(&others, true))).await;
    says(&text, &["certificate", "not signed by", others.path("ca.pem").to_str().unwrap()]);
    let mixed = TlsFiles { ca: Some(certs.path("ca.pem")), ..files(&others, true) };
    says(&fail("localhost", port, Some(mixed)).await, &["the engine refused this client"]);
    let skipping = TlsFiles { ca: None, skip_verify: true, ..files(&certs, true) };
    assert!(ask("localhost", port, Some(skipping)).await.is_ok());

    let strangers = Certs::new();
    let ca = strangers.authority();
    strangers.leaf(&ca, "server", vec!["elsewhere".to_owned()]);
    let port = secured(&strangers, false).await;
    says(&fail("localhost", port, Some(files(&strangers, false))).await, &["subjectAltName"]);
}

#[tokio::test]
async fn one_self_signed_certificate_for_everything() {
    let certs = Certs::new();
    let make = |year: Option<i32>, names: Vec<String>| {
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        if let Some(year) = year {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        std::fs::write(certs.path("server-cert.pem"), &pem).unwrap();
        std::fs::write(certs.path("server-key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(certs.path("ca.pem"), &pem).unwrap();
    };
    make(None, names());
    let port = secured(&certs, false).await;
    assert!(ask("localhost", port, Some(files(&certs, false))).await.is_ok());
    make(None, vec!["elsewhere".to_owned()]);
    let port = secured(&certs, false).await;
    says(&fail("localhost", port, Some(files(&certs, false))).await, &["subjectAltName"]);
    make(Some(2001), names());
    let port = secured(&certs, false).await;
    says(&fail("localhost", port, Some(files(&certs, false))).await, &["renew the engine's certificate"]);
    // The same name and shape, another key.
    make(None, names());
    let port = secured(&certs, false).await;
    make(None, names());
    says(&fail("localhost", port, Some(files(&certs, false))).await, &["certificate"]);
}

#[tokio::test]
async fn plain_and_tls_mixed_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // As the engine does it: reads what is there, TLS or not, and answers in plain text.
            let _ = stream.read(&mut [0; 4096]).await;
            let page = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
            stream.write_all(page.as_bytes()).await.unwrap();
        }
    });
    let certs = Certs::new();
    says(&fail("127.0.0.1", port, Some(files(&certs, false))).await, &["doesn't speak TLS"]);
    says(&fail("127.0.0.1", port, None).await, &["wants TLS", "DOCKER_TLS_VERIFY=1"]);
}

#[tokio::test]
async fn files_are_named_and_keys_are_not_shown() {
    let certs = Certs::new();
    let fail = |files: TlsFiles| async { fail("localhost", 1, Some(files)).await };
    let none = certs.path("none.pem");
    says(
        &fail(TlsFiles { ca: Some(none.clone()), ..files(&certs, true) }).await,
        &["none.pem`: No such file", "DOCKER_CERT_PATH"],
    );
    says(&fail(TlsFiles { key: None, ..files(&certs, true) }).await, &["cert.pem` without its other half"]);
    says(
        &fail(TlsFiles { key: Some(certs.path("server-key.pem")), ..files(&certs, true) }).await,
        &["is not the key of"],
    );
    says(&fail(TlsFiles { key: Some(certs.path("ca.pem")), ..files(&certs, true) }).await, &["no usable private key"]);
    std::fs::write(certs.path("key.pem"), "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n").unwrap();
    let text = fail(files(&certs, true)).await;
    says(&text, &["key.pem`"]);
    assert!(!text.contains("hunter2"), "{text}");
    std::fs::write(certs.path("ca.pem"), "hello").unwrap();
    says(&fail(files(&certs, false)).await, &["no usable authority in", "ca.pem"]);
}

#[tokio::test]
async fn nobody_there_and_nobody_answering() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Nobody accepts: the TLS handshake never ends.
    let certs = Certs::new();
    let error = ask_within("127.0.0.1", port, Some(files(&certs, false)), quick()).await.unwrap_err();
    assert_eq!(kind_of(&error), ErrorKind::Unreachable);
    says(&format!("{error:#}"), &["no connection within "]);
    drop(listener);
    says(&fail("127.0.0.1", port, None).await, &["refused", &format!("nobody listens on port {port}")]);
    says(
        &fail("no-such-host.invalid", 1, None).await,
        &["cannot connect to the engine at tcp://no-such-host.invalid:1"],
    );
}

#[tokio::test]
async fn a_base_path_goes_before_every_path() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, script(|request| ok(request.split(' ').nth(1).unwrap()))).await;
    });
    let address = Address::Tcp { host: "localhost".to_owned(), port, base: "/docker".to_owned(), tls: None };
    let wire = Wire::tuned(Endpoint::new(address, "--host"), patient()).unwrap();
    assert_eq!(wire.get("/v1.51/tasks?a=b").await.unwrap().body, b"/docker/v1.51/tasks?a=b");
    assert_eq!(wire.docker("1.51").unwrap().ping().await.unwrap(), "/docker/v1.51/_ping");
}
