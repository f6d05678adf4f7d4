//! `orca stacks build`: the images of a stack's services, one after the other, each as `orca catalog build` makes it.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;
use tokio::time::Instant;

use crate::catalog::build::Plan;
use crate::catalog::definition::Definition;
use crate::catalog::desk::Desk;
use crate::compose::stack::{Making, Part, Stack};
use crate::error::{Error, ErrorKind, interrupted};
use crate::report::{Cluster, Report};
use crate::settings::{Problem, Problems, Settings, nearest};
use crate::snapshot::Snapshot;

/// What is to be built, and how.
#[derive(Debug, Clone, Copy)]
pub struct Builds<'a> {
    /// Services by their names in the files; all that say how where none is named.
    pub services: &'a [String],
    /// The platform; none: the engine's own.
    pub platform: Option<&'a str>,
    /// Send them to their registries.
    pub push: bool,
}

/// The settings of a build of this stack: its own folder is the projects directory, and images have the names that the
/// files say, as deployments take them.
pub fn for_builds(settings: &Settings, stack: &Stack) -> Settings {
    let mut settings = settings.clone();
    settings.catalog.projects = Some(stack.dir.clone());
    settings.catalog.registry = None;
    settings.registry.default = None;
    settings
}

impl Desk<'_> {
    /// Builds the images of a stack, and sends them to their registries.
    ///
    /// # Errors
    /// If there is nothing to build, a folder lies outside of the stack's, or the swarm can't be asked. A build that fails
    /// is in the report, and the others go on.
    pub async fn build_stack(
        &self,
        stack: &Stack,
        how: &Builds<'_>,
        report: &mut Report,
        say: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let chosen = chosen(stack, how.services)?;
        report.warnings.extend(stack.warnings.iter().cloned());
        let outside: Vec<Problem> = chosen.iter().filter_map(|(_, making)| outside(&stack.dir, making)).collect();
        if !outside.is_empty() {
            return Err(Problems::of(outside, "the stack's file").into());
        }
        let engine = self.source.engine()?;
        let cluster = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            observed = async { Snapshot::observe(&engine.until(Instant::now() + self.options.timeout)).await } => observed?,
        };
        report.cluster = Some(Cluster::of(&cluster));
        let mut builds = Vec::new();
        for (definition, making) in chosen {
            let definition = Definition { build_context: Some(making.context.clone()), ..definition.clone() };
            let platform = how.platform.map(str::to_owned);
            let plan = Plan { definition, platform, push: how.push, making: making.clone(), builder: None };
            let ended = Box::pin(self.build(&cluster, engine, &plan, report, say)).await;
            builds.push(Value::Object(std::mem::take(&mut report.data)));
            if let Err(error) = ended {
                report.fail(&error);
            }
        }
        report.data.insert("builds".to_owned(), builds.into());
        Ok(())
    }
}

/// The services that are meant, with how they are built.
fn chosen<'s>(stack: &'s Stack, names: &[String]) -> Result<Vec<(&'s Definition, &'s Making)>, Error> {
    let bare = |part: &'s Part| part.definition.name.strip_prefix(&format!("{}_", stack.name)).unwrap_or_default();
    let built = stack.services.iter().filter_map(|part| Some((bare(part), &part.definition, part.build.as_ref()?)));
    let built: Vec<(&str, &Definition, &Making)> = built.collect();
    if built.is_empty() {
        let error = Error::new(ErrorKind::Usage, "no service of these files says how it is built");
        return Err(error.hint("`build: FOLDER` says so"));
    }
    let known: Vec<&str> = built.iter().map(|(name, ..)| *name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let meant = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
        let error = Error::new(ErrorKind::Usage, format!("no service `{name}` of these files says how it is built"));
        return Err(error.hint(meant.unwrap_or_else(|| format!("these do: {}", known.join(", ")))));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    Ok(built
        .into_iter()
        .filter(|(name, ..)| wanted(name))
        .map(|(_, definition, making)| (definition, making))
        .collect())
}

/// What is wrong with a folder that is none of the stack's.
fn outside(dir: &Path, making: &Making) -> Option<Problem> {
    let base = dir.canonicalize().ok()?;
    let message = match base.join(&making.context).canonicalize() {
        Ok(found) if found.starts_with(&base) => return None,
        Ok(_) => format!("the build context `{}` lies outside of `{}`", making.context, base.display()),
        Err(error) => format!("can't use the build context `{}`: {error}", making.context),
    };
    let mut parts = making.place.rsplitn(3, ':');
    let column = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let line = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(Problem { source: parts.next().unwrap_or_default().to_owned(), line, column, message })
}
