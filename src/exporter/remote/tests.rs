use super::*;

#[test]
fn values_are_no_part_of_a_script() {
    for value in ["'; touch /tmp/x; '", "$(id)", "a\nb", "`id` \\ \" %s", "-n", ""] {
        let text = with_values("printf '%s|' \"$a\"", &[("a", value)]);
        let output = std::process::Command::new("sh")
            .arg("-s")
            .stdin({
                let mut file = tempfile::tempfile().unwrap();
                std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
                std::io::Seek::rewind(&mut file).unwrap();
                file
            })
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{value}|"));
        assert!(!text.contains("touch") && !text.contains("(id)"));
    }
}

#[test]
fn ssh_gets_no_value_for_an_option_and_checks_host_keys() {
    let target = SshTarget { user: Some("u".into()), host: "h".into(), port: Some(2222), socket: None };
    let args = arguments(&target).join(" ");
    assert_eq!(args, "-o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -T -l u -p 2222 -- h");
}
