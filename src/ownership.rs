//! Who can change the file at a path. Files that infrakt acts on (recipes, their modules, saved plans) must be writable
//! only by this user and root, as ssh requires for keys (StrictModes in sshd_config(5)).
//!
//! It must not know what the files are for.

use crate::error::Error;
use crate::plan::shell::quote;
use rustix::io::Errno;
use rustix::process::geteuid;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The most links on the way to one file, as in Linux (path_resolution(7)).
const MOST_LINKS: usize = 40;

const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// Why a path must not be used.
#[derive(Debug)]
pub enum Unusable {
    /// It can't be followed or read.
    Io(io::Error),
    /// Another user can change what it leads to.
    Changeable {
        /// The file or folder on the way that is the reason.
        at: PathBuf,
        reason: String,
        remedy: String,
    },
}

impl Unusable {
    /// Whether there is nothing at the path.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// As an error about the file that was asked for.
    pub fn into_error(self, path: &Path) -> Error {
        match self {
            Self::Io(error) => Error::file("read", path)(error),
            Self::Changeable { at, reason, remedy } => Error::usage_with(
                format!("other users can change {}: {} {reason}", path.display(), at.display()),
                remedy,
            ),
        }
    }
}

/// Follows a path, links included, and gives the real path of the file or folder that it leads to: without links, and such
/// that only this user and root can make it lead elsewhere or change what is there.
///
/// # Errors
/// If another user could, or the path can't be followed.
pub fn follow(path: &Path) -> Result<PathBuf, Unusable> {
    let whole = std::env::current_dir()
        .map(|here| here.join(path))
        .map_err(Unusable::Io)?;
    let mut ahead: Vec<OsString> = parts(&whole);
    let mut real = PathBuf::from("/");
    let mut seen = OwnedPath::read(&real)?;
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            real.pop();
            seen = OwnedPath::read(&real)?;
            continue;
        }
        // A user who can write to a folder can replace the files in it.
        seen.check_as_folder(&real)?;
        let next = real.join(&part);
        let found = OwnedPath::read(&next)?;
        if found.metadata.is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(Unusable::Io(Errno::LOOP.into()));
            }
            if seen.is_shared() {
                found.check_owner(&next)?;
            }
            let target = fs::read_link(&next).map_err(Unusable::Io)?;
            if target.is_absolute() {
                real = PathBuf::from("/");
                seen = OwnedPath::read(&real)?;
            }
            ahead.extend(parts(&target));
            continue;
        }
        found.check_owner(&next)?;
        real = next;
        seen = found;
    }
    if seen.metadata.is_dir() {
        seen.check_as_folder(&real)?;
    } else {
        seen.check_modes(&real)?;
    }
    Ok(real)
}

/// Checks a file that infrakt acts on, as [`follow`] does. Anything but a file or a folder, such as a pipe of the
/// caller's (`<(…)`), must belong to the caller or to root.
///
/// # Errors
/// If another user can change what is read there.
pub fn check(path: &Path) -> Result<(), Unusable> {
    let metadata = fs::metadata(path).map_err(Unusable::Io)?;
    match metadata.is_file() || metadata.is_dir() {
        true => follow(path).map(drop),
        false => OwnedPath { metadata }.check_owner(path),
    }
}

/// The names of a path, last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let mut names: Vec<OsString> = names.collect();
    names.reverse();
    names
}

struct OwnedPath {
    metadata: Metadata,
}

impl OwnedPath {
    fn read(path: &Path) -> Result<Self, Unusable> {
        let metadata = fs::symlink_metadata(path).map_err(Unusable::Io)?;
        Ok(Self { metadata })
    }

    fn check_owner(&self, path: &Path) -> Result<(), Unusable> {
        let owner = self.metadata.uid();
        let me = geteuid().as_raw();
        if owner == 0 || owner == me {
            return Ok(());
        }
        let shown = shown(path);
        Err(Unusable::Changeable {
            at: path.to_owned(),
            reason: format!("belongs to {}", user(owner)),
            remedy: match me {
                0 => format!("review its content, then take it over: chown root {shown}"),
                _ => "review its content, then copy it to your own folder".to_owned(),
            },
        })
    }

    /// Whether others may put files of their own there, but leave alone what is not theirs: `/tmp`.
    fn is_shared(&self) -> bool {
        self.metadata.mode() & STICKY != 0 && self.metadata.mode() & (GROUP_WRITES | OTHERS_WRITE) != 0
    }

    fn check_as_folder(&self, path: &Path) -> Result<(), Unusable> {
        if self.metadata.is_dir() && !self.is_shared() {
            self.check_modes(path)?;
        }
        Ok(())
    }

    fn check_modes(&self, path: &Path) -> Result<(), Unusable> {
        let mode = self.metadata.mode();
        let (reason, who) = if mode & OTHERS_WRITE != 0 {
            ("is writable by all users", "o-w")
        } else if mode & GROUP_WRITES != 0 && !self.is_of_own_group(path) {
            ("is writable by its group", "g-w")
        } else {
            return Ok(());
        };
        Err(Unusable::Changeable {
            at: path.to_owned(),
            reason: reason.to_owned(),
            remedy: format!("restrict it: chmod {who} {}", shown(path)),
        })
    }

    /// Whether this user is the only member of its group. Debian and Ubuntu give every user such a group, and on Ubuntu new
    /// files are writable by it. In doubt the answer is no.
    fn is_of_own_group(&self, path: &Path) -> bool {
        let has_list =
            rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0][..]).is_ok_and(|size| size > 0);
        let files = || {
            Some((
                fs::read_to_string("/etc/passwd").ok()?,
                fs::read_to_string("/etc/group").ok()?,
            ))
        };
        let mine = || {
            let (passwd, group) = files()?;
            is_private(self.metadata.gid(), geteuid().as_raw(), &passwd, &group)
        };
        // With an access control list the group's bits say what the users named in it may do.
        !has_list && mine().unwrap_or(false)
    }
}

/// Whether the group has no member but the user, by passwd(5) and group(5). `None`: they don't say.
fn is_private(gid: u32, uid: u32, passwd: &str, group: &str) -> Option<bool> {
    let accounts: Vec<[&str; 4]> = passwd.lines().filter_map(first_fields).collect();
    let of_user = |[_, _, id, _]: &&[&str; 4]| id.parse() == Ok(uid);
    let names: BTreeSet<&str> = accounts.iter().filter(of_user).map(|[name, ..]| *name).collect();
    let mut found = None;
    for [name, _, id, members] in group.lines().filter_map(first_fields) {
        if id.parse() == Ok(gid) {
            let own = names.contains(name)
                && members
                    .split(',')
                    .all(|member| member.is_empty() || names.contains(member));
            found = Some(found.unwrap_or(true) && own);
        }
    }
    let others = accounts
        .iter()
        .filter(|[.., group]| group.parse() == Ok(gid))
        .any(|account| !of_user(&account));
    found.map(|own| own && !others)
}

/// The first four fields of a line of passwd(5) or group(5). `None`: it has fewer.
fn first_fields(line: &str) -> Option<[&str; 4]> {
    let mut fields = line.split(':');
    Some([fields.next()?, fields.next()?, fields.next()?, fields.next()?])
}

/// A user as people know it.
fn user(uid: u32) -> String {
    let name = fs::read_to_string("/etc/passwd").ok().and_then(|passwd| {
        let mut accounts = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        accounts
            .find(|account| account.get(2).is_some_and(|known| known.parse() == Ok(uid)))
            .and_then(|account| account.first().map(|name| (*name).to_owned()))
    });
    name.map_or_else(|| format!("the user with uid {uid}"), |name| format!("the user {name}"))
}

fn shown(path: &Path) -> String {
    quote(&path.display().to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_group_is_private_only_if_it_has_the_users_name_and_no_other_member() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n";
        for (group, gid, expected) in [
            ("alice:x:1000:\n", 1000, Some(true)),
            ("alice:x:1000:alice\n", 1000, Some(true)),
            ("alice:x:1000:bob\n", 1000, Some(false)),
            ("alice:x:1000:alice,bob\n", 1000, Some(false)),
            ("staff:x:1000:\n", 1000, Some(false)),
            ("alice:x:1001:\n", 1001, Some(false)),
            ("alice:x:1000:\nalice:x:1000:bob\n", 1000, Some(false)),
            ("nonsense\n", 1000, None),
        ] {
            assert_eq!(is_private(gid, 1000, passwd, group), expected, "{group:?}");
        }
        let shared = format!("{passwd}carol:x:1002:1000::/:/bin/sh\n");
        assert_eq!(is_private(1000, 1000, &shared, "alice:x:1000:\n"), Some(false));
    }
}
