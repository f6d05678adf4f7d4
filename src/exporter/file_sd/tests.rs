use super::*;

fn entry(url: &str) -> Entry {
    let labels = BTreeMap::from([("node".to_owned(), "n1".to_owned())]);
    Entry::new(&Url::parse(url, 9100).unwrap().or_path("/metrics"), labels)
}

#[test]
fn what_differs_from_prometheus_defaults_is_said() {
    let shown = |url: &str| serde_json::to_string(&entry(url)).unwrap();
    assert_eq!(shown("http://10.0.0.1:9100"), r#"{"targets":["10.0.0.1:9100"],"labels":{"node":"n1"}}"#);
    assert_eq!(
        shown("https://[fd00::1]:9101/m"),
        r#"{"targets":["[fd00::1]:9101"],"labels":{"__metrics_path__":"/m","__scheme__":"https","node":"n1"}}"#
    );
    assert_eq!(label_name("a.b/c-d 1é"), "a_b_c_d_1_");
}

#[test]
fn a_file_is_replaced_whole_and_only_when_it_differs() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("targets.json"), dir.path().join("link.json"));
    assert!(write(&path, &[entry("a")], true).unwrap() && !path.exists(), "a dry run writes nothing");
    assert!(write(&path, &[entry("a")], false).unwrap());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o644);
    assert!(!write(&path, &[entry("a")], false).unwrap(), "it says the same");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(write(&link, &[entry("a"), entry("b")], false).unwrap());
    assert!(link.is_symlink(), "what the link leads to was replaced");
    assert_eq!(mode(&path), 0o640);
    let read: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(read.as_array().unwrap().len(), 2);
    let names = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names, 2, "nothing else is left there");
    assert!(write(&dir.path().join("nowhere/x.json"), &[], false).is_err());
    assert!(check_name(Path::new("x.txt")).is_err() && check_name(&path).is_ok());
}
