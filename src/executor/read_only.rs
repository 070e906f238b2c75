//! Queries and guards of a recipe, which run during planning. They see read-only file systems where the server allows
//! it, so that a mistake in one changes nothing.
//!
//! This is not a security boundary: a command can still reach a service (Docker, systemd), and root can get around it
//! on purpose.

use super::connection::Connection;
use super::question::{ScriptAnswer, exchange};
use crate::error::{Result, ServerError};
use crate::plan::Asked;
use crate::plan::shell::{quote, without_comments};
use std::time::Duration;

/// What is taken from root besides: to restart the server, to set its clock, to make devices. Looking needs none of them.
const WITHOUT: &str = "-sys_boot,-sys_time,-mknod";

/// As [`super::question::ask`], for a command of a recipe, and tells whether it could have changed a file.
///
/// # Errors
/// As [`super::question::ask`].
pub fn ask(
    connection: &mut dyn Connection,
    server: &str,
    script: &str,
    patience: Duration,
) -> Result<(ScriptAnswer, Asked)> {
    let before = format!(
        "IK_WITHOUT={WITHOUT} IK_MAKE={}\n{}",
        quote(&without_comments(include_str!("read_only.pl"))),
        without_comments(include_str!("read_only.sh")),
    );
    // Through a pipe, since an argument may not be as long as a script. Temporary files go where there is room for them.
    let framed = format!(
        "printf '%s\\n' \"$ik_room\"\n\
         ik_asked={}\n\
         case $ik_room in\n\
         yes) printf %s \"$ik_asked\" | nsenter --mount=/proc/self/fd/8 setpriv --bounding-set={WITHOUT} sh -c \
         'exec 8<&- 9<&0 </dev/null; TMPDIR=/run; export TMPDIR; . /proc/self/fd/9' ;;\n\
         *) eval \"$ik_asked\" ;;\n\
         esac\n",
        quote(script)
    );
    let mut answer = exchange(connection, server, &before, &framed, patience)?;
    let Some(end) = answer.stdout.iter().position(|byte| *byte == b'\n') else {
        return Err(ServerError::Unclear {
            server: server.to_owned(),
            reason: "it did not report whether its file systems were read-only".to_owned(),
        }
        .into());
    };
    let mut said: Vec<u8> = answer.stdout.drain(..=end).collect();
    said.pop();
    let said = String::from_utf8_lossy(&said);
    let asked = match said.strip_prefix("no") {
        None => Asked::read_only(),
        Some(reason) => Asked::unguarded(reason.trim()),
    };
    Ok((answer, asked))
}
