//! Mounts of a compose file, as Swarm is told of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::file::{BindOptions, External, LongMount, Mount, Pairs, Service, VolumeOptions};
use super::stack::Scope;
use crate::model::service::STACK_LABEL;

/// What docker compose does with a folder of its host; a node's is as it is.
const OF_THE_HOST: [&str; 5] = ["z", "Z", "cached", "delegated", "consistent"];
const PROPAGATIONS: [&str; 6] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

/// All mounts of a service.
pub(super) fn all(scope: &mut Scope<'_>, name: &str, service: &Service) -> Value {
    let mut mounts = Vec::new();
    let mut targets = BTreeSet::new();
    for (at, mount) in service.volumes.iter().enumerate() {
        let at = at.to_string();
        let path = ["services", name, "volumes", &at];
        let (long, text) = match mount {
            Mount::Map(long) => ((**long).clone(), long.target.clone()),
            Mount::Text(text) => match short(text) {
                Ok(long) => (long, text.clone()),
                Err(why) => {
                    scope.fault(&path, format!("volume `{text}` {why}"));
                    continue;
                }
            },
        };
        if !long.target.starts_with('/') {
            scope.fault(&path, format!("volume `{text}` has the target `{}`, which is no absolute path", long.target));
        } else if !targets.insert(long.target.clone()) {
            scope.fault(&path, format!("volume `{text}`: something else is mounted at `{}`", long.target));
        }
        let options = if let Mount::Text(text) = mount { text.split(':').nth(2).unwrap_or_default() } else { "" };
        for option in options.split(',').filter(|option| OF_THE_HOST.contains(option)) {
            scope.ignored(&path, format!("Swarm has no `{option}` for a mount, so it is left out"));
        }
        mounts.extend(one(scope, &path, &long));
    }
    mounts.into()
}

/// `[SOURCE:]TARGET[:OPTIONS]`.
fn short(text: &str) -> Result<LongMount, String> {
    let parts: Vec<&str> = text.split(':').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err("has nothing between two colons".to_owned());
    }
    let (source, target, options) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => return Err("has too many colons: write SOURCE:TARGET or SOURCE:TARGET:ro".to_owned()),
    };
    let bind = source.is_some_and(|source| source.starts_with(['/', '.', '~']));
    let mut mount = LongMount {
        kind: if bind { "bind" } else { "volume" }.to_owned(),
        source: source.map(str::to_owned),
        target: target.to_owned(),
        ..LongMount::default()
    };
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => mount.read_only = Some(true),
            "rw" => mount.read_only = Some(false),
            "nocopy" => mount.volume = Some(VolumeOptions { nocopy: Some(true), subpath: None }),
            word if PROPAGATIONS.contains(&word) => {
                mount.bind = Some(BindOptions { propagation: Some(word.to_owned()), ..BindOptions::default() });
            }
            word if OF_THE_HOST.contains(&word) => {}
            other => return Err(format!("has the option `{other}`, which a mount of a service has not")),
        }
    }
    Ok(mount)
}

fn one(scope: &mut Scope<'_>, path: &[&str], mount: &LongMount) -> Option<Value> {
    let kind = if mount.kind.is_empty() { "volume" } else { mount.kind.as_str() };
    for (there, of) in [
        (mount.bind.is_some(), &["bind", "npipe"][..]),
        (mount.volume.is_some(), &["volume"]),
        (mount.tmpfs.is_some(), &["tmpfs"]),
    ] {
        if there && !of.contains(&kind) {
            scope.fault(path, format!("a mount of type {kind} has no options of a {}", of[0]));
        }
    }
    let mut spec = json!({"Type": kind, "Target": mount.target, "ReadOnly": mount.read_only.unwrap_or(false)});
    if let Some(consistency) = &mount.consistency {
        spec["Consistency"] = consistency.as_str().into();
    }
    let source = mount.source.as_deref().filter(|source| !source.is_empty());
    match (kind, source) {
        ("volume" | "cluster", Some(source)) => volume(scope, path, mount, source, &mut spec)?,
        ("volume", None) => {}
        ("tmpfs", None) => {
            let size = mount.tmpfs.as_ref().and_then(|tmpfs| tmpfs.size.as_deref()).map(crate::settings::parse_size);
            match size {
                Some(Err(why)) => scope.fault(&[path, &["tmpfs", "size"]].concat(), format!("tmpfs.size {why}")),
                Some(Ok(bytes)) => spec["TmpfsOptions"] = json!({"SizeBytes": bytes}),
                None if mount.tmpfs.is_some() => spec["TmpfsOptions"] = json!({}),
                None => {}
            }
        }
        ("tmpfs", Some(_)) => {
            scope.fault(path, "a mount of type tmpfs has no source");
            return None;
        }
        ("bind", Some(source)) => {
            // What is absolute is left as it is written, as docker leaves it.
            let absolute = source.starts_with('/');
            spec["Source"] = if absolute { source.into() } else { scope.path(source).display().to_string().into() };
        }
        ("npipe" | "image", Some(source)) => spec["Source"] = source.into(),
        ("bind" | "npipe" | "image" | "cluster", None) => {
            scope.fault(path, format!("a mount of type {kind} needs a source"));
            return None;
        }
        _ => {
            let known = "volume, bind, tmpfs, npipe, cluster or image";
            scope.fault(&[path, &["type"]].concat(), format!("type must be {known}, not `{kind}`"));
            return None;
        }
    }
    if let Some(bind) = &mount.bind {
        if let Some(word) = bind.propagation.as_deref().filter(|word| !PROPAGATIONS.contains(word)) {
            scope.fault(path, format!("bind.propagation must be one of {}, not `{word}`", PROPAGATIONS.join(", ")));
        }
        spec["BindOptions"] = json!({"Propagation": bind.propagation});
    }
    let of_bind = mount.bind.as_ref();
    for (key, there) in [
        ("bind.create_host_path", of_bind.is_some_and(|bind| bind.create_host_path == Some(true))),
        ("bind.selinux", of_bind.is_some_and(|bind| bind.selinux.is_some())),
        ("tmpfs.mode", mount.tmpfs.as_ref().is_some_and(|tmpfs| tmpfs.mode.is_some())),
    ] {
        if there {
            scope.ignored(path, format!("Swarm has no `{key}`, so it is left out"));
        }
    }
    Some(spec)
}

/// A volume of the file: under its name in the swarm, with what makes it where it isn't there.
fn volume(scope: &mut Scope<'_>, path: &[&str], mount: &LongMount, source: &str, spec: &mut Value) -> Option<()> {
    if mount.kind == "cluster" {
        spec["ClusterOptions"] = json!({});
        if source.starts_with("group:") {
            spec["Source"] = source.into();
            return Some(());
        }
    }
    let file = scope.file;
    let Some(defined) = file.volumes.get(source) else {
        scope.fault(path, format!("volume `{source}` is not defined: name it under `volumes` at the top of the file"));
        return None;
    };
    let defined = defined.clone().unwrap_or_default();
    let (external, older) = External::of(defined.external.as_ref());
    let named = defined.name.as_deref().or(older);
    let bare = if external { source.to_owned() } else { scope.scoped(source) };
    spec["Source"] = named.map_or(bare, str::to_owned).into();
    if mount.kind == "cluster" {
        return Some(());
    }
    let mut options = json!({});
    if let Some(volume) = &mount.volume {
        options["NoCopy"] = volume.nocopy.unwrap_or(false).into();
        if let Some(subpath) = &volume.subpath {
            options["Subpath"] = subpath.as_str().into();
        }
    }
    if !external {
        let mut labels = Pairs::texts(defined.labels.as_ref());
        labels.insert(STACK_LABEL.to_owned(), scope.stack.to_owned());
        options["Labels"] = json!(labels);
        if defined.driver.is_some() || !defined.driver_opts.is_empty() {
            options["DriverConfig"] =
                json!({"Name": defined.driver.unwrap_or_default(), "Options": defined.driver_opts});
        }
    }
    spec["VolumeOptions"] = options;
    Some(())
}
