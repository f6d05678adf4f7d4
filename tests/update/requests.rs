//! What a pass costs.

use serde_json::json;

use super::plan::digest;
use super::stage::Stage;

#[test]
fn two_hundred_services_of_forty_images_are_forty_questions() {
    let stage = Stage::new();
    for image in 0..40 {
        stage.publish(&format!("r.invalid/i{image}:1"), 'a');
    }
    for number in 0..200 {
        let image = format!("r.invalid/i{}:1@{}", number % 40, digest('a'));
        let spec = json!({"Name": format!("s{number:03}"), "Mode": {"Replicated": {"Replicas": 1}},
            "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {}}});
        stage.sim.engine.post("/services/create", &spec).unwrap();
    }
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["summary"]["unchanged"]), (0, &json!(200)), "{report:#}");
    assert_eq!((stage.count("GET /distribution/"), stage.writes()), (40, 0));
    let total = stage.sim.requests().unwrap()["total"].as_u64().unwrap();
    assert_eq!(total, 45, "the look at the swarm is five");
}
