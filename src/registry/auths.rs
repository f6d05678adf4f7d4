//! Credentials for registries, ready to be sent to the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use http::HeaderValue;

use super::{Credentials, Image, auth_for};

/// By registry, what goes into `X-Registry-Auth`. Shows in no message, no log and no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Auths(BTreeMap<String, HeaderValue>);

impl Auths {
    /// Keeps what is to be sent for this registry.
    pub fn insert(&mut self, registry: String, header: HeaderValue) {
        self.0.insert(registry, header);
    }

    /// What is to be sent for an image, if anything is known.
    pub fn of(&self, image: &str) -> Option<&HeaderValue> {
        self.0.get(&registry_of(image)?)
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

/// What is to be sent along for these images, and what went wrong: a helper that fails is told of.
pub(crate) async fn auths<'i>(
    credentials: &Credentials,
    images: impl IntoIterator<Item = &'i str>,
) -> (Auths, Vec<String>) {
    let registries: BTreeSet<String> = images.into_iter().filter_map(registry_of).collect();
    let (mut auths, mut problems) = (Auths::default(), Vec::new());
    for registry in registries {
        match auth_for(credentials, &registry).await {
            Ok(Some(header)) => auths.insert(registry, header),
            Ok(None) => {}
            Err(why) => problems.push(format!("no credentials for `{registry}`: {why}")),
        }
    }
    (auths, problems)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::Auths;

    #[test]
    fn credentials_show_nowhere() {
        let mut auths = Auths::default();
        auths.insert("reg:5000".to_owned(), HeaderValue::from_static("c2VjcmV0"));
        assert_eq!(auths.of("reg:5000/app:1"), Some(&HeaderValue::from_static("c2VjcmV0")));
        assert_eq!(auths.of("other/app:1"), None);
        assert!(!format!("{auths:?}").contains("c2VjcmV0"));
    }
}
