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
}
