//! `infrakt tag`: the tags of servers, and the variables of each.

use super::variables::{VarChangeArgs, plain_lines};
use super::{Context, output};
use crate::error::{Error, Exit, Result};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct TagsArgs {
    #[command(subcommand)]
    command: TagCommand,
}

#[derive(Debug, Subcommand)]
enum TagCommand {
    /// List the tags with their servers and variables
    List,
    /// Show a tag's servers and variables
    Show {
        /// Name of the tag (see `infrakt tag list`)
        name: String,
    },
    Update(TagUpdateArgs),
}

/// Set or remove variables of a tag: every server with the tag has them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt tag update web --var port=8080
  infrakt tag update eu --var 'mirrors=[\"a.example.org\", \"b.example.org\"]'
  infrakt tag update web --unset-var port

Recipes read a variable as server.vars.port. A server's own value (infrakt server
update NAME --var port=…) counts before those of its tags. Two tags of a server
that give a variable different values: a recipe that reads it is refused.")]
struct TagUpdateArgs {
    /// Name of the tag; give it to servers with `infrakt server tag`
    name: String,
    #[command(flatten)]
    vars: VarChangeArgs,
}

pub fn run(args: TagsArgs, context: &Context) -> Result<Exit> {
    match args.command {
        TagCommand::List => list(context)?,
        TagCommand::Show { name } => show(&name, context)?,
        TagCommand::Update(args) => update(&args, context)?,
    }
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<()> {
    let tags = context.runtime()?.tags()?;
    if context.json {
        return output::json(&tags);
    }
    if tags.is_empty() {
        output::note("no tags; give a server one: infrakt server tag NAME TAG");
        return Ok(());
    }
    output::fitted_table(
        ["TAG", "SERVERS", "VARIABLES"],
        tags.into_iter().map(|tag| {
            let vars = plain_lines(&tag.vars).join(", ");
            [tag.name, tag.servers.join(", "), vars]
        }),
        &["VARIABLES", "SERVERS"],
    )
}

fn show(name: &str, context: &Context) -> Result<()> {
    let tag = context.runtime()?.tag(name)?;
    if context.json {
        return output::json(&tag);
    }
    let servers = (!tag.servers.is_empty()).then(|| tag.servers.join(", "));
    let vars = plain_lines(&tag.vars).into_iter().enumerate();
    let vars = vars.map(|(number, line)| (if number == 0 { "variables" } else { "" }, Some(line)));
    output::pairs([("tag", Some(tag.name)), ("servers", servers)].into_iter().chain(vars))
}

fn update(args: &TagUpdateArgs, context: &Context) -> Result<()> {
    let changes = args.vars.parse()?;
    if changes.is_empty() {
        return Err(Error::usage_with(
            "nothing to change",
            format!("infrakt tag update {} --var KEY=VALUE, or --unset-var KEY", args.name),
        ));
    }
    let runtime = context.runtime()?;
    let tag = runtime.update_tag(&args.name, &changes)?;
    for note in runtime.disagreements(&tag)? {
        output::note(&note);
    }
    if context.json {
        return output::json(&tag);
    }
    if tag.servers.is_empty() && !tag.vars.is_empty() {
        output::note(&format!(
            "no server has the tag '{0}' yet: infrakt server tag NAME {0}",
            tag.name
        ));
    }
    output::line(&format!("updated tag '{}'", tag.name))?;
    for line in plain_lines(&tag.vars) {
        output::line(&format!("  {line}"))?;
    }
    Ok(())
}
