//! How several servers ended: one table, and what to do next as commands that can be pasted.

use super::super::{Context, output};
use super::row::Row;
use super::values;
use crate::document::several::{GroupEvent, ServerOutcome};
use crate::error::{Exit, Result};
use crate::reporter::Account;
use crate::store::GroupId;

/// As many runs as are named one by one.
const NAMED: usize = 5;

pub(super) struct Summary<'a> {
    pub group: GroupId,
    pub rows: &'a [Row],
}

impl Summary<'_> {
    /// The table and what to do next; or with `--json` the last line.
    pub(super) fn show(&self, context: &Context) -> Result<()> {
        match context.json {
            true => output::json_line(&self.document(Row::worst(self.rows))),
            false => self.table(),
        }
    }

    fn table(&self) -> Result<()> {
        // What is not done stands last, where it is seen.
        let (done, not_done): (Vec<&Row>, Vec<&Row>) =
            self.rows.iter().partition(|row| row.outcome == ServerOutcome::Done);
        output::note("");
        let ordered = || done.iter().chain(&not_done).copied();
        match self.rows.iter().any(|row| row.stage.is_some()) {
            true => output::table_with_reasons(
                [
                    "SERVER",
                    "STAGE",
                    "OUTCOME",
                    "CHANGED",
                    "NO CHANGE",
                    "CHECKS",
                    "FAILED",
                    "TOOK",
                    "RUN",
                    "REASON",
                ],
                ordered().map(|row| {
                    let [server, outcome, changed, no_change, checks, failed, took, run, reason] = cells(row);
                    let stage = row.stage.clone().unwrap_or_default();
                    [
                        server, stage, outcome, changed, no_change, checks, failed, took, run, reason,
                    ]
                }),
            )?,
            false => output::table_with_reasons(
                [
                    "SERVER",
                    "OUTCOME",
                    "CHANGED",
                    "NO CHANGE",
                    "CHECKS",
                    "FAILED",
                    "TOOK",
                    "RUN",
                    "REASON",
                ],
                ordered().map(cells),
            )?,
        }
        let mut text = format!("\n{}\n", self.totals());
        for (why, command) in self.shown_next() {
            text.push_str(&format!("{why}: {command}\n"));
        }
        output::line(&text)?;
        values::table(self.rows)
    }

    /// `37 of 500 done, 2 failed`.
    fn totals(&self) -> String {
        let number = |outcome| self.rows.iter().filter(|row| row.outcome == outcome).count();
        let mut words = vec![format!("{} of {} done", number(ServerOutcome::Done), self.rows.len())];
        for outcome in [
            ServerOutcome::Failed,
            ServerOutcome::Interrupted,
            ServerOutcome::Skipped,
            ServerOutcome::Refused,
            ServerOutcome::Unreachable,
        ] {
            match number(outcome) {
                0 => {}
                count => words.push(format!("{count} {}", outcome.as_str())),
            }
        }
        words.join(", ")
    }

    /// What to do next, as people read it. After several failures one line stands for the group: two for each server would
    /// push the table off the screen.
    fn shown_next(&self) -> Vec<(&'static str, String)> {
        let stopped =
            |row: &&Row| matches!(row.outcome, ServerOutcome::Failed | ServerOutcome::Interrupted) && row.run.is_some();
        if self.rows.iter().filter(stopped).count() < 2 {
            return self.next();
        }
        vec![(
            "Run again on the servers that are not done",
            format!(
                "infrakt runs retry {}; for one of them: infrakt runs logs ID, infrakt runs resume ID",
                self.group
            ),
        )]
    }

    /// What to do next, and why.
    fn next(&self) -> Vec<(&'static str, String)> {
        let runs = |outcome| {
            let of = move |row: &&Row| row.outcome == outcome;
            self.rows.iter().filter(of).filter_map(|row| row.run).take(NAMED)
        };
        let mut next = Vec::new();
        for run in runs(ServerOutcome::Failed) {
            next.push(("Its output", format!("infrakt runs logs {run}")));
        }
        for run in runs(ServerOutcome::Failed)
            .chain(runs(ServerOutcome::Interrupted))
            .take(NAMED)
        {
            next.push(("Resume where it stopped", format!("infrakt runs resume {run}")));
        }
        if self.rows.iter().any(|row| row.outcome != ServerOutcome::Done) {
            let command = format!("infrakt runs retry {}", self.group);
            next.push(("Run again on the servers that are not done", command));
        }
        next
    }

    fn document(&self, exit: Exit) -> GroupEvent {
        GroupEvent::Summary {
            group: self.group,
            exit: exit as i32,
            servers: self.rows.iter().map(Row::ended).collect(),
            next: self.next().into_iter().map(|(_, command)| command).collect(),
        }
    }
}

fn cells(row: &Row) -> [String; 9] {
    let count = |of: fn(&Account) -> usize| row.account.as_ref().map_or(String::new(), |a| of(a).to_string());
    [
        row.server.clone(),
        row.outcome.as_str().to_owned(),
        count(|account| account.tally.changed),
        count(|account| account.tally.no_change),
        count(|account| account.tally.checks),
        count(|account| account.tally.failed + account.tally.stopped + account.tally.unknown),
        row.account
            .map_or(String::new(), |account| format!("{:.1} s", account.took.as_secs_f64())),
        row.run.map_or(String::new(), |run| run.to_string()),
        row.reason.clone().unwrap_or_default(),
    ]
}
