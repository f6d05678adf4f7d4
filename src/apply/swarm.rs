//! The writer of membership: makes a swarm, lets engines join, changes roles, waits until the swarm has taken it in.
//!
//! Each step is one request and the wait for what it is to bring about. A step whose answer was lost is looked up, never
//! sent again.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use crate::engine::edit::edited_spec;
use crate::engine::swarm::{Init, Join, Standing};
use crate::engine::{Engine, Written};
use crate::error::{Error, ErrorKind, kind_of};
use crate::model::node::NodeState;
use crate::model::{Member, Node, Role};
use crate::plan::Change;

/// Between two looks at what is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const UNREADABLE: &str = "what the managers say of it can't be read";
const VOTES: &str = "it hasn't lost its vote";

/// Makes a swarm of this engine.
pub async fn init(engine: &Engine, api: &str, init: &Init, limit: Instant) -> Result<()> {
    let engine = engine.until(limit);
    let Err(error) = engine.init_swarm(api, init).await else { return Ok(()) };
    // Its answer may have been lost.
    match engine.standing().await {
        Ok(standing) if standing.state == "active" && standing.manager => Ok(()),
        _ => Err(error.context("the swarm was not made")),
    }
}

/// Lets an engine join, and waits until the manager `home` has it as Ready and, in that role, as Reachable.
pub async fn join(
    engine: &Engine,
    home: &Engine,
    api: &str,
    join: &Join<'_>,
    role: Role,
    limit: Instant,
) -> Result<()> {
    let (engine, home) = (engine.until(limit), home.until(limit));
    let sent = engine.join_swarm(api, join).await;
    let id = joined(&engine, sent).await?;
    settled(&home, &id, role, limit).await
}

/// Waits until an engine that was told to join is in the swarm; its node id. An engine may go on trying after it has
/// answered that it took too long, and an answer may be lost.
async fn joined(engine: &Engine, sent: Result<()>) -> Result<String> {
    loop {
        let Standing { state, node, error, .. } = match engine.standing().await {
            Ok(standing) => standing,
            Err(lost) => return Err(sent.err().unwrap_or(lost).context("it may or may not have joined")),
        };
        match state.as_str() {
            "active" => return Ok(node),
            "pending" => sleep(LOOK_AGAIN).await,
            _ => {
                let why = if error.is_empty() { String::new() } else { format!(": {error}") };
                return Err(sent.err().unwrap_or_else(|| anyhow::anyhow!("its swarm is `{state}`{why}")));
            }
        }
    }
}

/// Waits until the swarm has a node in this role.
async fn settled(home: &Engine, id: &str, role: Role, limit: Instant) -> Result<()> {
    wait(home, id, limit, |raw| {
        let Some(raw) = raw else { return Ok(Some("the swarm doesn't list it")) };
        let member = Member::read(&raw).context(UNREADABLE)?;
        let node = Node::read(raw).context(UNREADABLE)?;
        Ok(match (role, member.votes, member.reachable) {
            _ if node.state != NodeState::Ready => Some("it is not Ready"),
            (Role::Manager, _, false) => Some("the other managers don't reach it"),
            (Role::Worker, true, _) => Some(VOTES),
            _ => None,
        })
    })
    .await
}

/// Looks at a node until it lacks nothing. Managers that elect a leader, as they may since it changes its role, say nothing
/// of it: a look that fails is made again, and is an error only if it was the last.
async fn wait(
    home: &Engine,
    id: &str,
    limit: Instant,
    lacks: impl Fn(Option<Box<RawValue>>) -> Result<Option<&'static str>>,
) -> Result<()> {
    let mut last = Ok("nobody has looked at it");
    while Instant::now() < limit {
        last = match home.object("nodes", id).await {
            Ok(raw) => match lacks(raw)? {
                Some(missing) => Ok(missing),
                None => return Ok(()),
            },
            // Cut off by the end of the time, it says nothing.
            Err(_) if Instant::now() >= limit && last.is_ok() => last,
            Err(error) => Err(error),
        };
        sleep(LOOK_AGAIN).await;
    }
    let text = format!("{} in time", last?);
    Err(Error::new(ErrorKind::Unsettled, text)
        .hint("run again: what was done stays; bootstrap.wait gives it more time")
        .into())
}

/// Writes a node's spec, if it is still as it was when this was planned, and waits until a new role is in force.
pub async fn edit(home: &Engine, api: &str, node: &Node, changes: &[&Change], limit: Instant) -> Result<Written> {
    let home = home.until(limit);
    let spec = edited_spec(&node.raw, changes).with_context(|| format!("can't edit node `{}`", node.name))?;
    let written = home.update("nodes", &node.id.0, api, node.version, &spec).await?;
    for change in changes {
        if let (Change::RoleSet { after, .. }, Written::Done) = (change, written) {
            if node.state == NodeState::Ready {
                settled(&home, &node.id.0, *after, limit).await?;
            } else {
                without_vote(&home, &node.id.0, limit).await?;
            }
        }
    }
    Ok(written)
}

/// Waits until a node that is down has lost its vote.
async fn without_vote(home: &Engine, id: &str, limit: Instant) -> Result<()> {
    wait(home, id, limit, |raw| {
        let member = raw.map(|raw| Member::read(&raw).context(UNREADABLE)).transpose()?;
        Ok(member.is_some_and(|member| member.votes).then_some(VOTES))
    })
    .await
}

/// Removes a node that is down; false when it was gone already.
pub async fn remove(home: &Engine, api: &str, id: &str, limit: Instant) -> Result<bool> {
    home.until(limit).remove_node(api, id).await
}

/// Writes the unlock key into a new file that only its owner can read.
pub async fn save_key(home: &Engine, file: &Path, limit: Instant) -> Result<()> {
    use std::io::Write as _;
    let key = home.until(limit).unlock_key().await?;
    let mut new = new_beside(file)?;
    let written = writeln!(new, "{}", key.expose()).and_then(|()| new.as_file().sync_all());
    written.with_context(|| format!("can't write `{}`", file.display()))?;
    new.persist_noclobber(file)
        .map_err(|error| error.error)
        .with_context(|| format!("can't make `{}`", file.display()))?;
    Ok(())
}

/// A file for its owner alone, to be renamed once it is complete. Made before a swarm is locked, it shows that the key
/// can be saved.
pub fn new_beside(file: &Path) -> Result<tempfile::NamedTempFile> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    tempfile::NamedTempFile::new_in(dir).with_context(|| {
        Error::new(ErrorKind::Failed, format!("can't write the unlock key into `{}`", dir.display()))
            .hint("name another file with bootstrap.unlock_key_file")
    })
}

/// Whether an error means that the swarm itself can't be told anything any more.
pub fn is_lost(error: &anyhow::Error) -> bool {
    kind_of(error) == ErrorKind::Unreachable
}
