//! A mount of a service, as it is written: `[SOURCE:]TARGET[:OPTIONS]`.

use serde_json::{Value, json};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `bind`, `volume` or `tmpfs`.
    pub kind: &'static str,
    /// The host's path, or the volume's name; none: an unnamed volume, or tmpfs.
    pub source: Option<String>,
    /// In the container.
    pub target: String,
    /// It can't be written.
    pub read_only: bool,
    /// A new volume is not filled with what the image has there.
    pub no_copy: bool,
    /// How mounts below are shared with the host, of a bind.
    pub propagation: Option<String>,
}

impl Mount {
    /// As Swarm is told. What is not wanted is said, too: else nobody would see that it once was.
    pub fn spec(&self) -> Value {
        let source = self.source.as_deref().unwrap_or_default();
        let mut spec = json!({"Type": self.kind, "Source": source, "Target": self.target, "ReadOnly": self.read_only});
        match self.kind {
            "volume" => spec["VolumeOptions"] = json!({"NoCopy": self.no_copy}),
            "bind" => spec["BindOptions"] = json!({"Propagation": self.propagation.as_deref().unwrap_or_default()}),
            _ => {}
        }
        spec
    }
}

/// Reads one mount.
///
/// # Errors
/// What is wrong, to be read after the value.
pub fn parse(text: &str) -> Result<Mount, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [target] => (None, *target, ""),
        // `/data:ro` is a path and an option only where the second part can't be a path.
        [target, options] if target.starts_with('/') && !options.starts_with('/') => (None, *target, *options),
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => return Err("has too many colons: write SOURCE:TARGET or SOURCE:TARGET:ro".to_owned()),
    };
    if !target.starts_with('/') || target.split('/').any(|part| part == "..") {
        return Err(format!("has the target `{target}`, which is no absolute path"));
    }
    let kind = match source {
        None => "volume",
        Some("tmpfs") => "tmpfs",
        Some(source) if source.starts_with('/') => "bind",
        Some(source) if is_volume(source) => "volume",
        Some(source) => {
            return Err(format!(
                "has the source `{source}`, which is neither an absolute path of the host nor a volume's name"
            ));
        }
    };
    let source = source.filter(|_| kind != "tmpfs").map(str::to_owned);
    let mut mount =
        Mount { kind, source, target: target.to_owned(), read_only: false, no_copy: false, propagation: None };
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "rw" => {}
            "ro" if kind != "tmpfs" => mount.read_only = true,
            "nocopy" if kind == "volume" => mount.no_copy = true,
            "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" if kind == "bind" => {
                mount.propagation = Some(option.to_owned());
            }
            other => return Err(format!("has the option `{other}`, which a {kind} mount of a service has not")),
        }
    }
    Ok(mount)
}

/// What docker takes as a volume's name.
fn is_volume(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn mounts_are_read_in_every_form() {
        let spec = |text: &str| parse(text).unwrap().spec();
        assert_eq!(
            spec("/srv/data:/data:ro"),
            json!({"Type": "bind", "Source": "/srv/data", "Target": "/data", "ReadOnly": true, "BindOptions": {"Propagation": ""}})
        );
        let volume = |source: &str, read_only: bool, no_copy: bool| json!({"Type": "volume", "Source": source, "Target": "/data", "ReadOnly": read_only, "VolumeOptions": {"NoCopy": no_copy}});
        assert_eq!(spec("data:/data"), volume("data", false, false));
        assert_eq!(spec("data:/data:nocopy"), volume("data", false, true));
        assert_eq!(spec("/data"), volume("", false, false));
        assert_eq!(spec("/data:ro"), volume("", true, false));
        let tmpfs = json!({"Type": "tmpfs", "Source": "", "Target": "/tmp", "ReadOnly": false});
        assert_eq!(spec("tmpfs:/tmp"), tmpfs);
        let bind = json!({"Type": "bind", "Source": "/", "Target": "/a", "ReadOnly": true, "BindOptions": {"Propagation": "rslave"}});
        assert_eq!(spec("/:/a:ro,rslave"), bind);
    }

    #[test]
    fn what_is_no_mount_is_refused() {
        for text in [
            "",
            "data",
            "./a:/b",
            "../a:/b",
            "data:b",
            "/a:/b:ro:x",
            "/a:/b:wo",
            "data:/b:rslave",
            "/a:/../b",
            "a/b:/c",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
