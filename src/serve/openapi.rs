//! The `OpenAPI` document, made from the one table of routes.

use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::routes::{For, ROUTES};
use crate::report::Report;

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in
        ROUTES.iter().filter(|route| !route.is_page() || matches!(route.path, "/livez" | "/readyz" | "/metrics"))
    {
        let path = route.path.replace("*}", "}");
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<Value> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let mut operation = json!({
            "summary": route.says, "operationId": format!("{:?}", route.op), "parameters": parameters,
            "responses": {
                "200": {"description": "as asked",
                    "headers": {"orca-as-of": {"description": "when the swarm was read", "schema": {"type": "string", "format": "date-time"}}}},
                "default": {"description": "why not", "content": {"application/problem+json":
                    {"schema": {"$ref": "#/components/schemas/Problem"}}}},
            },
        });
        if route.whom == For::All {
            operation["security"] = json!([]);
        }
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "orca serve", "version": env!("CARGO_PKG_VERSION")},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": schema::<Problem>(), "Report": schema::<Report>()},
        },
    })
}

fn schema<T: schemars::JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}
