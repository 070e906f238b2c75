//! What destructive steps may reach of what a plan lists as [`Losses`]: what Docker and /opt/infrakt hold. In doubt all of it.
//!
//! It must not know what a server holds.

use super::lint::simple_commands;
use super::{Action, Losses, Plan, StateChange, Step};

/// The one module whose destructive steps take nothing but what [`Losses`] lists. Those of other shipped modules take what
/// their callers name.
const WIPE: &str = "lib/wipe.rhai";
/// Shipped modules whose destructive steps reach no container data, whatever their callers name.
const ELSEWHERE: [&str; 2] = ["lib/mariadb.rhai", "lib/postgres.rhai"];
/// The shipped module that deletes an account, and its home unless the caller keeps it.
const USERS: &str = "lib/users.rhai";
/// The shipped module that deletes the path that its caller names. It stands in the title of the step.
const FILES: &str = "lib/files.rhai";
/// Directories whose content is listed, or decides about what is listed.
const LISTED: [&str; 3] = ["/opt/infrakt", "/var/lib/docker", "/var/lib/containerd"];

impl Plan {
    /// The destructive steps, counted from 1, whose deletions infrakt can't list: only their commands say them.
    pub fn unlisted(&self) -> Vec<usize> {
        let unlisted = |step: &Step| step.destroys() && !is_listed(step);
        let steps = (1..).zip(&self.steps).filter(|(_, step)| unlisted(step));
        steps.map(|(number, _)| number).collect()
    }

    /// Whether a step deletes what [`Plan::losses`] lists, rather than that it may.
    pub fn deletes_what_is_listed(&self) -> bool {
        self.steps.iter().any(|step| step.destroys() && is_listed(step))
    }

    /// Whether a step deletes what Docker or /opt/infrakt hold, or may do so.
    pub fn reaches_docker(&self) -> bool {
        self.reaches(self.losses.docker_root.as_deref())
    }

    fn reaches(&self, docker_root: Option<&str>) -> bool {
        self.steps.iter().any(|step| may_reach(step, docker_root))
    }

    /// What of all that stands there this plan may take away. Only one step takes anything out of the database.
    pub fn within_reach(&self, losses: Losses) -> Losses {
        let on_server = match self.reaches(losses.docker_root.as_deref()) {
            true => losses.clone(),
            false => Losses {
                docker_root: losses.docker_root.clone(),
                ..Losses::default()
            },
        };
        let in_database = match self.steps.iter().any(forgets) {
            true => losses,
            false => Losses::default(),
        };
        Losses {
            apps: in_database.apps,
            deployments: in_database.deployments,
            env_files: in_database.env_files,
            ..on_server
        }
    }
}

fn forgets(step: &Step) -> bool {
    matches!(
        step.action,
        Action::State {
            change: StateChange::ForgetApps
        }
    )
}

fn is_listed(step: &Step) -> bool {
    forgets(step) || (step.origin.is_shipped() && step.origin.file == WIPE)
}

fn may_reach(step: &Step, docker_root: Option<&str>) -> bool {
    let Action::Run { command } = &step.action else {
        return step.destroys() && !forgets(step);
    };
    if !step.destroys() {
        return false;
    }
    if step.origin.is_shipped() {
        return match step.origin.file.as_str() {
            FILES => step
                .title
                .split_once('/')
                .is_none_or(|(_, path)| is_near(&format!("/{path}"), docker_root)),
            USERS => command.contains("--remove"),
            file => !ELSEWHERE.contains(&file),
        };
    }
    step.invocation != super::Invocation::default() || !step.env.is_empty() || !keeps_away(command, docker_root)
}

/// Whether a command certainly deletes nothing that is listed: it is so plain that all its paths can be seen.
fn keeps_away(command: &str, docker_root: Option<&str>) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " \n_-./:@,&|;'\"".contains(c);
    command.chars().all(plain)
        && simple_commands(command).iter().all(|words| match words.split_first() {
            Some((program, arguments)) => match program.as_str() {
                "rm" | "rmdir" | "test" => arguments
                    .iter()
                    .all(|word| word.starts_with('-') || (word.starts_with('/') && !is_near(word, docker_root))),
                // An option can name another server's database, or have files deleted.
                "dropdb" | "dropuser" | "userdel" | "deluser" | "groupdel" => {
                    !arguments.iter().any(|word| word.starts_with('-'))
                }
                "true" => arguments.is_empty(),
                _ => false,
            },
            None => true,
        })
}

/// Whether a path is in a directory that is listed, or above it, or looks like Docker's own. /proc leads everywhere.
fn is_near(path: &str, docker_root: Option<&str>) -> bool {
    fn parts(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".")
    }
    let odd = |part: &str| {
        part == ".."
            || ["docker", "containerd", "podman"]
                .iter()
                .any(|name| part.contains(name))
    };
    parts(path).any(odd)
        || parts(path).next() == Some("proc")
        || LISTED
            .into_iter()
            .chain(docker_root)
            .any(|listed| parts(listed).zip(parts(path)).all(|(listed, part)| listed == part))
}

#[cfg(test)]
mod tests {
    use super::keeps_away;

    #[test]
    fn a_command_whose_paths_can_be_seen_keeps_away_from_container_data() {
        for command in [
            "rm -rf /srv/data",
            "rm -rf '/srv/data' && rmdir /srv",
            "test -e /srv/x && rm -r -- /srv/x\nrm -f /etc/x",
            "dropdb shop",
            "userdel shop",
            "rm -rf /data-of/x",
        ] {
            assert!(keeps_away(command, Some("/data/engine")), "{command}");
        }
        for command in [
            "rm -rf /",
            "rm -rf /opt",
            "rm -rf //opt/./infrakt/x",
            "rm -rf /srv/../opt",
            "rm -rf /var",
            "rm -rf /srv/docker-data",
            "rm -rf data",
            "rm -rf /srv/*",
            "rm -rf \"$HOME\"",
            "cd /opt; rm -rf infrakt",
            "docker volume prune -f",
            "/usr/local/bin/clean",
            "sh -c 'rm -rf /opt'",
            "rm -rf /srv/$(cat x)",
            "rm -rf /data",
            "rm -rf /data/engine/volumes",
            "rm -rf /proc/1/root/opt/infrakt",
            "rm -rf /proc/self/cwd/x",
            "userdel -r shop",
            "deluser --remove-all-files shop",
            "dropdb -h 127.0.0.1 shop",
        ] {
            assert!(!keeps_away(command, Some("/data/engine")), "{command}");
        }
    }
}
