//! `infrakt recipe show`: a recipe with its parameters, or a module of the library with its functions.

use super::list::keeper;
use crate::cmd::{Context, output};
use crate::document::recipe::{ModuleShown, RecipeShown};
use crate::error::{Exit, Result};
use crate::recipe::Parameter;
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
            parameter_rows("", &shown.parameters),
        )?;
    }
    output::line(&format!("\n{}", shown.source))?;
    Ok(Exit::Done)
}

/// A row for each parameter, and for each field of its maps: `keys[].name`.
fn parameter_rows(before: &str, parameters: &[Parameter]) -> Vec<[String; 4]> {
    let rows = parameters.iter().flat_map(|parameter| {
        let name = format!("{before}{}", parameter.name);
        let below = if parameter.kind == "list" { "[]." } else { "." };
        let fields = parameter_rows(&format!("{name}{below}"), &parameter.fields);
        let default = parameter.default.as_ref();
        let choices = match parameter.choices.len() {
            0 => String::new(),
            _ => format!(" (one of: {})", parameter.choices.join(", ")),
        };
        let row = [
            name,
            parameter.kind.to_string(),
            default.map_or("(must be given)".to_owned(), ToString::to_string),
            format!("{}{choices}", parameter.help),
        ];
        std::iter::once(row).chain(fields)
    });
    rows.collect()
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
