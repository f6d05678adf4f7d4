//! `orca logs rotate`: which logs are rotated, which copies are compressed and which go.
//!
//! Pure. Copies carry the time of their rotation in their names, so nothing has to be remembered, and a run that was
//! stopped is gone on with by the next.

pub mod containers;
pub mod services;

use std::time::Duration;

use jiff::Timestamp;

use crate::files::squeeze::Compress;
use crate::files::{Kind, Stat};
use crate::model::stock::age;
use crate::pass::rebalance::words::bytes;
use crate::pass::words::spoken;
use crate::plan::{Action, Blocked, Change, FileFact, Plan, Rotation, Target, TargetKind, Warning};
use crate::settings::LogRule;

/// The time in a copy's name.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const STAMP_LENGTH: usize = 16;
/// What a half-made copy is called at the end.
const PART: &str = ".part";
/// A program gets so long to open its logs again before a copy that was renamed is compressed.
const SETTLED: Duration = Duration::from_secs(60);
/// A half-made copy is that of a run that was stopped once nothing has been written to it for so long.
const STOPPED: Duration = Duration::from_secs(600);
/// Writing to a renamed log for longer than this means that its program was not told.
const LATE: Duration = Duration::from_secs(5);

/// A log that a rule has found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which rule.
    pub rule: usize,
    /// Its path.
    pub path: String,
    /// What is there.
    pub stat: Stat,
    /// What else is called by it.
    pub kin: Vec<Kin>,
}

/// A file beside a log that is called by it.
#[derive(Debug, Clone)]
pub struct Kin {
    /// Its name, without the folder.
    pub name: String,
    /// What it is.
    pub stat: Stat,
}

/// What logrotate says that it would do.
#[derive(Debug, Clone, Default)]
pub struct LogrotateSays {
    /// Logs that need rotating.
    pub needs: Vec<String>,
    /// Logs that don't.
    pub rests: u64,
    /// Its errors.
    pub errors: Vec<String>,
    /// Why it can't be asked.
    pub problem: Option<String>,
}

/// A copy of a log, by its name.
struct Copy<'a> {
    kin: &'a Kin,
    stamp: Timestamp,
    compress: Compress,
}

/// Whether a file of this name is a copy of some log, or half of one.
pub fn is_copy(name: &str) -> bool {
    let whole = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART)).unwrap_or(name);
    split(whole).is_some()
}

/// Whether a file of this name belongs to the log of that name.
pub fn is_kin(log: &str, name: &str) -> bool {
    let whole = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART)).unwrap_or(name);
    split(whole).is_some_and(|(own, ..)| own == log)
}

/// What a half-made copy is called.
pub fn part_of(copy: &str) -> String {
    format!(".{copy}{PART}")
}

/// `app.log.20261121T163000Z.gz`: the log, the time, how it is kept.
fn split(name: &str) -> Option<(&str, Timestamp, Compress)> {
    let (rest, compress) = match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
        (Some(rest), _) => (rest, Compress::Gzip),
        (_, Some(rest)) => (rest, Compress::Zstd),
        _ => (name, Compress::None),
    };
    let (log, stamp) = rest.split_at_checked(rest.len().checked_sub(STAMP_LENGTH)?)?;
    let civil = jiff::civil::DateTime::strptime(STAMP, stamp).ok()?;
    let stamp = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    log.strip_suffix('.').filter(|log| !log.is_empty()).map(|log| (log, stamp, compress))
}

/// Decides what is done about files.
pub fn plan(found: &[Found], rules: &[LogRule], now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    for (at, rule) in rules.iter().enumerate() {
        let own = found.iter().filter(|found| found.rule == at);
        let (mut first, mut rotate, mut then, mut late) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for log in own {
            if let Some(blocked) = refusal(log) {
                plan.blocked.push(blocked);
                continue;
            }
            let before = first.len() + rotate.len() + then.len();
            one(log, rule, now, &mut first, &mut rotate, &mut then);
            late.extend(untold(log, rule, now));
            if before == first.len() + rotate.len() + then.len() {
                plan.unchanged += 1;
            }
        }
        let told = notify(rule, &rotate, &late);
        plan.actions.extend(first.into_iter().chain(rotate).chain(then).chain(told));
    }
    plan
}

/// Why a log is not touched.
fn refusal(log: &Found) -> Option<Blocked> {
    let reason = match log.stat.kind {
        Kind::Link => "it is a symbolic link, and those are not followed: name the file that it points at in `paths`",
        Kind::Folder | Kind::Other => "it is no regular file: leave it out of `paths`",
        Kind::File if log.stat.links > 1 => {
            "the file has other names (hard links), maybe elsewhere: remove them, or leave it out of `paths`"
        }
        Kind::File => return None,
    };
    let target = Target { id: log.path.clone(), ..Target::unknown(TargetKind::File, &log.path) };
    Some(Blocked { id: format!("file/{}#rotate", log.path), target, reasons: vec![reason.to_owned()] })
}

fn fact(stat: &Stat) -> FileFact {
    FileFact { id: stat.id, size: stat.size }
}

fn one(
    log: &Found,
    rule: &LogRule,
    now: Timestamp,
    first: &mut Vec<Action>,
    rotate: &mut Vec<Action>,
    then: &mut Vec<Action>,
) {
    let (folder, name) = log.path.rsplit_once('/').unwrap_or_default();
    let beside = |kin: &Kin| format!("{folder}/{}", kin.name);
    let mut copies = copies(log, name);
    for kin in log.kin.iter().filter(|kin| kin.name.ends_with(PART) && age(kin.stat.modified, now) > STOPPED) {
        let why = "half a copy that a run left which was stopped; the log itself is whole";
        first.push(Action::on_file(&beside(kin), "remove", Change::LogRemove { file: fact(&kin.stat) }, why));
    }
    let due = due(log, rule, copies.last(), now);
    let mut rotation = None;
    if let Some(why) = due {
        let compress = if rule.copytruncate { rule.compress } else { Compress::None };
        let copy = format!("{name}.{}{}", now.strftime(STAMP), compress.suffix());
        let copy = (rule.keep > 0).then_some(copy);
        let change =
            Change::LogRotate(Rotation { file: fact(&log.stat), copy, compress, copytruncate: rule.copytruncate });
        let action = Action::on_file(&log.path, "rotate", change, format!("{why}; {}", rule.origin));
        rotation = Some(action.id.clone());
        rotate.push(action);
    }
    let keep = usize::try_from(rule.keep).unwrap_or(usize::MAX);
    // What goes in any case goes first and makes room; what a new copy replaces goes only after it has been made.
    for room in [keep, keep.saturating_sub(1)] {
        let after = if room == keep { None } else { rotation.clone() };
        if room != keep && after.is_none() {
            break;
        }
        let why = format!(
            "more than {} of this log; {}",
            if keep == 1 { "1 copy".to_owned() } else { format!("{keep} copies") },
            rule.origin
        );
        let excess = copies.len().saturating_sub(room);
        for copy in copies.drain(..excess) {
            let change = Change::LogRemove { file: fact(&copy.kin.stat) };
            let action = Action::on_file(&beside(copy.kin), "remove", change, why.clone());
            match &after {
                Some(rotation) => then.push(action.after(vec![rotation.clone()])),
                None => first.push(action),
            }
        }
    }
    let settled = |copy: &&Copy<'_>| age(copy.stamp, now) > SETTLED && age(copy.kin.stat.modified, now) > SETTLED;
    let plain = |copy: &&Copy<'_>| rule.compress != Compress::None && copy.compress == Compress::None;
    for copy in copies.iter().filter(plain).filter(settled).filter(|copy| copy.kin.stat.kind == Kind::File) {
        let change = Change::LogCompress { file: fact(&copy.kin.stat), compress: rule.compress };
        let why = format!("nothing writes to it any more; {}", rule.origin);
        then.push(Action::on_file(&beside(copy.kin), "compress", change, why));
    }
}

/// The copies of a log, oldest first.
fn copies<'a>(log: &'a Found, name: &str) -> Vec<Copy<'a>> {
    let of_log = |kin: &'a Kin| {
        let (own, stamp, compress) = split(&kin.name)?;
        (own == name && kin.stat.kind == Kind::File).then_some(Copy { kin, stamp, compress })
    };
    let mut copies: Vec<Copy<'_>> = log.kin.iter().filter_map(of_log).collect();
    copies.sort_by(|a, b| (a.stamp, &a.kin.name).cmp(&(b.stamp, &b.kin.name)));
    copies
}

/// Why it is time.
fn due(log: &Found, rule: &LogRule, newest: Option<&Copy<'_>>, now: Timestamp) -> Option<String> {
    if log.stat.size == 0 {
        return None;
    }
    let mut why = Vec::new();
    if let Some(limit) = rule.size.filter(|limit| log.stat.size >= *limit) {
        why.push(format!("it has {}, of which {} are allowed", bytes(log.stat.size), bytes(limit)));
    }
    let begun = newest.map_or_else(|| log.stat.born.unwrap_or(log.stat.modified), |copy| copy.stamp);
    if let Some(limit) = rule.age.filter(|limit| age(begun, now) >= *limit) {
        let (since, limit) = (spoken(age(begun, now)), spoken(limit));
        why.push(format!("it goes back {since}, of which {limit} are allowed"));
    }
    (!why.is_empty()).then(|| why.join(", and "))
}

/// A renamed log that its program still writes to.
fn untold(log: &Found, rule: &LogRule, now: Timestamp) -> Option<String> {
    let (_, name) = log.path.rsplit_once('/')?;
    let newest = copies(log, name).pop()?;
    let written = age(newest.stamp, newest.kin.stat.modified);
    let still = age(newest.kin.stat.modified, now) < SETTLED;
    let renamed = !rule.copytruncate && newest.compress == Compress::None;
    (renamed && written > LATE && still && log.stat.size == 0).then(|| newest.kin.name.clone())
}

/// Whoever writes the logs of this rule is told once.
fn notify(rule: &LogRule, rotate: &[Action], late: &[String]) -> Option<Action> {
    let told = rule.signal.is_some() || !rule.postrotate.is_empty();
    let why = match (rotate, late) {
        _ if !told => return None,
        ([], []) => return None,
        ([], late) => format!("its program still writes to `{}`", late.join("`, `")),
        (rotate, _) => format!("after the rotation of {}", count(rotate.len())),
    };
    let change = Change::LogNotify { signal: rule.signal.clone(), command: rule.postrotate.clone() };
    let name = rule.origin.path.clone();
    let action = Action::on_file(&name, "notify", change, format!("{why}; {}", rule.origin));
    Some(action.after(rotate.iter().map(|action| action.id.clone()).collect()))
}

fn count(logs: usize) -> String {
    if logs == 1 { "a log".to_owned() } else { format!("{logs} logs") }
}

/// Decides whether logrotate is let do what it says. It keeps a book of its own, so it runs in any case where something is
/// written; what counts as a change is a log that it rotates.
pub fn plan_logrotate(paths: &str, says: &LogrotateSays, plan: &mut Plan) {
    if let Some(problem) = &says.problem {
        let target = Target { id: paths.to_owned(), ..Target::unknown(TargetKind::File, paths) };
        plan.blocked.push(Blocked { id: format!("file/{paths}#logrotate"), target, reasons: vec![problem.clone()] });
        return;
    }
    plan.unchanged += says.rests;
    plan.warnings.extend(says.errors.iter().map(|error| Warning::new("logrotate", format!("logrotate: {error}"))));
    if !says.needs.is_empty() {
        let why = format!("logrotate says that {} due", if says.needs.len() == 1 { "a log is" } else { "logs are" });
        let change = Change::Logrotate { logs: says.needs.clone() };
        plan.actions.push(Action::on_file(paths, "logrotate", change, why));
    }
}

/// Reads what `logrotate --debug` prints.
pub fn read_debug(text: &str) -> LogrotateSays {
    let mut says = LogrotateSays::default();
    let mut log = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("considering log ") {
            log = name;
        } else if line.trim_start().starts_with("log needs rotating") {
            says.needs.push(log.to_owned());
        } else if line.trim_start().starts_with("log does not need rotating") {
            says.rests += 1;
        } else if let Some(error) = line.strip_prefix("error: ") {
            says.errors.push(error.to_owned());
        }
    }
    says.errors.dedup();
    says
}
