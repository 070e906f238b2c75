//! The names that a recipe can't define. Rhai looks up functions in the script first, even for calls in a shipped
//! module: `fn quote(x) { x }` would remove the quotes from every command.

use super::api;
use super::draft::Problem;
use super::functions::callable_alone;
use crate::plan::Keeper;
use rhai::{AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, Position, Stmt};
use std::collections::BTreeMap;

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
    // For what infrakt ships, the test below says it once; and the library's tests, that nothing of Rhai's is missing there.
    if kept_by == Keeper::Shipped {
        return Ok(());
    }
    let defined = defined_in(ast, text);
    check_primitives(ast, &defined, role)?;
    if defined.is_empty() {
        return Ok(());
    }
    let known = callable_alone(engine);
    for (name, parameters, position) in defined {
        // `x.f(y)` calls a native f(x, y), and a script's f(y).
        let called_as = |arity: &usize| [parameters, parameters + 1].contains(arity);
        let own = role == Role::Module && is_own_modifier(ast, name);
        if !own && known.get(name).is_some_and(|arities| arities.iter().any(called_as)) {
            return Err(taken(format!("`{name}` is a function of Rhai's"), name, position));
        }
    }
    Ok(())
}

fn check_primitives(ast: &AST, defined: &[(&str, usize, Position)], role: Role) -> Result<(), Box<EvalAltResult>> {
    check_aliases(ast)?;
    for (name, _, position) in defined {
        let own = role == Role::Module && is_own_modifier(ast, name);
        if !own && api::names_everywhere().contains(*name) {
            return Err(taken(format!("`{name}` is a function of infrakt's"), name, *position));
        }
    }
    Ok(())
}

/// The functions of a script, with the number of their parameters and the place of their name, in its order.
fn defined_in<'a>(ast: &'a AST, text: &str) -> Vec<(&'a str, usize, Position)> {
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
    // Rhai keeps functions unordered.
    defined.sort_by_key(|(_, _, position)| *position);
    defined
}

/// `files::directory(…)` and a step's `.directory(…)` can both be: what a module defines is called with its name, but in the
/// module itself.
fn is_own_modifier(ast: &AST, name: &str) -> bool {
    api::modifiers().contains(name) && !calls_method(ast, name)
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
    let problem = Problem::broken(format!("{message}, and can't be replaced"))
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
            let problem = Problem::broken(format!(
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

/// Where the name of a function is written. Rhai only tells where the function's body begins. `None`: it isn't found.
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

#[cfg(test)]
mod tests {
    use super::{Role, check_primitives, defined_in};
    use crate::recipe::evaluator::engine;
    use crate::recipe::scope::scope_names;
    use crate::recipe::shipped::{shipped, shipped_library};

    #[test]
    fn nothing_that_is_shipped_replaces_a_primitive() {
        let engine = engine();
        let recipes = ["provision", "wipe"].map(str::to_owned);
        for stem in shipped_library().into_iter().chain(recipes) {
            let file = format!("{stem}.rhai");
            let text = shipped(&file).unwrap();
            let ast = engine.compile_with_scope(&scope_names(), text).expect("shipped");
            let role = match file.starts_with("lib/") {
                true => Role::Module,
                false => Role::Recipe,
            };
            assert!(check_primitives(&ast, &defined_in(&ast, text), role).is_ok(), "{file}");
        }
    }
}
