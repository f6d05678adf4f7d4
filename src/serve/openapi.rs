//! The `OpenAPI` document, made from the one table of routes and from the types that are sent and taken.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::api::catalog::EntryBody;
use super::api::types::{
    Changed, Deleted, Detailed, Details, Health, History, LiveService, Node, Repository, Run, Said, Stack,
};
use super::api::writes::{OrderBody, RemovalBody};
use super::problem::Problem;
use super::routes::{For, Op, ROUTES, Route};
use super::seen;
use crate::catalog::context::Project;
use crate::catalog::desk::Shown;

/// The document.
pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schemas =
        settings.with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in
        ROUTES.iter().filter(|route| !route.is_page() || matches!(route.path, "/livez" | "/readyz" | "/metrics"))
    {
        let path = route.path.replace("*}", "}");
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation(route, problem.as_value(), &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "orca serve", "version": env!("CARGO_PKG_VERSION")},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas.take_definitions(true),
        },
    })
}

fn operation(route: &Route, problem: &Value, schemas: &mut SchemaGenerator) -> Value {
    let path = route.path.replace("*}", "}");
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> =
        names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect();
    let mut asks = |name: &str, kind: &str, says: &str| {
        parameters.push(json!({"name": name, "in": "query", "description": says, "schema": {"type": kind}}));
    };
    match route.op {
        Op::Order(..) => {
            asks("wait", "string", "Stay until the swarm has come to rest, at most so long, as 90s");
        }
        Op::ServiceLogs => {
            asks("tail", "integer", "So many lines of each task");
            asks("grep", "string", "Lines with this text alone");
            asks("follow", "boolean", "Server-sent events: each line as it comes");
        }
        Op::ServiceTasks => asks("all", "boolean", "Those that have ended, too"),
        Op::History => asks("limit", "integer", "So many changes"),
        _ => {}
    }
    let compared = seen::of(route.op).filter(|_| route.op != Op::Mcp);
    if compared.is_some() {
        asks("dry_run", "boolean", "Say what would be done, and write nothing");
    }
    if let Some(Ok(with)) = compared {
        let says = format!("The version that was seen, compared with {with}: 412 where that is another one by now");
        asks("version", "integer", &says);
        parameters
            .push(json!({"name": "If-Match", "in": "header", "description": "The same", "schema": {"type": "string"}}));
    }
    let told = match reply(route.op, schemas) {
        Some(schema) => json!({"application/json": {"schema": schema}}),
        None if matches!(route.op, Op::Livez | Op::Readyz | Op::Metrics) => json!({"text/plain": {}}),
        None if matches!(route.op, Op::Events | Op::RunLog) => json!({"text/event-stream": {}}),
        None => json!({"application/json": {}}),
    };
    let status = if route.op == Op::CatalogAdd { "201" } else { "200" };
    let mut operation = json!({
        "summary": route.says, "operationId": id(route), "parameters": parameters,
        "responses": {
            status: {"description": "as asked", "content": told,
                "headers": {"orca-as-of": {"description": "when the swarm was read", "schema": {"type": "string", "format": "date-time"}}}},
            "default": {"description": "why not", "content": {"application/problem+json": {"schema": problem}}},
        },
    });
    if let Some(Err(why)) = seen::of(route.op) {
        operation["description"] = format!("A version that was seen is refused with 400: {why}.").into();
    }
    let planned = match route.op {
        Op::CatalogAdd | Op::CatalogEdit => Some(schemas.subschema_for::<Changed>().to_value()),
        _ => None,
    };
    if let Some(planned) = planned {
        let answers = &mut operation["responses"];
        let content = &mut answers["200"]["content"]["application/json"]["schema"];
        *content = if content.is_null() { planned } else { json!({"anyOf": [content.take(), planned]}) };
        answers["200"]["description"] = "as asked; with `dry_run` what would be done".into();
    }
    if let Some(schema) = body(route.op) {
        operation["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
    }
    if route.whom == For::All {
        operation["security"] = json!([]);
    }
    operation
}

/// As `service-scale`, `nodes`.
fn id(route: &Route) -> String {
    match route.op {
        Op::Order(kind, word) => format!("{}-{word}", format!("{kind:?}").to_lowercase()),
        op => format!("{op:?}"),
    }
}

/// What is answered; none where that is not one type.
fn reply(op: Op, schemas: &mut SchemaGenerator) -> Option<Value> {
    let schema = match op {
        Op::Health => schemas.subschema_for::<Health>(),
        Op::HealthDetailed => schemas.subschema_for::<Detailed>(),
        Op::ServicesLive => schemas.subschema_for::<Vec<LiveService>>(),
        Op::CatalogList => schemas.subschema_for::<Vec<Shown>>(),
        Op::CatalogOne | Op::CatalogAdd | Op::CatalogEdit => schemas.subschema_for::<Shown>(),
        Op::CatalogRemove => schemas.subschema_for::<Changed>(),
        Op::Projects => schemas.subschema_for::<Vec<Project>>(),
        Op::Nodes => schemas.subschema_for::<Vec<Node>>(),
        Op::Node => schemas.subschema_for::<Node>(),
        Op::Stacks => schemas.subschema_for::<Vec<Stack>>(),
        Op::Stack => schemas.subschema_for::<Stack>(),
        Op::Repositories => schemas.subschema_for::<Vec<Repository>>(),
        Op::Tags => schemas.subschema_for::<Repository>(),
        Op::Details => schemas.subschema_for::<Details>(),
        Op::DeleteTag => schemas.subschema_for::<Deleted<'_>>(),
        Op::History => schemas.subschema_for::<History>(),
        Op::Run => schemas.subschema_for::<Run<'_>>(),
        Op::Order(..) => schemas.subschema_for::<Said<'_>>(),
        _ => return None,
    };
    Some(schema.to_value())
}

/// What may be sent along.
fn body(op: Op) -> Option<Value> {
    match op {
        Op::CatalogAdd | Op::CatalogEdit => Some(inline::<EntryBody>()),
        Op::CatalogRemove => Some(inline::<RemovalBody>()),
        Op::Order(..) => Some(inline::<OrderBody>()),
        _ => None,
    }
}

fn inline<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
