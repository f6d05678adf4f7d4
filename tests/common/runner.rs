//! Runs a scenario: makes its cluster, takes its steps, and at the end demands that nothing is left to do.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use super::conditions::{Mark, complaints};
use super::matching::mismatches;
use super::orca::{Ended, Orca};
use super::poll;
use super::scenario::{Again, Conditions, Scenario, Step};
use super::world::{World, merge};

/// One test for each file in `tests/scenarios`.
pub fn trials(real: bool) -> Result<Vec<Trial>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut trials = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        // A file that can't be read fails as the test that it is.
        let ignored = real && Scenario::load(&path).is_ok_and(|scenario| scenario.sim_only.is_some());
        let run = move || run(&path, real).map_err(|error| Failed::from(told(&error)));
        trials.push(Trial::test(name, run).with_ignored_flag(ignored));
    }
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(trials)
}

/// Runs these tests as the process's command line says.
pub fn conclude(trials: Vec<Trial>, threads: Option<usize>) -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = threads.or(arguments.test_threads);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The whole chain, without a backtrace through the test harness.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n  because: ")
}

/// Runs one scenario file.
pub fn run(path: &Path, real: bool) -> Result<()> {
    let scenario = Scenario::load(path)?;
    let world = World::make(&scenario, real)?;
    let orca = Orca::new(&world.host(world.engine())?)?;
    let config = match &scenario.config_file {
        Some(file) => std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))?,
        None => scenario.config.clone(),
    };
    orca.config(&resolve(&config, &world, &scenario.steps)?)?;
    let mut run = Run { mark: Mark::of(&world.cluster()?)?, world, orca, steps: &scenario.steps };
    for (at, step) in scenario.steps.iter().enumerate() {
        run.step(step).with_context(|| format!("{}: step {} of {}", scenario.about, at + 1, scenario.steps.len()))?;
    }
    let last = scenario.steps.iter().rev().find(|step| step.orca.is_some()).context("it never runs orca")?;
    run.again(last, &scenario.again).with_context(|| format!("{}: once more", scenario.about))
}

struct Run<'s> {
    world: World,
    orca: Orca,
    mark: Mark,
    steps: &'s [Step],
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<()> {
        if let Some(config) = &step.config {
            self.orca.config(&resolve(config, &self.world, self.steps)?)?;
        }
        if step.lose_state {
            self.orca.lose_state();
        }
        if step.orca.is_some() {
            return self.orca(step);
        }
        if let Some(wanted) = &step.wait {
            return poll::until("wait", || self.complaints(wanted));
        }
        if let Some(wanted) = &step.check {
            let found = self.complaints(wanted)?;
            ensure!(found.is_empty(), "not so:\n  {}", found.join("\n  "));
            return Ok(());
        }
        self.mark = Mark::of(&self.world.cluster()?)?;
        self.disturb(step)
    }

    fn complaints(&self, wanted: &Conditions) -> Result<Vec<String>> {
        let cluster = self.world.cluster()?;
        let mut found = complaints(&cluster, wanted, &self.mark)?;
        for (name, _) in wanted.nodes.iter().filter(|(_, state)| *state == "ready") {
            if !cluster.node(name)?["ManagerStatus"].is_null() {
                found.extend(self.world.led(name).err().map(|error| format!("{name}: {error:#}")));
            }
        }
        Ok(found)
    }

    /// Everything that somebody other than orca does.
    fn disturb(&self, step: &Step) -> Result<()> {
        let world = &self.world;
        for (node, wanted) in [(&step.drain, "drain"), (&step.pause, "pause"), (&step.activate, "active")] {
            if let Some(node) = node {
                world.availability(node, wanted)?;
            }
        }
        let power = [
            (&step.kill, "kill"),
            (&step.start, "start"),
            (&step.cut, "cut"),
            (&step.heal, "heal"),
            (&step.rejoin, "rejoin"),
        ];
        for (node, verb) in power {
            if let Some(node) = node {
                world.disturb(verb, node)?;
            }
        }
        for (node, labels) in &step.label {
            world.label(node, labels)?;
        }
        for (service, replicas) in &step.scale {
            world.change(service, |spec| spec["Mode"]["Replicated"]["Replicas"] = (*replicas).into())?;
        }
        for (service, patch) in &step.patch {
            world.change(service, |spec| merge(spec, patch))?;
        }
        if let Some(service) = &step.restart {
            let bump = |value: &Value| value.as_u64().unwrap_or_default() + 1;
            world.change(service, |spec| {
                spec["TaskTemplate"]["ForceUpdate"] = bump(&spec["TaskTemplate"]["ForceUpdate"]).into();
            })?;
        }
        if let Some(service) = &step.create {
            world.create(service)?;
        }
        for (service, act) in [
            (&step.remove, World::remove as fn(&World, &str) -> Result<()>),
            (&step.fail, World::fail),
            (&step.rollback, World::rollback),
        ] {
            if let Some(service) = service {
                act(world, service)?;
            }
        }
        if let (Some(image), World::Sim(sim)) = (&step.image, world) {
            sim.admin("/images", image)?;
        }
        match (&step.sim, world) {
            (Some(admin), World::Sim(sim)) => sim.admin(&admin.post, &admin.body).map(drop),
            (Some(_), World::Lab(_)) => bail!("only a simulated engine has an admin side: say `sim_only: WHY`"),
            (None, _) => Ok(()),
        }
    }

    fn orca(&mut self, step: &Step) -> Result<()> {
        if !step.until {
            let ended = self.call(step)?;
            let found = self.judge(step, &ended)?;
            ensure!(found.is_empty(), "not as expected:\n  {}\n{ended}", found.join("\n  "));
            return Ok(());
        }
        poll::until("orca", || {
            let ended = self.call(step)?;
            let mut found = self.judge(step, &ended)?;
            if !found.is_empty() {
                found.push(ended.to_string());
            }
            Ok(found)
        })
    }

    fn call(&self, step: &Step) -> Result<Ended> {
        let args: Vec<_> = step.orca.iter().flatten().map(String::as_str).collect();
        let engine = match &step.on {
            Some(place) => self.world.engine_on(place)?,
            None => self.world.engine(),
        };
        let mut command = self.orca.command(&args);
        command.env("DOCKER_HOST", self.world.host(engine)?).envs(&step.env);
        self.world.count_requests()?;
        self.orca.spawn(command)?.end()
    }

    fn judge(&self, step: &Step, ended: &Ended) -> Result<Vec<String>> {
        let mut found = Vec::new();
        if ended.exit != Some(step.exit) {
            found.push(format!("it exits {:?}, expected {}", ended.exit, step.exit));
        }
        if ended.exit != Some(64) {
            found.extend(mismatches(&ended.report()?, &step.expect));
        }
        let state_dir = self.orca.state_dir().exists();
        if step.state_dir.is_some_and(|wanted| wanted != state_dir) {
            found.push(format!("the state directory is there: {state_dir}"));
        }
        if let Some(wanted) = &step.engine {
            let (requests, writes) = self.world.count_requests()?;
            for (what, wanted, count) in [("requests", wanted.requests, requests), ("writes", wanted.writes, writes)] {
                if wanted.is_some_and(|wanted| wanted != count) {
                    found.push(format!("it made {count} {what}, expected {wanted:?}"));
                }
            }
        }
        Ok(found)
    }

    /// The last command once more: it does nothing, and the engine sees that it does nothing. (Its objects' versions are
    /// no witness: the managers write to them, too, when a node has come back.)
    fn again(&self, last: &Step, wanted: &Again) -> Result<()> {
        if !wanted.moving {
            self.world.settle()?;
        }
        let before = self.world.cluster()?.specs();
        let ended = self.call(last)?;
        let (requests, writes) = self.world.count_requests()?;
        let after = self.world.cluster()?.specs();
        let report = ended.report()?;
        let outcome = wanted.outcome.as_deref().unwrap_or("unchanged");
        let mut found = mismatches(&report, &wanted.expect);
        let actions = report["actions"].as_array().map_or(0, Vec::len);
        for (ok, what) in [
            (report["outcome"] == outcome, format!("the outcome is {}, expected {outcome}", report["outcome"])),
            (ended.exit == Some(wanted.exit), format!("it exits {:?}, expected {}", ended.exit, wanted.exit)),
            (actions == 0, format!("it made {actions} actions")),
            (writes == 0, format!("it sent {writes} writes")),
            (requests > 0, "it asked the engine nothing".to_owned()),
            (before == after, format!("specs were {before:#?}, are {after:#?}")),
        ] {
            if !ok {
                found.push(what);
            }
        }
        ensure!(found.is_empty(), "not as expected:\n  {}\n{ended}", found.join("\n  "));
        Ok(())
    }
}

/// The config as orca is to have it, with node ids in the place of `@id(HOSTNAME)`.
fn resolve(config: &str, world: &World, steps: &[Step]) -> Result<String> {
    let waits = |step: &Step| step.orca.iter().flatten().any(|word| word == "--wait");
    let mut text = match world {
        World::Lab(_) if steps.iter().any(waits) => patient(config),
        _ => config.to_owned(),
    };
    while let Some((head, tail)) = text.split_once("@id(") {
        let (name, tail) = tail.split_once(')').context("`@id(` without `)`")?;
        text = format!("{head}{}{tail}", world.cluster()?.node_id(name)?);
    }
    Ok(text)
}

/// Real managers may take longer to place a task than orca waits before its first step of forcing it; a pass that waits
/// would see that. Where a scenario is not about those steps, they come late.
fn patient(config: &str) -> String {
    if !config.contains("dependencies:") || config.contains("retry_intervals") {
        return config.to_owned();
    }
    match config.split_once("options: {") {
        Some((head, tail)) => format!("{head}options: {{ retry_intervals: [30],{tail}"),
        None => format!("options: {{ retry_intervals: [30] }}\n{config}"),
    }
}
