use super::*;

const ALL: [Named<'static, u32>; 4] = [
    Named { id: "abc1", name: "web", item: 1 },
    Named { id: "abd2", name: "web_api", item: 2 },
    Named { id: "zz3", name: "twin", item: 3 },
    Named { id: "zz4", name: "twin", item: 4 },
];

#[test]
fn names_ids_and_unique_beginnings_are_found() {
    for (asked, item) in [("web", 1), ("web_", 2), ("abd2", 2), ("abd", 2), ("zz4", 4)] {
        assert_eq!(find("service", asked, &ALL).unwrap(), item, "{asked}");
    }
}

#[test]
fn what_is_ambiguous_or_unknown_is_told() {
    let error = |asked| find("service", asked, &ALL).unwrap_err();
    assert_eq!(error("ab").message, "`ab` may be any of 2 services: `web`, `web_api`");
    assert_eq!(error("twin").message, "`twin` may be any of 2 services: `twin` (zz3), `twin` (zz4)");
    assert_eq!(error("wbe_api").hint.unwrap(), "did you mean `web_api`?");
    assert_eq!(error("wbe").hint.unwrap(), "did you mean `web`?");
    assert_eq!(error("qqq").hint.unwrap(), "`orca services ls` lists all 4");
    assert_eq!(error("").kind, ErrorKind::Usage);
}
