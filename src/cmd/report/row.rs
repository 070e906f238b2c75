//! The result on one server: for the table, and for the exit code.

use crate::document::error::ErrorShown;
use crate::document::several::{GroupMember, ServerEnded, ServerOutcome};
use crate::error::{Error, Exit, Result};
use crate::event::{Ended, RunState};
use crate::reporter::Account;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is known of one server: its line in the table.
pub(in crate::cmd) struct Row {
    pub server: String,
    /// The name of its stage, if there is a play.
    pub stage: Option<String>,
    pub outcome: ServerOutcome,
    pub run: Option<i64>,
    /// What was counted, if its run had its turn.
    pub account: Option<Account>,
    pub reason: Option<String>,
    pub error: Option<ErrorShown>,
    /// The values that its recipe reports.
    pub report: BTreeMap<String, Value>,
    pub exit: Exit,
}

impl Row {
    pub(in crate::cmd) fn new(server: &str, stage: Option<&str>) -> Self {
        Self {
            server: server.to_owned(),
            stage: stage.map(str::to_owned),
            outcome: ServerOutcome::Skipped,
            run: None,
            account: None,
            reason: None,
            error: None,
            report: BTreeMap::new(),
            exit: Exit::Done,
        }
    }

    /// Notes what went wrong other than a step.
    pub(in crate::cmd) fn fail(&mut self, error: &Error) {
        self.exit = error.exit();
        self.outcome = match self.exit {
            Exit::Refused => ServerOutcome::Refused,
            Exit::Unreachable => ServerOutcome::Unreachable,
            Exit::Interrupted => ServerOutcome::Interrupted,
            Exit::Done | Exit::StepFailed | Exit::Usage => ServerOutcome::Failed,
        };
        self.reason = Some(error.to_string());
        self.error = Some(ErrorShown::of(error));
    }

    /// Notes how its run ended.
    pub(in crate::cmd) fn end(&mut self, ended: &Result<Ended>) {
        match ended {
            Err(error) => self.fail(error),
            Ok(ended) => {
                self.outcome = match ended.state {
                    RunState::Done => ServerOutcome::Done,
                    RunState::Failed => ServerOutcome::Failed,
                    RunState::Interrupted | RunState::Running => ServerOutcome::Interrupted,
                };
                self.exit = exit_of(ended.state);
                self.reason = ended.reason.clone();
            }
        }
    }

    /// Notes that its run was not started. `exit` says whether that is what the user wanted.
    pub(in crate::cmd) fn skip(&mut self, reason: &str, exit: Exit) {
        self.outcome = ServerOutcome::Skipped;
        self.reason = Some(reason.to_owned());
        self.exit = exit;
    }

    /// The one exit code of all of them.
    pub(in crate::cmd) fn worst(rows: &[Self]) -> Exit {
        let exits: Vec<Exit> = rows.iter().map(|row| row.exit).collect();
        Exit::worst(&exits)
    }

    /// As a document has it.
    pub(in crate::cmd) fn ended(&self) -> ServerEnded {
        ServerEnded {
            server: self.server.clone(),
            stage: self.stage.clone(),
            run: self.run,
            outcome: self.outcome,
            steps: self.account.map(|account| account.tally),
            duration_ms: self.account.map(|account| account.took.as_millis() as u64),
            reason: self.reason.clone(),
            error: self.error.clone(),
            report: self.report.clone(),
        }
    }

    /// As a member of its group.
    pub(in crate::cmd) fn member(&self) -> GroupMember {
        GroupMember {
            server: self.server.clone(),
            stage: self.stage.clone(),
            run: self.run,
        }
    }

    pub(in crate::cmd) fn is_done(&self) -> bool {
        self.outcome == ServerOutcome::Done
    }

    /// Whether it has no run because of what is wrong with it.
    pub(in crate::cmd) fn is_left_out(&self) -> bool {
        self.error.is_some() && self.run.is_none()
    }
}

/// The exit code of a run.
pub(in crate::cmd) fn exit_of(state: RunState) -> Exit {
    match state {
        RunState::Done => Exit::Done,
        RunState::Failed => Exit::StepFailed,
        RunState::Interrupted | RunState::Running => Exit::Interrupted,
    }
}
