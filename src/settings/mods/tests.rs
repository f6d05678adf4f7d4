use super::*;

#[test]
fn names_that_could_lead_out_are_refused() {
    for name in ["a", "a.jar", "maps/b c.zip", "a..b", "...", "é"] {
        assert_eq!(safe_name(name), Ok(()), "{name}");
    }
    for name in [
        "",
        "..",
        ".",
        "/etc/passwd",
        "a/../b",
        "a//b",
        "a/",
        "a\\b",
        "a\nb",
        ".orca/x",
        ".orca",
        " a",
        &"a".repeat(201),
    ] {
        assert!(safe_name(name).is_err(), "{name}");
    }
}

#[test]
fn networks() {
    let contains = |network: &str, address: &str| Network::parse(network).unwrap().contains(address.parse().unwrap());
    assert!(contains("10.0.0.0/8", "10.9.8.7") && !contains("10.0.0.0/8", "11.0.0.1"));
    assert!(contains("127.0.0.1", "127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
    assert!(contains("0.0.0.0/0", "1.2.3.4") && !contains("0.0.0.0/0", "::1"));
    assert!(contains("fd00::/8", "fd12::1") && !contains("fd00::/8", "10.0.0.1"));
    for text in ["10.0.0.0/33", "x", "10.0.0/8", "::/129", "10.0.0.0/"] {
        assert!(Network::parse(text).is_none(), "{text}");
    }
}
