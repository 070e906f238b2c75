//! `report`: values that are shown together after a run.

use super::call::RhaiResult;
use super::step::StepOutput;
use crate::plan::Reported;
use crate::plan::form::{is_report_name, is_report_value};
use crate::plan::report::{LONGEST_NAME, LONGEST_TEXT, MOST_VALUES};
use crate::recipe::data::kind;
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;
use serde_json::Value;

/// Values of a run.
#[export_module]
pub mod report {
    /// Adds values to the report. After the run it stands in a table over all servers, in `--json`, in `infrakt runs show` and
    /// on the dashboard. A value is a text, a number, true or false, or the output of a step.
    ///
    /// # Example
    /// ```rhai
    /// report(#{ "system": facts.os.name, "memory": facts.memory_mb, "kernel": ssh::query("uname -r") });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn report(context: NativeCallContext, values: rhai::Map) -> RhaiResult<()> {
        let shared = SharedDraft::of(&context)?;
        let mut draft = shared.lock();
        for (name, value) in values {
            let value = reported(&name, &value).map_err(|problem| problem.at(&context))?;
            if draft.report.contains_key(name.as_str()) {
                return Err(Problem::new(format!("{name:?} is in the report already")).at(&context));
            }
            if draft.report.len() >= MOST_VALUES {
                return Err(Problem::new(format!("a report has at most {MOST_VALUES} values")).at(&context));
            }
            draft.report.insert(name.to_string(), value);
        }
        Ok(())
    }
}

fn reported(name: &str, value: &Dynamic) -> Result<Reported, Problem> {
    if !is_report_name(name) {
        return Err(
            Problem::new(format!("{name:?} is not a valid name for a value of the report"))
                .label(format!("one line of at most {LONGEST_NAME} characters")),
        );
    }
    if let Some(output) = value.read_lock::<StepOutput>().map(|output| output.number) {
        return Ok(Reported::Output { output });
    }
    let known = match value.as_int() {
        Ok(number) => Some(Value::from(number)),
        Err(_) => match (value.as_bool(), value.as_float(), value.is_string()) {
            (Ok(bool), ..) => Some(Value::from(bool)),
            // NaN and the infinite have no JSON.
            (_, Ok(number), _) => Some(Value::from(number)).filter(|value| !value.is_null()),
            (.., true) => Some(Value::from(value.to_string())),
            _ => None,
        },
    };
    let refused = || {
        Problem::new(format!("{name:?} is a {}, and can't be reported", kind(value)))
            .help("report texts, numbers, true and false; of a list: list.join(\", \")")
    };
    let known = known.ok_or_else(refused)?;
    if !is_report_value(&known) {
        return Err(Problem::new(format!(
            "{name:?} is longer than {} KiB",
            LONGEST_TEXT >> 10
        )));
    }
    Ok(Reported::Known(known))
}
