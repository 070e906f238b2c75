//! The values that recipes report: of one server name by name, of several in one table.

use super::super::{Context, output};
use super::Row;
use crate::document::event::ReportShown;
use crate::error::Result;
use crate::plan::report::text_of;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The longest value in a table, in characters.
const LONGEST: usize = 60;

/// The report of one run, if its recipe has one.
pub(in crate::cmd) fn show(values: &BTreeMap<String, Value>, run: i64, server: &str, context: &Context) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    if context.json {
        return output::json_line(&ReportShown {
            values: values.clone(),
            run,
            server: server.to_owned(),
        });
    }
    let shown = values.iter().map(|(name, value)| (name.as_str(), Some(cell(value))));
    output::pairs(shown)
}

/// The reports of several servers, in a table.
pub(super) fn table(rows: &[Row]) -> Result<()> {
    let names: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.report.keys().map(String::as_str))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let header: Vec<&str> = std::iter::once("SERVER").chain(names.iter().copied()).collect();
    let reporting = rows.iter().filter(|row| !row.report.is_empty());
    let lines: Vec<Vec<String>> = reporting
        .map(|row| {
            let values = names
                .iter()
                .map(|name| row.report.get(*name).map(cell).unwrap_or_default());
            std::iter::once(row.server.clone()).chain(values).collect()
        })
        .collect();
    output::line("\n")?;
    output::wide_table(&header, &lines)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        value => output::cut(&text_of(value).replace('\n', " "), LONGEST),
    }
}
