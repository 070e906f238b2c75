//! Who is at work on a server, so that no other run may begin there.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Display};

/// The run that holds a server's lock, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum LockHolder {
    /// What the server itself says.
    RunOnServer {
        /// As the infrakt that began the run describes it: its number there, its recipe, its operator.
        run: String,
        /// For how long, by the server's own clock.
        seconds: Option<u64>,
        /// The number of the step at work, counted from 1, if one has begun.
        step: Option<usize>,
    },
    /// A run of this home that is being executed.
    RecordedRun {
        run: i64,
        recipe: String,
        /// The name under which it works on the same machine, if it is another one.
        other_name: Option<String>,
        operator: String,
        computer: String,
        pid: u32,
        started_at: Timestamp,
    },
    /// The run that is to be resumed is still being executed.
    SameRun {
        run: i64,
        operator: String,
        computer: String,
        pid: u32,
    },
    /// Another request has just taken the plan.
    SamePlan,
    /// A run that began after the lock was looked at.
    LaterRun,
}

impl Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunOnServer { run, seconds, step } => {
                f.write_str(run)?;
                if let Some(seconds) = seconds {
                    let held = SignedDuration::from_secs(i64::try_from(*seconds).unwrap_or(i64::MAX));
                    write!(f, ", for {held:#}")?;
                }
                match step {
                    Some(step) => write!(f, ", now in step {step}"),
                    None => Ok(()),
                }
            }
            Self::RecordedRun {
                run,
                recipe,
                other_name,
                operator,
                computer,
                pid,
                started_at,
            } => {
                write!(f, "run {run} of {recipe}")?;
                if let Some(name) = other_name {
                    write!(f, " on the same machine, called '{name}',")?;
                }
                let at = started_at.strftime("%Y-%m-%d %H:%M:%S UTC");
                write!(f, " started by {operator} on {computer} (pid {pid}) at {at}")
            }
            Self::SameRun {
                run,
                operator,
                computer,
                pid,
            } => write!(
                f,
                "run {run} itself, started by {operator}; it is executed by process {pid} on {computer}"
            ),
            Self::SamePlan => write!(f, "a run of the same plan, which another request just started"),
            Self::LaterRun => write!(f, "one that started after the other was shown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LockHolder;
    use jiff::Timestamp;
    use serde_json::json;

    #[test]
    fn the_codes_and_fields_of_lock_holders_stay_the_same() {
        let (operator, computer) = ("ops@laptop".to_owned(), "laptop".to_owned());
        for (holder, document) in [
            (
                LockHolder::RunOnServer {
                    run: "run 4".to_owned(),
                    seconds: Some(5),
                    step: None,
                },
                json!({ "code": "run_on_server", "run": "run 4", "seconds": 5, "step": null }),
            ),
            (
                LockHolder::RecordedRun {
                    run: 4,
                    recipe: "wipe.rhai".to_owned(),
                    other_name: None,
                    operator: operator.clone(),
                    computer: computer.clone(),
                    pid: 7,
                    started_at: Timestamp::UNIX_EPOCH,
                },
                json!({
                    "code": "recorded_run", "run": 4, "recipe": "wipe.rhai", "other_name": null, "operator": "ops@laptop",
                    "computer": "laptop", "pid": 7, "started_at": "1970-01-01T00:00:00Z",
                }),
            ),
            (
                LockHolder::SameRun {
                    run: 4,
                    operator,
                    computer,
                    pid: 7,
                },
                json!({ "code": "same_run", "run": 4, "operator": "ops@laptop", "computer": "laptop", "pid": 7 }),
            ),
            (LockHolder::SamePlan, json!({ "code": "same_plan" })),
            (LockHolder::LaterRun, json!({ "code": "later_run" })),
        ] {
            assert_eq!(serde_json::to_value(&holder).unwrap(), document);
        }
    }

    #[test]
    fn a_holder_is_shown_with_the_time_it_has_been_at_work() {
        let holder = |seconds, step| {
            let run = "run 4 of wipe by ops@laptop".to_owned();
            LockHolder::RunOnServer { run, seconds, step }.to_string()
        };
        assert_eq!(
            holder(Some(3725), Some(3)),
            "run 4 of wipe by ops@laptop, for 1h 2m 5s, now in step 3"
        );
        assert!(holder(Some(u64::MAX), None).starts_with("run 4 of wipe by ops@laptop, for "));
        assert_eq!(holder(None, None), "run 4 of wipe by ops@laptop");
    }
}
