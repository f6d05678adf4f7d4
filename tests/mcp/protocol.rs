//! Two eras, and clients that are none.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::client::{Client, Stage, document};

fn close_at_once(client: Client) {
    assert_eq!(client.close(), (String::new(), Some(0)));
}

#[test]
fn a_client_that_is_gone_at_once_is_no_failure() {
    let stage = Stage::with_web();
    let mut command = stage.orca.command(&["mcp"]);
    let ended = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(0), 0));
    close_at_once(stage.client(&[]));
}

#[test]
fn every_revision_with_a_handshake_is_spoken() {
    let stage = Stage::with_web();
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut client = stage.client(&[]);
        let opened = client.handshake(revision);
        assert_eq!(opened["result"]["protocolVersion"], revision);
        assert_eq!(opened["result"]["serverInfo"]["name"], "orca");
        let answer = client.call("list_services", &json!({}));
        assert_eq!(document(&answer)["report"]["data"]["services"][0]["name"], "web", "{answer}");
        close_at_once(client);
    }
}

#[test]
fn the_revision_without_a_handshake_is_spoken() {
    let stage = Stage::with_web();
    let mut client = stage.client(&[]);
    client.modern();
    // Discovery is for those who want it.
    let answer = client.call("list_services", &json!({}));
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    assert_eq!(document(&answer)["report"]["data"]["services"][0]["name"], "web");
    let told = client.ask("server/discover", json!({}));
    let versions = told["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&"2026-07-28".into()) && versions.contains(&"2025-06-18".into()), "{told}");
    close_at_once(client);
}

#[test]
fn what_is_no_message_does_not_end_the_talk() {
    let stage = Stage::with_web();
    let mut client = stage.client(&[]);
    client.handshake("2025-06-18");
    client.line("this is not JSON");
    client.line(r#"{"jsonrpc": "2.0"}"#);
    let answer = client.call("list_nodes", &json!({}));
    assert_eq!(document(&answer)["report"]["data"]["nodes"].as_array().unwrap().len(), 3);
    close_at_once(client);
}

#[test]
fn a_thousand_calls_in_flight_are_all_answered() {
    let stage = Stage::with_web();
    let mut client = stage.client(&[]);
    client.handshake("2025-06-18");
    let ids: Vec<u64> = (0..1000)
        .map(|_| client.send("tools/call", json!({"name": "get_node", "arguments": {"node": "node-1"}})))
        .collect();
    for id in ids {
        let answer = client.answer(id);
        assert_eq!(document(&answer)["exit_code"], 0, "{answer}");
    }
}

#[test]
fn what_it_prints_for_a_configuration_starts_it() {
    let stage = Stage::with_web();
    let printed = stage.orca.command(&["mcp", "--print-config", "--allow-write"]).output().unwrap();
    let config: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let server = &config["mcpServers"]["orca"];
    assert_eq!(server["command"], env!("CARGO_BIN_EXE_orca"));
    assert_eq!(server["args"], json!(["mcp", "--allow-write"]));
}
