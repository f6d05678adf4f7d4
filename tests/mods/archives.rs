//! Archives: what is in them comes out, and nothing gets out of their folder.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use super::web::{Page, Web};
use super::{cached, configure, error, fetch, leftovers, orca, outcome, read};

type Entry<'a> = (&'a str, tar::EntryType, &'a str);

/// A tar as anybody could make it: names and links are not checked here.
pub fn tarball(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, text) in entries {
        let mut header = tar::Header::new_ustar();
        let link = matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        if link {
            header.as_mut_bytes()[157..157 + text.len()].copy_from_slice(text.as_bytes());
        }
        let body = if link { "" } else { *text };
        header.set_entry_type(*kind);
        header.set_mode(0o6755);
        header.set_size(body.len() as u64);
        header.set_cksum();
        builder.append(&header, body.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(entries: &[(&str, &str, Option<u32>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text, mode) in entries {
        let mut options = zip::write::SimpleFileOptions::default();
        if let Some(mode) = mode {
            options = options.unix_permissions(*mode);
        }
        if mode.is_some_and(|mode| mode & 0o120_000 == 0o120_000) {
            writer.add_symlink(*name, *text, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

const FILE: tar::EntryType = tar::EntryType::Regular;
const LINK: tar::EntryType = tar::EntryType::Symlink;
const HARD: tar::EntryType = tar::EntryType::Link;

#[test]
fn every_kind_is_unpacked_into_a_folder_of_its_name() {
    let good = tarball(&[
        ("./", tar::EntryType::Directory, ""),
        ("data/", tar::EntryType::Directory, ""),
        ("data/a.txt", FILE, "text"),
        ("data/again", HARD, "data/a.txt"),
        ("run", FILE, "#!/bin/sh"),
        ("link", LINK, "data/a.txt"),
    ]);
    let zstd = zstd::encode_all(good.as_slice(), 3).unwrap();
    let zip = zipped(&[
        ("data/a.txt", "text", None),
        ("data/again", "text", None),
        ("run", "#!/bin/sh", Some(0o755)),
        ("link", "data/a.txt", Some(0o120_777)),
    ]);
    for (kind, bytes) in [("tar", good.clone()), ("tar.gz", gzip(&good)), ("tar.zst", zstd), ("zip", zip)] {
        let web = Web::start();
        web.put("/m", Page::new(bytes));
        let orca = orca(&format!("  list: [{{name: mods/pack, url: '{}', unpack: true}}]", web.url("/m")));
        let run = fetch(&orca);
        assert_eq!(outcome(&run), "changed 0", "{kind}: {}", run.0);
        let all = ["mods/pack/data/a.txt", "mods/pack/data/again", "mods/pack/link", "mods/pack/run"];
        assert_eq!((cached(&orca), leftovers(&orca)), (all.map(str::to_owned).to_vec(), 0), "{kind}");
        assert_eq!(
            (read(&orca, "mods/pack/link"), read(&orca, "mods/pack/data/again")),
            ("text".to_owned(), "text".to_owned())
        );
        let mode = std::fs::metadata(orca.path("cache/mods/pack/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{kind}: no bits that lend rights");
        assert_eq!(outcome(&fetch(&orca)), "unchanged 0");
        // A newer one takes the place of the old one as a whole.
        web.put("/m", Page { etag: Some("\"two\"".to_owned()), ..Page::new(tarball(&[("new", FILE, "n")])) });
        assert_eq!((outcome(&fetch(&orca)), cached(&orca)), ("changed 0".to_owned(), vec!["mods/pack/new".to_owned()]));
        // And the file itself, when it is wanted as such.
        configure(&orca, &format!("  list: [{{name: mods/pack, url: '{}'}}]", web.url("/m")));
        assert_eq!((outcome(&fetch(&orca)), cached(&orca)), ("changed 0".to_owned(), vec!["mods/pack".to_owned()]));
    }
}

#[test]
fn nothing_leads_out_of_an_archive() {
    let tars: &[(&[Entry<'_>], &str)] = &[
        (&[("../evil", FILE, "x")], "leads out of the archive"),
        (&[("a/../../evil", FILE, "x")], "leads out of the archive"),
        (&[("/evil", FILE, "x")], "leads out of the archive"),
        (&[("a\\..\\evil", FILE, "x")], "no name that every system understands"),
        (&[("link", LINK, "/etc/passwd")], "which is not in the archive"),
        (&[("a/link", LINK, "../../x")], "which is not in the archive"),
        (&[("link", LINK, ".."), ("link/evil", FILE, "x")], "which is not in the archive"),
        (
            &[("sub/", tar::EntryType::Directory, ""), ("link", LINK, "sub"), ("link/evil", FILE, "x")],
            "no folder of its own",
        ),
        (&[("hard", HARD, "../../evil")], "leads out of the archive"),
        (&[("link", LINK, "x"), ("hard", HARD, "link")], "links to `link`"),
        (&[("pipe", tar::EntryType::Fifo, "")], "neither file, folder nor link"),
        (&[("disk", tar::EntryType::Block, "")], "neither file, folder nor link"),
        (&[(".wh.x", FILE, ""), ("ok", FILE, "")], ""),
    ];
    let mut cases: Vec<(Vec<u8>, String)> =
        tars.iter().map(|(entries, why)| (gzip(&tarball(entries)), (*why).to_owned())).collect();
    cases.push((zipped(&[("../evil", "x", None)]), "leads out of the archive".to_owned()));
    cases.push((zipped(&[("link", "../evil", Some(0o120_777))]), "which is not in the archive".to_owned()));
    cases.push((b"no archive at all".to_vec(), "no archive that orca unpacks".to_owned()));
    cases.push((gzip(&tarball(&[("a", FILE, "text")]))[..40].to_vec(), "can't be read".to_owned()));
    for (at, (bytes, why)) in cases.into_iter().enumerate() {
        let web = Web::start();
        web.put("/m", Page::new(bytes));
        let orca = orca(&format!("  list: [{{name: pack, url: '{}', unpack: true}}]", web.url("/m")));
        let run = fetch(&orca);
        if why.is_empty() {
            assert_eq!(outcome(&run), "changed 0", "{at}: in a plain archive such names are names: {}", run.0);
            continue;
        }
        assert_eq!(outcome(&run), "failed 1", "{at} {why}: {}", run.0);
        assert!(error(&run).contains(&why), "{at} {why}: {}", error(&run));
        assert_eq!((cached(&orca).len(), leftovers(&orca)), (0, 0), "{at}");
        assert!(!orca.path("evil").exists() && !orca.path("cache/evil").exists());
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    let zeros = "\0".repeat(30_000_000);
    let many: Vec<String> = (0..100_001).map(|at| format!("f{at}")).collect();
    let many: Vec<Entry<'_>> = many.iter().map(|name| (name.as_str(), tar::EntryType::Directory, "")).collect();
    let deep = "d/".repeat(40);
    for (bytes, why) in [
        (gzip(&tarball(&[("zeros", FILE, &zeros)])), "larger than mods.max_unpacked"),
        (zstd::encode_all(tarball(&[("zeros", FILE, &zeros)]).as_slice(), 3).unwrap(), "larger than mods.max_unpacked"),
        (zipped(&[("zeros", &zeros, None)]), "larger than mods.max_unpacked"),
        (gzip(&tarball(&many)), "more than 100000 entries"),
    ] {
        assert!(bytes.len() < 3_000_000, "{}", bytes.len());
        let web = Web::start();
        web.put("/m", Page::new(bytes));
        let orca =
            orca(&format!("  max_unpacked: 1M\n  list: [{{name: pack, url: '{}', unpack: true}}]", web.url("/m")));
        let run = fetch(&orca);
        assert_eq!(outcome(&run), "failed 1", "{why}: {}", run.0);
        assert!(error(&run).contains(why), "{why}: {}", error(&run));
        assert_eq!((cached(&orca).len(), leftovers(&orca)), (0, 0));
    }
    // A zip that claims more entries than the plain format can count: its directory would be held in memory.
    let mut zip = zipped(&[("a", "x", None)]);
    let end = zip.len() - 22;
    zip[end + 8..end + 12].copy_from_slice(&[0xff; 4]);
    let web = Web::start();
    web.put("/m", Page::new(zip));
    let orca = super::orca(&format!("  list: [{{name: pack, url: '{}', unpack: true}}]", web.url("/m")));
    assert!(error(&fetch(&orca)).contains("or counts them as if"));
    let web = Web::start();
    web.put("/m", Page::new(tarball(&[(&deep, tar::EntryType::Directory, "")])));
    let orca = super::orca(&format!("  list: [{{name: pack, url: '{}', unpack: true}}]", web.url("/m")));
    assert_eq!(outcome(&fetch(&orca)), "changed 0", "40 folders are many, but no bomb");
}

#[test]
fn a_newer_archive_that_is_refused_leaves_the_old_content() {
    let web = Web::start();
    web.put("/m", Page::new(tarball(&[("good", FILE, "g")])));
    let orca = orca(&format!("  list: [{{name: pack, url: '{}', unpack: true}}]", web.url("/m")));
    assert_eq!(outcome(&fetch(&orca)), "changed 0");
    web.put("/m", Page { etag: Some("\"two\"".to_owned()), ..Page::new(tarball(&[("../evil", FILE, "x")])) });
    assert_eq!((outcome(&fetch(&orca)), read(&orca, "pack/good")), ("failed 1".to_owned(), "g".to_owned()));
}
