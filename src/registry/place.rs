//! Which registry a command means, from its flag and the config.

use super::image::{Image, Plain};
use crate::error::{Error, ErrorKind};
use crate::model::Reference;
use crate::settings::{self, Network, is_registry};

/// The registry of names that have none, and how registries are spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What the flag says, else what the config does.
    named: Option<String>,
    /// It was the flag.
    flag: bool,
    pub(crate) plain: Plain,
}

impl Place {
    /// Reads `host`, `host:port`, `http://host:port` or `https://host:port`. Registries on the local host speak plain HTTP
    /// unless they are named with `https://`.
    ///
    /// # Errors
    /// If that is none.
    pub(crate) fn new(flag: Option<&str>, settings: &settings::Registry) -> Result<Self, Error> {
        let networks = ["127.0.0.0/8", "::1/128"].into_iter().filter_map(Network::parse).collect();
        let mut plain = Plain { names: settings.insecure.clone(), networks };
        let Some(flag) = flag else {
            return Ok(Self { named: settings.default.clone(), flag: false, plain });
        };
        let bare = flag.trim_end_matches('/');
        let host = match bare.split_once("://") {
            Some(("http", host)) => {
                plain.names.push(host.to_owned());
                host
            }
            Some(("https", host)) => {
                plain = Plain::default();
                host
            }
            Some(_) => "",
            None => bare,
        };
        if !is_registry(host) {
            let text = format!("`{flag}` is no registry");
            return Err(Error::new(ErrorKind::Usage, text)
                .hint("name it as registry.example.org, host:5000 or http://host:5000"));
        }
        Ok(Self { named: Some(host.to_owned()), flag: true, plain })
    }

    /// The registry, where no name of an image names one.
    pub(crate) fn registry(&self) -> Result<&str, Error> {
        self.named.as_deref().ok_or_else(|| {
            let hint = "name it with --registry, or as registry.default in the config";
            Error::new(ErrorKind::Usage, "which registry?").hint(hint)
        })
    }

    /// An image of this registry, or of the one that its name says.
    pub(crate) fn image(&self, name: &str) -> Result<Image, Error> {
        let usage = |text: String| Error::new(ErrorKind::Usage, text);
        let own = Reference::parse(name);
        let own = Some(own.registry()).filter(|registry| name.starts_with(&format!("{registry}/")));
        let whole = match (&self.named, own) {
            (Some(registry), Some(own)) if self.flag && own != registry => {
                return Err(usage(format!("`{name}` names another registry than --registry `{registry}`")));
            }
            (_, Some(_)) | (None, None) => name.to_owned(),
            (Some(registry), None) => format!("{registry}/{name}"),
        };
        Image::parse(&whole).map_err(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(flag: Option<&str>, default: Option<&str>, name: &str) -> String {
        let settings = settings::Registry {
            default: default.map(str::to_owned),
            insecure: vec!["old:80".to_owned()],
            ..settings::Registry::default()
        };
        let image = Place::new(flag, &settings).and_then(|place| {
            let image = place.image(name)?;
            let scheme = if place.plain.has(&image.registry) { "http" } else { "https" };
            Ok(format!("{scheme} {image}"))
        });
        image.unwrap_or_else(|error| error.message)
    }

    #[test]
    fn names_are_completed_by_the_flag_the_config_or_docker() {
        for (flag, default, name, expected) in [
            (None, None, "nginx", "https docker.io/library/nginx:latest"),
            (None, Some("reg:5000"), "nginx:1", "https reg:5000/nginx:1"),
            (None, Some("old:80"), "ghcr.io/a/b", "https ghcr.io/a/b:latest"),
            (None, Some("old:80"), "a/b", "http old:80/a/b:latest"),
            (Some("http://reg:5000/"), Some("old:80"), "a/b:2", "http reg:5000/a/b:2"),
            (Some("127.0.0.1:5000"), None, "a", "http 127.0.0.1:5000/a:latest"),
            (Some("https://127.0.0.1:5000"), None, "a", "https 127.0.0.1:5000/a:latest"),
            (Some("reg:5000"), None, "reg:5000/a", "https reg:5000/a:latest"),
            (Some("reg:5000"), None, "ghcr.io/a/b", "`ghcr.io/a/b` names another registry than --registry `reg:5000`"),
            (Some("ftp://reg"), None, "a", "`ftp://reg` is no registry"),
            (Some("old"), None, "a", "`old` is no registry"),
            (Some("reg/a"), None, "a", "`reg/a` is no registry"),
            (Some("u:p@reg"), None, "a", "`u:p@reg` is no registry"),
            (None, None, "A B", "`A B` is no reference of an image"),
        ] {
            assert_eq!(shown(flag, default, name), expected, "{flag:?} {default:?} {name}");
        }
    }
}
