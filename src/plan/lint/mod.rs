//! The lint for destructive commands: a command that deletes data must be in a step that is marked as destructive. It
//! helps honest authors; it is not a security boundary, because a shell has endless ways to write a command. Queries
//! and guards must not change anything at all; see `changing`.

mod allowed_scripts;
mod changing;
mod commands;
mod dialect;
mod excuses;
mod lost_failure;
mod program_changes;
mod programs;

pub use allowed_scripts::runs_allowed_script;
pub use changing::changing;
pub use dialect::{Bashism, bashism};
pub use lost_failure::lost_failure;

use super::{Action, Effect, Keeper, Plan, Step};

/// The simple commands of a shell text, each as its words without quotes.
pub fn simple_commands(shell: &str) -> Vec<Vec<String>> {
    commands::commands(shell)
        .into_iter()
        .map(|simple| simple.words)
        .collect()
}

/// The first thing in a shell text that destroys, in words for a reader: `rm -rf`, `docker volume rm`.
pub fn destroying(shell: &str) -> Option<String> {
    destroying_unless(shell, &[])
}

/// As [`destroying`], for a step with guards, which may keep it from meeting data.
fn destroying_unless(shell: &str, unless: &[String]) -> Option<String> {
    let cleaned = excuses::without_harmless(shell);
    // A line that is continued is one line.
    let shell = &cleaned.replace("\\\n", " ");
    let commands = commands(shell);
    commands
        .iter()
        .find_map(|words| {
            (0..)
                .map_while(|at| words.get(at..)?.split_first())
                .find_map(|(word, rest)| {
                    destroys(word, rest).filter(|_| !excuses::is_guarded(word, rest, shell, unless))
                })
        })
        .or_else(|| destroying_sql(shell))
}

/// The line, from 1, of an uploaded script that destroys.
fn destroying_line(script: &str) -> usize {
    let cleaned = excuses::without_harmless(script);
    cleaned
        .lines()
        .position(|line| destroying(line).is_some())
        .map_or(1, |at| at + 1)
}

/// What deletes data in a step that is not marked as destructive.
pub fn destroys_unsaid(step: &Step) -> Option<Unsaid> {
    let found = |part, what: Option<String>| what.map(|what| Unsaid { part, what, line: None });
    match &step.action {
        Action::Run { .. } if step.is_said_to_destroy() => None,
        Action::Run { command } => {
            // The step's variables are set before its command is read.
            let variables: String = step.env.keys().map(|name| format!("{name}=\n")).collect();
            found(
                "the command",
                destroying_unless(&format!("{variables}{command}"), &step.unless),
            )
        }
        Action::Upload { content, .. } => script_destroys(step, &content.outline()),
        Action::Reach { otherwise, .. } => found("the command", destroying(otherwise)),
        // They have no shell text of a recipe. A change of the database has rules of its own; see `plan::form`.
        Action::Reconnect { .. } | Action::Survey { .. } | Action::State { .. } => None,
    }
}

/// The destructive command in an upload of this text, if it is a script and nothing allows it.
pub fn script_destroys(step: &Step, text: &str) -> Option<Unsaid> {
    let Action::Upload { path, mode, .. } = &step.action else {
        return None;
    };
    if step.allowed.is_some() || !is_script(path, text, mode) {
        return None;
    }
    Some(Unsaid {
        part: "the uploaded script",
        what: destroying(text)?,
        line: Some(destroying_line(text)),
    })
}

/// A destructive command in a step that is not marked as destructive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    /// Where in the step: `the command`, `the uploaded script`.
    pub part: &'static str,
    pub what: String,
    /// Of an uploaded script, from 1.
    pub line: Option<usize>,
}

/// Whether a guard that the step still gets may make the command harmless.
pub fn may_be_guarded(what: &str) -> bool {
    what.starts_with("mkfs") || what == "dd of="
}

/// Splits a text into commands and words, and looks into quotes and substitutions too, since `sh -c "rm -r x"` destroys
/// just as well. That makes it see more than a shell would, never less.
fn commands(shell: &str) -> Vec<Vec<&str>> {
    shell
        .split([';', '|', '&', '(', ')', '`', '\n', '{', '}'])
        .map(|command| {
            command
                .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '$' | '<' | '>'))
                .filter(|word| !word.is_empty())
                .collect()
        })
        .collect()
}

/// Whether xargs may run `rm`, behind its options and other programs; but not where it is the word of one that has such words.
fn runs_rm(arguments: &[&str]) -> bool {
    const WITH_WORDS: [&str; 12] = [
        "docker",
        "podman",
        "nerdctl",
        "container",
        "image",
        "volume",
        "network",
        "config",
        "secret",
        "service",
        "compose",
        "git",
    ];
    arguments.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| arguments.get(at));
        word.rsplit('/').next() == Some("rm") && before.is_none_or(|before| !WITH_WORDS.contains(before))
    })
}

fn destroys(word: &str, rest: &[&str]) -> Option<String> {
    let program = word.rsplit('/').next().unwrap_or(word);
    let has = |wanted: &[&str]| rest.iter().find(|word| wanted.contains(word)).copied();
    let short = |letters: &str| {
        rest.iter().any(|word| {
            word.strip_prefix('-')
                .is_some_and(|flags| !flags.starts_with('-') && flags.chars().any(|flag| letters.contains(flag)))
        })
    };
    match program {
        "rm" if short("rR") || has(&["--recursive"]).is_some() => Some("rm -r".to_owned()),
        "dd" if rest.iter().any(|word| word.starts_with("of=")) => Some("dd of=".to_owned()),
        "wipefs" | "shred" | "blkdiscard" | "dropdb" | "lvremove" | "vgremove" | "pvremove" | "sgdisk" => {
            Some(program.to_owned())
        }
        _ if program == "mkfs" || program.starts_with("mkfs.") => Some(program.to_owned()),
        "truncate"
            if rest.iter().any(|word| ["-s0", "--size=0"].contains(word))
                || rest
                    .windows(2)
                    .any(|pair| pair == ["-s", "0"] || pair == ["--size", "0"]) =>
        {
            Some("truncate -s 0".to_owned())
        }
        "find" if has(&["-delete"]).is_some() => Some("find -delete".to_owned()),
        "find" if has(&["-exec", "-execdir"]).is_some() && has(&["rm"]).is_some() => Some("find -exec rm".to_owned()),
        "xargs" if runs_rm(rest) => Some("xargs rm".to_owned()),
        "git" if has(&["clean"]).is_some() && (short("f") || has(&["--force"]).is_some()) => {
            Some("git clean -f".to_owned())
        }
        "apt" | "apt-get" | "aptitude" if has(&["purge", "--purge"]).is_some() => Some(format!("{program} purge")),
        "dpkg" if has(&["-P", "--purge"]).is_some() => Some("dpkg --purge".to_owned()),
        "rsync" if rest.iter().any(|word| word.starts_with("--del")) => Some("rsync --delete".to_owned()),
        "zfs" | "zpool" if has(&["destroy"]).is_some() => Some(format!("{program} destroy")),
        "userdel" if short("r") || has(&["--remove"]).is_some() => Some("userdel -r".to_owned()),
        "docker" | "podman" | "docker-compose" => container_engine(program, rest),
        _ => None,
    }
}

fn container_engine(program: &str, rest: &[&str]) -> Option<String> {
    let objects = [
        "container",
        "image",
        "volume",
        "network",
        "system",
        "builder",
        "swarm",
        "compose",
        "stack",
        "service",
    ];
    // Options before the subcommand (`docker --context x volume rm`) may take values: the first word that is a known
    // object or verb counts.
    let verbs = ["rm", "rmi", "prune", "remove", "leave", "down"];
    // What is run inside a container is its own matter: `docker exec db rm -r /tmp/x` is caught as rm.
    let rest = rest.split(|word| ["run", "exec", "build"].contains(word)).next()?;
    let object = rest.iter().find(|word| objects.contains(word)).copied();
    let verb = rest.iter().find(|word| verbs.contains(word)).copied()?;
    let removes_volumes = rest.iter().any(|word| ["-v", "--volumes", "--rmi"].contains(word));
    if verb == "down" && !removes_volumes {
        return None;
    }
    Some(match object {
        Some(object) => format!("{program} {object} {verb}"),
        None => format!("{program} {verb}"),
    })
}

fn destroying_sql(shell: &str) -> Option<String> {
    let upper = shell.to_ascii_uppercase();
    let words: Vec<&str> = upper
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    words.windows(2).find_map(|pair| match pair {
        [
            "DROP",
            what @ ("TABLE" | "DATABASE" | "SCHEMA" | "COLLECTION" | "USER" | "ROLE"),
        ] => Some(format!("DROP {what}")),
        ["TRUNCATE", "TABLE"] => Some("TRUNCATE TABLE".to_owned()),
        // `truncate -s` is another program; as SQL it stands beside a client of a database.
        ["TRUNCATE", _] if words.iter().any(|word| ["PSQL", "MYSQL", "MARIADB"].contains(word)) => {
            Some("TRUNCATE".to_owned())
        }
        ["DELETE", "FROM"] => Some("DELETE FROM".to_owned()),
        _ => None,
    })
}

/// Whether an upload is something that will be executed: then the lint reads it as it reads a command.
pub fn is_script(path: &str, content: &str, mode: &str) -> bool {
    let executable = u32::from_str_radix(mode, 8).is_ok_and(|mode| mode & 0o111 != 0);
    let run_by_others = ["/etc/cron", "/var/spool/cron/", "/etc/systemd/system/"];
    content.starts_with("#!")
        || path.ends_with(".sh")
        || executable
        || run_by_others.iter().any(|folder| path.starts_with(folder))
}

/// What keeps a shell text from being a query or a guard, in words for a reader.
pub fn not_a_look(shell: &str) -> Option<(String, &'static str)> {
    let destroys = destroying(shell).map(|what| (what, "destroys data"));
    destroys.or_else(|| changing(shell).map(|what| (what, "changes the server")))
}

/// The mark of a here-document that never ends, because the line with the mark is indented: it swallows the rest of the
/// text.
pub fn endless_document(shell: &str) -> Option<String> {
    commands::read(shell).unended.into_iter().next()
}

/// A step that destroys without saying so, or whose guard does more than look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintFinding {
    pub step: usize,
    /// Where in the step: `the command`, `the check`, `a guard`, `the undo`, `the uploaded script`.
    pub part: &'static str,
    /// What does it.
    pub what: String,
    /// What it does: `destroys`, or `changes the server`.
    pub does: &'static str,
}

/// Looks through a whole plan, as `apply` does with one that comes from a file.
pub fn findings(plan: &Plan) -> Vec<LintFinding> {
    let allowed = runs_allowed_script(&plan.steps).map(|(step, part, what)| LintFinding {
        step,
        part,
        what,
        does: "destroys data",
    });
    let mut findings: Vec<LintFinding> = allowed.into_iter().collect();
    for (index, step) in plan.steps.iter().enumerate() {
        let mut note = |part, found: Option<(String, &'static str)>| {
            findings.extend(found.map(|(what, does)| LintFinding {
                step: index,
                part,
                what,
                does,
            }));
        };
        let destroys = |shell: &str| destroying(shell).map(|what| (what, "destroys data"));
        match &step.action {
            // Asked while planning. infrakt's own may write into temporary folders, which they remove.
            Action::Run { command } if step.preflight && step.origin.kept_by != Keeper::Shipped => {
                note("the check", not_a_look(command));
            }
            Action::Run { .. }
            | Action::Upload { .. }
            | Action::Reconnect { .. }
            | Action::Reach { .. }
            | Action::Survey { .. }
            | Action::State { .. } => {
                if let Some(Unsaid { part, what, .. }) = destroys_unsaid(step) {
                    note(part, Some((what, "destroys data")));
                }
            }
        }
        step.unless
            .iter()
            .chain(&step.only_if)
            .for_each(|guard| note("a guard", not_a_look(guard)));
        step.file_checks()
            .for_each(|(part, check)| note(part, not_a_look(check)));
        if let Some(undo) = step.undo.as_ref().filter(|_| step.effect != Effect::Destroy) {
            note("the undo", destroys(&undo.command));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::destroying;

    #[test]
    fn destructive_commands_are_found_in_their_usual_forms() {
        for (shell, what) in [
            ("rm -rf /opt/infrakt/", "rm -r"),
            ("cd /srv && /bin/rm -f -R data", "rm -r"),
            ("sh -c \"rm -r '/srv/data'\"", "rm -r"),
            ("docker volume rm $(docker volume ls -q)", "docker volume rm"),
            ("docker ps -aq | xargs docker rm -f", "docker rm"),
            ("docker system prune -af --volumes", "docker system prune"),
            ("docker compose -f x.yaml down -v", "docker compose down"),
            ("mkfs.ext4 /dev/sdb1", "mkfs.ext4"),
            ("dd if=/dev/zero of=/dev/sda", "dd of="),
            ("find /srv -name '*.log' -delete", "find -delete"),
            ("find /srv -type f -exec rm {} +", "find -exec rm"),
            ("rm \\\n  -rf /srv/data", "rm -r"),
            ("docker system \\\n  prune -af", "docker system prune"),
            ("apt-get purge -y postgresql", "apt-get purge"),
            ("truncate -s 0 /srv/db", "truncate -s 0"),
            ("psql -c 'TRUNCATE users'", "TRUNCATE"),
            ("psql -c 'drop table users'", "DROP TABLE"),
            ("find /srv -print0 | xargs -0r rm --", "xargs rm"),
            ("find /srv | xargs -n 1 -I FILE /bin/rm FILE", "xargs rm"),
            ("xargs -a /tmp/list sudo rm", "xargs rm"),
            ("git -C /srv/app clean -fdx", "git clean -f"),
        ] {
            assert_eq!(destroying(shell).as_deref(), Some(what), "{shell}");
        }
    }

    #[test]
    fn what_only_looks_or_adds_is_left_alone() {
        for shell in [
            "rm -f /etc/apt/sources.list.d/docker.list",
            "docker run --rm -v data:/data busybox true",
            "docker volume ls -q",
            "docker compose up -d",
            "docker compose down",
            "ls -r /var/lib",
            "echo removed",
            "dd if=/dev/zero bs=1 count=1",
            "apt-get install -y ufw",
            "truncate -s 1G /swapfile",
            "git clean -n",
            "ls | xargs echo",
        ] {
            assert_eq!(destroying(shell), None, "{shell}");
        }
    }
}
