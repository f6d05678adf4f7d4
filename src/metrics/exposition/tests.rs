use proptest::prelude::*;

use super::*;

type Read = (String, Vec<(String, String)>, f64);

fn read(line: &str) -> Option<Read> {
    let mut all = samples(line);
    let sample = all.next()?;
    assert!(all.next().is_none(), "{line}");
    let labels = sample.labels.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into_owned()));
    Some((sample.name.to_owned(), labels.collect(), sample.value))
}

#[test]
fn lines_that_can_be_read() {
    for (line, name, value) in [
        ("node_memory_MemTotal_bytes 6.7369267e+10", "node_memory_MemTotal_bytes", 6.736_926_7e10),
        ("a 1 1700000000000", "a", 1.0),
        ("  a\t-3.5e-2  ", "a", -0.035),
        ("a{} +Inf", "a", f64::INFINITY),
        ("job:a:rate5m 0 # {trace_id=\"x\"} 1", "job:a:rate5m", 0.0),
    ] {
        let (found, labels, read) = read(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.as_str(), labels.len()), (name, 0), "{line}");
        assert_eq!(read.to_bits(), value.to_bits(), "{line}: {read}");
    }
    assert!(read("a NaN").unwrap().2.is_nan());
}

#[test]
fn labels_are_unescaped() {
    let (_, labels, value) = read(r#"u{nodename="n\"1\\",b="x,}=\n" , c="",} 1"#).unwrap();
    let expected = [("nodename", "n\"1\\"), ("b", "x,}=\n"), ("c", "")];
    assert_eq!(labels, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert!((value - 1.0).abs() < f64::EPSILON);
    let sample = samples("u{a=\"1\",b=\"2\"} 3").next().unwrap();
    assert_eq!((sample.label("b"), sample.label("c")), (Some("2"), None));
}

#[test]
fn lines_that_cannot() {
    for line in [
        "",
        "# HELP a b",
        "a",
        "a{",
        "a{b} 1",
        "a{b=\"c} 1",
        "a{b=\"c\"",
        "a{b=\"c\"} x",
        "1a 1",
        "a 1 x",
        "a 1 2 3",
        "a=1",
        "<html>",
        "a{b=\"c\"d=\"e\"} 1",
        "{\"a\",b=\"c\"} 1",
        "a{b=\"\\",
        "é 1",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
    let text = "a 1\n\u{0}garbage{{{\nb 2\r\nc{x=\"y\n";
    assert_eq!(samples(text).map(|sample| sample.name).collect::<Vec<_>>(), ["a", "b"]);
}

fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace('\n', r"\n").replace('"', "\\\"")
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC*", noise in "[a{}=\",\\\\ #0-9\n]*") {
        samples(&text).chain(samples(&noise)).for_each(drop);
    }

    #[test]
    fn what_is_written_is_read(
        name in "[a-z_:][a-z0-9_:]{0,9}",
        labels in prop::collection::vec(("[a-z_][a-z0-9_]{0,5}", "[^\r\u{85}\u{2028}\u{2029}]{0,12}"), 0..4),
        value in any::<f64>(),
    ) {
        let pairs: Vec<String> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escape(text))).collect();
        let line = format!("# c\n{name}{{{}}} {value:e}\nend 1", pairs.join(","));
        let found: Vec<_> = samples(&line).collect();
        prop_assert_eq!(found.len(), 2);
        prop_assert_eq!(found[0].name, name);
        let read: Vec<(String, String)> =
            found[0].labels.iter().map(|(key, text)| ((*key).to_owned(), text.clone().into_owned())).collect();
        prop_assert_eq!(read, labels);
        prop_assert!(found[0].value.to_bits() == value.to_bits() || (value.is_nan() && found[0].value.is_nan()));
    }
}
