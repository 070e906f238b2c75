//! Why a plan can't be executed any more, or a consent to it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Display};

/// What no longer fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum StaleReason {
    /// The digest is not that of the plan.
    Modified,
    /// A module of the plan claims to be infrakt's own and is not.
    OtherModule {
        module: String,
    },
    /// A destructive plan from a file without the time at which it was made.
    NotDated,
    /// A destructive plan from a file that was made in the future.
    FromFuture {
        made_at: Timestamp,
    },
    /// A destructive plan from a file that is too old.
    Expired {
        made_at: Timestamp,
        valid_for_hours: i64,
    },
    /// A destructive plan that was made without its server.
    MadeOffline,
    /// A file that the plan copies has another content now.
    FileChanged {
        file: String,
    },
    /// The row leads elsewhere, or to another user.
    AddressChanged,
    /// The server has another row of the same name.
    RowReplaced,
    HostKeyChanged,
    /// A variable of the server that the recipe read has another value.
    VariableChanged {
        variable: String,
    },
    /// The servers with a tag that the recipe read are others, or changed.
    ServersChanged {
        tag: String,
    },
    /// The machine has another machine-id than the plan.
    OtherMachine {
        /// The one that it has.
        machine_id: Option<String>,
    },
    /// The server has something that the plan would delete and does not show.
    MoreToLose {
        /// What is new, has grown, or was made again.
        things: Vec<String>,
    },
    /// The consent was given for another digest.
    OtherConsent,
    ConsentFromFuture,
    ConsentExpired,
    /// The consent has already started a run.
    ConsentUsed {
        run: i64,
    },
}

impl Display for StaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: &Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC");
        match self {
            Self::Modified => write!(f, "it was modified after it was made"),
            Self::OtherModule { module } => {
                write!(
                    f,
                    "it was made with a different {module} than the one this infrakt ships"
                )
            }
            Self::NotDated => write!(f, "it has destructive steps and no time at which it was made"),
            Self::FromFuture { made_at } => write!(
                f,
                "it was made at {}, which is in the future by this computer's clock",
                time(made_at)
            ),
            Self::Expired {
                made_at,
                valid_for_hours,
            } => write!(
                f,
                "it was made at {}, and a plan with destructive steps can only be applied for {valid_for_hours} hours",
                time(made_at)
            ),
            Self::MadeOffline => write!(f, "it was made offline, so what it would destroy is not known"),
            Self::FileChanged { file } => {
                write!(f, "{file} has another content than when the plan was made")
            }
            Self::AddressChanged => write!(f, "its address or user has changed since"),
            Self::RowReplaced => write!(f, "the server was removed and added again since"),
            Self::HostKeyChanged => write!(f, "its host key has changed"),
            Self::VariableChanged { variable } => write!(f, "its variable '{variable}' has changed since"),
            Self::ServersChanged { tag } => {
                write!(
                    f,
                    "the servers with the tag '{tag}', or their variables, have changed since"
                )
            }
            Self::OtherMachine { machine_id: Some(id) } => {
                write!(f, "another machine answers there: its machine-id is {id}")
            }
            Self::OtherMachine { machine_id: None } => {
                write!(f, "another machine answers there: it has no machine-id")
            }
            Self::MoreToLose { things } => {
                write!(f, "more data would be deleted than the plan shows: {}", some_of(things))
            }
            Self::OtherConsent => write!(f, "the consent was given for a different plan"),
            Self::ConsentFromFuture => {
                write!(f, "the consent was given in the future: the clock was set back since")
            }
            Self::ConsentExpired => {
                write!(f, "the consent was given more than 10 minutes ago and has expired")
            }
            Self::ConsentUsed { run } => write!(f, "the consent has already started run {run}"),
        }
    }
}

/// As many as a sentence can hold.
fn some_of(things: &[String]) -> String {
    const NAMED: usize = 20;
    let named = things.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match things.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}, and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::StaleReason;
    use jiff::Timestamp;
    use serde_json::json;

    #[test]
    fn the_codes_and_fields_of_stale_plans_stay_the_same() {
        let made_at = Timestamp::UNIX_EPOCH;
        for (reason, document) in [
            (StaleReason::Modified, json!({ "code": "modified" })),
            (
                StaleReason::OtherModule {
                    module: "lib/wipe.rhai".to_owned(),
                },
                json!({ "code": "other_module", "module": "lib/wipe.rhai" }),
            ),
            (StaleReason::NotDated, json!({ "code": "not_dated" })),
            (
                StaleReason::FromFuture { made_at },
                json!({ "code": "from_future", "made_at": "1970-01-01T00:00:00Z" }),
            ),
            (
                StaleReason::Expired {
                    made_at,
                    valid_for_hours: 24,
                },
                json!({ "code": "expired", "made_at": "1970-01-01T00:00:00Z", "valid_for_hours": 24 }),
            ),
            (StaleReason::MadeOffline, json!({ "code": "made_offline" })),
            (
                StaleReason::FileChanged {
                    file: "site/index.html".to_owned(),
                },
                json!({ "code": "file_changed", "file": "site/index.html" }),
            ),
            (StaleReason::AddressChanged, json!({ "code": "address_changed" })),
            (StaleReason::RowReplaced, json!({ "code": "row_replaced" })),
            (StaleReason::HostKeyChanged, json!({ "code": "host_key_changed" })),
            (
                StaleReason::VariableChanged {
                    variable: "region".to_owned(),
                },
                json!({ "code": "variable_changed", "variable": "region" }),
            ),
            (
                StaleReason::ServersChanged { tag: "web".to_owned() },
                json!({ "code": "servers_changed", "tag": "web" }),
            ),
            (
                StaleReason::OtherMachine { machine_id: None },
                json!({ "code": "other_machine", "machine_id": null }),
            ),
            (
                StaleReason::MoreToLose {
                    things: vec!["volume orders".to_owned()],
                },
                json!({ "code": "more_to_lose", "things": ["volume orders"] }),
            ),
            (StaleReason::OtherConsent, json!({ "code": "other_consent" })),
            (StaleReason::ConsentFromFuture, json!({ "code": "consent_from_future" })),
            (StaleReason::ConsentExpired, json!({ "code": "consent_expired" })),
            (
                StaleReason::ConsentUsed { run: 4 },
                json!({ "code": "consent_used", "run": 4 }),
            ),
        ] {
            assert_eq!(serde_json::to_value(&reason).unwrap(), document);
        }
    }

    #[test]
    fn of_many_new_things_twenty_are_named_and_the_others_counted() {
        let things: Vec<String> = (0..23).map(|number| format!("volume v{number}")).collect();
        let text = StaleReason::MoreToLose { things }.to_string();
        assert!(text.ends_with("volume v19, and 3 more"), "{text}");
    }
}
