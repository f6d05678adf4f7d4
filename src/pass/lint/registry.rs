//! Whether every node can get the image.

use std::collections::BTreeSet;

use super::{Subject, Told};
use crate::model::Service;
use crate::registry::Plain;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// What engines say where they have no credentials, or the wrong ones.
const DENIED: [&str; 5] =
    ["no basic auth credentials", "pull access denied", "unauthorized", "authentication required", "access forbidden"];
/// What engines say where a registry speaks plain HTTP and they don't know.
const PLAIN: &str = "gave HTTP response to HTTPS client";

/// Ports that some service publishes on every node.
pub(super) fn published(subjects: &[Subject<'_>]) -> BTreeSet<u64> {
    subjects.iter().flat_map(|subject| subject.view.everywhere.iter().copied()).collect()
}

pub(super) fn look(
    cluster: &Snapshot,
    settings: &Settings,
    subject: &Subject<'_>,
    published: &BTreeSet<u64>,
    told: &mut Told,
) {
    let (service, image) = (subject.service, &subject.image);
    let registry = image.registry();
    if said(cluster, service, &DENIED) {
        let text = format!(
            "nodes could not pull its image for want of credentials for `{registry}`: log in on this host and run `orca \
             services refresh-auth {}`",
            service.name
        );
        told.push(("registry_denied", text));
    }
    let listed = settings.registry.insecure.iter().any(|known| known == registry) && !cluster.plain.has(registry);
    if listed || said(cluster, service, &[PLAIN]) {
        let text = format!(
            "`{registry}` speaks plain HTTP, and {}: add it to insecure-registries in /etc/docker/daemon.json of each node",
            if listed { "this engine's list doesn't have it" } else { "a node expected TLS" }
        );
        told.push(("registry_not_listed", text));
    }
    if loopback(registry) {
        let port = registry.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(443);
        if subject.roams && !published.contains(&port) {
            let text = format!(
                "its image is at `{registry}`, which on each node is that node itself, and no service publishes port {port}: \
                 run the registry as a service of the swarm with that port, or name it by an address that all nodes reach"
            );
            told.push(("local_registry", text));
        }
    } else if image.digest.is_none() && subject.roams {
        told.push(if registry == "docker.io" && !image.repository.contains('/') {
            let text = "its image names no registry and has no digest: if it was built on one node, the others don't have it; \
                        push it to a registry (`orca catalog build`)";
            ("no_registry", text.to_owned())
        } else {
            let text = format!(
                "its image has no digest, so that nodes may run different ones: whoever made it could not ask `{registry}`, or \
                 did not want to; `orca services update --pin {}` adds it",
                service.name
            );
            ("unpinned", text)
        });
    }
}

/// Whether a task of the service has failed for this.
fn said(cluster: &Snapshot, service: &Service, words: &[&str]) -> bool {
    let tasks = cluster.tasks.iter().filter(|task| task.service == service.id);
    tasks.into_iter().any(|task| words.iter().any(|word| task.status.err.contains(word)))
}

fn loopback(registry: &str) -> bool {
    // Nothing but the host's own networks.
    Plain::of_engine(&serde_json::Value::Null).has(registry)
}
