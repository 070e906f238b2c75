//! The names that a recipe can't define. Rhai looks up functions in the script first, even for calls in a shipped
//! module: `fn quote(x) { x }` would remove the quotes from every command.

use super::api;
use super::draft::Problem;
use super::functions::name_and_count;
use crate::plan::Keeper;
use rhai::{AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// What a script is: its functions are seen by all modules if it is the recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Recipe,
    Module,
}

/// Refuses a script that replaces a primitive, a module of primitives, or a function of Rhai's own.
///
/// # Errors
/// At the place of the first name that is taken.
pub fn check(engine: &Engine, ast: &AST, text: &str, kept_by: Keeper, role: Role) -> Result<(), Box<EvalAltResult>> {
    check_aliases(ast)?;
    let mut defined: Vec<(&str, usize, Position)> = ast
        .iter_fn_def()
        // Closures have names that can't be written.
        .filter(|function| !function.name.contains('$'))
        .map(|function| {
            let body = function.body.start_position();
            let (name, parameters) = (function.name.as_str(), function.params.len());
            (name, parameters, place_of_name(text, name, body).unwrap_or(body))
        })
        .collect();
    if defined.is_empty() {
        return Ok(());
    }
    // Rhai keeps functions unordered.
    defined.sort_by_key(|(_, _, position)| *position);
    let primitives = api::names_everywhere();
    // `files::directory(…)` and a step's `.directory(…)` can both be: what a module defines is called with its name, but in
    // the module itself.
    if role == Role::Module {
        defined.retain(|(name, ..)| !api::modifiers().contains(*name) || calls_method(ast, name));
    }
    for (name, _, position) in &defined {
        if primitives.contains(*name) {
            return Err(taken(format!("`{name}` is a function of infrakt's"), name, *position));
        }
    }
    // The library is infrakt's own: its tests say that nothing of Rhai's is missing there.
    if kept_by == Keeper::Shipped {
        return Ok(());
    }
    let known = arities(engine);
    for (name, parameters, position) in defined {
        // `x.f(y)` calls a native f(x, y), and a script's f(y).
        let called_as = |arity: &usize| [parameters, parameters + 1].contains(arity);
        if known.get(name).is_some_and(|arities| arities.iter().any(called_as)) {
            return Err(taken(format!("`{name}` is a function of Rhai's"), name, position));
        }
    }
    Ok(())
}

/// Whether the script calls a method of this name.
fn calls_method(ast: &AST, name: &str) -> bool {
    let mut found = false;
    ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, _))) = path.last() {
            found |= call.name == name;
        }
        !found
    });
    found
}

fn taken(message: String, name: &str, position: Position) -> Box<EvalAltResult> {
    let problem = Problem::new(format!("{message}, and can't be replaced"))
        .label("this name is taken")
        .help(format!("give it another name, such as `my_{name}`"));
    EvalAltResult::ErrorRuntime(Dynamic::from(problem), position).into()
}

/// A module goes by one name in a file, and none by that of the primitives.
fn check_aliases(ast: &AST) -> Result<(), Box<EvalAltResult>> {
    let mut found = None;
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last() {
            let alias = &import.1;
            if api::WORDS.contains(&alias.name.as_str()) {
                found = Some(taken(
                    format!("`{0}::` are functions of infrakt's", alias.name),
                    &alias.name,
                    alias.pos,
                ));
            }
        }
        found.is_none()
    });
    if let Some(taken) = found {
        return Err(taken);
    }
    let mut modules = BTreeMap::new();
    for statement in ast.statements() {
        let Stmt::Import(import, _) = statement else { continue };
        let (Expr::StringConstant(path, _), alias) = (&import.0, &import.1) else {
            continue;
        };
        let first = modules.entry(alias.name.as_str()).or_insert(path);
        if !alias.name.is_empty() && *first != path {
            let problem = Problem::new(format!(
                "two modules are imported as `{}`: \"{first}\" and \"{path}\"",
                alias.name
            ))
            .label("this name is taken")
            .help("give one of them another name");
            return Err(EvalAltResult::ErrorRuntime(Dynamic::from(problem), alias.pos).into());
        }
    }
    Ok(())
}

/// Where the name of a function is written, of which Rhai only tells where its body begins. `None`: it isn't found.
pub fn place_of_name(text: &str, name: &str, body: Position) -> Option<Position> {
    let (line, column) = (body.line()?, body.position()?);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let within: usize = text
        .get(start..)?
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    let before = text.get(..start + within)?;
    let keyword = before.rfind("fn ")?;
    let found = keyword + before.get(keyword..)?.find(name)?;
    let before = before.get(..found)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(Position::new(u16::try_from(line).ok()?, u16::try_from(column).ok()?))
}

/// The functions that can be called without a module's name, with the numbers of their parameters.
fn arities(engine: &Engine) -> BTreeMap<String, BTreeSet<usize>> {
    let mut known: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for signature in engine.gen_fn_signatures(true) {
        // Functions of function pointers, such as `name`: the library calls none of them, and authors use such names.
        if let Some((name, count)) = name_and_count(&signature).filter(|_| !first_is_function(&signature)) {
            known.entry(name.to_owned()).or_default().insert(count);
        }
    }
    known
}

fn first_is_function(signature: &str) -> bool {
    let parameters = signature.split_once('(').map_or("", |(_, parameters)| parameters);
    let first = parameters.split([',', ')']).next().unwrap_or_default();
    first
        .rsplit(':')
        .next()
        .is_some_and(|kind| kind.trim().trim_start_matches("&mut ") == "Fn")
}
