//! TLS: by which certificate the server speaks, and whose it lets in.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::certs::Certs;
use crate::common::poll;
use crate::stage::{Server, Stage};

/// What a client trusts in, and what it shows.
struct Client<'a> {
    trusts: &'a Certs,
    shows: Option<&'a Certs>,
    token: Option<&'a str>,
}

fn chain(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect()
}

impl Client<'_> {
    /// A connection that nothing was asked on yet.
    fn connect(&self, address: &str) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(chain(&self.trusts.path("ca.pem")));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match self.shows {
            Some(certs) => {
                let key = PrivateKeyDer::from_pem_file(certs.path("key.pem")).unwrap();
                builder.with_client_auth_cert(chain(&certs.path("cert.pem")), key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
    }

    /// The answer from its first line on, or why there is none.
    fn ask(&self, address: &str, method: &str, path: &str, body: &str) -> Result<String, String> {
        let mut stream = self.connect(address);
        let token = self.token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{token}");
        let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let head = format!("{head}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).map_err(|error| error.to_string())?;
        stream.write_all(body.as_bytes()).map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            // Some ends say goodbye, some do not.
            Ok(_) => {}
            Err(_) if !answer.is_empty() => {}
            Err(error) => return Err(error.to_string()),
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn status(&self, address: &str, method: &str, path: &str, body: &str) -> String {
        let answer = self.ask(address, method, path, body).unwrap_or_else(|error| format!("_ nothing: {error}"));
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }
}

fn serve(stage: &Stage, certs: &Certs, args: &[&str]) -> Server {
    let (cert, key) = (certs.path("server-cert.pem"), certs.path("server-key.pem"));
    let own =
        ["serve", "--listen", "0.0.0.0:0", "--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    Server::start(&stage.orca, &[&own, args].concat())
}

fn local(server: &Server) -> String {
    server.address.replace("0.0.0.0", "127.0.0.1")
}

#[test]
fn tokens_and_cookies_go_over_tls_and_a_renewed_certificate_needs_no_restart() {
    let stage = Stage::new();
    let token = stage.token("read-only");
    let certs = Certs::new();
    let server = serve(&stage, &certs, &["--token-file", "tokens"]);
    let address = local(&server);
    let client = Client { trusts: &certs, shows: None, token: Some(&token) };
    assert_eq!(client.status(&address, "GET", "/api/nodes", ""), "200");
    assert_eq!(Client { token: None, ..client }.status(&address, "GET", "/api/nodes", ""), "401");
    let entered = Client { token: None, ..client }.ask(&address, "POST", "/login", &format!("token={token}")).unwrap();
    assert!(entered.contains("; Secure"), "{entered}");
    // Who speaks plainly gets nothing.
    let mut plain = TcpStream::connect(&address).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!String::from_utf8_lossy(&said).contains("HTTP/1.1"), "{said:?}");
    // A new authority, certificate and key, one file after the other: the old ones stay until the new ones fit.
    let others = Certs::new();
    std::fs::copy(others.path("server-cert.pem"), certs.path("server-cert.pem")).unwrap();
    assert_eq!(client.status(&address, "GET", "/api/nodes", ""), "200");
    std::fs::copy(others.path("server-key.pem"), certs.path("server-key.pem")).unwrap();
    assert_eq!(Client { trusts: &others, ..client }.status(&address, "GET", "/api/nodes", ""), "200");
    assert!(client.ask(&address, "GET", "/api/nodes", "").is_err(), "nobody speaks by the old one any more");
}

#[test]
fn who_shows_a_certificate_of_the_authority_comes_in_and_nobody_else() {
    let stage = Stage::new();
    stage.create("web", 1, |_| {});
    let (certs, strangers) = (Certs::new(), Certs::new());
    let ca = certs.path("ca.pem");
    let server = serve(&stage, &certs, &["--tls-client-ca", ca.to_str().unwrap()]);
    let address = local(&server);
    let known = Client { trusts: &certs, shows: Some(&certs), token: None };
    assert_eq!(known.status(&address, "GET", "/api/nodes", ""), "200");
    assert_eq!(known.status(&address, "POST", "/api/services/web/scale", r#"{"replicas": 2}"#), "200");
    assert_eq!(stage.replicas("web"), 2);
    let history = known.ask(&address, "GET", "/api/history", "").unwrap();
    assert!(history.contains("asked for by the bearer of certificate "), "{history}");
    for shows in [None, Some(&strangers)] {
        let refused = Client { shows, ..known }.ask(&address, "GET", "/livez", "");
        assert!(refused.is_err(), "{refused:?}");
    }
    drop(server);
    // With tokens besides, both are needed.
    let token = stage.token("read-only");
    let server = serve(&stage, &certs, &["--tls-client-ca", ca.to_str().unwrap(), "--token-file", "tokens"]);
    let address = local(&server);
    assert_eq!(known.status(&address, "GET", "/api/nodes", ""), "401");
    assert!(Client { shows: None, token: Some(&token), ..known }.ask(&address, "GET", "/api/nodes", "").is_err());
    let both = Client { token: Some(&token), ..known };
    assert_eq!(both.status(&address, "GET", "/api/nodes", ""), "200");
    assert_eq!(both.status(&address, "POST", "/api/services/web/scale", r#"{"replicas": 3}"#), "403");
    // Silence in place of a handshake keeps nobody else out.
    let _silent = TcpStream::connect(&address).unwrap();
    assert_eq!(both.status(&address, "GET", "/api/nodes", ""), "200");
}

#[test]
fn another_authority_ends_what_the_one_before_has_let_in() {
    let stage = Stage::new();
    let (certs, others) = (Certs::new(), Certs::new());
    let ca = certs.path("clients.pem");
    std::fs::copy(certs.path("ca.pem"), &ca).unwrap();
    let server = serve(&stage, &certs, &["--tls-client-ca", ca.to_str().unwrap()]);
    let address = local(&server);
    let known = Client { trusts: &certs, shows: Some(&certs), token: None };
    let ask = |stream: &mut StreamOwned<ClientConnection, TcpStream>, path: &str| {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut some = [0; 4096];
        stream.read(&mut some)
    };
    let (mut stays, mut watches) = (known.connect(&address), known.connect(&address));
    assert!(ask(&mut stays, "/livez").unwrap() > 0 && ask(&mut stays, "/livez").unwrap() > 0, "it is kept open");
    assert!(ask(&mut watches, "/api/events").unwrap() > 0);
    std::fs::copy(others.path("ca.pem"), &ca).unwrap();
    for stream in [&mut stays, &mut watches] {
        // A stream that goes on says something all the while.
        let (began, mut some) = (Instant::now(), [0; 4096]);
        while stream.read(&mut some).is_ok_and(|read| read > 0) {
            assert!(began.elapsed() < Duration::from_secs(20), "it goes on");
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it was left open");
        assert!(ask(stream, "/livez").is_ok_and(|read| read == 0) || ask(stream, "/livez").is_err());
    }
    assert!(known.ask(&address, "GET", "/livez", "").is_err());
    assert_eq!(Client { shows: Some(&others), ..known }.status(&address, "GET", "/api/nodes", ""), "200");
}

#[test]
fn files_that_can_not_be_used_are_named() {
    let stage = Stage::new();
    let (certs, others) = (Certs::new(), Certs::new());
    let rubbish = certs.path("rubbish.pem");
    std::fs::write(&rubbish, "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n").unwrap();
    let empty = certs.path("empty.pem");
    std::fs::write(&empty, "hunter2").unwrap();
    let (cert, key) = (certs.path("server-cert.pem"), certs.path("server-key.pem"));
    let (other, away) = (others.path("server-key.pem"), certs.path("away.pem"));
    // The certificate, the key, whose clients, and the file that is wrong.
    for (cert, key, clients, wrong) in [
        (&away, &key, None, &away),
        (&cert, &away, None, &away),
        (&cert, &key, Some(&away), &away),
        (&rubbish, &key, None, &rubbish),
        (&empty, &key, None, &empty),
        (&cert, &empty, None, &empty),
        (&cert, &cert, None, &cert),
        (&cert, &other, None, &other),
        (&cert, &key, Some(&empty), &empty),
        (&cert, &key, Some(&rubbish), &rubbish),
    ] {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
        args.extend(["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
        args.extend(clients.into_iter().flat_map(|path| ["--tls-client-ca", path.to_str().unwrap()]));
        let ended = stage.orca.run(&args).unwrap();
        assert_eq!(ended.exit, Some(78), "{ended}");
        assert!(ended.stderr.contains(wrong.to_str().unwrap()), "{ended}");
        assert!(!ended.stderr.contains("hunter2"), "{ended}");
    }
    // TLS alone says not who may come in.
    let args =
        ["serve", "--listen", "0.0.0.0:0", "--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    assert_eq!(stage.orca.run(&args).unwrap().exit, Some(78));
    assert_eq!(stage.orca.run(&["serve", "--tls-cert", cert.to_str().unwrap()]).unwrap().exit, Some(64));
}

#[test]
fn a_server_leaves_signs_of_life() {
    let stage = Stage::new();
    let look = |whose: &str| stage.orca.run(&["health", whose, "--output", "text"]).unwrap();
    assert_eq!(look("--self=serve").exit, Some(1));
    let mut server = stage.serve(&[]);
    poll::until("it is heard of", || {
        let ended = look("--self=serve");
        Ok(if ended.exit == Some(0) { Vec::new() } else { vec![ended.to_string()] })
    })
    .unwrap();
    // Where there never was a watch, as in a container of its own, nobody needs to say which.
    assert!(look("--self").stdout.contains("`orca serve` is alive"));
    assert_eq!(look("--self=watch").exit, Some(1));
    assert_eq!(server.stop(), Some(0));
    let gone = look("--self=serve");
    assert!(gone.exit == Some(1) && gone.stderr.contains("is gone"), "{gone}");
}
