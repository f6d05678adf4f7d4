use super::*;

fn scope(cluster: &str, owner: &str) -> Scope {
    Scope { cluster: cluster.to_owned(), owner: owner.to_owned() }
}

fn web() -> Definition {
    Definition { name: "web".to_owned(), image: "nginx:1".to_owned(), ..Definition::default() }
}

#[test]
fn rows_of_others_are_not_seen_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let (store, warning) = Store::open(dir.path()).unwrap();
    assert!(warning.is_none());
    let (own, cluster, owner) = (scope("c", "o"), scope("d", "o"), scope("c", "p"));
    for scope in [&own, &cluster, &owner] {
        assert!(store.insert(scope, &web(), None, Timestamp::UNIX_EPOCH).unwrap());
    }
    assert!(!store.insert(&own, &web(), None, Timestamp::UNIX_EPOCH).unwrap(), "there is one");
    assert_eq!(store.delete(&own, "web", 7).unwrap(), Changed::Outdated);
    assert_eq!(store.delete(&own, "web", 1).unwrap(), Changed::Done);
    assert_eq!(store.delete(&own, "web", 1).unwrap(), Changed::Absent);
    assert_eq!(store.list(&own).unwrap(), []);
    assert!(!store.set_state(&own, "web", Status::Running, Some("id"), Timestamp::UNIX_EPOCH).unwrap());
    for scope in [&cluster, &owner] {
        assert_eq!(store.get(scope, "web").unwrap().unwrap().status, Status::Registered);
    }
}

#[test]
fn a_row_that_has_changed_meanwhile_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (store, scope) = (Store::open(dir.path()).unwrap().0, scope("c", "o"));
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(store.update(&scope, &web(), None, Some(1), now).unwrap(), Changed::Absent);
    store.insert(&scope, &web(), Some("a.yml"), now).unwrap();
    let next = Definition { replicas: Some(2), description: "front".to_owned(), ..web() };
    assert_eq!(store.update(&scope, &next, None, Some(1), now).unwrap(), Changed::Done);
    assert_eq!(store.update(&scope, &web(), None, Some(1), now).unwrap(), Changed::Outdated);
    let row = store.get(&scope, "web").unwrap().unwrap();
    assert_eq!((row.definition, row.source, row.revision), (next, None, 2));
    assert!(store.set_state(&scope, "web", Status::Running, Some("id"), now).unwrap());
    assert!(!store.set_state(&scope, "web", Status::Running, Some("id"), now).unwrap(), "that is known");
    assert!(store.set_state(&scope, "web", Status::Running, None, now).unwrap(), "the id alone counts, too");
}

#[test]
fn a_row_that_comes_again_is_not_the_one_that_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let (store, scope, now) = (Store::open(dir.path()).unwrap().0, scope("c", "o"), Timestamp::UNIX_EPOCH);
    // As files were made that did not remember the ends of rows.
    store.db.execute_batch("DROP TRIGGER ended; DROP TABLE ends").unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap().0;
    let add = || store.together(|| store.insert(&scope, &web(), None, now)).unwrap();
    let remove = |revision| store.together(|| store.delete(&scope, "web", revision)).unwrap();
    let revision = || store.get(&scope, "web").unwrap().unwrap().revision;
    let ended = || store.db.query_row("SELECT revision FROM ends", [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(add());
    assert_eq!(revision(), 1);
    assert_eq!(remove(1), Changed::Done);
    assert!(add());
    assert_eq!(revision(), 2);
    assert_eq!(store.update(&scope, &web(), None, Some(1), now).unwrap(), Changed::Outdated);
    let undone: Result<()> = store.together(|| {
        store.delete(&scope, "web", 2)?;
        anyhow::bail!("no more")
    });
    assert!(undone.is_err());
    assert_eq!((revision(), ended()), (2, 1));
    // An older orca begins at 1 again.
    assert_eq!(remove(2), Changed::Done);
    assert!(add());
    store.db.execute_batch("UPDATE services SET revision = 1").unwrap();
    assert_eq!(remove(1), Changed::Done);
    assert!(add());
    assert_eq!((revision(), ended()), (3, 2));
}

#[test]
fn a_corrupt_file_is_moved_aside_and_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE), vec![0x41; 8192]).unwrap();
    assert!(Store::peek(dir.path()).is_err(), "a look repairs nothing");
    let (store, warning) = Store::open(dir.path()).unwrap();
    assert_eq!(warning.unwrap().code, "catalog_reset");
    assert_eq!(store.list(&scope("c", "o")).unwrap(), []);
    let left = std::fs::read_dir(dir.path()).unwrap().filter_map(Result::ok);
    assert!(left.into_iter().any(|entry| entry.file_name().to_string_lossy().contains("corrupt-")));
}

#[test]
fn a_catalog_that_another_holds_is_for_later() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (Store::open(dir.path()).unwrap().0, Store::open(dir.path()).unwrap().0);
    store.db.busy_timeout(Duration::from_millis(10)).unwrap();
    let held = other.together(|| {
        let error = store.insert(&scope("c", "o"), &web(), None, Timestamp::UNIX_EPOCH).unwrap_err();
        Ok(kind_of(&error))
    });
    assert_eq!(held.unwrap(), ErrorKind::Locked);
}

#[test]
fn what_fails_halfway_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, scope) = (Store::open(dir.path()).unwrap().0, scope("c", "o"));
    let failed = store.together(|| {
        store.insert(&scope, &web(), None, Timestamp::UNIX_EPOCH)?;
        anyhow::bail!("no more")
    });
    let failed: Result<()> = failed;
    assert!(failed.is_err());
    assert_eq!(store.list(&scope).unwrap(), []);
}

#[test]
fn the_cluster_of_an_address_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap().0;
    assert_eq!(store.cluster_at("unix:///x").unwrap(), None);
    store.remember("unix:///x", "a").unwrap();
    store.remember("unix:///x", "b").unwrap();
    assert_eq!(store.cluster_at("unix:///x").unwrap().as_deref(), Some("b"));
}
