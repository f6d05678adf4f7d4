//! Versions as tags of images have them, and which of them a service follows.
//!
//! Tags are no semantic versions: `v1.4`, `16-alpine` and `2024.01.05` are versions too, and what stands behind a hyphen is
//! as often the name of a variant as of a pre-release. A tag is followed only by tags of its own kind: as many numbers,
//! `v` or none, and the same variant.

use std::cmp::Ordering;
use std::fmt;

use semver::{Comparator, Op, Prerelease, Version, VersionReq};

/// What comes before a release, by the word with which it is marked.
const BEFORE: [&str; 13] =
    ["alpha", "a", "beta", "b", "rc", "pre", "preview", "dev", "snapshot", "nightly", "canary", "milestone", "m"];

/// Which tags a service follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Follow {
    /// Its own, whatever that stands for.
    #[default]
    Tag,
    /// Newer ones that differ in the last of three numbers.
    Patch,
    /// Newer ones with the same first number.
    Minor,
    /// All newer ones.
    Major,
    /// Newer ones within a range, as it was written.
    Range(String, VersionReq),
}

impl Follow {
    /// Reads `digest`, `patch`, `minor`, `major`, or a range as `~1.4`, `^2`, `1.x` or `>=2 <3`.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || "is none of digest, patch, minor, major, and no range as `~1.4`, `^2`, `1.x` or `>=2 <3`".to_owned();
        Ok(match text.trim() {
            "digest" => Self::Tag,
            "patch" => Self::Patch,
            "minor" => Self::Minor,
            "major" => Self::Major,
            range => {
                let requirement = VersionReq::parse(&joined(range)).map_err(|_| wrong())?;
                if requirement.comparators.iter().any(|one| !one.pre.is_empty()) {
                    return Err(
                        "names a pre-release: a range is one of releases, and orca.update.prereleases=true lets what \
                                comes before them in"
                            .to_owned(),
                    );
                }
                // Cargo takes it for `^1.4`, npm for `1.4.x`: nobody shall have to guess.
                let bare = range.split([',', ' ']).any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                let caret = |one: &Comparator| one.op == Op::Caret;
                if bare && requirement.comparators.iter().any(caret) && !range.contains('^') {
                    return Err(format!("may mean several things: write `={range}`, `~{range}` or `^{range}`"));
                }
                Self::Range(range.to_owned(), requirement)
            }
        })
    }

    /// Whether the tags of a repository have to be known for an image of this tag.
    pub fn asks(&self, tag: &str) -> bool {
        match self {
            Self::Tag => false,
            Self::Range(..) => true,
            Self::Patch | Self::Minor | Self::Major => Tag::read(tag).is_some(),
        }
    }

    /// The newest of these tags that may come after this one; none: it stays.
    ///
    /// # Errors
    /// If a range can't hold for it: it is no version, or neither it nor any newer one is within.
    pub fn newest<'t>(&self, own: &str, tags: &'t [String], prereleases: bool) -> Result<Option<&'t str>, String> {
        let Some(current) = Tag::read(own) else {
            return match self {
                Self::Range(range, _) => Err(format!("its tag `{own}` is no version: `{range}` says nothing of it")),
                _ => Ok(None),
            };
        };
        let newer = tags.iter().filter_map(|text| Some((Tag::read(text)?, text))).filter(|(tag, _)| {
            tag.kind() == current.kind()
                && tag.cmp_version(&current) == Ordering::Greater
                && (prereleases || tag.version.pre.is_empty())
                && self.admits(&current, tag)
        });
        let newest = newer.max_by(|(a, one), (b, other)| a.cmp_version(b).then_with(|| other.cmp(one)));
        match (newest, self) {
            (None, Self::Range(range, _)) if !self.admits(&current, &current) => {
                Err(format!("its tag `{own}` is not within `{range}`, and no newer tag of its kind is"))
            }
            (newest, _) => Ok(newest.map(|(_, text)| text.as_str())),
        }
    }

    fn admits(&self, current: &Tag<'_>, tag: &Tag<'_>) -> bool {
        let (from, to) = (&current.version, &tag.version);
        match self {
            Self::Tag => false,
            Self::Patch => (from.major, from.minor) == (to.major, to.minor),
            Self::Minor => from.major == to.major,
            Self::Major => true,
            // A pre-release is judged as what it comes before: 3.0.0-rc.1 is not within `<3`.
            Self::Range(_, range) => range.matches(&Version { pre: Prerelease::EMPTY, ..to.clone() }),
        }
    }
}

impl fmt::Display for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tag => "digest",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Range(range, _) => range,
        })
    }
}

/// A range with commas between its parts, as the parser wants them: `>=2 <3`, `>= 2, < 3`.
fn joined(range: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in range.split([',', ' ']).filter(|word| !word.is_empty()) {
        match parts.last_mut().filter(|part| part.ends_with(['<', '>', '=', '~', '^'])) {
            Some(part) => part.push_str(word),
            None => parts.push(word.to_owned()),
        }
    }
    parts.join(", ")
}

/// A tag that is a version.
#[derive(Debug)]
struct Tag<'t> {
    /// `v1.4.2`
    v: bool,
    /// How many numbers it has.
    numbers: usize,
    version: Version,
    /// `alpine`.
    variant: &'t str,
}

impl<'t> Tag<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (v, rest) = text.strip_prefix('v').map_or((false, text), |rest| (true, rest));
        let (core, mut variant) = rest.split_once('-').unwrap_or((rest, ""));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let numbers: Vec<u64> =
            core.split('.').map(|part| part.parse().ok().filter(|_| digits(part))).collect::<Option<_>>()?;
        if numbers.len() > 3 {
            return None;
        }
        let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
        let mut version = Version::new(number(0), number(1), number(2));
        let (first, more) = variant.split_once('-').unwrap_or((variant, ""));
        let word = first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        if BEFORE.contains(&word.to_ascii_lowercase().as_str()) {
            // `rc10` comes after `rc9`: the number has to stand by itself.
            let count = first.get(word.len()..)?.trim_start_matches('.');
            let dot = if count.is_empty() { "" } else { "." };
            version.pre = Prerelease::new(&format!("{word}{dot}{count}")).ok()?;
            variant = more;
        }
        Some(Self { v, numbers: numbers.len(), version, variant })
    }

    fn kind(&self) -> (bool, usize, &str) {
        (self.v, self.numbers, self.variant)
    }

    fn cmp_version(&self, other: &Self) -> Ordering {
        self.version.cmp(&other.version)
    }
}

#[cfg(test)]
mod tests;
