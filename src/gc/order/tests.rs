use super::*;

#[test]
fn an_answer_comes_through_a_log_in_any_order_and_twice() {
    let error = Error::new(ErrorKind::Failed, "näher\n\"quoted\"").hint("go on");
    let name = "n".repeat(3 * CHUNK);
    let visited = Visited { name: name.clone(), freed: 7, error: Some(error.into()), ..Visited::default() };
    let said = lines(visited).unwrap();
    assert!(said.lines().count() > 3 && said.lines().all(|line| line.len() < 16 * 1024));
    let mut heard = Heard::default();
    for line in said.lines().rev().chain(["orca: not a part", "{}"]) {
        assert!(heard.answer().is_none() || !line.contains("\"of\""));
        heard.take(line);
    }
    said.lines().for_each(|line| heard.take(line));
    let visited = heard.answer().unwrap().unwrap();
    assert_eq!((visited.name, visited.freed), (name, 7));
    let error = visited.error.unwrap();
    assert_eq!((error.to_string().as_str(), crate::error::hint_of(&error)), ("näher\n\"quoted\"", Some("go on")));
}

#[test]
fn an_order_that_fits_no_config_is_refused() {
    let mut order = GcOrder::new("run", "cluster", Keep::default(), &Gc::default());
    assert!(order.data().is_ok());
    order.volumes.insert("v".repeat(MOST_BYTES));
    assert!(order.data().unwrap_err().to_string().contains("a config object at most"));
}

#[test]
fn only_an_order_of_the_same_schema_is_carried_out() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let order = GcOrder::new("run", "cluster", Keep::default(), &Gc { grace: Duration::from_secs(5), ..Gc::default() });
    std::fs::write(file.path(), serde_json::to_string(&order).unwrap()).unwrap();
    assert_eq!(GcOrder::load(file.path()).unwrap(), order);
    std::fs::write(file.path(), serde_json::to_string(&order).unwrap().replace("order/2", "order/1")).unwrap();
    assert!(GcOrder::load(file.path()).unwrap_err().to_string().contains("`orca.gc.order/2`"));
}
