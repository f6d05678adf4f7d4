use super::*;

#[test]
fn finds_what_a_shell_finds_but_nothing_behind_links() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for path in ["a/x.log", "a/b/y.log", "a/b/.z.log", "a/.hid/u.log", "c/x.txt", "out/secret.log"] {
        std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        std::fs::write(root.join(path), "x").unwrap();
    }
    std::os::unix::fs::symlink("../out", root.join("a/link")).unwrap();
    let found = |pattern: &str| {
        let mut problems = Vec::new();
        let places = find(&format!("{}/{pattern}", root.display()), &mut problems);
        assert_eq!(problems, Vec::<String>::new());
        let mut found: Vec<String> = places
            .iter()
            .flat_map(|place| place.names.iter().map(|name| place.path.join(name)))
            .map(|path| path.strip_prefix(root).unwrap().display().to_string())
            .collect();
        found.sort();
        found
    };
    assert_eq!(found("a/*.log"), ["a/x.log"]);
    assert_eq!(found("a/**/*.log"), ["a/b/y.log", "a/x.log"]);
    assert_eq!(found("**/?.log"), ["a/b/y.log", "a/x.log"]);
    assert_eq!(found("*/*.log"), ["a/x.log", "out/secret.log"]);
    assert_eq!(found("a/l*/*.log"), Vec::<String>::new());
    assert_eq!(found("nowhere/*.log"), Vec::<String>::new());
}
