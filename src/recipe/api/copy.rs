//! `ssh::copy` and `ssh::copy_folder`: files beside the recipe, copied as they are.

#![allow(
    clippy::unwrap_used,
    reason = "the code that rhai's export_module generates unwraps arguments"
)]

use super::call::RhaiResult;
use super::folder_options::FolderOptions;
use super::local::of_file;
use super::ssh::{add, ask, check_upload_path, command_step};
use super::step::StepHandle;
use crate::plan::shell::quote;
use crate::plan::{Action, Content, Effect, LocalFile};
use crate::recipe::draft::{Problem, SharedDraft};
use base64::Engine as _;
use rhai::plugin::*;
use rhai::{Array, Map};
use std::collections::{BTreeMap, BTreeSet};

/// The most files and folders that one `ssh::copy_folder` removes.
const MOST_REMOVED: usize = 2000;

/// remove FOLDER NAME…: a user who can write a folder could put a link in the place of a folder in it, so the folder is
/// entered first and checked then.
const REMOVE: &str = r#"remove() {
    if ! cd -P -- "$root/$1" 2>/dev/null; then return; fi
    if [ "$PWD" != "$root${1:+/$1}" ]; then
        echo "$root${1:+/$1} is a link now, so nothing in it is removed" >&2
        exit 1
    fi
    shift
    for name in "$@"; do
        if [ -d "./$name" ] && [ ! -L "./$name" ]; then rmdir -- "./$name"; else rm -f -- "./$name"; fi
    done
}
"#;

/// enter DIRECTORY: the same walk as for uploads. Each directory is entered first and checked then, and a link is followed
/// only if only root can have made it. `missing` is called for a directory that is not there.
const ENTER: &str = r#"enter() {
    cd /
    rest=$1 links=0
    while [ -n "$rest" ]; do
        rest=${rest#"${rest%%[!/]*}"}
        name=${rest%%/*} here=${PWD%/}
        case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
        if [ -z "$name" ] || [ "$name" = . ]; then continue; fi
        if [ "$name" = .. ]; then
            cd -P ..
            continue
        fi
        if [ -L "./$name" ]; then
            if [ -n "$(find . -maxdepth 0 \( ! -user root -o -perm /022 \))" ]; then
                echo "$here/$name is a link in a directory that users other than root can write; it is not followed" >&2
                exit 1
            fi
            links=$((links + 1))
            if [ "$links" -gt 40 ]; then
                echo "$1 leads from link to link" >&2
                exit 1
            fi
            to=$(readlink -- "./$name")
            case $to in /*) cd / ;; esac
            rest=$to${rest:+/$rest}
            continue
        elif [ ! -d "./$name" ]; then
            missing
        fi
        cd -P -- "./$name" || exit 1
        if [ "$PWD" != "$here/$name" ]; then
            echo "$here/$name was replaced in the meantime" >&2
            exit 1
        fi
    done
}
"#;

/// make DIRECTORY OWNER: makes it and the ones on the way; it alone is the owner's then.
const MAKE: &str = r#"missing() {
    mkdir -- "./$name" || exit 1
    made=$here/$name
}
make() {
    made=''
    enter "$1"
    if [ "$made" = "$PWD" ]; then chown -- "$2" . || exit 1; fi
}
"#;

#[export_module]
pub mod copy {
    /// Copies a file from the recipe's folder to the server, with any content up to 2 GiB. The plan has its hash and size.
    /// infrakt sends the content only if the server lacks it, before the first step. A file that already has this content,
    /// mode and owner is not changed. The mode is 0644, or 0755 if you may execute the file; see `mode` and `owner`.
    ///
    /// # Example
    /// ```rhai
    /// ssh::copy("Copy the program", "bin/app", "/usr/local/bin/app").owner("root:root");
    /// ```
    #[rhai_fn(name = "copy", return_raw)]
    pub fn copy_file(context: NativeCallContext, title: &str, local: &str, remote: &str) -> RhaiResult<StepHandle> {
        copy_step(&context, title, local, remote, None, "root:root")
    }

    /// Copies all files of a folder in the recipe's folder to a directory of the server, as `ssh::copy` does, and returns
    /// the list of steps: one for each file. It creates missing directories, with mode 0755.
    ///
    /// Options: `excludes`, a list of patterns for files and folders that are left out; `modes`, a map of patterns and
    /// modes; `owner`; and `remove_others`. A pattern with a `/` is for a path from the folder, any other is for a name at
    /// any depth. `*` and `?` stand for characters of a name, `**` for any path.
    ///
    /// With `remove_others: true`, infrakt asks the server while it plans, and the plan lists every other file in the
    /// directory: removing them is destructive. What `excludes` covers is kept.
    ///
    /// # Example
    /// ```rhai
    /// ssh::copy_folder("Copy the site", "site", "/var/www/shop", #{
    ///     excludes: ["*.map", ".git"],
    ///     modes: #{ "cgi-bin/*": "0755" },
    ///     owner: "www-data:www-data",
    /// });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn copy_folder(
        context: NativeCallContext,
        title: &str,
        folder: &str,
        remote: &str,
        options: Map,
    ) -> RhaiResult<Array> {
        let options = FolderOptions::of(&options).map_err(|problem| problem.at(&context))?;
        let remote = remote.trim_end_matches('/');
        check_upload_path(&context, remote)?;
        let files = {
            let shared = SharedDraft::of(&context)?;
            let draft = shared.lock();
            let files = draft.files.list(folder, &options.excludes);
            files.map_err(|error| of_file(&error).at(&context))?
        };
        let mut steps = vec![make_directories(&context, title, remote, &files, &options.owner)?];
        for file in &files {
            steps.push(copy_step(
                &context,
                &format!("{title}: {file}"),
                &format!("{folder}/{file}"),
                &format!("{remote}/{file}"),
                options.mode_of(file),
                &options.owner,
            )?);
        }
        if options.remove_others {
            steps.extend(remove_others(&context, title, remote, &files, &options)?);
        }
        Ok(steps.into_iter().map(Dynamic::from).collect())
    }
}

/// `mode`: in place of the one that the local file suggests.
fn copy_step(
    context: &NativeCallContext,
    title: &str,
    local: &str,
    remote: &str,
    mode: Option<&str>,
    owner: &str,
) -> RhaiResult<StepHandle> {
    check_upload_path(context, remote)?;
    let shared = SharedDraft::of(context)?;
    let measured = {
        let draft = shared.lock();
        let measured = draft.files.measure(local);
        measured.map_err(|error| of_file(&error).at(context))?
    };
    let suggested = if measured.executable { "0755" } else { "0644" };
    let action = Action::Upload {
        path: remote.to_owned(),
        content: Content::File(LocalFile {
            file: local.to_owned(),
            sha256: measured.identity.sha256,
            bytes: measured.identity.bytes,
        }),
        mode: mode.unwrap_or(suggested).to_owned(),
        owner: owner.to_owned(),
    };
    let step = add(context, title, action, Effect::Change)?;
    if let Some(script) = measured.script {
        shared.lock().scripts.insert(step.index(), script);
    }
    step.check_script(context)?;
    Ok(step)
}

/// The folders that the files are in, as paths from the one that is copied; the parents first.
fn folders_of(files: &[String]) -> BTreeSet<&str> {
    let ends = files
        .iter()
        .flat_map(|file| file.match_indices('/').filter_map(|(at, _)| file.get(..at)));
    ends.collect()
}

fn make_directories(
    context: &NativeCallContext,
    title: &str,
    remote: &str,
    files: &[String],
    owner: &str,
) -> RhaiResult<StepHandle> {
    let below = folders_of(files).into_iter().map(|folder| format!("{remote}/{folder}"));
    let directories: Vec<String> = [remote.to_owned()].into_iter().chain(below).collect();
    let quoted: Vec<_> = directories.iter().map(|directory| quote(directory)).collect();
    let owner = quote(owner);
    let calls: Vec<String> = quoted
        .iter()
        .map(|directory| format!("make {directory} {owner}"))
        .collect();
    let command = format!("{ENTER}{MAKE}{}", calls.join("\n"));
    let guards: Vec<String> = quoted.iter().map(|directory| format!("[ -d {directory} ]")).collect();
    let step = command_step(context, &format!("{title}: directories"), &command, Effect::Change)?;
    step.set_unless(context, guards.join(" && "))
}

/// What a directory of the server holds.
struct RemoteListing {
    /// Where it is without links; empty if there is no such directory.
    root: String,
    entries: Vec<RemoteEntry>,
}

/// A file or folder of the server.
struct RemoteEntry {
    is_folder: bool,
    /// From the directory on. What is not UTF-8 in it is replaced.
    path: String,
    is_utf8: bool,
}

/// Asks the server for what is in the directory.
fn list(context: &NativeCallContext, remote: &str) -> RhaiResult<RemoteListing> {
    let directory = quote(remote);
    // Names of files can have line breaks and any other bytes, and a query's answer is text.
    let query = format!(
        "{ENTER}missing() {{ exit 1; }}\nif [ -d {directory} ]; then\n    enter {directory}\n    \
         {{ printf '%s\\0' \"$PWD\"; find \"$PWD\" -mindepth 1 -printf '%y%P\\0'; }} | base64 -w0\nfi"
    );
    // Where no server is asked, there are no other files.
    let answer = ask(context, &query, Some(""))?;
    let unclear = || Problem::new(format!("the server's list of the files in {remote} can't be read")).at(context);
    let listed = base64::engine::general_purpose::STANDARD
        .decode(answer.trim())
        .map_err(|_| unclear())?;
    let mut parts = listed.split(|byte| *byte == 0);
    let root = parts.next().unwrap_or_default().to_vec();
    let root = String::from_utf8(root).map_err(|_| unclear())?;
    let entries = parts.filter_map(|part| {
        let (kind, path) = part.split_first()?;
        Some(RemoteEntry {
            is_folder: *kind == b'd',
            path: String::from_utf8_lossy(path).into_owned(),
            is_utf8: std::str::from_utf8(path).is_ok(),
        })
    });
    let entries = entries.collect();
    Ok(RemoteListing { root, entries })
}

/// The step that removes what else is in the directory, if there is anything.
fn remove_others(
    context: &NativeCallContext,
    title: &str,
    remote: &str,
    files: &[String],
    options: &FolderOptions,
) -> RhaiResult<Option<StepHandle>> {
    let RemoteListing { root, entries } = list(context, remote)?;
    let folders = folders_of(files);
    let kept: Vec<&str> = entries
        .iter()
        .map(|entry| entry.path.as_str())
        .filter(|path| options.keeps(path))
        .collect();
    let holds_kept = |folder: &str| {
        let below = |path: &&str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        kept.iter().any(below)
    };
    // A folder of the copy may be a link on the server, which the copy goes through.
    let is_other = |entry: &&RemoteEntry| {
        let path = entry.path.as_str();
        !folders.contains(path)
            && !options.keeps(path)
            && match entry.is_folder {
                true => !holds_kept(path),
                false => !files.iter().any(|file| file == path),
            }
    };
    let others: Vec<&RemoteEntry> = entries.iter().filter(is_other).collect();
    if others.is_empty() {
        return Ok(None);
    }
    if let Some(odd) = others.iter().find(|entry| !entry.is_utf8) {
        return Err(Problem::new(format!(
            "a file in {remote} has a name that is not UTF-8: {:?}",
            odd.path
        ))
        .help("remove or rename it on the server, or name it in `excludes`")
        .at(context));
    }
    if others.len() > MOST_REMOVED {
        return Err(Problem::new(format!(
            "{remote} holds {} other files and folders, more than the {MOST_REMOVED} that ssh::copy_folder removes",
            others.len()
        ))
        .help("remove them in a step: ssh::destroy(\"Remove the old site\", \"…\")")
        .at(context));
    }
    let mut in_folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for RemoteEntry { path, .. } in others {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        in_folders.entry(folder).or_default().push(name);
    }
    // What is in a folder goes before the folder.
    let calls: Vec<String> = in_folders
        .into_iter()
        .rev()
        .map(|(folder, names)| {
            let names: Vec<_> = names.into_iter().map(quote).collect();
            format!("remove {} {}", quote(folder), names.join(" "))
        })
        .collect();
    // The directory that was listed, also if a link leads elsewhere in the meantime.
    let command = format!(
        "root={}\n{REMOVE}{}",
        quote(root.trim_end_matches('/')),
        calls.join("\n")
    );
    let step = command_step(context, &format!("{title}: remove others"), &command, Effect::Destroy)?;
    step.set_idempotent(context).map(Some)
}
