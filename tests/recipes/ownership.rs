//! What other users can change is not executed.

use crate::support::Files;
use infrakt::ownership::{Unusable, check, follow};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the mode is set");
}

fn reason(path: &Path) -> String {
    match follow(path) {
        Err(Unusable::Changeable { at, reason, .. }) => format!("{} {reason}", at.display()),
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn files() -> Files {
    Files::new("import \"lib/app\" as app; import \"home:lib/more\" as more;")
        .beside("lib/app.rhai", "")
        .at_home("lib/more.rhai", "")
}

#[test]
fn recipes_modules_and_folders_that_others_can_write_are_refused() {
    files().evaluated();
    for place in [
        "recipe/test.rhai",
        "recipe",
        "recipe/lib",
        "recipe/lib/app.rhai",
        "home",
        "home/lib",
        "home/lib/more.rhai",
    ] {
        let files = files();
        let path = files.path(place);
        let before = std::fs::metadata(&path).expect("it is there").mode();
        mode(&path, before | 0o002);
        let error = files.error();
        let named = path.canonicalize().expect("a path");
        assert!(
            error.contains("other users can change") && error.contains(named.to_str().expect("UTF-8")),
            "{place}: {error}"
        );
        mode(&path, before);
        files.evaluated();
    }
}

#[test]
fn a_sticky_folder_is_shared_without_harm() {
    let files = files();
    mode(&files.path("recipe"), 0o1777);
    files.evaluated();
}

#[test]
fn links_are_followed_and_every_folder_on_the_way_counts() {
    let files = files();
    let open = files.path("open");
    std::fs::create_dir(&open).expect("a folder");
    symlink(files.path("recipe/test.rhai"), open.join("x.rhai")).expect("a link");
    assert_eq!(
        follow(&open.join("x.rhai")).expect("safe"),
        files.path("recipe/test.rhai").canonicalize().unwrap()
    );
    // Another user could make this link lead to another recipe of the same owner.
    mode(&open, 0o777);
    assert!(reason(&open.join("x.rhai")).contains("is writable by all users"));
    symlink("../open/x.rhai", files.path("home/y.rhai")).expect("a link");
    assert!(reason(&files.path("home/y.rhai")).contains("open is writable by all users"));
    symlink("z", files.path("home/z")).expect("a link");
    assert!(matches!(follow(&files.path("home/z")), Err(Unusable::Io(_))));
}

/// Only root can give files away.
#[test]
#[ignore = "needs root"]
fn what_another_user_owns_is_refused() {
    for place in ["recipe/test.rhai", "recipe/lib", "home", "home/lib/more.rhai"] {
        let files = files();
        chown(files.path(place), Some(1), Some(1)).expect("it is given away");
        let error = files.error();
        assert!(
            error.contains("other users can change") && error.contains("belongs to the user daemon"),
            "{error}"
        );
    }
    // A link in a shared folder belongs to the user who made it.
    let files = files();
    let shared = files.path("shared");
    std::fs::create_dir(&shared).expect("a folder");
    mode(&shared, 0o1777);
    let link = shared.join("x.rhai");
    symlink(files.path("recipe/test.rhai"), &link).expect("a link");
    follow(&link).expect("one's own link");
    std::os::unix::fs::lchown(&link, Some(1), Some(1)).expect("it is given away");
    assert!(reason(&link).contains("belongs to the user daemon"));
}

#[test]
fn a_recipe_can_be_read_from_the_users_own_pipe() {
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let fd = std::os::fd::AsRawFd::as_raw_fd(&reader);
    check(Path::new(&format!("/dev/fd/{fd}"))).expect("one's own pipe");
    assert!(check(Path::new("/nowhere/at/all")).unwrap_err().is_missing());
}
