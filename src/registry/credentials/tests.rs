use super::*;

fn credentials(text: &str) -> Credentials {
    Credentials::read(text.as_bytes()).unwrap()
}

fn password(user: &str, word: &str) -> Login {
    Login::Password { user: user.to_owned(), password: Secret::new(word) }
}

#[tokio::test]
async fn what_stands_in_the_file_is_found_under_all_its_names() {
    let file = credentials(
        r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "dTpw"},
            "reg:5000": {"username": "v", "password": "q:r"},
            "https://old.example/v2/": {"auth": "dTpx"},
            "ghcr.io": {"identitytoken": "i", "auth": "MDAwOg=="},
            "empty": {}, "odd": {"auth": "!"}, "null": {"auth": null}
        }, "credsStore": "", "other": 1}"#,
    );
    for (registry, expected) in [
        ("docker.io", Some(password("u", "p"))),
        ("reg:5000", Some(password("v", "q:r"))),
        ("reg", None),
        ("old.example", Some(password("u", "q"))),
        ("ghcr.io", Some(Login::Identity(Secret::new("i")))),
        ("empty", None),
        ("odd", None),
        ("null", None),
    ] {
        assert_eq!(file.find(registry).await, Ok(expected), "{registry}");
    }
}

#[tokio::test]
async fn engines_are_told_as_docker_tells_them_and_nobody_else_sees_it() {
    let file = credentials(r#"{"auths": {"https://index.docker.io/v1/": {"auth": "dTpodW50ZXIyPz8+"}}}"#);
    let header = auth_for(&file, "docker.io").await.unwrap().unwrap();
    assert!(!format!("{header:?} {file:?}").contains("hunter2"), "{header:?} {file:?}");
    let text = BASE64_URL_SAFE.decode(header.as_bytes()).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let expected = json!({"username": "u", "password": "hunter2??>", "serveraddress": "https://index.docker.io/v1/"});
    assert_eq!(document, expected);
    assert_eq!(auth_for(&file, "other").await, Ok(None));
}

#[test]
fn a_broken_file_is_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Credentials::load(folder.path()).unwrap().auths.is_empty());
    std::fs::write(folder.path().join("config.json"), r#"{"auths": {"a": {"auth": ["hunter2"]}}}"#).unwrap();
    let error = Credentials::load(folder.path()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("config.json:1:2") && !error.message.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn the_name_of_a_helper_leads_nowhere_else() {
    let file = credentials(r#"{"credHelpers": {"a": "../../bin/sh", "b": "does-not-exist"}}"#);
    assert!(file.find("a").await.unwrap_err().contains("is no name"));
    assert!(file.find("b").await.unwrap_err().contains("can't be started"));
}
