//! Names on the command line: of a service, node or stack, whole or as far as they are unique.

use crate::error::{Error, ErrorKind, Sort};

/// So many names are told where one is ambiguous or unknown.
const TOLD: usize = 8;
/// Jaro-Winkler: below this, two words have nothing to do with each other.
const ALIKE: f64 = 0.7;

/// Something that can be named.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a, T> {
    /// Full id; empty where there is none.
    pub id: &'a str,
    /// Name; nodes may share one.
    pub name: &'a str,
    /// What is meant by it.
    pub item: T,
}

/// The one object that `asked` means: by its name, else its id, else by the only one that begins so.
///
/// # Errors
/// With the kind `Usage` if there is none (tells the nearest names) or more than one (tells them).
pub fn find<'a, T: Copy>(what: &str, asked: &str, all: &[Named<'a, T>]) -> Result<T, Error> {
    type Rule<'r, 'a, T> = &'r dyn Fn(&&Named<'a, T>) -> bool;
    let rules: [Rule<'_, 'a, T>; 3] = [&|named| named.name == asked, &|named| named.id == asked, &|named| {
        named.name.starts_with(asked) || named.id.starts_with(asked)
    }];
    for rule in rules.into_iter().filter(|_| !asked.is_empty()) {
        let found: Vec<&Named<'a, T>> = all.iter().filter(rule).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one.item),
            several => {
                let text = format!("`{asked}` may be any of {} {what}s: {}", several.len(), list(several));
                let error = Error::new(ErrorKind::Usage, text).sort(Sort::Ambiguous);
                return Err(error.hint("write more of the name, or the id"));
            }
        }
    }
    let mut near: Vec<(usize, &str)> =
        all.iter().map(|named| (strsim::damerau_levenshtein(asked, named.name), named.name)).collect();
    // Two letters that have changed places make a short word look like no other.
    let slip = |slips: usize, name: &str| slips <= (name.len() / 4).max(1);
    near.retain(|(slips, name)| strsim::jaro_winkler(asked, name) >= ALIKE || slip(*slips, name));
    near.sort_unstable();
    near.dedup();
    let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    let hint = match names.as_slice() {
        [] => format!("`orca {what}s ls` lists all {}", all.len()),
        names => format!("did you mean {}?", names.join(" or ")),
    };
    Err(Error::new(ErrorKind::Usage, format!("there is no {what} `{asked}`")).sort(Sort::Absent).hint(hint))
}

/// Names, with the id where two share one.
fn list<T>(named: &[&Named<'_, T>]) -> String {
    let twins = |name: &str| named.iter().filter(|other| other.name == name).count() > 1;
    let told = |named: &&Named<'_, T>| {
        if twins(named.name) { format!("`{}` ({})", named.name, named.id) } else { format!("`{}`", named.name) }
    };
    let mut sorted = named.to_vec();
    sorted.sort_by_key(|named| (named.name, named.id));
    let mut words: Vec<String> = sorted.iter().map(told).collect();
    let rest = words.len().saturating_sub(TOLD);
    words.truncate(TOLD);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    words.join(", ") + &more
}

#[cfg(test)]
mod tests;
