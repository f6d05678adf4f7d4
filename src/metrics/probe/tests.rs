use super::*;

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn proc(root: &Path) {
    write(root, "meminfo", "MemTotal:       8192 kB\nMemFree:  1 kB\nMemAvailable:   2048 kB\nHugePages_Total:  0\n");
    write(root, "vmstat", "nr_free_pages 1\noom_kill 7\n");
    write(root, "pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=123\nfull avg10=0.00 total=45\n");
    write(root, "stat", "cpu  1 2\nbtime 1700000000\n");
    write(
        root,
        "spl/kstat/zfs/arcstats",
        "name type data\nc_min                           4    1048576\nsize                            4    2097152\n",
    );
}

fn told(root: &Path) -> Told {
    let mut told = Told::default();
    look(&root.join("proc"), &root.join("cgroup")).unwrap().lines().for_each(|line| {
        assert!(told.memory().is_none(), "not all of it was said");
        told.take(line);
    });
    told
}

#[test]
fn a_machine_with_version_2() {
    let root = tempfile::tempdir().unwrap();
    proc(&root.path().join("proc"));
    let (systemd, plain) = ("a1".repeat(32), "b2".repeat(32));
    for (dir, usage) in [
        (format!("system.slice/docker-{systemd}.scope"), 900),
        (format!("lab/x/ctr/{plain}"), 700),
        // Cgroups of a container's own are counted in it.
        (format!("lab/x/ctr/{plain}/{}", "c3".repeat(32)), 600),
        ("user.slice".to_owned(), 500),
    ] {
        let at = |file: &str| format!("cgroup/{dir}/{file}");
        write(root.path(), &at("memory.current"), &format!("{usage}\n"));
        write(root.path(), &at("memory.stat"), "anon 300\nfile 100\ninactive_file 50\nsock 1\n");
        write(root.path(), &at("memory.swap.current"), "9\n");
    }
    let told = told(root.path());
    let (node, counters, containers) = told.memory().unwrap();
    assert_eq!((node.total_bytes, node.used_bytes), (8 << 20, 5 << 20));
    let expected =
        Counters { some_us: Some(123), full_us: Some(45), oom_kills: Some(7), booted_s: Some(1_700_000_000) };
    assert_eq!(counters, expected);
    let memory = |working_set_bytes| TaskMemory { footprint_bytes: 310, working_set_bytes, ..TaskMemory::default() };
    assert_eq!(containers, &BTreeMap::from([(systemd, memory(850)), (plain, memory(650))]));
}

#[test]
fn a_machine_with_version_1() {
    let root = tempfile::tempdir().unwrap();
    proc(&root.path().join("proc"));
    let id = "0f".repeat(32);
    let at = |file: &str| format!("cgroup/memory/docker/{id}/{file}");
    write(root.path(), "cgroup/memory/memory.stat", "total_rss 1\n");
    write(root.path(), &at("memory.usage_in_bytes"), "900\n");
    write(root.path(), &at("memory.stat"), "rss 5\ntotal_rss 300\ntotal_shmem 20\ntotal_inactive_file 100\n");
    write(root.path(), &format!("cgroup/cpu/docker/{id}/cpu.shares"), "1\n");
    let told = told(root.path());
    let (_, _, containers) = told.memory().unwrap();
    let expected = TaskMemory { footprint_bytes: 320, working_set_bytes: 800, ..TaskMemory::default() };
    assert_eq!(containers, &BTreeMap::from([(id, expected)]));
}

#[test]
fn noise_and_losses_are_no_answer() {
    let root = tempfile::tempdir().unwrap();
    assert!(look(root.path(), root.path()).unwrap_err().to_string().contains("doesn't tell MemTotal"));
    let mut told = Told::default();
    for line in [
        "",
        "sh: orca: not found",
        "{\"x\": 1}",
        "{\"schema\": \"other\", \"total_bytes\": 1, \"available_bytes\": 0, \"arc_bytes\": 0}",
    ] {
        told.take(line);
    }
    told.take("{\"containers\": 0}");
    assert!(told.memory().is_none());
    proc(root.path());
    let text = look(root.path(), root.path()).unwrap();
    told.take(text.lines().next().unwrap());
    assert!(told.memory().is_some());
    // One container that was said to be there is missing.
    told.take("{\"containers\": 1}");
    assert!(told.memory().is_none());
}
