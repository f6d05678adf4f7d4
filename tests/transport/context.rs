//! Which engine: the docker CLI's precedence, its files, and its forms of address.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use orca::engine::address::{self, Address, Endpoint, TlsFiles};
use orca::engine::context::{Flags, Surroundings, select};
use orca::error::{Error, ErrorKind};

/// A home directory with a docker config in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("config.json", r#"{"auths": {"r": {"auth": "c2VjcmV0"}}, "currentContext": "current"}"#);
        for name in ["current", "env", "flag"] {
            home.context(name, &format!("tcp://{name}:1"), "");
        }
        home
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(".docker").join(below)
    }

    fn write(&self, below: &str, text: &str) {
        std::fs::create_dir_all(self.path(below).parent().unwrap()).unwrap();
        std::fs::write(self.path(below), text).unwrap();
    }

    fn context(&self, name: &str, host: &str, more: &str) {
        let docker = format!(r#"{{"Host": "{host}"{more}}}"#);
        let text = format!(r#"{{"Name": "{name}", "Metadata": {{}}, "Endpoints": {{"docker": {docker}}}}}"#);
        self.write(&format!("contexts/meta/{}/meta.json", id(name)), &text);
    }

    fn select(&self, host: Option<&str>, context: Option<&str>, env: &[(&str, &str)]) -> Result<Endpoint, Error> {
        let env: BTreeMap<_, _> = env.iter().copied().collect();
        let var = |name: &str| env.get(name).map(ToString::to_string);
        select(&Flags { host, context }, &Surroundings { var: &var, home: Some(self.0.path().to_owned()) })
    }

    fn shown(&self, host: Option<&str>, context: Option<&str>, env: &[(&str, &str)]) -> String {
        self.select(host, context, env).map_or_else(|error| error.message, |endpoint| endpoint.to_string())
    }
}

fn id(name: &str) -> String {
    use sha2::Digest as _;
    let bytes: [u8; 32] = sha2::Sha256::digest(name).into();
    let halves = [0, 16].map(|at| u128::from_be_bytes(bytes[at..at + 16].try_into().unwrap()));
    format!("{:032x}{:032x}", halves[0], halves[1])
}

fn tls_of(endpoint: Endpoint) -> Option<TlsFiles> {
    match endpoint.address {
        Address::Tcp { tls, .. } => tls,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_one_that_is_said_most_directly_wins() {
    let home = Home::new();
    let all = [("DOCKER_HOST", "tcp://host:1"), ("DOCKER_CONTEXT", "env")];
    let table: [(_, _, &[(&str, &str)], _); 12] = [
        (None, None, &[], "tcp://current:1 (context `current`)"),
        (None, None, &all[1..], "tcp://env:1 (context `env`)"),
        (None, None, &all, "tcp://host:1 (DOCKER_HOST)"),
        (None, Some("flag"), &all, "tcp://flag:1 (context `flag`)"),
        (Some("tcp://h:2"), None, &all, "tcp://h:2 (--host)"),
        // An empty --host is a --host; anything else that is empty is not there.
        (Some(""), None, &all, "unix:///var/run/docker.sock (--host)"),
        (None, Some(""), &all, "tcp://host:1 (DOCKER_HOST)"),
        (None, None, &[("DOCKER_HOST", ""), ("DOCKER_CONTEXT", "")], "tcp://current:1 (context `current`)"),
        // `default` is no context, wherever it is said.
        (None, Some("default"), &all, "tcp://host:1 (DOCKER_HOST)"),
        (None, Some("default"), &all[1..], "unix:///var/run/docker.sock (default)"),
        (None, None, &[("DOCKER_CONTEXT", "default")], "unix:///var/run/docker.sock (default)"),
        (Some("a"), Some("b"), &[], "conflicting options: cannot specify both --host and --context"),
    ];
    for (host, context, env, expected) in table {
        assert_eq!(home.shown(host, context, env), expected, "{host:?} {context:?} {env:?}");
    }
    assert_eq!(home.select(Some("a"), Some("b"), &[]).unwrap_err().kind, ErrorKind::Usage);
}

#[test]
fn a_context_is_stored_where_docker_stores_it() {
    // As `docker context create nope` names the folder.
    assert_eq!(id("nope"), "ca3704aa0b06f5954c79ee837faa152d84d6b2d42838f0637a15eda8337dbdce");
}

#[test]
fn docker_config_moves_everything() {
    let home = Home::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let env = [("DOCKER_CONFIG", elsewhere.path().to_str().unwrap())];
    assert_eq!(home.shown(None, None, &env), "unix:///var/run/docker.sock (default)");
    std::fs::rename(home.path("contexts"), elsewhere.path().join("contexts")).unwrap();
    assert_eq!(home.shown(None, Some("flag"), &env), "tcp://flag:1 (context `flag`)");
}

#[test]
fn without_a_home_there_is_still_an_engine() {
    let nothing = |_: &str| None;
    let endpoint = select(&Flags::default(), &Surroundings { var: &nothing, home: None }).unwrap();
    assert_eq!(endpoint.to_string(), "unix:///var/run/docker.sock (default)");
}

#[test]
fn a_context_that_is_not_there_is_an_error_and_never_another_engine() {
    let home = Home::new();
    let error = home.select(None, Some("nope"), &[]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert!(error.message.starts_with("context `nope` (--context): context not found: "), "{}", error.message);
    assert!(error.hint.unwrap().contains("docker context ls"));
    home.write("config.json", r#"{"currentContext": "gone"}"#);
    assert!(home.shown(None, None, &[]).starts_with("context `gone` (config.json): context not found: "));
    home.write(&format!("contexts/meta/{}/meta.json", id("gone")), r#"{"Name": "gone", "Endpoints": {}}"#);
    assert!(home.shown(None, None, &[]).contains("cannot find docker endpoint in context"));
    home.write(&format!("contexts/meta/{}/meta.json", id("gone")), "{");
    assert_eq!(home.select(None, None, &[]).unwrap_err().kind, ErrorKind::Config);
}

#[test]
fn a_broken_config_file_is_an_error_that_quotes_nothing() {
    let home = Home::new();
    home.write("config.json", r#"{"currentContext": 7, "auths": "c2VjcmV0"}"#);
    let error = home.select(None, None, &[]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.ends_with("config.json:1:20: not a docker config file"), "{}", error.message);
    // Who names the engine doesn't need the file.
    assert!(home.select(Some("tcp://h"), None, &[]).is_ok());
    home.write("config.json", "\n");
    assert_eq!(home.shown(None, None, &[]), "unix:///var/run/docker.sock (default)");
}

#[test]
fn tls_of_the_environment() {
    let home = Home::new();
    home.write("config.json", "{}");
    let tls = |env: &[(&str, &str)]| tls_of(home.select(Some("tcp://h"), None, env).unwrap());
    let files = |dir: &Path, skip_verify, names: [bool; 3]| {
        let file = |name: &str, there: bool| there.then(|| dir.join(name));
        let [ca, cert, key] = names;
        Some(TlsFiles { ca: file("ca.pem", ca), cert: file("cert.pem", cert), key: file("key.pem", key), skip_verify })
    };
    assert_eq!(tls(&[("DOCKER_CERT_PATH", "/certs")]), None);
    assert_eq!(tls(&[("DOCKER_TLS_VERIFY", "")]), None);
    // Verification without a ca.pem must fail on that file, not trust the system's authorities.
    assert_eq!(tls(&[("DOCKER_TLS_VERIFY", "0")]), files(&home.path(""), false, [true, false, false]));
    assert_eq!(tls(&[("DOCKER_TLS", "1")]), files(&home.path(""), true, [false; 3]));
    home.write("certs/cert.pem", "");
    home.write("certs/key.pem", "");
    let certs = home.path("certs");
    let certs_env = ("DOCKER_CERT_PATH", certs.to_str().unwrap());
    assert_eq!(tls(&[("DOCKER_TLS", "1"), certs_env]), files(&certs, true, [false, true, true]));
    assert_eq!(tls(&[("DOCKER_TLS", "1"), ("DOCKER_TLS_VERIFY", "1"), certs_env]), files(&certs, false, [true; 3]));
    let endpoint = home.select(None, None, &[("DOCKER_TLS_VERIFY", "1")]).unwrap();
    assert_eq!(endpoint.to_string(), "tcp://localhost:2376 (default)");
}

#[test]
fn tls_of_a_context() {
    let home = Home::new();
    home.context("lab", "tcp://lab:2376", r#", "SkipTLSVerify": false"#);
    let env = [("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/elsewhere")];
    let tls = || tls_of(home.select(None, Some("lab"), &env).unwrap());
    // The environment's TLS is for the environment's host.
    assert_eq!(tls(), None);
    let dir = format!("contexts/tls/{}/docker", id("lab"));
    home.write(&format!("{dir}/ca.pem"), "");
    assert_eq!(tls(), Some(TlsFiles { ca: Some(home.path(&dir).join("ca.pem")), ..TlsFiles::default() }));
    home.context("bare", "tcp://bare", r#", "SkipTLSVerify": true"#);
    let endpoint = home.select(None, Some("bare"), &[]).unwrap();
    assert_eq!(endpoint.to_string(), "tcp://bare:2376 (context `bare`)");
    assert_eq!(tls_of(endpoint), Some(TlsFiles { skip_verify: true, ..TlsFiles::default() }));
    home.context("empty", "", "");
    assert_eq!(home.shown(None, Some("empty"), &[]), "unix:///var/run/docker.sock (context `empty`)");
}

#[test]
fn forms_of_address() {
    for (text, plain, secured) in [
        ("", "unix:///var/run/docker.sock", "tcp://localhost:2376"),
        (" unix:// ", "unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
        ("unix:///run/my docker.sock", "unix:///run/my docker.sock", "unix:///run/my docker.sock"),
        ("unix://relative.sock", "unix://relative.sock", "unix://relative.sock"),
        ("tcp://", "tcp://localhost:2375", "tcp://localhost:2376"),
        ("tcp://h", "tcp://h:2375", "tcp://h:2376"),
        ("tcp://h:", "tcp://h:2375", "tcp://h:2376"),
        ("tcp://h:99/", "tcp://h:99", "tcp://h:99"),
        ("tcp://h:99/docker/", "tcp://h:99/docker", "tcp://h:99/docker"),
        ("h", "tcp://h:2375", "tcp://h:2376"),
        ("h:99", "tcp://h:99", "tcp://h:99"),
        (":99", "tcp://localhost:99", "tcp://localhost:99"),
        ("127.0.0.1:99", "tcp://127.0.0.1:99", "tcp://127.0.0.1:99"),
        ("tcp://[::1]", "tcp://[::1]:2375", "tcp://[::1]:2376"),
        ("tcp://[fe80::1%25eth0]:99", "tcp://[fe80::1%eth0]:99", "tcp://[fe80::1%eth0]:99"),
        ("http://h", "tcp://h:80", "tcp://h:80"),
        ("https://h", "tcp://h:443", "tcp://h:443"),
        ("https://h:2376", "tcp://h:2376", "tcp://h:2376"),
        ("ssh://h", "ssh://h", "ssh://h"),
        ("ssh://me@h:22/", "ssh://me@h:22", "ssh://me@h:22"),
        ("ssh://me@[::1]:22/run/d.sock", "ssh://me@[::1]:22/run/d.sock", "ssh://me@[::1]:22/run/d.sock"),
        ("ssh://me%40corp@h", "ssh://me@corp@h", "ssh://me@corp@h"),
    ] {
        assert_eq!(address::parse(text, None).unwrap().to_string(), plain, "{text}");
        assert_eq!(address::parse(text, Some(TlsFiles::default())).unwrap().to_string(), secured, "{text}");
    }
    let Address::Tcp { tls, .. } = address::parse("https://h", None).unwrap() else { panic!("not tcp") };
    assert_eq!(tls, Some(TlsFiles::default()));
}

#[test]
fn addresses_that_are_none() {
    for (text, why) in [
        ("fd://", "where an engine listens"),
        ("npipe:////./pipe/docker_engine", "Windows"),
        ("ftp://h", "unknown scheme"),
        ("/var/run/docker.sock", "needs `unix://`"),
        ("unix://tcp://h", "two schemes"),
        ("tcp://unix://h", "tcp://host:port"),
        ("tcp://h:x", "port must be a number"),
        ("tcp://h:0", "port must be a number"),
        ("tcp://h:65536", "port must be a number"),
        ("tcp://h:+1", "port must be a number"),
        ("tcp://::1", "brackets"),
        ("tcp://[::1", "without `]`"),
        ("tcp://[::1]99", "only a port"),
        ("tcp://h?x=1", "tcp://host:port"),
        ("ssh://", "names no host"),
        ("ssh://h?x=1", "no query"),
        ("ssh://-oProxyCommand=x", "can't take"),
        ("ssh://-x@h", "can't take"),
        ("ssh://@h", "can't take"),
        ("ssh://%2Dx", "can't take"),
        ("ssh://a%20b", "can't take"),
        ("ssh://a/%0Ab", "control characters"),
        ("ssh://%ff", "UTF-8"),
    ] {
        let error = address::parse(text, None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.message.contains(why), "{text}: {}", error.message);
    }
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    for text in ["ssh://me:hunter2@h", "tcp://me:hunter2@h:1", "https://hunter2@h", "me:hunter2@h:1", "x://hunter2@h"] {
        let error = address::parse(text, None).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let home = Home::new();
    let message = home.shown(None, None, &[("DOCKER_HOST", "ssh://me:hunter2@h")]);
    assert_eq!(message, "DOCKER_HOST: invalid engine address `ssh://***@h`: plain-text password is not supported");
}
