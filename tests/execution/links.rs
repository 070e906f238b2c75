//! Files are put where they belong, whatever those who can write the directories on the way make of them.

use crate::local::{Memory, executed, executed_with};
use infrakt::event::{RunState, Stream};
use infrakt::plan::secret::Secrets;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The unprivileged user of Debian policy 9.2.2. It stands for any user of a server.
const USER: u32 = 65534;

/// A directory that root alone can write, one in it that belongs to a user, and files of root's that must stay as they are.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self { folder };
        std::fs::set_permissions(place.path(""), PermissionsExt::from_mode(0o755)).expect("its mode");
        for directory in ["home", "home/.ssh", "etc"] {
            std::fs::create_dir(place.path(directory)).expect("a directory");
        }
        for users in ["home", "home/.ssh"] {
            chown(place.path(users), Some(USER), Some(USER)).expect("the user's");
        }
        std::fs::write(place.path("etc/root"), "root's\n").expect("a file");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn said(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    /// Nothing was made, changed or given away in root's directory.
    #[track_caller]
    fn is_untouched(&self) {
        let names: Vec<_> = std::fs::read_dir(self.path("etc"))
            .expect("a directory")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["root"]);
        let file = std::fs::metadata(self.path("etc/root")).expect("the file");
        assert_eq!((file.uid(), file.mode() & 0o7777, file.nlink()), (0, 0o644, 1));
        assert_eq!(std::fs::read_to_string(self.path("etc/root")).expect("it"), "root's\n");
        let directory = std::fs::metadata(self.path("etc")).expect("the directory");
        assert_eq!((directory.uid(), directory.mode() & 0o7777), (0, 0o755));
    }
}

fn upload(path: &str) -> String {
    format!("ssh::upload(\"Let the key in\", {path:?}, \"the key\\n\").owner(\"nobody:nogroup\").mode(\"0600\");")
}

#[track_caller]
fn fails_for_the_link(recipe: &str) {
    let (ended, memory) = executed(recipe);
    assert_eq!(ended.state, RunState::Failed, "{recipe}");
    let said = memory.output(Stream::Stderr);
    assert!(said.contains("is a link"), "{recipe}: {said}");
}

#[test]
#[ignore = "needs root"]
fn no_link_of_a_users_is_followed() {
    let place = Place::new();
    let keys = place.said("home/.ssh/authorized_keys");
    // A file, a file that is not there, a directory, and a directory further up.
    for (link, to) in [
        ("home/.ssh/authorized_keys", "etc/root"),
        ("home/.ssh/authorized_keys", "etc/new"),
        ("home/.ssh", "etc"),
        ("home/.ssh", "."),
    ] {
        let link = place.path(link);
        if link.is_dir() {
            std::fs::rename(&link, place.path("home/away")).expect("it is moved");
        }
        symlink(place.path(to), &link).expect("a link");
        fails_for_the_link(&upload(&keys));
        place.is_untouched();
        let root_only = format!("import \"lib/files\" as files; files::root_only({keys:?});");
        fails_for_the_link(&root_only);
        place.is_untouched();
        if link.ends_with(".ssh") {
            let made = place.said("home/.ssh/new/directory");
            let directory = format!("import \"lib/files\" as files; files::directory({made:?}, \"0777\");");
            fails_for_the_link(&directory);
            place.is_untouched();
        }
        std::fs::remove_file(&link).expect("the link");
        if place.path("home/away").exists() {
            std::fs::rename(place.path("home/away"), &link).expect("it is back");
        }
    }
    // Without links all of it works.
    let directory = place.said("home/made/by/root");
    let file = place.said("home/made/file");
    let (ended, memory) = executed(&format!(
        "import \"lib/files\" as files; {} files::directory({directory:?}, \"0750\"); files::root_only({file:?});",
        upload(&keys)
    ));
    assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
    let made = std::fs::metadata(&keys).expect("the file");
    assert_eq!((made.uid(), made.mode() & 0o7777), (USER, 0o600));
    assert_eq!(std::fs::read_to_string(&keys).expect("it"), "the key\n");
    assert_eq!(std::fs::metadata(&directory).expect("it").mode() & 0o7777, 0o750);
    assert_eq!(std::fs::metadata(&file).expect("it").mode() & 0o7777, 0o600);
    let left = std::fs::read_dir(place.path("home/.ssh")).expect("a directory").count();
    assert_eq!(left, 1, "something is left beside the file");
}

#[test]
#[ignore = "needs root"]
fn the_directories_of_a_copied_folder_are_not_made_through_a_link_of_a_users() {
    let place = Place::new();
    let copied = |to: &str| {
        let recipe = format!(
            "ssh::copy_folder(\"Copy\", \"site\", {:?}, #{{ owner: \"nobody:nogroup\" }});",
            place.said(to)
        );
        let memory = Memory {
            beside: vec![("site/css/a.css", b"p {}\n".to_vec())],
            ..Memory::default()
        };
        executed_with(&recipe, &Secrets::new(), memory)
    };
    symlink(place.path("etc"), place.path("home/www")).expect("a link");
    let (ended, memory) = copied("home/www/shop");
    assert_eq!(ended.state, RunState::Failed);
    let said = memory.output(Stream::Stderr);
    assert!(said.contains("is a link"), "{said}");
    place.is_untouched();
    // Root's own links are followed.
    std::fs::create_dir(place.path("disk")).expect("a directory");
    symlink("etc/../disk", place.path("srv")).expect("a link");
    let (ended, memory) = copied("srv/www/shop");
    assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
    for (made, owner) in [
        ("www", 0),
        ("www/shop", USER),
        ("www/shop/css", USER),
        ("www/shop/css/a.css", USER),
    ] {
        let found = std::fs::metadata(place.path("disk").join(made)).expect(made);
        assert_eq!(found.uid(), owner, "{made}");
    }
    place.is_untouched();
}

#[test]
#[ignore = "needs root"]
fn roots_own_links_are_followed() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).expect("a directory");
    symlink(place.path("disk"), place.path("srv")).expect("a link");
    symlink("../etc/root", place.path("disk/file")).expect("a link");
    let (ended, memory) = executed(&format!(
        "import \"lib/files\" as files;
         ssh::upload(\"Upload\", {:?}, \"new\\n\"); ssh::upload(\"Beside\", {:?}, \"new\\n\");
         files::directory({:?}); files::root_only({:?});",
        place.said("srv/file"),
        place.said("srv/beside"),
        place.said("srv/made/here"),
        place.said("srv/made/here/secret"),
    ));
    assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
    assert_eq!(std::fs::read_to_string(place.path("etc/root")).expect("it"), "new\n");
    assert!(
        std::fs::symlink_metadata(place.path("disk/file"))
            .expect("it")
            .is_symlink()
    );
    assert_eq!(std::fs::read_to_string(place.path("disk/beside")).expect("it"), "new\n");
    let secret = std::fs::metadata(place.path("disk/made/here/secret")).expect("it");
    assert_eq!(secret.mode() & 0o7777, 0o600);
}

/// A user that swaps directories and files for links all the time, as fast as it can.
struct Attacker(Child);

impl Attacker {
    fn on(place: &Path) -> Self {
        let script = r#"
            cd "$1/home" || exit 1
            while :; do
                mv -T .ssh away; ln -s ../etc .ssh; rm .ssh; mv -T away .ssh
                rm -f .ssh/authorized_keys; ln -s ../../etc/root .ssh/authorized_keys
                for new in .ssh/.infrakt.*; do
                    [ -d "$new" ] || continue
                    mv -T "$new" taken 2>/dev/null; mv -T "$new" "$new.away" && ln -s ../../etc "$new"
                    rmdir "$new.away" 2>/dev/null; rm -f "$new"
                done
                rm -f .ssh/authorized_keys; ln .ssh/../../etc/root .ssh/authorized_keys 2>/dev/null
            done"#;
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "sh",
                "-c",
                script,
                "sh",
            ])
            .arg(place)
            .stderr(Stdio::null());
        Self(command.spawn().expect("setpriv starts"))
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it ends");
    }
}

#[test]
#[ignore = "needs root"]
fn a_user_who_swaps_links_while_files_are_written_gains_nothing() {
    let place = Place::new();
    let attacker = Attacker::on(place.folder.path());
    let keys = place.said("home/.ssh/authorized_keys");
    for _ in 0..15 {
        // Whatever becomes of a single one. A step that has failed ends its run.
        executed(&upload(&keys));
        let (directory, file) = (place.said("home/.ssh/new"), place.said("home/.ssh/file"));
        executed(&format!(
            "import \"lib/files\" as files; files::directory({directory:?}, \"0777\");"
        ));
        executed(&format!("import \"lib/files\" as files; files::root_only({file:?});"));
        executed(&format!("import \"lib/files\" as files; files::root_only({keys:?});"));
        place.is_untouched();
    }
    drop(attacker);
}
