//! The merged fragment -> [`Settings`]: defaults filled in, names turned into services and labels.
//!
//! Judges single values; what contradicts each other is judged in `conflicts`.

use std::collections::BTreeMap;

use super::de::Spanned;
use super::fragment::{AnchorEntry, AnchorFields, Availability, File, LabelEntry, Labels, NodeEntry, Role, Text};
use super::policy::{Chosen, Policy, Written, env_bool, env_text};
use super::problem::{Log, quoted};
use super::tree::Mark;
use super::{Anchor, Dependent, Label, Node, Options, Origin, Settings};
use crate::model::node::RECORD_LABEL;

/// Orcastra's default stack.
const STACK: &str = "swarm-dev";

/// Fills in what is not written and says what can't be.
pub(super) fn resolve(file: &File, env: &BTreeMap<String, String>, log: &mut Log<'_>) -> Settings {
    let mut resolver = Resolver { origins: BTreeMap::new(), log };
    let stack = resolver.default_stack(file.stack.as_ref(), env);
    let options = resolver.options(file, env);
    let policy = resolver.policy(file, env);
    let mut rebalance = super::rebalance::resolve(
        file.rebalance.as_ref().map(|entry| &entry.value),
        file.older_rebalance.as_ref(),
        &mut resolver.origins,
        resolver.log,
    );
    let gc = file.gc.as_ref().map(|entry| &entry.value);
    let gc = super::gc::resolve(gc, env, &mut resolver.origins, resolver.log);
    let autoheal = file.autoheal.as_ref().map(|entry| &entry.value);
    let autoheal = super::autoheal::resolve(autoheal, env, &mut resolver.origins, resolver.log);
    let bootstrap = file.bootstrap.as_ref().map(|entry| &entry.value);
    let bootstrap = super::bootstrap::resolve(bootstrap, env, &mut resolver.origins, resolver.log);
    let exporter = file.exporter.as_ref().map(|entry| &entry.value);
    let older = file.older_exporter.as_ref();
    let exporter = super::exporter::resolve(exporter, older, env, &mut resolver.origins, resolver.log);
    if !resolver.origins.contains_key("rebalance.metrics.node_exporter_port") {
        // What orca deploys is where orca asks.
        rebalance.metrics.node_exporter_port = exporter.port;
    }
    let logs = file.logs.as_ref().map(|entry| &entry.value);
    let logs = super::logs::resolve(logs, env, &mut resolver.origins, resolver.log);
    let mods = file.mods.as_ref().map(|entry| &entry.value);
    let mods = super::mods::resolve(mods, &file.more_mods, env, &mut resolver.origins, resolver.log);
    let registry = file.registry.as_ref().map(|entry| &entry.value);
    let registry = super::registry::resolve(registry, env, &mut resolver.origins, resolver.log);
    let catalog = file.catalog.as_ref().map(|entry| &entry.value);
    let catalog = super::catalog::resolve(catalog, env, &mut resolver.origins, resolver.log);
    let watch = file.watch.as_ref().map(|entry| &entry.value);
    let watch = super::watch::resolve(watch, env, &mut resolver.origins, resolver.log);
    let notify = file.notify.as_ref().map(|entry| &entry.value);
    let notify = super::notify::resolve(notify, env, &mut resolver.origins, resolver.log);
    let update = file.update.as_ref().map(|entry| &entry.value);
    let update = super::update::resolve(update, env, &mut resolver.origins, resolver.log);
    Settings {
        notify,
        leader: resolver.text("leader".to_owned(), file.leader.as_ref()),
        advertise_addr: resolver.text("advertise_addr".to_owned(), file.advertise_addr.as_ref()),
        nodes: resolver.nodes(file),
        options,
        anchors: resolver.anchors(file, &stack, &policy),
        stack,
        rebalance,
        gc,
        autoheal,
        bootstrap,
        exporter,
        logs,
        mods,
        registry,
        catalog,
        update,
        watch,
        files: Vec::new(),
        origins: resolver.origins,
    }
}

struct Resolver<'l, 'n> {
    origins: BTreeMap<String, Origin>,
    log: &'l mut Log<'n>,
}

impl Resolver<'_, '_> {
    fn default_stack(&mut self, written: Option<&Spanned<String>>, env: &BTreeMap<String, String>) -> String {
        if let Some(stack) = written {
            self.stack_name(stack, "stack");
            self.came_from("stack".to_owned(), stack.mark);
            return stack.value.clone();
        }
        let from_env = env_text(env, "STACK_NAME").map(str::to_owned);
        if let Some(name) = from_env.as_deref().filter(|name| has_space(name)) {
            self.log.env("STACK_NAME", format!("must be the name of a stack, not {}", quoted(name)));
        }
        let chosen = Chosen::unwritten("stack", "STACK_NAME", from_env, STACK.to_owned());
        self.origins.insert("stack".to_owned(), chosen.origin);
        chosen.value
    }

    fn options(&mut self, file: &File, env: &BTreeMap<String, String>) -> Options {
        let path = "options.prune_unknown_labels";
        // A bad variable is an error even where the file overrules it: it would bite on another host.
        let from_env = env_bool(env, "PRUNE_UNKNOWN_LABELS", self.log);
        let prune = match file.options.as_ref().and_then(|options| options.prune_unknown_labels.as_ref()) {
            Some(flag) => Chosen { value: flag.value, origin: self.log.origin(path, flag.mark) },
            None => Chosen::unwritten(path, "PRUNE_UNKNOWN_LABELS", from_env, false),
        };
        self.origins.insert(path.to_owned(), prune.origin);
        Options { prune_unknown_labels: prune.value }
    }

    fn policy(&mut self, file: &File, env: &BTreeMap<String, String>) -> Policy {
        let policy = Policy::from_env(env, self.log);
        let written = file.options.as_ref().map(Written::from).unwrap_or_default();
        policy.with(&written, "options", self.log)
    }

    fn nodes(&mut self, file: &File) -> BTreeMap<String, Node> {
        let entries = file.nodes.as_ref().map(|nodes| nodes.0.as_slice()).unwrap_or_default();
        entries.iter().map(|(name, entry)| (name.value.clone(), self.node(name, entry.as_ref()))).collect()
    }

    fn node(&mut self, name: &Spanned<String>, entry: Option<&NodeEntry>) -> Node {
        let path = format!("nodes.{}", name.value);
        if name.value.is_empty() || has_space(&name.value) {
            self.log.at(name.mark, format!("{} is not a node name", quoted(&name.value)));
        }
        let none = NodeEntry::default();
        let entry = entry.unwrap_or(&none);
        let role = entry.role.as_ref().map(|role| Spanned { mark: role.mark, value: role_name(role.value).to_owned() });
        let availability = entry.availability.as_ref().map(|availability| Spanned {
            mark: availability.mark,
            value: availability_name(availability.value).to_owned(),
        });
        Node {
            ip: self.text(format!("{path}.ip"), entry.ip.as_ref()),
            host: self.text(format!("{path}.host"), entry.host.as_ref()),
            role: self.text(format!("{path}.role"), role.as_ref()),
            availability: self.text(format!("{path}.availability"), availability.as_ref()),
            labels: self.labels(&format!("{path}.labels"), entry.labels.as_ref()),
            origin: self.log.origin(path, name.mark),
        }
    }

    fn labels(&mut self, path: &str, labels: Option<&Labels>) -> BTreeMap<String, (String, Origin)> {
        let pairs: Vec<(Mark, &str, &str)> = match labels {
            None => Vec::new(),
            Some(Labels::List(items)) => items.iter().map(|item| pair(item.mark, &item.value)).collect(),
            Some(Labels::Map(entries)) => entries.0.iter().map(|(key, text)| pair_of_map(key, text.as_ref())).collect(),
        };
        let mut found: BTreeMap<String, (String, Origin)> = BTreeMap::new();
        for (mark, key, value) in pairs {
            self.label_key(mark, key, path);
            let origin = self.log.origin(path, mark);
            match found.get(key) {
                Some((other, _)) if other != value => {
                    let (key, value, other) = (quoted(key), quoted(value), quoted(other));
                    self.log.at(mark, format!("{path}: label {key} is given twice, as {other} and as {value}"));
                }
                Some(_) => {}
                None => _ = found.insert(key.to_owned(), (value.to_owned(), origin)),
            }
        }
        found
    }

    fn anchors(&mut self, file: &File, stack: &str, policy: &Policy) -> Vec<Anchor> {
        let entries = file.dependencies.as_ref().map(|anchors| anchors.0.as_slice()).unwrap_or_default();
        entries.iter().map(|(name, entry)| self.anchor(name, entry.as_ref(), stack, policy)).collect()
    }

    fn anchor(&mut self, name: &Spanned<String>, entry: Option<&AnchorEntry>, stack: &str, policy: &Policy) -> Anchor {
        let path = format!("dependencies.{}", name.value);
        let none = AnchorFields::default();
        let (fields, services, services_path) = match entry {
            None => (&none, [].as_slice(), path.clone()),
            Some(AnchorEntry::List(services)) => (&none, services.as_slice(), path.clone()),
            Some(AnchorEntry::Map(fields)) => {
                (fields.as_ref(), fields.services.as_deref().unwrap_or_default(), format!("{path}.services"))
            }
        };
        let stack = match &fields.stack {
            Some(own) => {
                self.stack_name(own, &format!("{path}.stack"));
                self.came_from(format!("{path}.stack"), own.mark);
                own.value.as_str()
            }
            None => stack,
        };
        self.service_name(name, "dependencies");
        let service = match &fields.service {
            Some(service) => {
                self.service_name(service, &format!("{path}.service"));
                self.came_from(format!("{path}.service"), service.mark);
                vec![service.value.clone()]
            }
            None => candidates(stack, &name.value),
        };
        let label = self.anchor_label(&path, name, fields.label.as_ref());
        let policy = policy.with(&Written::from(fields), &path, self.log);
        for (key, origin) in policy.origins() {
            self.origins.insert(format!("{path}.{key}"), origin.clone());
        }
        let dependents = services.iter().map(|name| self.dependent(name, stack, &services_path)).collect();
        Anchor {
            name: name.value.clone(),
            service,
            label,
            dependents,
            restart_dependents: policy.restart_dependents.value,
            retry_intervals: policy.retry_intervals.value,
            max_mismatch: policy.max_mismatch.value,
            hold: policy.hold.value,
            enforce: policy.enforce.value,
            origin: self.log.origin(path, name.mark),
        }
    }

    fn dependent(&mut self, name: &Spanned<String>, stack: &str, path: &str) -> Dependent {
        self.service_name(name, path);
        Dependent {
            name: name.value.clone(),
            service: candidates(stack, &name.value),
            origin: self.log.origin(path, name.mark),
        }
    }

    fn anchor_label(&mut self, anchor: &str, name: &Spanned<String>, entry: Option<&LabelEntry>) -> Label {
        let path = format!("{anchor}.label");
        let (mark, key, value) = match entry {
            None => (name.mark, name.value.as_str(), "true"),
            Some(LabelEntry::Text(text)) => pair(text.mark, &text.value),
            Some(LabelEntry::Map(fields)) => {
                let key = fields.key.as_ref().unwrap_or(name);
                let mark = fields.value.as_ref().map_or(key.mark, |value| value.mark);
                let value = fields.value.as_ref().map_or("true", |value| value.value.0.as_str());
                (fields.key.as_ref().map_or(mark, |key| key.mark), key.value.as_str(), value)
            }
        };
        if entry.is_some() {
            self.came_from(path.clone(), mark);
        }
        // A name that can't be a service is reported as that; the label made from it is no second mistake.
        let named = entry.is_some() || !(key.is_empty() || has_space(key));
        let fits = named && self.label_key(mark, key, &path);
        // Dependents reach the label only through a constraint, and swarm takes no other characters there.
        if fits && !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            let allowed = "letters, digits, `-`, `_` and `.`";
            self.log.at(mark, format!("{path}: a constraint can't name the key {}; use {allowed}", quoted(key)));
        }
        if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || " :-_.*()?+[]\\^$|/".contains(c)) {
            self.log.at(mark, format!("{path}: a constraint can't ask for the value {}", quoted(value)));
        }
        Label { key: key.to_owned(), value: value.to_owned() }
    }

    fn label_key(&mut self, mark: Mark, key: &str, path: &str) -> bool {
        let fault = if key.is_empty() {
            "a label needs a key".to_owned()
        } else if key == RECORD_LABEL {
            format!("{RECORD_LABEL} is the label in which orca keeps its record")
        } else if key.contains(',') {
            format!("label key {} contains a comma, which separates the keys in orca's record", quoted(key))
        } else if key.contains('=') {
            format!("label key {} contains \"=\", which the docker CLI can't express", quoted(key))
        } else if has_space(key) {
            format!("label key {} contains whitespace", quoted(key))
        } else {
            return true;
        };
        self.log.at(mark, format!("{path}: {fault}"));
        false
    }

    fn service_name(&mut self, name: &Spanned<String>, path: &str) {
        if name.value.is_empty() || has_space(&name.value) {
            self.log.at(name.mark, format!("{path}: {} is not a service name", quoted(&name.value)));
        }
    }

    fn stack_name(&mut self, stack: &Spanned<String>, path: &str) {
        if has_space(&stack.value) {
            self.log.at(stack.mark, format!("{path} must be the name of a stack, not {}", quoted(&stack.value)));
        }
    }

    fn text(&mut self, path: String, written: Option<&Spanned<String>>) -> Option<String> {
        let written = written?;
        self.came_from(path, written.mark);
        Some(written.value.clone())
    }

    fn came_from(&mut self, path: String, mark: Mark) {
        let origin = self.log.origin(path.clone(), mark);
        self.origins.insert(path, origin);
    }
}

/// The service names that a short name may stand for, best first; without a stack only the name itself.
fn candidates(stack: &str, name: &str) -> Vec<String> {
    match stack {
        "" => vec![name.to_owned()],
        _ => vec![format!("{stack}_{name}"), name.to_owned()],
    }
}

/// `key=value`, or a key alone, which is then `true`.
fn pair(mark: Mark, text: &str) -> (Mark, &str, &str) {
    let (key, value) = text.split_once('=').unwrap_or((text, "true"));
    (mark, key, value)
}

/// An entry of a map of labels; nothing after the colon is an empty value.
fn pair_of_map<'a>(key: &'a Spanned<String>, value: Option<&'a Text>) -> (Mark, &'a str, &'a str) {
    (key.mark, key.value.as_str(), value.map_or("", |text| text.0.as_str()))
}

fn has_space(text: &str) -> bool {
    text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Manager => "manager",
        Role::Worker => "worker",
    }
}

fn availability_name(availability: Availability) -> &'static str {
    match availability {
        Availability::Active => "active",
        Availability::Pause => "pause",
        Availability::Drain => "drain",
    }
}
