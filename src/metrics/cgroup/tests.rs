use super::*;

#[test]
fn of_version_2() {
    let stat = "anon 1000\nfile 900\nkernel_stack 30\npagetables 20\nsock 5\nshmem 100\ninactive_file 600\nslab_unreclaimable 45\nslab_reclaimable 7\nbroken\nx y\n";
    let memory = memory(2000, &fields(stat), 11).unwrap();
    assert_eq!((memory.footprint_bytes, memory.working_set_bytes), (1211, 1400));
}

#[test]
fn of_version_1() {
    let stat = "cache 900\nrss 1\ntotal_rss 1000\ntotal_shmem 100\ntotal_swap 3\ntotal_inactive_file 600\n";
    let found = memory(2000, &fields(stat), 0).unwrap();
    assert_eq!((found.footprint_bytes, found.working_set_bytes), (1103, 1400));
    // As engines tell it: without shared memory, but with the lists that it is in.
    let told = fields(&(stat.replace("total_shmem", "x") + "total_active_anon 90\ntotal_inactive_anon 1100\n"));
    assert_eq!(memory(2000, &told, 0).unwrap().footprint_bytes, 1193);
    let found = memory(500, &fields(stat), 0).unwrap();
    assert_eq!(found.working_set_bytes, 500);
}

#[test]
fn of_neither() {
    assert_eq!(memory(5, &BTreeMap::new(), 0), None);
    assert_eq!(memory(5, &fields("inactive_file 1"), 0), None);
}
