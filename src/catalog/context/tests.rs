//! Here as in all tests `unwrap` is right: what can't be set up fails its test at that very line, which `?` would not name.

use super::*;

/// Panics where there is no archive: then there is nothing to compare.
fn names(context: &BuildContext) -> Vec<String> {
    let mut archive = tar::Archive::new(context.pack().unwrap());
    let entries = archive.entries().unwrap();
    entries.map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

/// Panics where the stage can't be built.
fn touch(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "x").unwrap();
}

#[test]
fn nothing_outside_of_the_projects_is_a_context() {
    let dir = tempfile::tempdir().unwrap();
    let projects = dir.path().join("projects");
    touch(&projects.join("web/Dockerfile"));
    touch(&dir.path().join("outside/Dockerfile"));
    touch(&projects.join("none/README"));
    std::os::unix::fs::symlink("../outside", projects.join("link")).unwrap();
    std::os::unix::fs::symlink("web", projects.join("alias")).unwrap();
    let find = |context: &str| BuildContext::find(Some(&projects), context, None).map(|context| context.dir);
    let web = projects.canonicalize().unwrap().join("web");
    assert_eq!(find("web").unwrap(), web);
    assert_eq!(find("alias").unwrap(), web);
    assert_eq!(find(web.to_str().unwrap()).unwrap(), web, "inside is inside, however it is named");
    for context in [
        "../outside",
        "link",
        "web/../../outside",
        "none",
        "missing",
        "/etc",
        dir.path().join("outside").to_str().unwrap(),
    ] {
        assert_eq!(find(context).unwrap_err().kind, ErrorKind::Config, "{context}");
    }
    assert_eq!(BuildContext::find(None, "web", None).unwrap_err().kind, ErrorKind::Config);
}

#[test]
fn what_is_ignored_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join("web").join(name);
    for name in ["Dockerfile", "src/a.rs", "src/a.log", "target/big", "target/keep/this", ".git/config", "docs/x/y.md"]
    {
        touch(&at(name));
    }
    std::fs::write(at(".dockerignore"), "# no\n.git\n**/*.log\n/target\n!target/keep\ndocs/**/*.md\nDockerfile\n")
        .unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at("link")).unwrap();
    let context = BuildContext::find(Some(dir.path()), "web", None).unwrap();
    let wanted =
        [".dockerignore", "Dockerfile", "docs", "docs/x", "link", "src", "src/a.rs", "target/keep", "target/keep/this"];
    assert_eq!(names(&context), wanted);
    let mut archive = tar::Archive::new(context.pack().unwrap());
    let link = archive.entries().unwrap().map(Result::unwrap).find(|entry| entry.path().unwrap() == Path::new("link"));
    assert!(
        link.unwrap().header().entry_type().is_symlink(),
        "a link is sent as a link, and nothing of what it points to"
    );
}

#[test]
fn what_says_how_is_sent_even_from_a_folder_that_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join("web").join(name);
    for name in ["ci/deep/Dockerfile", "ci/deep/secret", "ci/other", "a"] {
        touch(&at(name));
    }
    std::fs::write(at(".dockerignore"), "ci\n.dockerignore\n").unwrap();
    for name in ["ci/deep/Dockerfile", "./ci//deep/./Dockerfile", "ci/other/../deep/Dockerfile"] {
        let context = BuildContext::find(Some(dir.path()), "web", Some(name)).unwrap();
        assert_eq!(names(&context), [".dockerignore", "a", "ci/deep/Dockerfile"], "{name}");
    }
    touch(&at("Dockerfile"));
    let refused = |name| BuildContext::find(Some(dir.path()), "web", name).err().map(|error| error.to_string());
    let outside = refused(Some("../Dockerfile")).unwrap();
    assert!(outside.contains("lies outside of the build context"), "{outside}");
    assert_eq!(refused(None), None);
    // What can't be read says nothing of what is not to be sent.
    std::fs::remove_file(at(".dockerignore")).unwrap();
    std::fs::create_dir(at(".dockerignore")).unwrap();
    assert!(refused(None).unwrap().contains("can't read .dockerignore"), "{:?}", refused(None));
}

#[test]
fn projects_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    touch(&dir.path().join("b/Dockerfile"));
    touch(&dir.path().join("a/compose.yml"));
    touch(&dir.path().join("file"));
    touch(&dir.path().join(".git/config"));
    let listed = projects(dir.path()).unwrap();
    let a = Project { name: "a".to_owned(), has_dockerfile: false, has_compose: true };
    assert_eq!((listed.len(), &listed[0], listed[1].has_dockerfile), (2, &a, true));
    assert!(projects(&dir.path().join("nowhere")).is_err());
}

#[test]
fn registries_are_those_of_images_and_not_of_stages() {
    let dir = tempfile::tempdir().unwrap();
    let of = |text: &str| {
        std::fs::write(dir.path().join("Dockerfile"), text).unwrap();
        let found = BuildContext::find(Some(dir.path()), ".", None).unwrap().registries();
        found.map(|found| found.into_iter().collect::<Vec<_>>())
    };
    let several = "# FROM x.lan/no:1\nfrom --platform=linux/amd64 reg.lan:5000/a:1 AS Base\nFROM base as next\nCOPY --from=base /a /a\n\
                   COPY --from=0 /a /a\nCOPY --from=other.lan/b:2 /b /b\nFROM scratch\n";
    assert_eq!(of(several), Some(vec!["other.lan".to_owned(), "reg.lan:5000".to_owned()]));
    assert_eq!(of("FROM alpine\n"), Some(vec!["docker.io".to_owned()]));
    assert_eq!(of("ARG BASE=a\nFROM $BASE\n"), None, "nobody knows");
}
