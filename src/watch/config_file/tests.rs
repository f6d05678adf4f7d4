use super::*;
use crate::settings::SourceKind;

fn sources(text: &str) -> Vec<Source> {
    vec![Source { name: "orca.yml".into(), kind: SourceKind::Main, text: text.into() }]
}

#[test]
fn only_what_is_found_twice_is_told_and_only_once() {
    let mut settling = Settling::new(&Ok(sources("a")));
    let gone = || Err(anyhow::anyhow!("no such file"));
    for (look, told) in [
        (Ok(sources("a")), false),
        // Truncated, written in two goes, whole.
        (Ok(sources("")), false),
        (Ok(sources("b")), false),
        (Ok(sources("b c")), false),
        (Ok(sources("b c")), true),
        (Ok(sources("b c")), false),
        // Removed for a moment.
        (gone(), false),
        (Ok(sources("b c")), false),
        // Removed for good: told once.
        (gone(), false),
        (gone(), true),
        (gone(), false),
        // As it was in the beginning.
        (Ok(sources("a")), false),
        (Ok(sources("a")), true),
    ] {
        assert_eq!(settling.look(&look), told, "{look:?}");
    }
}
