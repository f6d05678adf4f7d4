use super::*;

#[test]
fn only_public_addresses_are_public() {
    for address in ["1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1", "64:ff9b::101:101", "::ffff:1.1.1.1"] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1",
        "2001::1",
        "fec0::1",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn redirects_lead_where_browsers_go() {
    let from = Url::parse("https://a.example/x/y?z=1", 443).unwrap();
    for (location, to) in [
        ("https://b.example/q", "https://b.example:443/q"),
        ("//c.example/q", "https://c.example:443/q"),
        ("/q?r#s", "https://a.example:443/q?r"),
        ("q", "https://a.example:443/x/q"),
        ("http://a.example/q", "http://a.example:80/q"),
    ] {
        assert_eq!(join(&from, location).unwrap().to_string(), to, "{location}");
    }
    assert_eq!(join(&from, "ftp://a/b"), None);
    assert_eq!(join(&from, "https://u:p@a/b"), None);
}
