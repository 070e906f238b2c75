//! The values of a plan's secrets: given, read from the environment, or asked for. They are kept as long as the run
//! lasts.

use super::secret_file;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::secret::{Secret, Secrets};
use crate::ssh::AskSecret;
use std::collections::BTreeSet;
use std::env::VarError;

/// A value for every secret of the plans, from `INFRAKT_SECRET_<NAME>`, from the file that `INFRAKT_SECRET_<NAME>_FILE` names, or by asking: once for each name, however many
/// servers need it.
///
/// # Errors
/// If one is neither in the environment nor can be asked for.
pub fn gather(plans: &[&Plan], ask: &dyn AskSecret) -> Result<Secrets> {
    gather_given(plans, &Secrets::new(), ask)
}

/// As [`gather`], but those that are given are taken first.
///
/// # Errors
/// As [`gather`].
pub fn gather_given(plans: &[&Plan], given: &Secrets, ask: &dyn AskSecret) -> Result<Secrets> {
    let mut secrets = Secrets::new();
    let names: BTreeSet<&String> = plans.iter().flat_map(|plan| &plan.secrets).collect();
    for name in &names {
        let value = match given.get(*name) {
            Some(value) => value.clone(),
            None => match from_environment(name, &names)? {
                Some(value) => value,
                None => ask
                    .ask(&question(name, plans))?
                    .ok_or_else(|| Error::SecretMissing { name: (*name).clone() })?,
            },
        };
        if value.expose().contains('\0') {
            return Err(Error::usage(format!(
                "the secret {name} holds a NUL character, which a command can't take"
            )));
        }
        secrets.insert((*name).clone(), value);
    }
    Ok(secrets)
}

/// `names`: all that are needed. A variable that is the value of the secret `X_FILE` is not the file of the secret `X`.
fn from_environment(name: &str, names: &BTreeSet<&String>) -> Result<Option<Secret>> {
    let variable = format!("INFRAKT_SECRET_{name}");
    let of_file = format!("{name}_FILE");
    let file = match names.contains(&of_file) {
        true => None,
        false => std::env::var_os(format!("INFRAKT_SECRET_{of_file}")),
    };
    match (std::env::var(&variable), file) {
        (Err(VarError::NotPresent), Some(path)) => secret_file::read(&path).map(Some),
        (_, Some(_)) => Err(Error::usage_with(
            format!("the secret {name} is given twice: by {variable} and by {variable}_FILE"),
            format!("unset {variable}_FILE"),
        )),
        (Ok(value), None) => Ok(Some(Secret::new(value))),
        (Err(VarError::NotPresent), None) => Ok(None),
        (Err(VarError::NotUnicode(_)), None) => Err(Error::usage_with(
            format!("the value of {variable} is not UTF-8"),
            "secrets are UTF-8 text; encode bytes with: base64 -w0",
        )),
    }
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
