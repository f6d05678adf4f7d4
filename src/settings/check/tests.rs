use serde_json::json;

use super::*;
use crate::settings::tree;

/// What later sections will need beyond today's: numbers with bounds, required keys, words by `oneOf`.
#[test]
fn knows_what_schemars_writes() {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "count": {"type": "integer", "minimum": 1},
            "share": {"type": ["number", "null"], "minimum": 0.5},
            "mode": {"oneOf": [{"const": "one", "type": "string"}, {"enum": ["two", "three"]}]},
            "part": {"$ref": "#/$defs/Part"},
        },
        "$defs": {"Part": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
    });
    let cases = [
        ("{count: 1, share: 0.5, mode: two, part: {name: 5}}", vec![]),
        ("{count: 0}", vec![r#"count must be a whole number of at least 1, not "0""#]),
        ("{count: '3'}", vec![r#"count must be a whole number of at least 1, not the quoted text "3""#]),
        ("{count: 1.5}", vec![r#"count must be a whole number of at least 1, not "1.5""#]),
        ("{share: nan}", vec![r#"share must be a number of at least 0.5, not "nan""#]),
        ("{share: }", vec![]),
        ("{mode: four}", vec![r#"mode must be one, two or three, not "four""#]),
        ("{part: {}}", vec![r#"part needs the key "name""#]),
        ("{part: {nam: x}}", vec![r#"part needs the key "name""#]),
    ];
    for (text, expected) in cases {
        let mut log = Log::new(vec!["t"]);
        let mut node = tree::read(0, text, &mut log).unwrap();
        check(&mut node, &schema, &schema, "", &mut log);
        let found: Vec<String> = log.finish().into_iter().map(|problem| problem.message).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn cuts_out_what_is_wrong() {
    let schema = json!({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "boolean"}}});
    let mut log = Log::new(vec!["t"]);
    let mut node = tree::read(0, "{a: [yes, maybe, off], b: x}", &mut log).unwrap();
    assert!(check(&mut node, &schema, &schema, "", &mut log));
    assert_eq!(log.finish().len(), 2);
    let Kind::Map(entries) = node.kind else { panic!() };
    let [(_, Node { kind: Kind::List(items), .. })] = entries.as_slice() else { panic!() };
    assert_eq!(items.iter().map(Node::text).collect::<Vec<_>>(), ["yes", "off"]);
}
