//! Runs the examples of a page, one after the other, on one swarm, and compares what they print.

use std::process::{Command, Stdio};

use super::markdown::{Block, Page};
use super::{blessing, none_of, pages, root};

/// Stands before what the harness prints itself.
const MARK: char = '\u{1e}';

/// So many blocks need more than a simulated swarm. Each more is to be thought about.
const EXCUSED: usize = 19;

/// What examples may start: nothing that could change the machine on which the tests run. docker talks to the simulated
/// engine.
const PROGRAMS: [&str; 19] = [
    "orca", "docker", "cat", "echo", "printf", "sed", "head", "cut", "mkdir", "cp", "timeout", "sleep", "kill", "[",
    "for", "do", "done", "until", "true",
];

/// One command of a page.
struct Example {
    /// Of the command, in the page.
    line: usize,
    text: String,
    /// What is shown below it, and where that begins; nothing is shown where only the exit code counts.
    shown: Vec<String>,
    shown_at: usize,
    exit: i32,
}

struct Ended {
    exit: i32,
    printed: Vec<String>,
}

#[test]
fn examples_do_what_the_pages_show() {
    let pages: Vec<Page> = pages();
    let problems: Vec<String> = std::thread::scope(|scope| {
        // A page waits now and then: more of them at once than there are processors.
        let (first, second) = pages.split_at(pages.len() / 2);
        let halves = [first, second].map(|half| scope.spawn(|| half.iter().flat_map(check).collect::<Vec<_>>()));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    none_of(&problems);
    let ran: usize = pages.iter().map(|page| examples(page).len()).sum();
    assert!(ran > 60, "only {ran} examples were found: are the pages still read?");
}

#[test]
fn what_is_not_run_says_why() {
    let (mut run, mut excused, mut problems) = (0, 0, Vec::new());
    for page in pages() {
        for block in page.blocks().iter().filter(|block| is_example(block)) {
            match block.excuse.as_deref() {
                None => run += 1,
                Some(why) if why.split(' ').count() < 2 => problems.push(format!("{}: why?", page.place(block.first))),
                Some(_) => excused += 1,
            }
        }
        // A block without a language, or with one that is not known, would escape.
        let known = ["console", "sh", "yaml", "json", "text", "cron", "ini", "hidden"];
        let strange = page.blocks().into_iter().filter(|block| !known.contains(&block.language.as_str()));
        problems.extend(strange.map(|block| format!("{}: a block of `{}`", page.place(block.first), block.language)));
    }
    none_of(&problems);
    assert!(excused <= EXCUSED, "{excused} blocks are not run, of {run} more than {EXCUSED}: can't they be?");
}

/// Without ticks of the clock, ids and the width of columns.
#[test]
fn what_differs_from_run_to_run_does_not_count() {
    let same = |shown: &str, printed: &str| {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        fits(&lines(shown), &lines(printed))
    };
    assert!(same("done: 4 (13 ms)", "done:   4 (7 ms)"));
    assert!(!same("done: 4 (13 ms)", "done: 5 (13 ms)"));
    assert!(same("2026-11-21T07:53:14.09Z db", "2027-01-01T00:00:00Z  db"));
    assert!(same("x vky832k47yvh5p16w7nzxag6v", "x bt75jlpeveysfukrt9q5wl9rk"));
    assert!(same("a\n...\nd", "a\nb\nc\nd") && same("a\n...\nd", "a\nd"));
    assert!(!same("a\n...\nd", "a\nb") && !same("a", "a\nb") && !same("a\nb", "a"));
    assert!(same("id ... is fine", "id 7 of 8 is fine") && !same("id ... is fine", "id 7 is bad"));
}

fn is_example(block: &Block) -> bool {
    ["console", "sh", "hidden"].contains(&block.language.as_str())
}

fn examples(page: &Page) -> Vec<Example> {
    let blocks = page.blocks();
    let run = blocks.iter().filter(|block| is_example(block) && block.excuse.is_none());
    run.flat_map(|block| if block.language == "console" { console(block) } else { script(block) }).collect()
}

fn example(line: usize, text: &str) -> Example {
    let said = text.rsplit_once("# exits with ").map(|(_, code)| code.trim().parse());
    let exit = said.map_or(0, |code| code.unwrap_or_else(|_| panic!("no exit code: {text}")));
    Example { line, text: text.to_owned(), shown: Vec::new(), shown_at: line + 1, exit }
}

/// Commands behind `$ `, each followed by what it prints.
fn console(block: &Block) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for (offset, line) in block.lines.iter().enumerate() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => found.push(example(block.first + offset, command)),
            (None, Some(last)) => last.shown.push(line.clone()),
            (None, None) => panic!("a console block that begins with no command: {line}"),
        }
    }
    found
}

/// A command a line; a backslash at the end goes on with the next.
fn script(block: &Block) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for (offset, line) in block.lines.iter().enumerate() {
        match found.last_mut().filter(|last| last.text.ends_with('\\')) {
            Some(last) => last.text = format!("{}\n{line}", last.text),
            None if line.trim().is_empty() || line.starts_with('#') => {}
            None => found.push(example(block.first + offset, line)),
        }
    }
    found
}

fn check(page: &Page) -> Vec<String> {
    let examples = examples(page);
    if examples.is_empty() {
        return Vec::new();
    }
    let foreign = |example: &Example| programs(&example.text).find(|name| !PROGRAMS.contains(name)).map(str::to_owned);
    let strange = examples.iter().filter_map(|example| Some((page.place(example.line), foreign(example)?)));
    let strange: Vec<String> =
        strange.map(|(place, name)| format!("{place}: `{name}` is not run here: say why above the block")).collect();
    if !strange.is_empty() {
        return strange;
    }
    let (ended, rest) = run(&examples);
    let mut problems = Vec::new();
    let mut fresh = page.lines.clone();
    for (example, ended) in examples.iter().zip(&ended).rev() {
        let place = page.place(example.line);
        if example.exit != ended.exit {
            let (wanted, exit, printed) = (example.exit, ended.exit, ended.printed.join("\n"));
            problems.push(format!("{place}: exit code {exit}, not {wanted}: {}\n{printed}", example.text));
        } else if !example.shown.is_empty() && !fits(&example.shown, &ended.printed) {
            let printed = ended.printed.join("\n");
            problems.push(format!("{place}: prints something else: {}\n{printed}", example.text));
            fresh.splice(example.shown_at..example.shown_at + example.shown.len(), ended.printed.iter().cloned());
        }
    }
    if ended.len() < examples.len() {
        let example = &examples[ended.len()];
        problems.push(format!("{}: never came to its end: {}\n{rest}", page.place(example.line), example.text));
    }
    if blessing() && fresh != page.lines {
        std::fs::write(root().join(&page.path), fresh.join("\n") + "\n").unwrap();
    }
    problems.reverse();
    problems
}

/// The programs that a line of shell starts, as far as the examples need it.
fn programs(line: &str) -> impl Iterator<Item = &str> {
    let line = line.split(" # ").next().unwrap_or_default().trim_start_matches("$ ");
    let parts = line.split(['|', ';', '&']).flat_map(|part| part.split("$(")).flat_map(|part| part.split(" -- "));
    let parts = parts.map(|part| part.trim_start().trim_start_matches("do ").trim_start());
    // What is written between two quotes, or behind >&, starts nothing.
    parts
        .filter_map(|part| part.split_whitespace().find(|word| !word.contains('=')))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[' || c == '/'))
}

#[test]
fn programs_of_a_line_are_known() {
    let found = |line: &'static str| programs(line).collect::<Vec<_>>();
    assert_eq!(found("mkdir man && orca man --dir man    # writes; systemctl"), ["mkdir", "orca"]);
    assert_eq!(found("A=b orca gc | head -n 1; systemctl stop x"), ["orca", "head", "systemctl"]);
    assert_eq!(found("for n in 1; do echo $(rm x); done"), ["for", "echo", "rm", "done"]);
    assert_eq!(found("orca sim -- reboot"), ["orca", "reboot"]);
}

/// Runs all of them in one shell; what the last one had printed when the shell ended comes too.
fn run(examples: &[Example]) -> (Vec<Ended>, String) {
    let marked = |example: &Example| format!("{{ {}\n}}; printf '\\n{MARK}%d\\n' $?\n", example.text);
    let script = "exec 2>&1 </dev/null\n".to_owned() + &examples.iter().map(marked).collect::<String>();
    let mut command = Command::new("timeout");
    command.args(["60", "scripts/try", "bash", "-c", &script]).current_dir(root()).stdin(Stdio::null());
    let output = command.env("ORCA", env!("CARGO_BIN_EXE_orca")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut ended = Vec::new();
    let mut rest = text.as_str();
    while let Some((printed, after)) = rest.split_once(MARK) {
        let (exit, next) = after.split_once('\n').unwrap_or((after, ""));
        let printed = printed.strip_suffix('\n').unwrap_or(printed);
        let lines = printed.lines().map(|line| line.trim_end().to_owned());
        ended.push(Ended { exit: exit.parse().unwrap(), printed: lines.collect() });
        rest = next;
    }
    (ended, rest.to_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// Whether this was printed; a line `...` stands for any lines.
fn fits(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.iter().all(|line| line.trim().is_empty()),
        Some((line, rest)) if line.trim() == "..." => (0..=printed.len()).any(|from| fits(rest, &printed[from..])),
        Some((line, rest)) => {
            printed.split_first().is_some_and(|(first, others)| line_fits(line, first) && fits(rest, others))
        }
    }
}

/// `...` within a line stands for anything.
fn line_fits(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (masked(shown), masked(printed));
    let mut parts = shown.split("...");
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// With single blanks, and without what differs from run to run.
fn masked(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut masked = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let milliseconds = words.get(index + 1).is_some_and(|next| next.starts_with("ms"));
        let after_key = index > 0 && words[index - 1].ends_with("_ms\":");
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if milliseconds || after_key {
            masked.push(word.replace(|c: char| c.is_ascii_digit(), ""));
        } else if is_time(bare) || is_id(bare) {
            masked.push(word.replace(bare, "#"));
        } else {
            masked.push((*word).to_owned());
        }
    }
    masked.join(" ")
}

/// An RFC 3339 time, or one as in the name of a run.
fn is_time(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once('T').is_some_and(|(day, _)| day.len() >= 8 && day.split('-').all(digits))
}

/// An id of Swarm, a digest, or their beginning as docker shows it.
fn is_id(word: &str) -> bool {
    let lower = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    word.len() >= 12 && lower && word.bytes().filter(u8::is_ascii_digit).count() >= 2
}
