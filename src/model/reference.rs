//! Names of images, read as docker reads them.

/// The name of an image, taken apart: `docker.io/library/nginx:1.25@sha256:...`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Without `docker.io/` and `library/`.
    pub repository: String,
    /// The tag; `latest` where neither tag nor digest is named.
    pub tag: Option<String>,
    /// `sha256:...`.
    pub digest: Option<String>,
}

impl Reference {
    /// Takes a name apart. Never fails: what is no name is a repository that nothing else has.
    pub fn parse(text: &str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text, None),
        };
        let (repository, tag) = match name.rsplit_once(':') {
            // A colon before a slash is a port.
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag.to_owned())),
            _ => (name, None),
        };
        let repository = repository.strip_prefix("docker.io/").unwrap_or(repository);
        let repository = repository.strip_prefix("index.docker.io/").unwrap_or(repository);
        let repository = repository.strip_prefix("library/").unwrap_or(repository).to_owned();
        let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
        Self { repository, tag, digest }
    }

    /// The name that a registry is asked for what an image's tag stands for: without digest, as it is written, and with
    /// `latest` where nothing is said. None: a digest alone, which stands for itself, or no image at all.
    pub fn followed(image: &str) -> Option<String> {
        let tag = Self::parse(image).tag.filter(|_| !image.is_empty())?;
        let name = image.split_once('@').map_or(image, |(name, _)| name);
        Some(if name.ends_with(&format!(":{tag}")) { name.to_owned() } else { format!("{name}:{tag}") })
    }

    /// The registry, as `host` or `host:port`; `docker.io` where none is named.
    pub fn registry(&self) -> &str {
        match self.repository.split_once('/') {
            Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
            _ => "docker.io",
        }
    }

    /// The repository within its registry: `library/nginx`.
    pub fn path(&self) -> String {
        match self.repository.split_once('/') {
            Some((host, path)) if host == self.registry() => path.to_owned(),
            Some(_) => self.repository.clone(),
            None => format!("library/{}", self.repository),
        }
    }

    /// Repository and tag, without the digest.
    pub fn tagged(&self) -> String {
        match &self.tag {
            Some(tag) => format!("{}:{tag}", self.repository),
            None => self.repository.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_are_taken_apart_as_docker_does() {
        let parse = |text| {
            let Reference { repository, tag, digest } = Reference::parse(text);
            (repository, tag.unwrap_or_default(), digest.unwrap_or_default())
        };
        for (text, repository, tag, digest) in [
            ("nginx", "nginx", "latest", ""),
            ("docker.io/library/nginx:1.25", "nginx", "1.25", ""),
            ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "latest", ""),
            ("127.0.0.1:5000/a/b:2@sha256:ff", "127.0.0.1:5000/a/b", "2", "sha256:ff"),
            ("x/y@sha256:ff", "x/y", "", "sha256:ff"),
        ] {
            assert_eq!(parse(text), (repository.to_owned(), tag.to_owned(), digest.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_registry_is_what_looks_like_a_host() {
        for (text, registry, path) in [
            ("nginx", "docker.io", "library/nginx"),
            ("docker.io/library/nginx:1.25", "docker.io", "library/nginx"),
            ("grafana/loki", "docker.io", "grafana/loki"),
            ("localhost/a", "localhost", "a"),
            ("reg:5000/a/b:2", "reg:5000", "a/b"),
            ("ghcr.io/a/b@sha256:ff", "ghcr.io", "a/b"),
        ] {
            let reference = Reference::parse(text);
            assert_eq!((reference.registry(), reference.path().as_str()), (registry, path), "{text}");
        }
        assert_eq!(Reference::parse("docker.io/library/a:1@sha256:ff").tagged(), "a:1");
    }
}
