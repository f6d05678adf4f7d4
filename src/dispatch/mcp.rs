//! `orca mcp`: runs the commands that a client asks for, as if they had been called by their names.

use std::cell::{OnceCell, RefCell};
use std::ffi::OsString;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use super::end::Ended;
use super::{Session, parse};
use crate::cli::{Global, Mcp};
use crate::error::{Error, ErrorKind};
use crate::exit;
use crate::interrupt::Interrupt;
use crate::mcp::answer::{Answer, plan_id};
use crate::mcp::server::{Call, Server};
use crate::mcp::tools::{Effect, Tool};
use crate::report::Report;
use crate::report::print::{Format, Printer};

/// So many commands run at a time; the others wait for their turn.
const AT_ONCE: usize = 8;

/// The names of the tools that run.
pub(super) type UnderWay = RefCell<Vec<&'static str>>;

/// What a plan waits for.
const NOTE: &str = "nothing was changed: call again with this plan_id to carry out this plan, or with confirm";
/// Why a plan is not carried out.
const STALE: &str = "nothing was changed: the plan is another one by now; this is it, with its own id";

impl Session {
    pub(super) async fn mcp(&self, args: Mcp, interrupt: &Interrupt) -> Result<Ended> {
        if args.print_config {
            return config(&args).map(Ended::Document);
        }
        let (calls, waiting) = mpsc::channel(1);
        let speaking = tokio::spawn(Server { calls, writes: args.allow_write }.on_stdio());
        let speaking = async {
            let ended = speaking.await.context("the server broke down").and_then(|ended| ended);
            // Nobody waits for an answer any more; what is under way ends its current action.
            interrupt.raise();
            ended
        };
        let under_way = UnderWay::default();
        let (mut desk, mut speaking) =
            (std::pin::pin!(self.desk(waiting, interrupt, &under_way)), std::pin::pin!(speaking));
        let ended = tokio::select! {
            ended = &mut speaking => ended,
            // A signal: stdin may stay open for ever.
            () = &mut desk => return Ok(Ended::Said(0)),
        };
        desk.await;
        ended.map(|()| Ended::Said(0))
    }

    /// Runs what is asked for, a few at a time, until nobody can ask any more or a signal has come; what is under way then
    /// ends its current action.
    pub(super) async fn desk(&self, mut waiting: mpsc::Receiver<Call>, interrupt: &Interrupt, under_way: &UnderWay) {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                _ = interrupt.nth(1) => break,
                Some(()) = running.next() => {}
                call = waiting.recv(), if running.len() < AT_ONCE => match call {
                    Some(call) => running.push(self.attend_to(call, interrupt, under_way)),
                    None => break,
                },
            }
        }
        // Who still wants to ask is told that there is nobody.
        drop(waiting);
        while running.next().await.is_some() {}
    }

    async fn attend_to(&self, call: Call, interrupt: &Interrupt, under_way: &UnderWay) {
        under_way.borrow_mut().push(call.tool.name);
        let answer = self.answer(&call, interrupt).await;
        let mut names = under_way.borrow_mut();
        if let Some(at) = names.iter().position(|name| *name == call.tool.name) {
            names.swap_remove(at);
        }
        // Who has asked may be gone.
        _ = call.answer.send(answer);
    }

    async fn answer(&self, call: &Call, interrupt: &Interrupt) -> Answer {
        let Call { tool, asked, .. } = call;
        let line = (tool.line)(asked);
        let dry = match tool.effect {
            Effect::Reads | Effect::Plans => {
                let (report, code) = self.perform(tool, &line, tool.effect == Effect::Plans, interrupt).await;
                return Answer::of(&report, code, None, None);
            }
            Effect::Changes | Effect::Removes => !asked.flag("confirm"),
        };
        if dry {
            let (plan, code) = self.perform(tool, &line, true, interrupt).await;
            let id = plan_id(tool, &plan);
            match asked.text("plan_id") {
                _ if plan.error.is_some() => return Answer::of(&plan, code, None, None),
                None => return Answer::of(&plan, code, Some(&id), Some(NOTE)),
                Some(wanted) if wanted != id => {
                    return Answer { failed: true, ..Answer::of(&plan, code, Some(&id), Some(STALE)) };
                }
                Some(_) => {}
            }
        }
        let (report, code) = self.perform(tool, &line, false, interrupt).await;
        let answer = Answer::of(&report, code, None, None);
        Answer { failed: answer.failed || code != 0, ..answer }
    }

    /// Runs a command line; whatever becomes of it, there is a report.
    async fn perform(&self, tool: &Tool, line: &[String], dry: bool, interrupt: &Interrupt) -> (Report, u8) {
        let global = Global { dry_run: self.global.dry_run || dry, ..self.global.clone() };
        let printer = Printer { format: Format::Json, color: false, quiet: true };
        let session = Self { global, env: self.env.clone(), printer, told: OnceCell::new(), within: None };
        let (name, ended) =
            match parse(std::iter::once("orca").chain(line.iter().map(String::as_str)).map(OsString::from)) {
                Ok((name, cli)) => (name, Box::pin(session.obey(cli.command, interrupt)).await),
                Err(error) => (tool.name.to_owned(), Err(Error::new(ErrorKind::Usage, words(&error)).into())),
            };
        let report = session.report_of(&name, ended).await;
        let code = exit::code(&report, false, interrupt.exit_code());
        (report, code)
    }
}

/// The words of a wrong command line, without the usage of a program that the client doesn't call.
fn words(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// What goes into a client's configuration.
fn config(args: &Mcp) -> Result<String> {
    let program = std::env::current_exe().context("can't tell where this program is")?;
    let mut line = vec!["mcp"];
    if args.allow_write {
        line.push("--allow-write");
    }
    let config = serde_json::json!({ "mcpServers": { "orca": { "command": program, "args": line } } });
    Ok(serde_json::to_string_pretty(&config)?)
}
