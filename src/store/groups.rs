//! Groups: what one command should do, on one or more servers. A group also has the servers without a run (unreachable
//! or refused), and everything needed to retry the servers that are not done.
//!
//! It must not know recipes: their names and parameters are only text here.

use super::group_id::GroupId;
use super::journal::{Journal, RecordedRun, record_run};
use super::living::{self, LivingRun, end};
use super::run_lock::RunLock;
use super::stages::{self, GroupStage, NewStage};
use super::{Failure, Home, Store, run_rows};
use crate::consent::Consent;
use crate::error::{Error, Result, StoreError};
use crate::event::{Outcome, RunState};
use crate::plan::Plan;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a group is begun with.
#[derive(Debug, Clone, Copy)]
pub struct NewGroup<'a> {
    /// How the recipe is found again from anywhere: a name, or the path of a file.
    pub recipe: &'a str,
    /// What it was given.
    pub parameters: &'a BTreeMap<String, Value>,
    pub operator: &'a str,
    /// A group of the chain of retries that this one continues.
    pub retry_of: Option<GroupId>,
    /// Whether nothing is to be recorded where a member is refused.
    pub or_nothing: bool,
    /// Its stages, if it has several recipes; the members stand in their order.
    pub stages: &'a [NewStage],
}

/// One server of a group that begins.
pub enum Member<'a> {
    Planned {
        plan: &'a Plan,
        consent: Option<&'a Consent>,
    },
    LeftOut {
        server_id: i64,
        server: &'a str,
        why: LeftOut,
        reason: String,
    },
}

/// Why a server has no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeftOut {
    Unreachable,
    Refused,
}

impl LeftOut {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
        }
    }
}

/// A group that was begun.
pub struct BegunGroup {
    pub id: GroupId,
    /// For each member that was planned, in their order: its run, or why it may not begin.
    pub runs: Vec<Result<QueuedRun>>,
}

/// A run that was recorded, and whose turn has not come: it has its consent used up and its server locked, and costs
/// neither a connection to the database nor a file of its own. One that is dropped unopened counts as interrupted once
/// all runs of its group are.
pub struct QueuedRun {
    home: Home,
    run_id: i64,
    spool: String,
    lock: Arc<RunLock>,
    /// Whether others may come before it.
    waits: bool,
}

impl QueuedRun {
    pub fn run_id(&self) -> i64 {
        self.run_id
    }

    /// Its turn has come: from now on its time counts.
    pub fn open(self) -> Result<Journal> {
        let store = Store::open(&self.home)?;
        let journal = Journal::of(store, self.run_id, self.spool, 1, self.lock)?;
        if self.waits {
            journal.starts_now()?;
        }
        Ok(journal)
    }
}

/// A chain of groups: the first one, and its retries.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunGroup {
    /// The first one.
    pub id: GroupId,
    pub recipe: String,
    pub parameters: BTreeMap<String, Value>,
    /// Several recipes in their order; empty for a group of one recipe.
    pub stages: Vec<GroupStage>,
    /// The result on each server, from the last group of the chain that it was in; in the order of the first group.
    pub servers: Vec<GroupServer>,
}

/// A server of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupServer {
    /// The server's name then; its row may be gone since.
    pub server: String,
    /// The name of its stage; null in a group of one recipe.
    pub stage: Option<String>,
    pub run: Option<i64>,
    /// How its run stands; `None` if it has none.
    pub state: Option<RunState>,
    /// Why it has no run.
    pub left_out: Option<LeftOut>,
    /// The same in words, or why the run ended.
    pub reason: Option<String>,
}

impl Store {
    /// Begins a run that belongs to no group, as [`Store::begin_run`], and leaves its journal closed.
    pub fn queue_run(&self, plan: &Plan, consent: Option<&Consent>, operator: &str) -> Result<QueuedRun> {
        let lock = Arc::new(RunLock::take(self.home())?);
        let RecordedRun { run_id, spool } = self.write(|transaction| {
            let living = living::living_runs(transaction, self.home())?;
            record_run(transaction, plan, consent, operator, &lock, &living)
        })?;
        Ok(QueuedRun {
            home: self.home().clone(),
            run_id,
            spool,
            lock,
            waits: false,
        })
    }

    /// Begins a group and all of its runs, in one transaction. A member may be refused by itself (locked, or a consent
    /// that does not fit); it is then left out, and the others begin.
    pub fn begin_group(&self, new: &NewGroup<'_>, members: &[Member<'_>]) -> Result<BegunGroup> {
        let parameters = serde_json::to_string(new.parameters).map_err(|error| Error::Malformed {
            what: "the parameters".to_owned(),
            reason: error.to_string(),
            hint: None,
        })?;
        let lock = Arc::new(RunLock::take(self.home())?);
        let (id, runs) = self.write(|transaction| {
            transaction.execute(
                "INSERT INTO run_groups (recipe, parameters, retry_of, operator, started_at)
                 VALUES (?1, ?2, (SELECT coalesce(retry_of, id) FROM run_groups WHERE id = ?3), ?4, ?5)",
                params![new.recipe, parameters, new.retry_of, new.operator, Timestamp::now()],
            )?;
            let group = GroupId(transaction.last_insert_rowid());
            stages::insert(transaction, group, new.stages)?;
            let counts = new.stages.iter().enumerate();
            let mut stage_of = counts.flat_map(|(stage, new)| std::iter::repeat_n(stage, new.servers));
            let mut living = living::living_runs(transaction, self.home())?;
            let mut begun = Vec::new();
            for (position, member) in members.iter().enumerate() {
                let row = match member {
                    Member::Planned { plan, consent } => {
                        let run = match record_run(transaction, plan, *consent, new.operator, &lock, &living) {
                            Ok(recorded) => Ok(recorded),
                            Err(Failure::Other(refusal)) if !new.or_nothing => Err(refusal),
                            Err(failure) => return Err(failure),
                        };
                        if let Ok(recorded) = &run {
                            living.push(LivingRun::recorded(transaction, recorded.run_id)?);
                        }
                        let row = MemberRow {
                            server_id: plan.server.id,
                            server: &plan.server.name,
                            run_id: run.as_ref().ok().map(|recorded| recorded.run_id),
                            left_out: run
                                .as_ref()
                                .err()
                                .map(|refusal| (LeftOut::Refused.as_str(), refusal.to_string())),
                        };
                        begun.push(run);
                        row
                    }
                    Member::LeftOut {
                        server_id,
                        server,
                        why,
                        reason,
                    } => MemberRow {
                        server_id: *server_id,
                        server,
                        run_id: None,
                        left_out: Some((why.as_str(), reason.clone())),
                    },
                };
                row.insert(transaction, group, position, stage_of.next())?;
            }
            Ok((group, begun))
        })?;
        let waits = members.len() > 1;
        let queued = |RecordedRun { run_id, spool }| QueuedRun {
            home: self.home().clone(),
            run_id,
            spool,
            lock: lock.clone(),
            waits,
        };
        let runs = runs.into_iter().map(|run| run.map(queued)).collect();
        Ok(BegunGroup { id, runs })
    }

    /// Ends runs that never had their turn: nothing was done on their servers. They can be resumed.
    pub fn end_queued(&self, queued: Vec<QueuedRun>, reason: &str) -> Result<()> {
        if queued.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let now = Timestamp::now();
            for run in &queued {
                transaction.execute(
                    "UPDATE steps SET outcome = ?2 WHERE run_id = ?1 AND started_at IS NULL AND outcome IS NULL",
                    params![run.run_id, Outcome::Skipped.as_str()],
                )?;
                end(transaction, run.run_id, RunState::Interrupted, Some(reason), Some(now))?;
            }
            Ok(())
        })
    }

    /// The group that a run was begun in; `None` for one that executed a saved plan.
    pub fn group_of_run(&self, run_id: i64) -> Result<Option<GroupId>> {
        self.run(run_id)?;
        self.check(|connection| {
            connection
                .query_row(
                    "SELECT group_id FROM run_group_servers WHERE run_id = ?1",
                    [run_id],
                    |row| row.get(0),
                )
                .optional()
        })
    }

    /// The chain of retries that a group belongs to.
    pub fn run_group(&self, id: GroupId) -> Result<RunGroup> {
        self.settle_dead_runs()?;
        let found: Option<(GroupId, String, String)> = self.check(|connection| {
            connection
                .query_row(
                    "SELECT id, recipe, parameters FROM run_groups
                     WHERE id = (SELECT coalesce(retry_of, id) FROM run_groups WHERE id = ?1)",
                    [id],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()
        })?;
        let (first, recipe, parameters) = found.ok_or(StoreError::UnknownGroup { id: id.0 })?;
        let parameters = serde_json::from_str(&parameters).map_err(|error| Error::Malformed {
            what: format!("the parameters of the group {id}"),
            reason: error.to_string(),
            hint: None,
        })?;
        let stages = self.check(|connection| stages::of_group(connection, first))?;
        let stage_at = |position: Option<i64>| Some(stages.get(usize::try_from(position?).ok()?)?.name.clone());
        let all = self.check(|connection| {
            connection
                .prepare_cached(
                    "SELECT member.server_name, member.run_id, runs.state, member.left_out, coalesce(member.reason, runs.reason),
                         member.stage
                     FROM run_groups AS chain
                     JOIN run_group_servers AS member ON member.group_id = chain.id
                     LEFT JOIN runs ON runs.id = member.run_id
                     WHERE chain.id = ?1 OR chain.retry_of = ?1 ORDER BY chain.id, member.position",
                )?
                .query_map([first], |row| {
                    Ok(GroupServer {
                        server: row.get(0)?,
                        stage: stage_at(row.get(5)?),
                        run: row.get(1)?,
                        state: run_rows::optional_word(row, 2)?,
                        left_out: run_rows::optional_word(row, 3)?,
                        reason: row.get(4)?,
                    })
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut servers: Vec<GroupServer> = Vec::new();
        for later in all {
            match servers.iter_mut().find(|earlier| earlier.server == later.server) {
                Some(earlier) => *earlier = later,
                None => servers.push(later),
            }
        }
        Ok(RunGroup {
            id: first,
            recipe,
            parameters,
            stages,
            servers,
        })
    }
}

struct MemberRow<'a> {
    server_id: i64,
    server: &'a str,
    run_id: Option<i64>,
    left_out: Option<(&'static str, String)>,
}

impl MemberRow<'_> {
    fn insert(
        self,
        transaction: &Transaction<'_>,
        group: GroupId,
        position: usize,
        stage: Option<usize>,
    ) -> rusqlite::Result<()> {
        let (left_out, reason) = self.left_out.unzip();
        transaction
            .prepare_cached(
                "INSERT INTO run_group_servers
                 (group_id, position, server_id, server_name, run_id, left_out, reason, stage)
                 VALUES (?1, ?2, (SELECT id FROM servers WHERE id = ?3), ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                group,
                position as i64,
                self.server_id,
                self.server,
                self.run_id,
                left_out,
                reason,
                stage.map(|stage| stage as i64)
            ])
            .map(drop)
    }
}
