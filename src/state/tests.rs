use super::*;

#[test]
fn a_corrupt_file_is_moved_aside_and_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE), vec![0x41; 8192]).unwrap();
    let (state, warning) = State::open(dir.path()).unwrap();
    assert_eq!(warning.unwrap().code, "state_reset");
    assert_eq!(state.memory("c").unwrap(), Memory::default());
    let left = std::fs::read_dir(dir.path()).unwrap().filter_map(Result::ok);
    assert!(left.into_iter().any(|entry| entry.file_name().to_string_lossy().contains("corrupt-")));
}

#[test]
fn remembers_per_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let mut memory = Memory::default();
    memory.attempt("a/b", Timestamp::UNIX_EPOCH);
    State::open(dir.path()).unwrap().0.remember("one", &memory).unwrap();
    let state = State::peek(dir.path()).unwrap().unwrap();
    assert_eq!(state.memory("one").unwrap(), memory);
    assert_eq!(state.memory("two").unwrap(), Memory::default());
}

#[test]
fn what_cannot_be_read_now_is_not_taken_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path()).unwrap().0;
    let other = Connection::open(dir.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(format!("{:#}", state.memory("one").unwrap_err()).contains("can't read the state file"));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(state.memory("one").unwrap(), Memory::default());
}
