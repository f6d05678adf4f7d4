use super::*;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn said(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 512];
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[test]
fn speaks_to_a_path_and_to_an_abstract_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let on_path = UnixDatagram::bind(&path).unwrap();
    let name = format!("orca-test-{}", std::process::id());
    let abstract_ = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    for (named, socket) in [(path.display().to_string(), on_path), (format!("@{name}"), abstract_)] {
        let systemd = Systemd::new(&env(&[("NOTIFY_SOCKET", &named), ("WATCHDOG_USEC", "10000000")]));
        assert_eq!(systemd.pulse(), Some(Duration::from_secs(5)));
        systemd.ready();
        assert_eq!(said(&socket), "READY=1");
        systemd.status("two\nlines");
        assert_eq!(said(&socket), "STATUS=two lines");
        systemd.reloading();
        let text = said(&socket);
        let usec = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(usec.parse::<u64>().unwrap() > 0);
    }
}

#[test]
fn says_nothing_where_nobody_listens() {
    for pairs in [&[][..], &[("WATCHDOG_USEC", "1000")], &[("NOTIFY_SOCKET", "relative"), ("WATCHDOG_USEC", "1000")]] {
        let systemd = Systemd::new(&env(pairs));
        assert_eq!(systemd.pulse(), None, "{pairs:?}");
        systemd.ready();
    }
    let other = env(&[("NOTIFY_SOCKET", "@x"), ("WATCHDOG_USEC", "1000"), ("WATCHDOG_PID", "1")]);
    assert_eq!(Systemd::new(&other).pulse(), None, "another process is watched");
}
