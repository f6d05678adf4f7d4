use super::*;

fn get(path: &str) -> Request {
    Request::new("GET", path, "", Vec::new())
}

fn pattern(fault: &mut Fault, requests: usize) -> String {
    (0..requests).map(|_| if fault.strikes(&get("/v1.51/tasks")) { 'x' } else { '.' }).collect()
}

#[test]
fn rules_count_only_what_matches() {
    let mut fault = Fault { every: 3, ..Fault::new(FaultKind::Error500) };
    assert_eq!(pattern(&mut fault, 7), "..x..x.");
    let mut fault = Fault { after: 2, times: Some(2), path: "/tasks".into(), ..Fault::new(FaultKind::Cut) };
    assert!(!fault.strikes(&get("/nodes")));
    assert_eq!(pattern(&mut fault, 6), "..xx..");
    let mut fault = Fault { method: "POST".into(), ..Fault::new(FaultKind::Silence) };
    assert_eq!(pattern(&mut fault, 3), "...");
}

#[test]
fn a_conflict_moves_the_version_and_leaves_a_trace() {
    let mut cluster = Cluster::with_nodes(1, 1);
    let before = cluster.find_node("n1").unwrap().version;
    let request = Request::new("POST", "/nodes/n1/update", "version=1", b"{}".to_vec());
    let verdict = judge(&mut [Fault::new(FaultKind::Conflict)], &request, &mut cluster);
    assert_eq!(verdict, Verdict::default());
    let node = cluster.find_node("n1").unwrap();
    assert!(node.version > before);
    assert_eq!(node.labels["sim.other"], "1");
}
