//! What is wanted, and by whom: lists, container labels, services' `DOCKER_MODS`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::matches;
use crate::metrics::url::Url;
use crate::model::service::Mode;
use crate::model::stock::Container;
use crate::registry::Image;
use crate::settings::{Mods, read_url, safe_name};
use crate::snapshot::Snapshot;

/// The beginning of labels whose value is a URL.
const LABEL: &str = "com.linuxserver.mod.";
/// The variable that names images, separated by `|`.
const VARIABLE: &str = "DOCKER_MODS";

/// Something that is wanted in the cache directory.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    /// What it is called there.
    pub name: String,
    /// What it is.
    pub what: What,
    /// Who asks for it.
    pub source: String,
    /// Its host must be one of `mods.label_hosts`.
    pub from_label: bool,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A file, or what is in it.
    File {
        /// Where it is.
        url: Url,
        /// What it must be.
        sha256: Option<String>,
        /// Its content is wanted.
        unpack: bool,
    },
    /// The files of an image.
    Image(Image),
}

/// Something that is asked for and refused before anybody is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it would be called.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Want {
    /// Where it comes from, in words.
    pub fn from(&self) -> String {
        match &self.what {
            What::File { url, .. } => url.to_string(),
            What::Image(image) => image.to_string(),
        }
    }

    /// Whether a folder is wanted.
    pub fn unpacks(&self) -> bool {
        match &self.what {
            What::File { unpack, .. } => *unpack,
            What::Image(_) => true,
        }
    }
}

/// What the lists name.
pub fn of_lists(settings: &Mods) -> Vec<Want> {
    let want = |source: &crate::settings::ModSource| Want {
        name: source.name.clone(),
        what: What::File { url: source.url.clone(), sha256: source.sha256.clone(), unpack: source.unpack },
        source: source.origin.to_string(),
        from_label: false,
    };
    settings.list.iter().map(want).collect()
}

/// What labels of running containers name: a file is called by the last part of its URL.
pub fn of_labels(containers: &[Container], settings: &Mods, refused: &mut Vec<Refused>) -> Vec<Want> {
    let mut wants = Vec::new();
    for container in containers.iter().filter(|container| container.state == "running") {
        for (key, value) in &container.labels {
            if !key.starts_with(LABEL) || value.trim().is_empty() {
                continue;
            }
            let source = format!("label {key} of container `{}`", container.name);
            match read_label(value.trim(), settings) {
                Ok((name, url)) => {
                    let what = What::File { url, sha256: None, unpack: false };
                    wants.push(Want { name, what, source, from_label: true });
                }
                Err(why) => refused.push(Refused { name: key.clone(), reason: format!("{source}: {why}") }),
            }
        }
    }
    wants
}

fn read_label(value: &str, settings: &Mods) -> Result<(String, Url), String> {
    let url = read_url(value).map_err(|why| format!("the URL {why}"))?;
    if !settings.label_hosts.iter().any(|host| matches(host.as_bytes(), url.host.as_bytes())) {
        return Err(format!("`{}` is not in mods.label_hosts", url.host));
    }
    let path = url.path.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name =
        percent_encoding::percent_decode_str(last).decode_utf8().map_err(|_| "its name is no UTF-8".to_owned())?;
    if name.contains('/') {
        return Err(format!("`{name}` is no name of a file"));
    }
    safe_name(&name).map_err(|why| format!("the last part of the URL {why}"))?;
    Ok((name.into_owned(), url))
}

/// What services that are to run name in `DOCKER_MODS`.
pub fn of_services(cluster: &Snapshot, refused: &mut Vec<Refused>) -> Vec<Want> {
    let mut wants = Vec::new();
    for service in cluster.services.iter().filter(|service| service.mode != Mode::Replicated(0)) {
        let raw: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
        let env = raw.pointer("/Spec/TaskTemplate/ContainerSpec/Env").and_then(Value::as_array);
        let named = env.into_iter().flatten().filter_map(Value::as_str).filter_map(|entry| entry.split_once('='));
        for (_, value) in named.filter(|(name, _)| *name == VARIABLE) {
            let source = format!("{VARIABLE} of service `{}`", service.name);
            for text in value.split('|').map(str::trim).filter(|text| !text.is_empty()) {
                match Image::parse(text) {
                    Ok(image) => wants.push(Want {
                        name: image.name(),
                        what: What::Image(image),
                        source: source.clone(),
                        from_label: false,
                    }),
                    Err(reason) => {
                        refused.push(Refused { name: text.to_owned(), reason: format!("{source}: {reason}") });
                    }
                }
            }
        }
    }
    wants
}

/// Each name once. What several ask for alike is one thing; what is called alike and is not the same is refused.
pub fn unite(wants: Vec<Want>, refused: &mut Vec<Refused>) -> Vec<Want> {
    let mut by_name: BTreeMap<String, Vec<Want>> = BTreeMap::new();
    for want in wants {
        let same = by_name.entry(want.name.clone()).or_default();
        match same.iter_mut().find(|other| other.what == want.what) {
            Some(other) => {
                other.from_label &= want.from_label;
                if other.source != want.source {
                    other.source = format!("{}, {}", other.source, want.source);
                }
            }
            None => same.push(want),
        }
    }
    let mut united = Vec::new();
    for (name, mut same) in by_name {
        if same.len() > 1 {
            let all: Vec<String> = same.iter().map(|want| format!("{} ({})", want.from(), want.source)).collect();
            let reason =
                format!("{} things are called so: {}; give them names of their own", all.len(), all.join(" and "));
            refused.push(Refused { name, reason });
        } else {
            united.append(&mut same);
        }
    }
    // A file can't be a folder of others.
    let names: Vec<String> = united.iter().map(|want| want.name.clone()).collect();
    united.retain(|want| {
        let inner = format!("{}/", want.name);
        let other = names.iter().find(|name| name.starts_with(&inner));
        if let Some(other) = other {
            let reason =
                format!("it would be the folder of `{other}` ({}); give one of them another name", want.source);
            refused.push(Refused { name: want.name.clone(), reason });
        }
        other.is_none()
    });
    united
}
