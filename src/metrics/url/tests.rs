use super::*;

#[test]
fn the_forms_that_are_taken() {
    for (text, expected) in [
        ("http://10.0.0.2:9100/metrics", "http://10.0.0.2:9100/metrics"),
        ("http://pve-1", "http://pve-1:80"),
        ("https://prom.example/base/", "https://prom.example:443/base/"),
        ("node-1", "http://node-1:9100"),
        ("node-1:9101", "http://node-1:9101"),
        ("[fd00::1]:9101", "http://[fd00::1]:9101"),
        ("http://[fd00::1]/m?x=y", "http://[fd00::1]:80/m?x=y"),
        ("http://a?x", "http://a:80/?x"),
    ] {
        assert_eq!(Url::parse(text, 9100).map(|url| url.to_string()), Ok(expected.to_owned()));
    }
    let url = |text| Url::parse(text, 9100).unwrap().or_path("/metrics").path;
    assert_eq!((url("a"), url("http://a/"), url("http://a/m")), ("/metrics".into(), "/metrics".into(), "/m".into()));
}

#[test]
fn the_forms_that_are_not() {
    for (text, why) in [
        ("", "not with the host"),
        ("ftp://a", "scheme `ftp`"),
        ("http://u:p@a", "without user and password"),
        ("a:b", "a port between"),
        ("a:0", "a port between"),
        ("a:+1", "a port between"),
        ("http://fd00::1", "brackets"),
        ("http://[fd00::1", "with `]`"),
        ("http://[fd00::1]x", "a port between"),
        ("http://a b/", "not with the host"),
        ("http://a/b c", "without spaces"),
        ("http://a/é", "without spaces"),
    ] {
        let error = Url::parse(text, 9100).unwrap_err();
        assert!(error.contains(why) && error.starts_with("must be a URL as http://host:9100"), "{text}: {error}");
    }
}
