use super::*;

fn image(id: &str, tags: &[&str], digests: &[&str]) -> Image {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Image { id: id.to_owned(), tags: owned(tags), digests: owned(digests), ..Image::default() }
}

#[test]
fn an_image_is_needed_by_tag_digest_or_id() {
    let mut keep = Keep::default();
    for name in ["nginx:1.25@sha256:aa", "registry:5000/app", "sha256:1234abcd", "beef"] {
        keep.image(name);
    }
    for (image, needed) in [
        (image("sha256:00", &["nginx:1.25"], &[]), true),
        (image("sha256:00", &[], &["docker.io/library/nginx@sha256:aa"]), true),
        (image("sha256:00", &[], &["mirror:5000/nginx@sha256:aa"]), true),
        (image("sha256:aa", &[], &[]), true),
        (image("sha256:00", &["nginx:1.26"], &["nginx@sha256:bb"]), false),
        (image("sha256:00", &["registry:5000/app:latest"], &[]), true),
        (image("sha256:00", &["registry:5000/app:2"], &[]), false),
        (image("sha256:1234abcd99", &[], &[]), true),
        (image("sha256:beef00", &[], &[]), true),
        (image("sha256:1234abce", &[], &[]), false),
    ] {
        assert_eq!(keep.needs_image(&image), needed, "{image:?}");
    }
}

#[test]
fn a_volume_is_needed_by_name_or_template() {
    let mut keep = Keep::default();
    for name in ["db", "data-{{.Task.Slot}}", "{{.Service.Name}}-x-{{.Node.ID}}-end"] {
        keep.volume(name.to_owned());
    }
    for (name, needed) in
        [("db", true), ("db2", false), ("data-3", true), ("data", false), ("web-x-abc-end", true), ("web-x-abc", false)]
    {
        assert_eq!(keep.needs_volume(name), needed, "{name}");
    }
}
