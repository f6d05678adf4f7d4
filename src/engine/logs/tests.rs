use super::*;

fn frame(message: &str) -> Vec<u8> {
    let mut bytes = vec![1, 0, 0, 0];
    bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend(message.as_bytes());
    bytes
}

#[test]
fn frames_are_taken_apart_wherever_they_are_cut() {
    let details = "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s,com.docker.swarm.task.id=t";
    let whole =
        [frame(&format!("{details} {{\"a\": 1}}\n")), frame("no details here\n"), frame(&format!("{details} b\n"))]
            .concat();
    let expected = ["{\"a\": 1}", "b"].map(|text| LogLine { node: "n1".to_owned(), text: text.to_owned() });
    for cut in 0..whole.len() {
        let mut rest = whole[..cut].to_vec();
        let mut lines = take_lines(&mut rest).unwrap();
        rest.extend_from_slice(&whole[cut..]);
        lines.extend(take_lines(&mut rest).unwrap());
        assert_eq!((lines.as_slice(), rest.len()), (expected.as_slice(), 0), "cut at {cut}");
    }
}

#[test]
fn messages_tell_when_and_where_to() {
    let (at, text) = (Some("2026-11-21T12:00:00.5Z".parse().unwrap()), "a b".to_owned());
    assert_eq!(message(2, "2026-11-21T12:00:00.500000000Z a b\r\n"), Message { at, stderr: true, text });
    let plain = Message { at: None, stderr: false, text: "no stamp".to_owned() };
    assert_eq!(message(1, "no stamp"), plain);
    assert_eq!(message(1, "2026-11-21T12:00:00.5Z ").text, "");
}

#[test]
fn what_is_no_log_is_not_waited_for() {
    assert!(take_lines(&mut b"HTTP error page".to_vec()).is_err());
}
