use super::*;
use serde_json::json;

fn node() -> Node {
    Node::read(&json!({
        "ID": "abc", "Spec": {"Role": "worker", "Labels": {"zone": "A", "Disk": "ssd"}},
        "Description": {"Hostname": "N1", "Platform": {"OS": "linux", "Architecture": "x86_64"}},
        "Status": {"Addr": "10.1.2.3"}
    }))
}

fn holds(text: &str) -> bool {
    parse(text).unwrap().matches(&node())
}

#[test]
fn values_ignore_case_and_absent_labels_are_empty() {
    assert!(holds("node.labels.zone==a"));
    assert!(holds("node.hostname == n1"));
    assert!(holds("node.labels.other!=a"));
    assert!(!holds("node.labels.other==a"));
    assert!(!holds("node.labels.disk==ssd"));
    assert!(holds("node.labels.Disk==SSD"));
    assert!(!holds("node.role==manager"));
    assert!(!holds("node.nonsense!=x"));
}

#[test]
fn addresses_match_whole_and_by_network() {
    assert!(holds("node.ip==10.1.2.3"));
    assert!(holds("node.ip==10.1.0.0/16"));
    assert!(!holds("node.ip!=10.1.0.0/16"));
    assert!(!holds("node.ip==10.2.0.0/16"));
}

#[test]
fn nonsense_is_refused() {
    assert!(parse("node.role=manager").is_err());
    assert!(parse("==x").is_err());
    assert!(parse("node.role==").is_err());
}
