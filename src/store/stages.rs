//! The stages of a group of runs.

use super::group_id::GroupId;
use rusqlite::{Connection, Transaction, params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// One recipe on some servers of a group. It begins when the stage before it has succeeded on all of its servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupStage {
    pub name: String,
    /// How the recipe is found again from anywhere.
    pub recipe: String,
    pub parameters: BTreeMap<String, Value>,
    /// How many servers at once; null if as many as the command says.
    pub parallel: Option<NonZeroU32>,
    /// Whether the others stop after a failure on one of its servers.
    pub fail_fast: bool,
}

/// A stage of a group that begins, and how many of the group's servers are in it.
#[derive(Debug, Clone)]
pub struct NewStage {
    pub stage: GroupStage,
    pub servers: usize,
}

pub(super) fn insert(transaction: &Transaction<'_>, group: GroupId, stages: &[NewStage]) -> rusqlite::Result<()> {
    for (position, NewStage { stage, .. }) in stages.iter().enumerate() {
        let parameters: Value = stage.parameters.clone().into_iter().collect();
        transaction
            .prepare_cached(
                "INSERT INTO run_group_stages (group_id, position, name, recipe, parameters, parallel, fail_fast)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                group,
                position as i64,
                stage.name,
                stage.recipe,
                parameters.to_string(),
                stage.parallel.map(NonZeroU32::get),
                stage.fail_fast
            ])?;
    }
    Ok(())
}

/// The stages of a group, in their order.
pub(super) fn of_group(connection: &Connection, group: GroupId) -> rusqlite::Result<Vec<GroupStage>> {
    connection
        .prepare_cached(
            "SELECT name, recipe, parameters, parallel, fail_fast FROM run_group_stages
             WHERE group_id = ?1 ORDER BY position",
        )?
        .query_map([group], |row| {
            let parameters = match row.get(2)? {
                Value::Object(parameters) => parameters.into_iter().collect(),
                _ => BTreeMap::new(),
            };
            let parallel: Option<u32> = row.get(3)?;
            Ok(GroupStage {
                name: row.get(0)?,
                recipe: row.get(1)?,
                parameters,
                parallel: parallel.and_then(NonZeroU32::new),
                fail_fast: row.get(4)?,
            })
        })?
        .collect()
}
