//! The tools as an MCP server, as far as tools need it: one message in, at most one out.
//! <https://modelcontextprotocol.io/specification/2025-06-18/server/tools>

use serde_json::{Value, json};

use super::depot::Depot;

/// The answer to a message, if it wants one.
pub(crate) fn answer(depot: &Depot, message: &str) -> Option<String> {
    let Ok(message) = serde_json::from_str::<Value>(message) else {
        let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "no JSON"}});
        return Some(error.to_string());
    };
    let id = message.get("id")?.clone();
    let params = &message["params"];
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "depot", "version": "1.0.0"},
        }),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": tools() }),
        "tools/call" => call(depot, params),
        _ => {
            let error = json!({"code": -32601, "message": "no such method"});
            return Some(json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
        }
    };
    Some(json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string())
}

fn tools() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    let tool = |name: &str, description: &str, arguments: &[&str], reads: bool| {
        let properties: serde_json::Map<String, Value> =
            arguments.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
        json!({
            "name": name, "description": description,
            "inputSchema": {
                "type": "object", "properties": properties, "required": arguments, "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": reads},
        })
    };
    json!([
        tool("find_parcel", "Finds out where a parcel is, by its number.", &["number"], true),
        tool(
            "book_slot",
            "Books a time at the depot: a weekday, and 09:00, 11:00 or 14:00.",
            &["day", "time"],
            false
        ),
    ])
}

fn call(depot: &Depot, params: &Value) -> Value {
    let argument = |name: &str| params["arguments"][name].as_str().unwrap_or_default();
    let key = params["_meta"]["warmline/idempotencyKey"].as_str().unwrap_or("no key");
    let came = match params["name"].as_str().unwrap_or_default() {
        "find_parcel" => depot.parcel(argument("number")).ok_or("no such parcel"),
        "book_slot" => depot.book(key, argument("day"), argument("time")),
        _ => Err("no such tool"),
    };
    match came {
        Ok(value) => json!({"content": [{"type": "text", "text": value.to_string()}]}),
        Err(error) => json!({"content": [{"type": "text", "text": error}], "isError": true}),
    }
}
