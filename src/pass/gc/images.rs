//! Which images go: those that neither the cluster nor a container needs, children before parents.

use std::collections::{BTreeMap, BTreeSet};

use super::keep::Facts;
use super::{Gone, Input, Sweep, excluded, requires};
use crate::model::stock::{Container, Image, age, pinned};
use crate::pass::words::spoken;
use crate::plan::TargetKind;

/// Why an image stays that a container was made from.
pub const IN_USE: &str = "a container needs it";

/// Decides on every image of the node.
pub(super) fn images(input: &Input<'_>, gone: &Gone, sweep: &mut Sweep) {
    let Input { stock, settings, .. } = input;
    let mut users: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in &stock.containers {
        users.entry(container.image.as_str()).or_default().push(container);
    }
    let newest = newest(&stock.images, settings.keep_images);
    let few = stock.images.len() as u64 <= u64::from(settings.min_images);
    let mut going = BTreeSet::new();
    for image in stock.images.iter().filter(|image| input.only.is_none_or(|only| only.has(image))) {
        let users = users.get(image.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        match image_stays(input, image, users, gone, newest.contains(&image.id), few) {
            Some(why) => sweep.keep(why),
            None => _ = going.insert(image.id.as_str()),
        }
    }
    // What is built on an image goes before it, or keeps it.
    let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for child in stock.images.iter().filter(|child| !child.parent.is_empty()) {
        children.entry(child.parent.as_str()).or_default().push(child.id.as_str());
    }
    for image in family_order(&stock.images) {
        if !going.contains(image.id.as_str()) {
            continue;
        }
        let children = children.get(image.id.as_str()).into_iter().flatten();
        if children.clone().any(|child| !going.contains(child)) {
            going.remove(image.id.as_str());
            sweep.keep("another image is built on it");
            continue;
        }
        let users = users.get(image.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let why = match (image.built, users.len()) {
            (_, more @ 1..) => format!("used by nothing but {more} of the stopped containers that go"),
            (Some(built), 0) => format!("used by nothing, built {} ago", spoken(age(built, stock.engine.now))),
            (None, 0) => "used by nothing".to_owned(),
        };
        let names = image.tags.iter().chain(&image.digests).cloned().collect();
        let target = (TargetKind::Image, image.id.as_str(), image.name());
        sweep.remove(input, target, names, image.bytes, why);
        requires(sweep, users, gone);
    }
}

/// Images in such an order that each comes after all that are built on it.
fn family_order(images: &[Image]) -> Vec<&Image> {
    let at: BTreeMap<&str, usize> = images.iter().enumerate().map(|(at, image)| (image.id.as_str(), at)).collect();
    let mut heights = vec![0_usize; images.len()];
    for (mut at_child, image) in images.iter().enumerate() {
        let mut parent = at.get(image.parent.as_str()).copied();
        // A chain can't be longer than there are images: whatever the engine says, this ends.
        for _ in 0..images.len() {
            let Some(at_parent) = parent.filter(|parent| heights[*parent] <= heights[at_child]) else { break };
            heights[at_parent] = heights[at_child] + 1;
            at_child = at_parent;
            parent = at.get(images[at_parent].parent.as_str()).copied();
        }
    }
    let mut order: Vec<usize> = (0..images.len()).collect();
    order.sort_by_key(|at| heights[*at]);
    order.into_iter().map(|at| &images[at]).collect()
}

fn image_stays(
    input: &Input<'_>,
    image: &Image,
    users: &[&Container],
    gone: &Gone,
    newest: bool,
    few: bool,
) -> Option<&'static str> {
    let Input { stock, facts, settings, .. } = input;
    if !settings.images {
        return Some("switched off");
    }
    match facts {
        Facts::Unknown(_) => return Some("not known whether it is needed"),
        Facts::Known(keep) if keep.needs_image(image) => return Some("a service needs it"),
        Facts::Known(_) | Facts::Standalone => {}
    }
    if input.only.is_some_and(|only| only.has_more_names(image)) {
        return Some("it has another name, too");
    }
    if users.iter().any(|container| !gone.contains_key(&container.id)) {
        return Some(IN_USE);
    }
    if pinned(&image.labels) {
        return Some("label orca.gc=keep");
    }
    let names = || image.tags.iter().chain(&image.digests).chain([&image.id]);
    if names().any(|name| excluded(&settings.exclude.images, name))
        || image.repositories().iter().any(|repository| excluded(&settings.exclude.images, repository))
    {
        return Some("excluded");
    }
    if few {
        return Some("there are few images");
    }
    if newest {
        return Some("among the newest of its repository");
    }
    let young = image.built.is_none_or(|built| age(built, stock.engine.now) < settings.grace);
    let arrived = || names().any(|name| stock.arrived.binary_search(name).is_ok());
    (young && !settings.grace.is_zero() || arrived()).then_some("younger than the grace")
}

/// The ids of the newest images of each repository.
fn newest(images: &[Image], keep: u32) -> BTreeSet<String> {
    let mut by_repository: BTreeMap<String, Vec<&Image>> = BTreeMap::new();
    if keep > 0 {
        for image in images {
            image.repositories().into_iter().for_each(|name| by_repository.entry(name).or_default().push(image));
        }
    }
    let mut newest = BTreeSet::new();
    for images in by_repository.values_mut() {
        images.sort_by(|a, b| (b.built, &b.id).cmp(&(a.built, &a.id)));
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        newest.extend(images.iter().take(keep).map(|image| image.id.clone()));
    }
    newest
}
