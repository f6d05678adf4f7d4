use super::*;

#[test]
fn names_are_escaped_where_a_url_needs_it() {
    for (name, escaped) in
        [("web_1.x-y", "web_1.x-y"), ("a b/c?d#e%", "a%20b%2Fc%3Fd%23e%25"), ("..", "%2E%2E"), ("é", "%C3%A9")]
    {
        assert_eq!(segment(name), escaped);
    }
    let filters = [("filters", r#"{"desired-state":["running"]}"#), ("a", "b&c")];
    let expected = "/tasks?filters=%7B%22desired-state%22%3A%5B%22running%22%5D%7D&a=b%26c";
    assert_eq!(with_query("/tasks", &filters), expected);
    assert_eq!(with_query("/tasks", &[]), "/tasks");
}

#[test]
fn messages_show_the_path_alone() {
    for (path, shown) in [
        ("/v1.51/tasks?filters=x", "/tasks"),
        ("/volumes/x", "/volumes/x"),
        ("/v1.51", "/v1.51"),
        ("/v1/tasks", "/v1/tasks"),
        ("/_ping?", "/_ping"),
    ] {
        assert_eq!(short(path), shown);
    }
    assert_eq!(without_version("/v1.51/tasks?a=/v1.2/"), "/tasks?a=/v1.2/");
}
