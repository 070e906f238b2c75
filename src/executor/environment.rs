//! What scripts find in their environment on a server.

use crate::plan::shell::without_comments;

/// A script that sets what probes, queries, guards and steps find in their environment, during planning and in a run.
///
/// The server's own settings (/etc/environment, a login's .bashrc) change nothing of what they do, except who root is
/// there, where the login came from, and proxies. `DOCKER_CONFIG` names a folder that does not exist unless an operator
/// makes it: in root's own configuration, a filter can keep `docker system prune` from removing anything.
///
/// Text is UTF-8 and everything else is C's. LC_ALL=C.UTF-8 means the same, but each program would read a dozen files at
/// its start to find that out.
pub fn environment() -> String {
    without_comments(include_str!("environment.sh"))
}
