//! Texts that break other readers: they are read, or refused with a place, and always soon.

use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{errors, read, settings};

#[test]
fn not_yaml() {
    const TAB: &str = "a tab is used for indentation; YAML wants spaces";
    const SECOND: &str = "a second document begins here; a configuration is one document";
    const KEY: &str = "a key must be text, not a map or list (quote a template such as \"{{ name }}\")";
    let cases = [
        ("nodes:\n\tn1:\n", format!("2:1: {TAB}")),
        ("nodes:\n  n1:\n\tip: 1\n", format!("3:1: {TAB}")),
        ("nodes:\n  n1: {}\n \t n2: {}\n", format!("3:2: {TAB}")),
        ("nodes:\n  - a\n\t- b\n", format!("3:1: {TAB}")),
        ("nodes: {}\n---\nstack: b\n", format!("2:1: {SECOND}")),
        ("nodes: {}\n...\nstack: b\n", format!("3:1: {SECOND}")),
        ("{{ name }}: 1\n", format!("1:2: {KEY}")),
        (": 1\n", "1:1: a key must be text, not empty".to_owned()),
        ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed in this context".to_owned()),
        ("{&!", "1:4: a key must be text, not empty".to_owned()),
        ("nodes: {}\n}\n", "2:1: not valid YAML: misplaced bracket".to_owned()),
        ("nodes: *x\n", "1:8: not valid YAML: while parsing node, found unknown anchor".to_owned()),
        ("nodes: &x [*x]\n", "1:12: an alias stands inside the value that it repeats".to_owned()),
        ("<<: 5\n", "1:5: `<<` merges a map or a list of maps".to_owned()),
        ("leader: !secret x\n", "1:17: the tag \"!secret\" is not supported".to_owned()),
        ("leader: !!binary x\n", "1:18: the tag \"!!binary\" is not supported".to_owned()),
        // The rest of the file would be lost, and its labels with it.
        ("nodes: {}\nsta\0ck: x\n", "2:4: a NUL character: this is not text".to_owned()),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), [format!("orca.yml:{expected}")], "{text:?}");
    }
}

#[test]
fn marks_and_line_ends_are_no_mistake() {
    for empty in
        ["", "\n", "\u{feff}", "# nothing\n", "---\n", "---\n...\n", "~\n", "nodes:\noptions:\ndependencies:\n"]
    {
        assert!(settings(empty).nodes.is_empty(), "{empty:?}");
    }
    assert_eq!(settings("\u{feff}leader: a\r\nstack: b\r\n").stack, "b");
    assert_eq!(settings("%YAML 1.1\n---\nleader: ! yes\n").leader.as_deref(), Some("yes"));
    let known = r#"unknown key "ipp" in nodes.n1 (did you mean "ip"?)"#;
    assert_eq!(errors("\u{feff}nodes: {n1: {ipp: 1}}"), [format!("orca.yml:1:14: {known}")]);
    assert_eq!(errors("nodes:\r\n  n1:\r\n    ipp: 1\r\n"), [format!("orca.yml:3:5: {known}")]);
    assert_eq!(errors("leader: ä\nnodes: {ö: {}, n1: {ipp: 1}}"), [format!("orca.yml:2:21: {known}")]);
}

#[test]
fn merges() {
    let text = "
x-a: &a {ip: 192.0.2.1, role: worker}
x-b: &b {ip: 192.0.2.2, role: manager, host: tcp://b}
nodes:
  n1: {<<: *a}
  n2: {<<: *a, ip: 192.0.2.9}
  n3: {ip: 192.0.2.8, <<: [*a, *b]}
  n4: {<<: [*b, *a], <<: *a}
  n5: {'<<': 1}
";
    assert_eq!(
        errors(text),
        ["orca.yml:9:8: unknown key \"<<\" in nodes.n5 (known keys: ip, host, role, availability, labels)"]
    );
    let read = settings(&text.replace("'<<': 1", "<<: "));
    let node = |name: &str| {
        let node = &read.nodes[name];
        [&node.ip, &node.role, &node.host].map(|text| text.clone().unwrap_or_default())
    };
    assert_eq!(node("n1"), ["192.0.2.1", "worker", ""]);
    assert_eq!(node("n2"), ["192.0.2.9", "worker", ""]);
    assert_eq!(node("n3"), ["192.0.2.8", "worker", "tcp://b"]);
    assert_eq!(node("n4"), ["192.0.2.2", "manager", "tcp://b"]);
    assert_eq!(node("n5"), ["", "", ""]);
    let origin = &read.origins["nodes.n3.role"];
    assert_eq!((origin.line, origin.column), (2, 31), "a merged value comes from where it is written");
}

#[test]
fn bombs() {
    let mut laughs = "x-0: &a0 [l, l, l, l, l, l, l, l, l, l]\n".to_owned();
    let mut merges = "x-0: &a0 {k0: 1}\n".to_owned();
    for i in 1..12 {
        let below = i - 1;
        let _ = writeln!(laughs, "x-{i}: &a{i} [{}]", vec![format!("*a{below}"); 10].join(", "));
    }
    for i in 1..40 {
        let below = i - 1;
        let _ = writeln!(merges, "x-{i}: &a{i} {{<<: [*a{below}, *a{below}], k{i}: 1}}");
    }
    let mut deep = "x-0: &a0 [l]\n".to_owned();
    for i in 1..100 {
        let _ = writeln!(deep, "x-{i}: &a{i} [*a{}]", i - 1);
    }
    let cases = [
        (laughs, "aliases expand to more than 100000 values"),
        (merges, "aliases expand to more than 100000 values"),
        (deep, "nested deeper than 64 levels"),
        ("- ".repeat(500_000), "nested deeper than 64 levels"),
        ("{a: ".repeat(100), "nested deeper than 64 levels"),
        ("[".repeat(1_000_000), "not valid YAML: recursion limit exceeded"),
        ("? ".repeat(500_000), "nested deeper than 64 levels"),
        ((0..2000).fold(String::new(), |text, i| text + &" ".repeat(i) + "a:\n"), "nested deeper than 64 levels"),
    ];
    for (text, expected) in cases {
        let found = errors(&text);
        assert!(found.len() == 1 && found[0].ends_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn big_files() {
    let nodes = (0..20_000).fold("nodes:\n".to_owned(), |mut text, i| {
        let _ = writeln!(text, "  node-{i}: {{ip: 192.0.2.1, labels: [a, b=c]}}");
        text
    });
    let chain = (0..45_000).fold("dependencies:\n".to_owned(), |mut text, i| {
        let _ = writeln!(text, "  a{i}: [a{}]", i + 1);
        text
    });
    let unknown = (0..60_000).fold(String::new(), |mut text, i| {
        let _ = writeln!(text, "k{i}: {{}}");
        text
    });
    let cycle = format!("{chain}  a45000: [a0]\n");
    let long = format!("leader: {}\n", "k ".repeat(500_000));
    let started = Instant::now();
    assert_eq!(settings(&nodes).nodes.len(), 20_000);
    assert_eq!(settings(&chain).anchors.len(), 45_000);
    assert_eq!(errors(&unknown).len(), 60_000);
    assert_eq!(errors(&cycle).len(), 1);
    assert_eq!(settings(&long).leader.map(|leader| leader.len()), Some(999_999));
    // Unoptimised and on a busy machine it takes about 5 s; what this finds is a quadratic step, which takes minutes.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn long_values_are_cut_in_messages() {
    let found = errors(&format!("nodes: {}\n", "ä\u{7}".repeat(1000)));
    assert!(found.len() == 1 && found[0].len() < 500 && found[0].is_ascii() != found[0].contains('ä'), "{found:?}");
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,200}") {
        answers(&text)?;
    }

    /// Pieces of YAML and of our keys reach deeper than random characters do.
    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        answers(&pieces.concat())?;
    }
}

const PIECES: &[&str] = &[
    "nodes:",
    "options:",
    "dependencies:",
    "leader: ",
    "stack: ",
    "labels: ",
    "services: ",
    "label: ",
    "hold: ",
    "n1:",
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    " ",
    "\t",
    "- ",
    "? ",
    ": ",
    ":",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "a",
    "b",
    "db",
    "=",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "!!str ",
    "!x ",
    "~",
    "yes",
    "10m",
    "1.5",
    "\r\n",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "\\",
    "x-a: ",
    "role: ",
    "@",
    "`",
];

/// Never a panic; the same answer twice; problems in order, each within the text.
fn answers(text: &str) -> Result<(), TestCaseError> {
    let (first, second) = (read(text), read(text));
    prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
    if let Err(problems) = first {
        prop_assert!(!problems.is_empty());
        prop_assert!(problems.is_sorted());
        let lines = text.split(['\n', '\r']).count();
        prop_assert!(problems.iter().all(|problem| (1..=lines).contains(&problem.line) && problem.column > 0));
        prop_assert!(problems.iter().all(|problem| problem.to_string().lines().count() == 1));
    }
    Ok(())
}
