//! Credentials for registries, ready to be sent to the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;

use super::{Asked, Image, Keyring, auth_for};
use crate::model::stock::age;
use crate::pass::words::spoken;

/// Credentials that end sooner are told of, where nothing else is said.
pub(crate) const SOON: Duration = Duration::from_secs(3600);

/// By name of the credentials and registry, what goes into `X-Registry-Auth`. Shows in no message, no log and no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Auths(BTreeMap<(Option<String>, String), HeaderValue>);

impl Auths {
    /// Keeps what is to be sent for this registry, by the credentials of this name; none: docker's own.
    pub fn insert(&mut self, entry: Option<String>, registry: String, header: HeaderValue) {
        self.0.insert((entry, registry), header);
    }

    /// What is to be sent for an image, if anything is known, by the credentials of this name; others never stand in.
    pub fn of(&self, entry: Option<String>, image: &str) -> Option<&HeaderValue> {
        self.0.get(&(entry, registry_of(image)?))
    }
}

impl fmt::Debug for Auths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The registry of an image; none of what is no name of one.
pub fn registry_of(image: &str) -> Option<String> {
    Image::parse(image).ok().map(|image| image.registry)
}

/// What is to be sent along for these images, and what went wrong: a helper that fails is told of, and so is what ends
/// within `soon`: nodes pull with it long after it was given to a service.
pub(crate) async fn auths(
    keyring: &Keyring,
    images: impl IntoIterator<Item = Asked>,
    soon: Duration,
) -> (Auths, Vec<String>) {
    let now = Timestamp::now();
    let pair = |Asked { name, entry }: Asked| Some((entry, registry_of(&name)?));
    let registries: BTreeSet<(Option<String>, String)> = images.into_iter().filter_map(pair).collect();
    let (mut auths, mut problems) = (Auths::default(), Vec::new());
    for (entry, registry) in registries {
        let credentials = match keyring.of(entry.as_deref()) {
            Ok(credentials) => credentials,
            Err(why) => {
                problems.push(format!("no credentials for `{registry}`: {why}"));
                continue;
            }
        };
        match auth_for(credentials, &registry).await {
            Ok(Some(header)) => {
                let login = credentials.find(&registry).await.ok().flatten();
                problems.extend(login.and_then(|login| ending(&registry, login.expires()?, now, soon)));
                auths.insert(entry, registry, header);
            }
            Ok(None) => {}
            Err(why) => problems.push(format!("no credentials for `{registry}`: {why}")),
        }
    }
    (auths, problems)
}

/// What is to be said of credentials that end then.
fn ending(registry: &str, end: Timestamp, now: Timestamp, soon: Duration) -> Option<String> {
    let renew = "nodes can't pull with them after that: `docker login`, then `orca services refresh-auth`";
    if end <= now {
        return Some(format!("the credentials for `{registry}` are over since {end:.0}; {renew}"));
    }
    let left = age(now, end);
    (left < soon).then(|| format!("the credentials for `{registry}` end in {}, at {end:.0}; {renew}", spoken(left)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::{Auths, ending};

    #[test]
    fn what_ends_soon_is_told_of() {
        let said = |end: &str| {
            let now = "2026-11-22T02:00:00Z".parse().unwrap();
            ending("reg", end.parse().unwrap(), now, Duration::from_secs(3600))
        };
        assert!(said("2026-11-22T01:59:59Z").is_some_and(|text| text.contains("are over since 2026-11-22T01:59:59Z")));
        assert!(
            said("2026-11-22T02:30:00Z").is_some_and(|text| text.contains("end in 30 m")),
            "{:?}",
            said("2026-11-22T02:30:00Z")
        );
        assert_eq!(said("2026-11-22T03:00:00Z"), None);
    }

    #[test]
    fn credentials_show_nowhere() {
        let mut auths = Auths::default();
        auths.insert(None, "reg:5000".to_owned(), HeaderValue::from_static("c2VjcmV0"));
        assert_eq!(auths.of(None, "reg:5000/app:1"), Some(&HeaderValue::from_static("c2VjcmV0")));
        assert_eq!((auths.of(None, "other/app:1"), auths.of(Some("b".to_owned()), "reg:5000/app:1")), (None, None));
        assert!(!format!("{auths:?}").contains("c2VjcmV0"));
    }
}
