//! The protocol: both eras of it (revision 2026-07-28 without a handshake, and those before it with `initialize`), by the
//! official crate.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as Told, ToolAnnotations,
};
use rmcp::service::{QuitReason, RequestContext, RoleServer, ServerInitializeError, ServiceExt as _};
use tokio::sync::{mpsc, oneshot};

use super::answer::{self, Answer};
use super::asked::{Asked, schema};
use super::tools::{TOOLS, Tool, find};

/// What a client is told of orca.
const ABOUT: &str = "orca looks after a Docker Swarm. Every tool is one bounded pass over the swarm and answers with its \
    report. Begin with get_health. Tools that change something are there only where orca was started with --allow-write; \
    called without plan_id or confirm they change nothing and return a plan with its id. Whatever was cut is named in \
    `truncated`.";

/// A call of a tool, for whoever runs commands.
#[derive(Debug)]
pub struct Call {
    /// The tool.
    pub tool: &'static Tool,
    /// What it is asked for.
    pub asked: Asked,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// Speaks with one client.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where calls go.
    pub calls: mpsc::Sender<Call>,
    /// Tools that write are there.
    pub writes: bool,
}

impl Server {
    /// Speaks over stdin and stdout until the client closes them, or is gone before it has said a word.
    ///
    /// # Errors
    /// If what the client says is not the protocol.
    pub async fn on_stdio(self) -> Result<()> {
        let running = match self.serve(rmcp::transport::stdio()).await {
            Ok(running) => running,
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(error).context("the client did not open the protocol"),
        };
        match running.waiting().await? {
            QuitReason::JoinError(error) => Err(error).context("the server broke down"),
            _ => Ok(()),
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("orca", env!("CARGO_PKG_VERSION"));
        info.instructions = Some(ABOUT.to_owned());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = TOOLS.iter().filter(|tool| self.writes || !tool.effect.writes()).map(told).collect();
        Ok(ListToolsResult { tools, ..ListToolsResult::default() })
    }

    fn get_tool(&self, name: &str) -> Option<Told> {
        find(name, self.writes).map(told)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = find(&request.name, self.writes) else {
            return Err(ErrorData::invalid_params(format!("there is no tool `{}`", request.name), None));
        };
        let answer = match Asked::read(&tool.takes(), &request.arguments.unwrap_or_default()) {
            Ok(asked) => self.ask(tool, asked).await,
            Err(why) => Answer::refused(&why),
        };
        let text = vec![ContentBlock::text(answer.document.to_string())];
        let mut result = if answer.failed { CallToolResult::error(text) } else { CallToolResult::success(text) };
        result.structured_content = Some(answer.document);
        Ok(result.into())
    }
}

impl Server {
    async fn ask(&self, tool: &'static Tool, asked: Asked) -> Answer {
        let (answer, answered) = oneshot::channel();
        let sent = self.calls.send(Call { tool, asked, answer }).await;
        let answered = if sent.is_ok() { answered.await.ok() } else { None };
        answered.unwrap_or_else(|| Answer::refused("orca is ending; whether it was done is not known: ask get_history"))
    }
}

fn told(tool: &Tool) -> Told {
    let object = |schema| Arc::<JsonObject>::new(schema);
    let mut told = Told::new(tool.name, tool.about, object(schema(&tool.takes())));
    told.title = Some(tool.title.to_owned());
    told.output_schema = Some(object(answer::schema()));
    let writes = tool.effect.writes();
    let destroys = tool.effect == super::tools::Effect::Removes;
    let annotations = ToolAnnotations::from_raw(
        Some(tool.title.to_owned()),
        Some(!writes),
        Some(destroys),
        Some(tool.idempotent),
        Some(false),
    );
    told.annotations = Some(annotations);
    told
}
