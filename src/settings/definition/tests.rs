use super::*;

fn wrong(text: &str) -> Vec<String> {
    let problems = parse_definitions(text, "web.yml").unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_needs_little() {
    let [web] = <[_; 1]>::try_from(parse_definitions("image: nginx:1\n", "dir/web.yml").unwrap()).unwrap();
    assert_eq!((web.name.as_str(), web.image.as_str()), ("web", "nginx:1"));
    assert_eq!((web.shown()["replicas"].as_u64(), web.shown()["ports"].as_array().map(Vec::len)), (Some(1), Some(0)));
}

#[test]
fn a_definition_comes_back_as_it_was_written() {
    let text = "name: web\ndescription: front\nimage: reg:5000/shop/web:2\nreplicas: 3\n\
        ports: ['80', '53:53/udp', '8000-8010:80-90', '8443:443@host']\nenv: {A: 1, B: 'on'}\n\
        constraints: [node.role == worker]\nlabels: {a: b}\nnetworks: [net]\nmounts: ['/srv:/srv:ro', 'data:/data']\n\
        command: sleep 1\nbuild_context: web\nhealthcheck: {test: curl -f localhost, interval: 30s, retries: 3}\n\
        limits: {cpus: 0.5, memory: 256M}\nupdate: {parallelism: 2, order: start-first}\n\
        restart: {condition: on-failure, max_attempts: 3}\nsecrets: [s, 's:file']\n";
    let [web] = <[_; 1]>::try_from(parse_definitions(text, "x.yml").unwrap()).unwrap();
    assert_eq!(web.env["A"], "1");
    assert_eq!(parse_definitions(&web.yaml(), "y.yml").unwrap(), std::slice::from_ref(&web));
    let json = serde_json::to_string(&web).unwrap();
    assert_eq!(serde_json::from_str::<Definition>(&json).unwrap(), web);
    assert_eq!(parse_definitions(&json, "body").unwrap(), [web]);
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let text = "image: nginx\nreplicsa: 2\nports:\n  - '80'\n  - 80:80:80\nenv: [A=1]\nmounts: [./a:/b]\n\
        constraints: [node.role]\nrestart: {condition: always}\nreplicas: many\n";
    assert_eq!(
        wrong(text),
        [
            "web.yml:2:1: unknown key \"replicsa\" at the top level (did you mean \"replicas\"?)",
            "web.yml:5:5: port `80:80:80` has an address: Swarm publishes a port on all of a node's",
            "web.yml:6:6: env must be a map, not a list",
            "web.yml:7:10: mount `./a:/b` has the source `./a`, which is neither an absolute path of the host nor a volume's name",
            "web.yml:8:15: constraint `node.role` has neither `==` nor `!=`",
            "web.yml:9:22: restart.condition must be any or on-failure or none, not `always`",
            "web.yml:10:11: replicas must be a whole number of at least 0, not \"many\"",
        ]
    );
}

#[test]
fn names_that_swarm_refuses_are_refused_before() {
    for name in ["a b", "-a", "a-", "a.b", "ä", &"a".repeat(64)] {
        assert_eq!(wrong(&format!("name: '{name}'\nimage: x\n")).len(), 1, "{name}");
    }
    assert!(wrong("name: a/b\nimage: x\n")[0].starts_with("web.yml:1:7: name `a/b`"));
}

#[test]
fn what_is_no_definition_is_said() {
    assert_eq!(wrong(""), ["web.yml:1:1: there is no definition in it: `image: NAME` is the least"]);
    assert_eq!(wrong("replicas: 1\n"), ["web.yml:1:1: the file needs the key \"image\""]);
    assert!(wrong("image: [x\n")[0].starts_with("web.yml:"));
    assert!(wrong(&"#".repeat(LARGEST + 1))[0].contains("too many"));
    assert!(wrong("- {name: a, image: x}\n- {name: a, image: y}\n")[0].contains("already defined at web.yml:1:3"));
    assert!(wrong("image: a b\n")[0].contains("no reference"));
    assert!(wrong("image: x\nbuild_context: ../a\n")[0].starts_with("web.yml:2:16: build_context"));
    assert!(wrong("image: x\nmode: global\nreplicas: 2\n")[0].contains("one task on each node"));
}
