//! The one table of all that can be asked for. The router, the `OpenAPI` document and the metrics are made from it.

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::orders::Kind;
use super::problem::Problem;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Livez,
    Readyz,
    Metrics,
    Asset,
    OpenApi,
    Events,
    Mcp,
    Login,
    Enter,
    Leave,
    Health,
    HealthDetailed,
    HealthReport,
    ServicesLive,
    ServiceLive,
    ServiceTasks,
    ServiceDiff,
    ServiceLogs,
    Nodes,
    Node,
    NodeImpact,
    Stacks,
    Stack,
    Repositories,
    Tags,
    Details,
    History,
    PageFront,
    PageServices,
    PageService,
    PageLogs,
    PageNodes,
    PageNode,
    PageStacks,
    PageRegistry,
    PageRepository,
    PageHistory,
    PagePlans,
    PageProjects,
    Order(Kind, &'static str),
    CatalogList,
    CatalogOne,
    CatalogAdd,
    CatalogEdit,
    CatalogRemove,
    Projects,
    PageCatalog,
    DeleteTag,
    Runs,
    Run,
    RunLog,
    PageOrder(Kind),
    BeginOrder(Kind),
    PageRun,
}

/// Whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Whoever reaches the server.
    All,
    /// Who may look.
    Look,
    /// Who may change.
    Change,
}

/// One thing that can be asked for.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: Method,
    /// `{name}` is one segment, `{name*}` one or more.
    pub(super) path: &'static str,
    pub(super) op: Op,
    pub(super) whom: For,
    pub(super) says: &'static str,
}

impl Route {
    /// Whether it is a page for browsers.
    pub(super) fn is_page(&self) -> bool {
        !self.path.starts_with("/api/") && self.op != Op::Mcp
    }
}

const fn get(path: &'static str, op: Op, says: &'static str) -> Route {
    Route { method: Method::GET, path, op, whom: For::Look, says }
}

const fn open(method: Method, path: &'static str, op: Op, says: &'static str) -> Route {
    Route { method, path, op, whom: For::All, says }
}

const fn post(path: &'static str, op: Op, says: &'static str) -> Route {
    Route { method: Method::POST, path, op, whom: For::Change, says }
}

const fn change(method: Method, path: &'static str, op: Op, says: &'static str) -> Route {
    Route { method, path, op, whom: For::Change, says }
}

const fn order(path: &'static str, kind: Kind, word: &'static str, says: &'static str) -> Route {
    post(path, Op::Order(kind, word), says)
}

/// All of it; of two that fit the first is meant.
pub(super) static ROUTES: &[Route] = &[
    open(Method::GET, "/livez", Op::Livez, "The process is there"),
    open(Method::GET, "/readyz", Op::Readyz, "The engine answers"),
    get("/metrics", Op::Metrics, "What was counted, as Prometheus text"),
    open(Method::GET, "/assets/{name}", Op::Asset, "Style and script of the pages"),
    open(Method::GET, "/login", Op::Login, "Where a browser shows its token"),
    open(Method::POST, "/login", Op::Enter, "A browser shows its token"),
    open(Method::POST, "/logout", Op::Leave, "A browser goes"),
    open(Method::GET, "/api/health", Op::Health, "The server is there, and its version"),
    get("/api/health/detailed", Op::HealthDetailed, "Whether the swarm can be read, and what is wrong in it"),
    get("/api/health/report", Op::HealthReport, "The verdict of `orca health`, with names"),
    get("/api/openapi.json", Op::OpenApi, "This list, as OpenAPI"),
    get("/api/events", Op::Events, "Server-sent events: `changed` whenever something is different"),
    Route {
        method: Method::POST,
        path: "/mcp",
        op: Op::Mcp,
        whom: For::Look,
        says: "The tools of `orca mcp`; those that change something for who may",
    },
    get("/api/services/live", Op::ServicesLive, "All services of the swarm"),
    get("/api/services/live/{name}", Op::ServiceLive, "One service in full, secrets masked"),
    get("/api/services/live/{name}/tasks", Op::ServiceTasks, "Its tasks, and why those wait that wait"),
    get("/api/services/live/{name}/diff", Op::ServiceDiff, "What its last update has changed"),
    get("/api/services/{name}/logs", Op::ServiceLogs, "What its tasks print"),
    get("/api/services", Op::CatalogList, "The catalog: services as they are defined, and how they stand"),
    change(Method::POST, "/api/services", Op::CatalogAdd, "Takes a definition into the catalog"),
    get("/api/services/{name}", Op::CatalogOne, "One service of the catalog"),
    change(Method::PUT, "/api/services/{name}", Op::CatalogEdit, "Another definition in place of this one"),
    change(Method::DELETE, "/api/services/{name}", Op::CatalogRemove, "Out of the catalog; what runs goes on"),
    order("/api/services/{name}/deploy", Kind::Entry, "deploy", "The swarm as the definition says: made, or changed"),
    order("/api/services/{name}/build", Kind::Entry, "build", "An image of its build context, sent to its registry"),
    get("/api/projects", Op::Projects, "The folders that images can be built of"),
    get("/api/nodes", Op::Nodes, "All nodes"),
    get("/api/nodes/{id}", Op::Node, "One node, by id or name"),
    get("/api/nodes/{id}/impact", Op::NodeImpact, "What becomes of its tasks if it is drained"),
    get("/api/stacks", Op::Stacks, "All stacks"),
    get("/api/stacks/{name}", Op::Stack, "One stack"),
    get("/api/registry/repositories", Op::Repositories, "All repositories of the registry"),
    get("/api/registry/repositories/{name*}/tags", Op::Tags, "The tags of a repository"),
    get("/api/registry/repositories/{name*}/details", Op::Details, "What each tag stands for"),
    get("/api/history", Op::History, "The changes that orca made on this host, newest first"),
    get("/api/runs", Op::Runs, "What was begun over HTTP, newest first"),
    get("/api/runs/{id}", Op::Run, "One run, and its report once it has ended"),
    get(
        "/api/runs/{id}/log",
        Op::RunLog,
        "Server-sent events: each `line` that it prints, as a build does, and its `end`",
    ),
    order("/api/services/{name}/scale", Kind::Service, "scale", "So many replicas"),
    order("/api/services/{name}/stop", Kind::Service, "stop", "No replicas; how many there were is remembered"),
    order("/api/services/{name}/start", Kind::Service, "start", "The replicas from before"),
    order("/api/services/{name}/restart", Kind::Service, "restart", "New tasks of the same specification"),
    order("/api/services/{name}/rollback", Kind::Service, "rollback", "The specification before"),
    order(
        "/api/services/{name}/refresh-auth",
        Kind::Service,
        "refresh-auth",
        "The credentials of today for its registry",
    ),
    order("/api/services/{name}/update", Kind::Service, "update", "What its tag stands for now, proven or rolled back"),
    order("/api/stacks/{name}/restart", Kind::Stack, "restart", "New tasks for each of its services"),
    order("/api/stacks/{name}/stop", Kind::Stack, "stop", "No replicas of any of them"),
    order("/api/stacks/{name}/start", Kind::Stack, "start", "The replicas from before"),
    order("/api/stacks/{name}/update", Kind::Stack, "update", "What their tags stand for now"),
    order(
        "/api/nodes/{id}/drain",
        Kind::Node,
        "drain",
        "No tasks; refused where one finds no other node, unless forced",
    ),
    order("/api/nodes/{id}/activate", Kind::Node, "activate", "Tasks again"),
    order("/api/nodes/{id}/pause", Kind::Node, "pause", "No new tasks"),
    order("/api/nodes/{id}/labels", Kind::Node, "labels", "Sets labels, and removes those whose value is null"),
    Route {
        method: Method::DELETE,
        path: "/api/registry/repositories/{name*}/tags/{tag}",
        op: Op::DeleteTag,
        whom: For::Change,
        says: "Removes what a tag stands for, and with it every tag that stands for the same",
    },
    get("/services/{name}/do/{action}", Op::PageOrder(Kind::Service), "What an order would do"),
    post("/services/{name}/do/{action}", Op::BeginOrder(Kind::Service), "It is done"),
    get("/stacks/{name}/do/{action}", Op::PageOrder(Kind::Stack), "What an order would do"),
    post("/stacks/{name}/do/{action}", Op::BeginOrder(Kind::Stack), "It is done"),
    get("/nodes/{id}/do/{action}", Op::PageOrder(Kind::Node), "What an order would do"),
    post("/nodes/{id}/do/{action}", Op::BeginOrder(Kind::Node), "It is done"),
    get("/runs/{id}", Op::PageRun, "One run"),
    get("/", Op::PageFront, "What is wrong, what is under way, what is there"),
    get("/services", Op::PageServices, "All services"),
    get("/services/{name}", Op::PageService, "One service"),
    get("/services/{name}/logs", Op::PageLogs, "What its tasks print"),
    get("/nodes", Op::PageNodes, "All nodes"),
    get("/nodes/{id}", Op::PageNode, "One node"),
    get("/catalog", Op::PageCatalog, "The catalog"),
    get("/catalog/{name}/do/{action}", Op::PageOrder(Kind::Entry), "What an order would do"),
    post("/catalog/{name}/do/{action}", Op::BeginOrder(Kind::Entry), "It is done"),
    get("/stacks", Op::PageStacks, "All stacks"),
    get("/registry", Op::PageRegistry, "The registry's repositories"),
    get("/registry/{name*}", Op::PageRepository, "One repository"),
    get("/plans", Op::PagePlans, "What the passes would do now"),
    get("/projects", Op::PageProjects, "The folders that images can be built of"),
    get("/history", Op::PageHistory, "What orca has changed"),
];

/// A route and what its path names.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) route: &'static Route,
    /// What stands for `{name}`, decoded.
    pub(super) names: Vec<String>,
}

/// What a request asks for.
///
/// # Errors
/// 404 where there is nothing, 405 where it can't be done to what is there.
pub(super) fn find(method: &Method, path: &str) -> Result<Found, Problem> {
    let segments = segments(path).ok_or_else(Problem::nothing_here)?;
    let asked = if *method == Method::HEAD { &Method::GET } else { method };
    let mut others = Vec::new();
    for route in ROUTES {
        let Some(names) = fits(route.path, &segments) else { continue };
        if route.method == *asked {
            return Ok(Found { route, names });
        }
        others.push(route.method.as_str());
    }
    if others.is_empty() {
        return Err(Problem::nothing_here());
    }
    let text = format!("{method} can't be done here, but {}", others.join(" and "));
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text))
}

/// The parts of a path, each decoded once. None where one could mean another place than it seems to.
fn segments(path: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix('/')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let whole = percent_decode_str(rest).decode_utf8().ok()?;
    // What was an encoded slash is one.
    let segments: Vec<String> = whole.split('/').map(str::to_owned).collect();
    let odd = |segment: &String| {
        segment.is_empty()
            || matches!(segment.as_str(), "." | "..")
            || segment.contains('\\')
            // Encoded twice: whoever is asked next might decode it once more.
            || segment.to_ascii_lowercase().contains("%2e")
            || segment.to_ascii_lowercase().contains("%2f")
            || segment.contains(char::is_control)
    };
    (!segments.iter().any(odd)).then_some(segments)
}

/// What a pattern's names stand for, where it fits.
fn fits(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let parts: Vec<&str> = pattern.trim_start_matches('/').split('/').filter(|part| !part.is_empty()).collect();
    let many = parts.iter().position(|part| part.ends_with("*}"));
    let spare = segments.len().checked_sub(parts.len())?;
    if spare > 0 && many.is_none() {
        return None;
    }
    let (mut names, mut at) = (Vec::new(), 0);
    for (number, part) in parts.iter().enumerate() {
        let taken = if many == Some(number) { 1 + spare } else { 1 };
        let these = segments.get(at..at + taken)?;
        at += taken;
        if part.starts_with('{') {
            names.push(these.join("/"));
        } else if these != [*part] {
            return None;
        }
    }
    Some(names)
}

/// What follows the `?`, or a form: decoded, in order.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(path: &str) -> Option<(Op, Vec<String>)> {
        find(&Method::GET, path).ok().map(|found| (found.route.op, found.names))
    }

    #[test]
    fn names_are_taken_out_of_paths() {
        assert_eq!(op("/"), Some((Op::PageFront, Vec::new())));
        assert_eq!(op("/api/services/live"), Some((Op::ServicesLive, Vec::new())));
        assert_eq!(op("/api/services/web%20x/logs"), Some((Op::ServiceLogs, vec!["web x".to_owned()])));
        assert_eq!(op("/api/registry/repositories/team/app/tags"), Some((Op::Tags, vec!["team/app".to_owned()])));
        assert_eq!(op("/api/registry/repositories/tags"), None);
    }

    #[test]
    fn whatever_changes_something_is_in_the_document_or_begun_by_a_form() {
        // What is in the document is tried out there: that a dry run writes nothing, and a version that was seen is heeded.
        for route in ROUTES.iter().filter(|route| route.is_page() && route.method != Method::GET) {
            assert!(matches!(route.op, Op::BeginOrder(_) | Op::Enter | Op::Leave), "{} {}", route.method, route.path);
        }
        for route in ROUTES.iter().filter(|route| !route.is_page() && route.method != Method::GET) {
            assert!(super::super::seen::of(route.op).is_some(), "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn no_path_leads_out() {
        for path in [
            "/assets/..",
            "/assets/%2e%2e",
            "/assets/%2E%2e%2Forca.yml",
            "/assets/%252e%252e",
            "/assets/%252e%252e%252fx",
            "/assets/..%5c..",
            "/assets/%00",
            "//",
            "/assets//app.js",
            "/services/./x",
            "",
            "assets",
            "/services/%ff",
        ] {
            assert_eq!(op(path), None, "{path}");
        }
        assert_eq!(find(&Method::PUT, "/services").unwrap_err().status, 405);
    }

    #[test]
    fn forms_are_decoded() {
        assert_eq!(
            pairs("a=1+2&b=%26&c"),
            [("a", "1 2"), ("b", "&"), ("c", "")].map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }
}
