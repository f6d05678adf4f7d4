use super::*;

const NOW: i64 = 1_795_262_400;

/// As `node_exporter` 1.5 prints them.
fn text(replace: &[(&str, &str)]) -> String {
    let mut text = "\
# HELP node_boot_time_seconds Node boot time, in unixtime.
# TYPE node_boot_time_seconds gauge
node_boot_time_seconds 1.795e+09
node_memory_MemAvailable_bytes 4.294967296e+09
node_memory_MemFree_bytes 1.2e+09
node_memory_MemTotal_bytes 8.589934592e+09
node_pressure_memory_stalled_seconds_total 0.5
node_pressure_memory_waiting_seconds_total 1.25
node_time_seconds 1.7952624e+09
node_uname_info{domainname=\"(none)\",machine=\"x86_64\",nodename=\"n1\",release=\"6.1.0\",sysname=\"Linux\",version=\"#1 SMP\"} 1
node_vmstat_oom_kill 3
"
    .to_owned();
    for (from, to) in replace {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

fn judge(text: &str) -> Result<NodeMemory, String> {
    let reading = Reading::parse(text);
    reading.check("n1", Timestamp::from_second(NOW).unwrap(), Duration::from_secs(600))?;
    reading.memory()
}

#[test]
fn used_is_what_is_not_available() {
    let memory = judge(&text(&[])).unwrap();
    assert_eq!((memory.total_bytes, memory.used_bytes), (8 << 30, 4 << 30));
    let counters = Reading::parse(&text(&[])).counters();
    let expected = (Some(1_250_000), Some(500_000), Some(3), Some(1_795_000_000));
    assert_eq!((counters.some_us, counters.full_us, counters.oom_kills, counters.booted_s), expected);
}

#[test]
fn zfs_gives_its_cache_back() {
    let zfs = "node_zfs_arc_size 2147483648\nnode_zfs_arc_c_min 1073741824\n";
    assert_eq!(judge(&(text(&[]) + zfs)).unwrap().used_bytes, 3 << 30);
    // A cache that is smaller than its least gives nothing.
    let small = "node_zfs_arc_size 5\nnode_zfs_arc_c_min 1073741824\n";
    assert_eq!(judge(&(text(&[]) + small)).unwrap().used_bytes, 4 << 30);
}

#[test]
fn what_can_not_be_believed_says_why() {
    for (from, to, why) in [
        ("nodename=\"n1\"", "nodename=\"n2\"", "that of `n2`, not of `n1`"),
        ("node_uname_info", "other", "which machine"),
        ("node_memory_MemAvailable_bytes 4.294967296e+09\n", "", "no node_memory_MemAvailable_bytes"),
        ("4.294967296e+09", "NaN", "no node_memory_MemAvailable_bytes"),
        ("4.294967296e+09", "-1", "no node_memory_MemAvailable_bytes"),
        ("4.294967296e+09", "9e+09", "9000000000 bytes available of 8589934592"),
        ("MemTotal_bytes 8.589934592e+09", "MemTotal_bytes 0", "no node_memory_MemTotal_bytes"),
        ("node_time_seconds 1.7952624e+09", "node_time_seconds 1.795261e+09", "is 23m 20s off, more than 10m"),
        ("node_time_seconds 1.7952624e+09", "node_time_seconds 1e300", "off, more than 10m"),
    ] {
        let error = judge(&text(&[(from, to)])).unwrap_err();
        assert!(error.contains(why), "{to}: {error}");
    }
    assert!(judge("<html>not found</html>").is_err());
    // A body that was cut in the middle of a figure: what is there is read, and the name is missing.
    let whole = text(&[]);
    let cut = whole.split_at(whole.find("nodename").unwrap()).0;
    assert!(judge(cut).unwrap_err().contains("which machine"));
    assert!(judge(&text(&[("node_time_seconds 1.7952624e+09\n", "")])).is_ok());
}
