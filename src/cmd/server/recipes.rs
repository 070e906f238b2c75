//! `infrakt server provision` and `infrakt server wipe`: the shipped recipes by their purpose. The same as
//! `infrakt run provision --server NAME`, with the same questions.

use super::super::Context;
use super::super::consent::ConfirmArgs;
use super::super::parameters::SetArgs;
use super::super::run::recipe_on;
use crate::error::{Exit, Result};
use crate::runtime::Runtime;
use clap::Args;

/// Wipe a server and provision it: the same as `infrakt run provision --server NAME`
#[derive(Debug, Args)]
pub struct ProvisionArgs {
    /// The server, as `infrakt server list` names it
    name: String,
    /// Provision on top of what is there, without wiping it first
    #[arg(long)]
    keep_data: bool,
    #[command(flatten)]
    set: SetArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// Destroy all that Docker holds on a server, and /opt/infrakt: the same as `infrakt run wipe --server NAME`
#[derive(Debug, Args)]
pub struct WipeArgs {
    /// The server, as `infrakt server list` names it
    name: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub fn provision(args: ProvisionArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.home()?)?;
    let server = runtime.store.server(&args.name)?;
    let mut parameters = args.set.parse()?;
    if args.keep_data {
        parameters.insert("keep_data".to_owned(), true.into());
    }
    recipe_on(&runtime, "provision", &[server], &parameters, &args.confirm, context)
}

pub fn wipe(args: WipeArgs, context: &Context) -> Result<Exit> {
    let runtime = Runtime::open(context.home()?)?;
    let server = runtime.store.server(&args.name)?;
    recipe_on(&runtime, "wipe", &[server], &Default::default(), &args.confirm, context)
}
