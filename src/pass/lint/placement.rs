//! Whether tasks run where what they need is: graphics cards, screens, folders.

use std::path::Path;

use super::{Subject, Told};
use crate::model::Mode;

/// X11's sockets.
const X11: &str = "/tmp/.X11-unix";
/// Files and folders that every node has, and that are meant to be the node's own.
const USUAL: [&str; 15] = [
    "/",
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/var/run",
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/var/log",
    "/var/lib/docker",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/os-release",
];
/// What lies below these is the kernel's.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];
/// These, and what lies below them, are each node's own, for a service that has a task on each.
const OWN: [&str; 9] =
    ["/var/log", "/var/lib/docker", "/var/lib/containerd", "/run", "/var/run", "/etc", "/boot", "/lib/modules", "/usr"];
/// Variables by which a container asks for graphics cards.
const GPU: [&str; 2] = ["NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"];

pub(super) fn look(subject: &Subject<'_>, told: &mut Told) {
    gpu(subject, told);
    x11(subject, told);
    let (view, service) = (&subject.view, subject.service);
    if !subject.roams || matches!(service.mode, Mode::Job) {
        return;
    }
    let folders = view.mounts.iter().filter(|(kind, source, _)| {
        let under = |heads: &[&str]| heads.iter().any(|head| Path::new(source).starts_with(head));
        let usual = USUAL.contains(&source.as_str()) || under(&SYSTEM) || subject.global && under(&OWN);
        kind == "bind" && !usual && !source.starts_with(X11)
    });
    let folders: Vec<String> = folders.map(|(_, source, _)| format!("`{source}`")).collect();
    if !folders.is_empty() {
        let folders = folders.join(", ");
        told.push(("bind_unplaced", if subject.global {
            format!(
                "it mounts {folders} of every node, and a node that has no such folder refuses its task: see that each has \
                 it, or add a constraint on those that do"
            )
        } else {
            format!(
                "it mounts {folders} of whichever node it runs on, and nothing says which: add a constraint, or let it \
                 follow an anchor"
            )
        }));
    }
    // A task of each node comes back to the volume of its node.
    if !view.local.is_empty() && !subject.global {
        let names: Vec<String> = view.local.iter().map(|name| format!("`{name}`")).collect();
        let text = format!(
            "its volume {} lies on one node, and nothing keeps its tasks there: elsewhere they begin with an empty one; add a \
             constraint, or make it an anchor",
            names.join(", ")
        );
        told.push(("volume_unplaced", text));
    }
}

fn gpu(subject: &Subject<'_>, told: &mut Told) {
    let (view, service) = (&subject.view, subject.service);
    if view.reserves {
        return;
    }
    let about = |text: &str| ["gpu", "nvidia", "cuda"].iter().any(|word| text.to_lowercase().contains(word));
    let asks = GPU.iter().any(|name| view.variable(name).is_some_and(|value| !matches!(value, "" | "void" | "none")));
    let label = service.constraints.iter().find(|constraint| constraint.equal && about(&constraint.text));
    if let Some(label) = label {
        let text = format!(
            "`{}` finds a node with a graphics card, and nothing keeps two services off the same card: give the node's engine \
             node-generic-resources, and reserve one (`--generic-resource gpu=1`)",
            label.text
        );
        told.push(("gpu_unreserved", text));
    } else if subject.roams && (asks || about(&subject.image.repository)) {
        let text = "it looks as if it needs a graphics card, and neither a constraint nor a generic resource sends it to a node \
                    that has one";
        told.push(("gpu_unplaced", text.to_owned()));
    }
}

fn x11(subject: &Subject<'_>, told: &mut Told) {
    let view = &subject.view;
    let mounted = view.mounts.iter().any(|(_, source, target)| source.starts_with(X11) || target.starts_with(X11));
    let display = view.variable("DISPLAY").filter(|value| !value.is_empty());
    // A display on another machine is named by that machine.
    let here = display.is_some_and(|value| value.starts_with([':', '$']));
    if (mounted || here) && subject.roams {
        let text = "it draws on the screen of the node that it runs on, and nothing says which: add a constraint on the one with \
                    the screen";
        told.push(("x11_unplaced", text.to_owned()));
    }
    match (mounted, display) {
        (true, None) => {
            let text = format!("it mounts `{X11}` without DISPLAY, which says which of the sockets in it");
            told.push(("x11_incomplete", text));
        }
        (false, Some(_)) if here => {
            let text = format!("DISPLAY is a screen of its node, and its sockets (`{X11}`) are not mounted");
            told.push(("x11_incomplete", text));
        }
        _ => {}
    }
}
