use super::*;

#[test]
fn patterns_match_as_in_a_shell() {
    for (pattern, text, wanted) in [
        ("base*", "base/image:1", true),
        ("*:keep", "a/b:keep", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*b*c*", "xxaxxbxxcxx", true),
        ("*a*b*c*", "xxaxxcxxbxx", false),
        ("", "", true),
        ("", "x", false),
        ("*", "", true),
    ] {
        assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), wanted, "{pattern} {text}");
    }
}

#[test]
fn own_links_are_followed_on_the_way_and_never_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("real/inner")).unwrap();
    std::fs::write(folder.path().join("real/inner/x"), "x").unwrap();
    std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("x", folder.path().join("real/inner/y")).unwrap();
    let dir = Dir::open(&folder.path().join("link/inner")).unwrap();
    assert!(dir.file("x", false).is_ok());
    assert!(dir.file("y", false).is_err());
    assert_eq!(dir.stat("y").unwrap().unwrap().kind, Kind::Link);
    assert!(Dir::open(&folder.path().join("real")).unwrap().folder("../link").is_err());
    assert!(Dir::open(Path::new("/tmp/../etc")).is_err());
}
