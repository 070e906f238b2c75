//! The checks right before something is destroyed on a server: whether the engine behind Docker's socket is its own, and whether
//! a wipe would reach everything that it lists and nothing else. The same shell text reads this into the facts, checks it as a
//! step, and runs before every script that destroys. So these can't come to different answers.

use super::shell::without_comments;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ENGINE: &str = include_str!("engine.sh");
const SURVEY: &str = include_str!("survey.sh");
const LEFT: &str = include_str!("left.sh");

/// How a check reports the findings of a function. It fails if there are any, or if the function does not finish.
const REPORT: &str = r#"ik_found() {
    printf '%s: %s\n  %s\n' "$1" "$2" "$3"
}
ik_report() {
    ik_proven=0
    ik_prove_engine || ik_proven=$?
    ik_lines=$(set +e; "$1"; echo complete)
    [ "$ik_lines" != complete ] || exit 0
    printf '%s\n' "${ik_lines%complete}" >&2
    exit 1
}
"#;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Survey {
    /// If Docker answers, it is the server's own engine.
    Engine,
    /// Like `engine`, and a wipe reaches all container data of the server and nothing that others may share.
    Reach,
    /// Like `reach`, and Docker's directories are empty.
    Emptied,
}

impl Survey {
    /// What it checks, for a reader.
    pub fn words(self) -> &'static str {
        match self {
            Self::Engine => "the Docker that answers, if any does, is the server's own",
            Self::Reach => {
                "the Docker that answers is the server's own, it lists all container data there is, and no file system \
                 that is wiped is shared"
            }
            Self::Emptied => "Docker's directories and all other stores of container data are empty",
        }
    }

    /// The command that does it, once [`functions`] are known.
    pub fn command(self) -> &'static str {
        match self {
            Self::Engine => "ik_report ik_survey_engine",
            Self::Reach => "ik_report ik_survey",
            Self::Emptied => "ik_report ik_left",
        }
    }
}

/// The functions that a probe needs: `ik_prove_engine` and `ik_survey`, see there.
pub fn functions() -> String {
    without_comments(&format!("{ENGINE}{SURVEY}"))
}

/// The functions that [`Survey::command`] needs.
pub fn checks() -> String {
    without_comments(&format!("{ENGINE}{SURVEY}{LEFT}{REPORT}"))
}

#[cfg(test)]
mod tests {
    use super::{checks, functions};
    use crate::plan::lint::destroying;
    use std::process::Command;

    #[test]
    fn the_functions_are_sound_shell_and_destroy_nothing() {
        for text in [functions(), checks()] {
            let parsed = Command::new("sh").args(["-n", "-c", &text]).status().expect("sh runs");
            assert!(parsed.success());
            assert_eq!(destroying(&text), None);
        }
    }
}
