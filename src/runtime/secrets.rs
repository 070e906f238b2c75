//! The values of a plan's secrets: from the environment, or asked for. They live as long as the run.

use crate::error::{Error, Result};
use crate::executor::script::Secrets;
use crate::plan::Plan;
use crate::plan::secret::Secret;
use crate::ssh::AskSecret;
use std::collections::BTreeSet;
use std::env::VarError;

/// A value for every secret of the plans, from `INFRAKT_SECRET_<NAME>` or by asking: once for each name, however many
/// servers need it.
///
/// # Errors
/// If one is neither in the environment nor can be asked for.
pub fn gather(plans: &[&Plan], ask: &dyn AskSecret) -> Result<Secrets> {
    let mut secrets = Secrets::new();
    let names: BTreeSet<&String> = plans.iter().flat_map(|plan| &plan.secrets).collect();
    for name in names {
        let variable = format!("INFRAKT_SECRET_{name}");
        let value = match std::env::var(&variable) {
            Ok(value) => Secret::new(value),
            Err(VarError::NotUnicode(_)) => {
                return Err(Error::usage_with(
                    format!("the value of {variable} is not UTF-8"),
                    "a secret is text; encode bytes with: base64 -w0",
                ));
            }
            Err(VarError::NotPresent) => ask.ask(&question(name, plans))?.ok_or_else(|| {
                Error::usage_with(
                    format!("the secret {name} has no value, and there is no terminal to ask on"),
                    format!("export {variable}=…"),
                )
            })?,
        };
        if value.expose().contains('\0') {
            return Err(Error::usage(format!(
                "the secret {name} holds a NUL character, which no command can be given"
            )));
        }
        secrets.insert(name.clone(), value);
    }
    Ok(secrets)
}

/// Those that one of the plans needs.
pub fn of_plan(secrets: &Secrets, plan: &Plan) -> Secrets {
    let needed = secrets.iter().filter(|(name, _)| plan.secrets.contains(*name));
    needed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn question(name: &String, plans: &[&Plan]) -> String {
    let need: Vec<&str> = plans
        .iter()
        .filter(|plan| plan.secrets.contains(name))
        .map(|plan| plan.server.name.as_str())
        .collect();
    match need.as_slice() {
        [server] => format!("Secret {name} for {server}: "),
        servers => format!("Secret {name} for {} servers: ", servers.len()),
    }
}
