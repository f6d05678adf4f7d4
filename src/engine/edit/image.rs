//! The image of a service, and the platforms that it is made for.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::object_in;

/// Puts an image in place of another, and tells the scheduler what it is made for, as the docker CLI does.
///
/// # Errors
/// If the service has another image by now, or is none that has an image.
pub(super) fn set(spec: &mut Value, before: &str, after: &str, platforms: &[(String, String)]) -> Result<()> {
    let template = object_in(spec, "TaskTemplate")?;
    let container = template.get_mut("ContainerSpec").and_then(Value::as_object_mut);
    let image = container.and_then(|container| container.get_mut("Image")).context("the service runs no image")?;
    if image != before {
        bail!("its image is not `{before}` any more");
    }
    *image = after.into();
    let wanted: Vec<Value> =
        platforms.iter().map(|(os, architecture)| json!({"Architecture": architecture, "OS": os})).collect();
    // A service without a placement is not written at all, see `edited_spec`.
    let placement = template.get_mut("Placement").and_then(Value::as_object_mut);
    if let Some(placement) = placement.filter(|_| !wanted.is_empty()) {
        placement.insert("Platforms".to_owned(), wanted.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::set;

    #[test]
    fn image_and_platforms_change_and_nothing_else() {
        let spec = json!({"Name": "web", "Mode": {"Replicated": {"Replicas": 3}}, "Unknown": [null, {"kept": 1.5}],
            "TaskTemplate": {"ContainerSpec": {"Image": "a:1@sha256:x", "Sysctls": {"a": "b"}, "Secrets": [{"Mode": 292}]},
                "Placement": {"Constraints": ["node.role==worker"], "Platforms": [{"OS": "linux", "Architecture": "amd64"}],
                    "Preferences": []}, "ForceUpdate": 4, "Resources": {"Limits": {"Pids": 9}}}});
        let mut edited = spec.clone();
        let platforms = [("linux".to_owned(), "amd64".to_owned()), ("linux".to_owned(), String::new())];
        set(&mut edited, "a:1@sha256:x", "a:1@sha256:y", &platforms).unwrap();
        let mut wanted = spec.clone();
        wanted["TaskTemplate"]["ContainerSpec"]["Image"] = "a:1@sha256:y".into();
        wanted["TaskTemplate"]["Placement"]["Platforms"] =
            json!([{"Architecture": "amd64", "OS": "linux"}, {"Architecture": "", "OS": "linux"}]);
        assert_eq!(edited, wanted);
        // What is not known is not written.
        let mut edited = spec.clone();
        set(&mut edited, "a:1@sha256:x", "a:1@sha256:y", &[]).unwrap();
        assert_eq!(edited["TaskTemplate"]["Placement"], spec["TaskTemplate"]["Placement"]);
        assert!(set(&mut edited, "a:1@sha256:x", "a:1@sha256:z", &[]).is_err(), "another writer's image stays");
        let mut plugin: Value = json!({"TaskTemplate": {"PluginSpec": {}, "Placement": {}}});
        assert!(set(&mut plugin, "", "a:1", &[]).is_err());
    }
}
