//! Draws `docs/orca.svg` from the recorded run `docs/orca.cast`, which `scripts/record` makes, and compares.
//!
//! Each line appears when it was printed; pauses are cut to what the recording's head says. Where nothing moves, as in a
//! preview, the last screen is seen.

use std::fmt::Write as _;

use serde_json::Value;

use super::{blessing, root};

/// Of a letter, pixels.
const WIDE: f64 = 8.43;
const HIGH: f64 = 19.0;
const EDGE: f64 = 14.0;

/// A run of letters of one look.
#[derive(Debug, Clone, PartialEq, Default)]
struct Span {
    text: String,
    /// A class, or nothing.
    look: &'static str,
}

struct Line {
    /// Seconds, pauses cut.
    at: f64,
    spans: Vec<Span>,
}

struct Recording {
    columns: f64,
    rows: usize,
    lines: Vec<Line>,
}

#[test]
fn the_picture_is_drawn_from_the_recording() {
    let cast = std::fs::read_to_string(root().join("docs/orca.cast")).unwrap();
    let recording = read(&cast);
    let text: Vec<String> = recording.lines.iter().map(plain).collect();
    for wanted in ["$ orca reconcile --once --wait ", "-- did they follow?", "reconcile unchanged"] {
        assert!(text.iter().any(|line| line.contains(wanted)), "the recording has no line `{wanted}`: {text:#?}");
    }
    assert!(text.iter().any(|line| line.starts_with("-- yes (")), "the demo did not come to its end");
    let wanted = draw(&recording);
    let path = root().join("docs/orca.svg");
    if blessing() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == wanted, "docs/orca.svg is not that of docs/orca.cast: scripts/record");
}

#[test]
fn pauses_are_cut_and_looks_are_kept() {
    let cast = "{\"version\":2,\"width\":10,\"height\":2,\"idle_time_limit\":1.5}\n[1.0,\"o\",\"a\\r\\n\"]\n\
                [9.0,\"o\",\"\\u001b[1mb\\u001b[0m<c\\r\\n\"]\n[9.5,\"o\",\"\\u001b[32md\\r\\n\"]\n";
    let recording = read(cast);
    assert_eq!(recording.lines.iter().map(|line| line.at).collect::<Vec<_>>(), [1.0, 2.5, 3.0]);
    let span = |text: &str, look| Span { text: text.to_owned(), look };
    assert_eq!(recording.lines[1].spans, [span("b", "b"), span("<c", "")]);
    assert_eq!(recording.lines[2].spans, [span("d", "c32")]);
    let svg = draw(&recording);
    assert!(svg.contains("&lt;c") && svg.contains(">a<") && svg.contains("translateY"), "{svg}");
}

fn plain(line: &Line) -> String {
    line.spans.iter().map(|span| span.text.as_str()).collect()
}

fn read(cast: &str) -> Recording {
    let mut lines = cast.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(head["version"], 2, "an asciicast of another version");
    let limit = head["idle_time_limit"].as_f64().unwrap();
    let (mut shown, mut before, mut at) = (Vec::new(), 0.0, 0.0);
    for line in lines {
        let (time, kind, text): (f64, String, String) = serde_json::from_str(line).unwrap();
        assert_eq!(kind, "o", "only output is drawn");
        at += (time - before).clamp(0.0, limit);
        before = time;
        let text = text.strip_suffix("\r\n").expect("a recording of lines");
        shown.push(Line { at, spans: spans(text) });
    }
    let rows = usize::try_from(head["height"].as_u64().unwrap()).unwrap();
    Recording { columns: head["width"].as_f64().unwrap(), rows, lines: shown }
}

/// Colours and bold; a recording with anything else on the screen can't be drawn line by line.
fn spans(text: &str) -> Vec<Span> {
    let mut spans = vec![Span::default()];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        spans.last_mut().unwrap().text += before;
        let (codes, next) = after.strip_prefix('[').and_then(|after| after.split_once('m')).unwrap();
        let look = match codes {
            "" | "0" | "39" | "22" => "",
            "1" => "b",
            "2" => "dim",
            _ if codes.ends_with("31") || codes.ends_with(";9") => "c31",
            _ if codes.ends_with("32") || codes.ends_with(";10") => "c32",
            _ if codes.ends_with("33") || codes.ends_with(";11") => "c33",
            _ if codes.ends_with("36") || codes.ends_with(";14") => "c36",
            other => panic!("a look that is not known: {other}"),
        };
        spans.push(Span { text: String::new(), look });
        rest = next;
    }
    spans.last_mut().unwrap().text += rest;
    spans.retain(|span| !span.text.is_empty());
    spans
}

fn draw(recording: &Recording) -> String {
    let Recording { columns, rows, lines } = recording;
    let count = |number: usize| f64::from(u32::try_from(number).unwrap());
    let (width, height) = (columns * WIDE + 2.0 * EDGE, count(*rows) * HIGH + 2.0 * EDGE);
    let last = lines.last().map_or(1.0, |line| line.at).max(0.1);
    let end = count(lines.len().saturating_sub(*rows)) * HIGH;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>orca: a recorded run of scripts/demo</title>\n<style>\n\
         text {{ font: 14px ui-monospace, Menlo, Consolas, \"DejaVu Sans Mono\", monospace; fill: #d7dde4; white-space: pre }}\n\
         .b {{ font-weight: bold }} .dim {{ fill: #8b949e }} .note {{ fill: #79c0ff }} .call {{ fill: #ffffff; font-weight: bold }}\n\
         .c31 {{ fill: #ff7b72 }} .c32 {{ fill: #7ee787 }} .c33 {{ fill: #e3b341 }} .c36 {{ fill: #76e3ea }}\n\
         @media (prefers-reduced-motion: no-preference) {{\n  \
         text {{ animation: appear 1ms backwards }}\n  #screen {{ animation: scroll {last:.2}s step-end backwards }}\n}}\n\
         @keyframes appear {{ from {{ visibility: hidden }} }}\n@keyframes scroll {{\n  0% {{ transform: translateY(0px) }}\n",
    );
    let mut moved = 0.0;
    for (index, line) in lines.iter().enumerate() {
        let up = count((index + 1).saturating_sub(*rows)) * HIGH;
        // Lines that came together move together.
        let next = lines.get(index + 1).is_some_and(|next| next.at - line.at < 0.01);
        if up > moved && !next {
            let percent = (line.at / last * 100.0).min(100.0);
            let _ = writeln!(svg, "  {percent:.2}% {{ transform: translateY({:.0}px) }}", -up);
            moved = up;
        }
    }
    let _ = writeln!(svg, "}}\n</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>");
    let clip = height - 2.0 * EDGE;
    let _ = writeln!(
        svg,
        "<svg x=\"{EDGE}\" y=\"{EDGE}\" width=\"{:.0}\" height=\"{clip:.0}\">\n<g id=\"screen\" xml:space=\"preserve\" transform=\"translate(0 {:.0})\">",
        columns * WIDE,
        -end
    );
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.spans.is_empty()) {
        let text = plain(line);
        let class = if text.starts_with("-- ") {
            " class=\"note\""
        } else if text.starts_with("$ ") {
            " class=\"call\""
        } else {
            ""
        };
        let y = count(index) * HIGH + 14.0;
        let _ = write!(svg, "<text y=\"{y:.0}\"{class} style=\"animation-delay:{:.2}s\">", line.at);
        for span in &line.spans {
            let safe = span.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = match span.look {
                "" => write!(svg, "{safe}"),
                look => write!(svg, "<tspan class=\"{look}\">{safe}</tspan>"),
            };
        }
        svg += "</text>\n";
    }
    svg + "</g>\n</svg>\n</svg>\n"
}
