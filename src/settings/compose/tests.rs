use super::parse_compose;
use crate::compose::file::{Attachments, Build, OneOrMany, Pairs, Port};

fn read(texts: &[&str]) -> Result<super::Composed, String> {
    let files: Vec<(String, String)> =
        texts.iter().enumerate().map(|(at, text)| (format!("{at}.yml"), (*text).to_owned())).collect();
    let value = |name: &str| (name == "N").then(|| "3".to_owned());
    let said = |problems: Vec<crate::settings::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    parse_compose(&files, &value).map_err(said)
}

#[test]
fn variables_may_be_numbers_in_quotes_or_not() {
    let composed = read(&["services: {a: {deploy: {replicas: '${N}'}, image: $NOTHING}}"]).unwrap();
    let service = &composed.file.services["a"];
    assert_eq!(service.deploy.as_ref().unwrap().replicas, Some(3));
    assert_eq!(composed.unset, [("NOTHING".to_owned(), "0.yml:1:51".to_owned())]);
}

#[test]
fn later_files_are_put_over_earlier_ones() {
    let base = "services:\n  a: {image: x, command: [a, b], cap_add: [X], ports: ['80:80', '81:81'], environment: [A=1, B=2], volumes: ['v:/v', 'w:/w']}\n";
    let over = "services:\n  a: {command: [c], cap_add: [Y], ports: ['80:90'], environment: {B: 3}, volumes: ['u:/v']}\n  b: {image: y}\n";
    let composed = read(&[base, over]).unwrap();
    let service = &composed.file.services["a"];
    assert_eq!(composed.file.services.len(), 2);
    assert_eq!(service.image.as_deref(), Some("x"));
    assert_eq!(service.command.as_ref().unwrap().split().unwrap(), ["c"]);
    assert_eq!(service.cap_add, ["X", "Y"]);
    assert_eq!((service.ports.len(), service.volumes.len()), (2, 2));
    let environment = service.environment.as_ref().unwrap().pairs();
    assert_eq!((environment["A"].as_deref(), environment["B"].as_deref()), (Some("1"), Some("3")));
}

#[test]
fn what_is_one_word_or_several_is_added_whichever_way_it_is_written() {
    let base = "services: {a: {image: x, build: ./made, env_file: a.env, dns: 1.1.1.1, dns_search: [a.org], \
                extra_hosts: ['h:1.2.3.4'], labels: [a=1]}, b: {image: x, build: {context: ., labels: [a=1, b=2]}}}";
    let over = "services: {a: {build: {args: {A: 1}}, env_file: [b.env], dns: [8.8.8.8], dns_search: b.org, \
                extra_hosts: {g: 4.3.2.1}, labels: {a: 2}}, b: {build: {labels: {b: 3, c: 4}}}}";
    let composed = read(&[base, over]).unwrap();
    let a = &composed.file.services["a"];
    assert_eq!(OneOrMany::list(a.env_file.as_ref()), ["a.env", "b.env"]);
    assert_eq!(OneOrMany::list(a.dns.as_ref()), ["1.1.1.1", "8.8.8.8"]);
    assert_eq!(OneOrMany::list(a.dns_search.as_ref()), ["a.org", "b.org"]);
    let Some(Pairs::List(hosts)) = &a.extra_hosts else { panic!("{:?}", a.extra_hosts) };
    assert_eq!(hosts, &["h:1.2.3.4", "g:4.3.2.1"]);
    let build = |name: &str| match &composed.file.services[name].build {
        Some(Build::Map(build)) => (**build).clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(build("a").context.as_deref(), Some("./made"), "a folder stays though something is added to it");
    let labels = Pairs::texts(build("b").labels.as_ref());
    assert_eq!(labels.into_iter().map(|(key, value)| key + &value).collect::<Vec<_>>(), ["a1", "b3", "c4"]);
}

#[test]
fn a_port_is_the_same_if_others_find_it_at_the_same_number() {
    let ports = |base: &str, over: &str| {
        let file = |ports: &str| format!("services: {{a: {{image: x, ports: {ports}}}}}");
        let composed = read(&[&file(base), &file(over)]).unwrap();
        let shown = composed.file.services["a"].ports.iter().map(|port| match port {
            Port::Text(text) => text.clone(),
            Port::Map(long) => format!("{}:{}!", long.published.unwrap_or(0), long.target),
        });
        shown.collect::<Vec<_>>()
    };
    assert_eq!(ports("['127.0.0.1:8080:80']", "['8080:90']"), ["8080:90"]);
    assert_eq!(ports("['[::1]:8080:80']", "['0.0.0.0:8080:90']"), ["0.0.0.0:8080:90"]);
    assert_eq!(ports("['8080:80', '81:81']", "[{target: 90, published: 8080}]"), ["81:81", "8080:90!"]);
    assert_eq!(ports("[{target: 90, published: 8080}]", "['8080:80']"), ["8080:80"]);
    assert_eq!(ports("['7000-7002:70-72/udp']", "['7001:99/udp']"), ["7000:70/udp", "7002:72/udp", "7001:99/udp"]);
    assert_eq!(ports("['53:53/udp']", "['53:53']"), ["53:53/udp", "53:53"], "two protocols, two ports");
    assert_eq!(ports("['80', {target: 81}]", "['80/tcp', 82]"), ["0:81!", "80/tcp", "82"]);
}

#[test]
fn what_has_a_driver_is_not_mixed() {
    let base = "services: {a: {image: x, logging: {driver: json-file, options: {a: b}}, networks: {n: {aliases: [x]}, m: {aliases: [z]}}}}\n\
                networks: {n: {labels: {a: b}, attachable: true}, m: {internal: true}}";
    let over = "services: {a: {logging: {driver: syslog, options: {c: d}}, networks: {n: {aliases: [y]}, m: }}}\n\
                networks: {n: {labels: {c: d}}}";
    let composed = read(&[base, over]).unwrap();
    let a = &composed.file.services["a"];
    assert_eq!(a.logging.as_ref().unwrap().options.keys().collect::<Vec<_>>(), ["c"]);
    let Some(Attachments::Map(networks)) = &a.networks else { panic!("{:?}", a.networks) };
    assert_eq!(networks["n"].as_ref().unwrap().aliases, ["y"]);
    assert_eq!(networks["m"].as_ref().unwrap().aliases, ["z"]);
    let network = composed.file.networks["n"].as_ref().unwrap();
    assert_eq!((network.attachable, Pairs::texts(network.labels.as_ref()).len()), (None, 1));
    assert_eq!(composed.file.networks["m"].as_ref().unwrap().internal, Some(true));
    let same = read(&[base, "services: {a: {logging: {options: {c: d}}}}"]).unwrap();
    assert_eq!(same.file.services["a"].logging.as_ref().unwrap().options.len(), 2);
}

#[test]
fn mistakes_of_every_file_are_told_at_their_places() {
    let said = read(&["services: {a: {imag: x}}", "services:\n  a: {image: x, image: y}\n", "\n"]).unwrap_err();
    for place in ["0.yml:1:16: unknown key", "1.yml:2:17: duplicate key", "2.yml:1:1: there is nothing in it"] {
        assert!(said.contains(place), "{place}: {said}");
    }
}

#[test]
fn notes_of_the_user_are_left_alone() {
    let text = "x-note: '${not a variable'\nx-base: &base {image: '$N'}\nservices: {a: {<<: *base, x-mine: 1}}";
    let composed = read(&[text]).unwrap();
    assert_eq!(composed.file.services["a"].image.as_deref(), Some("3"));
}

#[test]
fn a_name_that_begins_like_a_note_is_a_name_where_names_are_free() {
    let text = "services: {x-a: {image: 'i$N', labels: {x-l: '$N'}, environment: {x-e: '$N'}, sysctls: {x-s: '$N'}, \
                build: {context: ., x-note: '${', args: {x-b: '$N'}}, logging: {options: {x-o: '$N'}}}}\n\
                volumes: {x-v: {driver_opts: {x-d: '$N'}, x-note: '${'}}";
    let composed = read(&[text]).unwrap();
    let service = &composed.file.services["x-a"];
    assert_eq!(service.image.as_deref(), Some("i3"));
    let volume = composed.file.volumes["x-v"].as_ref().unwrap();
    let Some(Build::Map(build)) = &service.build else { panic!("{:?}", service.build) };
    let pairs = |pairs: &Option<Pairs>| Pairs::texts(pairs.as_ref()).into_values().next().unwrap();
    for value in [
        pairs(&service.labels),
        pairs(&service.environment),
        pairs(&service.sysctls),
        pairs(&build.args),
        volume.driver_opts["x-d"].clone(),
        service.logging.as_ref().unwrap().options["x-o"].clone().unwrap(),
    ] {
        assert_eq!(value, "3");
    }
}
