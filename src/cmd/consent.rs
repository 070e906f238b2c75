//! How the command line gets a consent: it shows what would be lost, and asks for the server's name, or reads it from
//! `--confirm`.

use super::output;
use crate::consent::{ConsentedPlan, Means, check_destroyable};
use crate::error::{Error, Exit, Refusal, Result};
use crate::plan::printable::one_line;
use crate::plan::{Effect, Losses, Plan, render, summary};
use crate::prompt;
use crate::runtime::operator;
use clap::Args;

#[derive(Debug, Clone, Default, Args)]
pub struct ConfirmArgs {
    /// Name of the server whose data may be destroyed, instead of typing it; can be repeated
    #[arg(long, value_name = "NAME")]
    pub confirm: Vec<String>,
}

/// Turns a plan that was made earlier into one that may be executed. If it is destructive, it is shown first, with what
/// would be lost `now`.
///
/// # Errors
/// The refusal: protected, no identity, no terminal, or another name. Nothing has happened then.
pub fn obtain_again(plan: Plan, args: &ConfirmArgs, now: &Losses) -> Result<ConsentedPlan> {
    let as_things_stand = Plan {
        losses: plan.within_reach(now.clone()),
        ..plan.clone()
    };
    ask(plan, &as_things_stand, args, &Beside::default())
}

/// What is shown beside a plan that a consent is asked for.
#[derive(Default)]
struct Beside<'a> {
    /// What the recipe says.
    remarks: &'a [String],
    /// The command that shows all of the plan, where there is one.
    whole: Option<&'a str>,
    /// The servers that have no plan, each with the reason.
    left_out: &'a [(String, String)],
}

/// Turns a plan into one that may be executed. If it is destructive, `shown` is shown first, on stderr, with what is
/// `beside` it.
///
/// # Errors
/// The refusal: protected, no identity, no terminal, or another name. Nothing has happened then.
fn ask(plan: Plan, shown: &Plan, args: &ConfirmArgs, beside: &Beside<'_>) -> Result<ConsentedPlan> {
    let who = operator();
    if !plan.needs_consent() {
        beside.remarks.iter().for_each(|line| output::note(line));
        return Ok(ConsentedPlan::admit(plan, None, &who)?);
    }
    if plan.destroys() {
        // Checked first, so that no user types a name that can't help.
        check_destroyable(&plan)?;
    }
    output::styled_note(&preview(shown, beside.whole));
    beside.remarks.iter().for_each(|line| output::note(line));
    // Nearest to the prompt, and never higher than a small terminal.
    output::styled_note(&format!("\n{}\n", summary::consent_block(shown, beside.left_out)));
    let name = plan.server.name.clone();
    if args.confirm.contains(&name) {
        return Ok(ConsentedPlan::admit(plan, Some((&name, Means::Flag)), &who)?);
    }
    if !args.confirm.is_empty() && !prompt::on_terminal() {
        let confirmed = args.confirm.clone();
        return Err(Refusal::NotConfirmed {
            server: name,
            confirmed,
        }
        .into());
    }
    let typed = prompt::typed_name(&name)?;
    let typed = typed
        .then_some((name.as_str(), Means::Typed))
        .or(Some(("", Means::Typed)));
    Ok(ConsentedPlan::admit(plan, typed, &who)?)
}

/// A plan that a consent is wanted for: with what the recipe says, and the command that shows all of it, if it can be shown.
pub struct Proposal {
    pub plan: Plan,
    pub remarks: Vec<String>,
    pub whole: Option<String>,
}

/// Turns the plans of all servers into plans that may be executed, in order. `left_out` has the servers without a plan. A
/// server that is refused even with consent has its refusal in its position.
///
/// # Errors
/// If a consent is missing: then nothing may be done on any of them.
pub fn obtain_each(
    proposals: Vec<Proposal>,
    args: &ConfirmArgs,
    left_out: &[(String, String)],
) -> Result<Vec<Result<ConsentedPlan>>> {
    let alone = proposals.len() == 1 && left_out.is_empty();
    let mut given = Vec::new();
    let mut unconfirmed = Vec::new();
    for Proposal { plan, remarks, whole } in proposals {
        let beside = Beside {
            remarks: &remarks,
            whole: whole.as_deref(),
            left_out,
        };
        let shown = plan.clone();
        match ask(plan, &shown, args, &beside) {
            // Of one alone, its own refusal says more.
            Err(error @ Error::Refused(Refusal::NoTerminal { .. } | Refusal::NotConfirmed { .. })) if alone => {
                return Err(error);
            }
            // All missing names are reported at once, so that the command need not be repeated for each.
            Err(Error::Refused(Refusal::NoTerminal { server } | Refusal::NotConfirmed { server, .. })) => {
                unconfirmed.push(server);
            }
            Err(error @ Error::Refused(Refusal::ConsentMismatch { .. })) => return Err(error),
            Err(error) if error.exit() != Exit::Refused => return Err(error),
            consented => given.push(consented),
        }
    }
    if unconfirmed.is_empty() {
        return Ok(given);
    }
    Err(Refusal::Unconfirmed { servers: unconfirmed }.into())
}

/// What a person must see before typing the name: the exact commands that destroy, and, nearest to the prompt, what is
/// there to lose.
fn preview(plan: &Plan, whole: Option<&str>) -> String {
    let mut text = render::provenance(plan);
    text.push_str(&render::queries(plan));
    text.push_str(&format!(
        "These steps of {} delete data:\n",
        one_line(&plan.recipe.name)
    ));
    for (index, step) in plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.effect == Effect::Destroy)
    {
        text.push_str(&render::command_of(index, step));
    }
    let whole = whole.map_or(String::new(), |command| {
        format!("\nThe whole plan: {}", one_line(command))
    });
    format!(
        "{text}\n{}{whole}\n\n{}",
        render::totals(plan, None),
        render::losses(plan).trim_end()
    )
}
