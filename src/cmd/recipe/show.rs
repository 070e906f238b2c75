//! `infrakt recipe show`: a recipe with its parameters, or a module of the library with its functions.

use super::list::keeper;
use crate::cmd::{Context, output};
use crate::document::recipe::{ModuleShown, RecipeShown};
use crate::error::{Exit, Result};
use crate::recipe::reference::{self, Module};
use crate::runtime::parameters_of;

pub fn run(name: &str, context: &Context) -> Result<Exit> {
    if let Some(module) = name.starts_with("lib/").then(|| reference::module(name)).flatten() {
        return module_shown(module, context);
    }
    let recipe = context.library()?.find(name)?;
    let shown = RecipeShown::new(&recipe, parameters_of(&recipe)?);
    if context.json {
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    output::pairs([
        ("recipe", Some(shown.name)),
        (
            "origin",
            Some(keeper(shown.kept_by, shown.overrides_shipped).to_owned()),
        ),
        ("description", Some(shown.description)),
    ])?;
    if !shown.parameters.is_empty() {
        output::line("")?;
        output::table(
            ["PARAMETER", "TYPE", "DEFAULT", "DESCRIPTION"],
            shown.parameters.into_iter().map(|parameter| {
                let default = parameter
                    .default
                    .map_or("(must be given)".to_owned(), |default| default.to_string());
                let choices = match parameter.choices.len() {
                    0 => String::new(),
                    _ => format!(" (one of: {})", parameter.choices.join(", ")),
                };
                [
                    parameter.name,
                    parameter.kind.into_owned(),
                    default,
                    format!("{}{choices}", parameter.help),
                ]
            }),
        )?;
    }
    output::line(&format!("\n{}", shown.source))?;
    Ok(Exit::Done)
}

fn module_shown(module: Module, context: &Context) -> Result<Exit> {
    if context.json {
        output::json(&ModuleShown {
            name: module.name,
            description: module.description,
            functions: module.functions,
            source: module.source.to_owned(),
        })?;
        return Ok(Exit::Done);
    }
    let bare = module.name.trim_start_matches("lib/").to_owned();
    output::pairs([
        ("module", Some(module.name.clone())),
        ("description", Some(module.description)),
        ("import", Some(format!("import \"{}\" as {bare};", module.name))),
    ])?;
    output::line("")?;
    output::table_with_reasons(
        ["FUNCTION", "DESCRIPTION"],
        module
            .functions
            .into_iter()
            .map(|function| [function.signature.clone(), function.summary().to_owned()]),
    )?;
    output::line(&format!("\n{}", module.source))?;
    Ok(Exit::Done)
}
