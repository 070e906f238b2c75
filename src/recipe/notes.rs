//! Notes for the author on code of a recipe that is valid but probably a mistake.

use super::used::Used;
use crate::plan::invocation::Interpreter;
use crate::plan::{Action, Keeper, Step, lint};
use rhai::{AST, ASTNode, Expr, Stmt};
use std::collections::BTreeSet;

/// Steps of the author's own that hold what sh does not understand.
pub fn of_steps(steps: &[Step]) -> Vec<String> {
    let own = steps.iter().filter(|step| step.origin.kept_by != Keeper::Shipped);
    let notes = own.filter_map(|step| {
        let command = match &step.action {
            Action::Run { command } => Some(command),
            Action::Reach { otherwise, .. } => Some(otherwise),
            Action::Upload { .. } | Action::Reconnect { .. } | Action::Survey { .. } | Action::State { .. } => None,
        };
        let undo = step.undo.iter().map(|undo| &undo.command);
        // An undo runs in sh in any case.
        let own = command.into_iter().chain(&step.unless).chain(&step.only_if);
        let texts = own.filter(|_| step.invocation.shell == Interpreter::Sh).chain(undo);
        let found = texts.into_iter().find_map(|text| lint::bashism(text))?;
        let (file, line, title) = (&step.origin.file, step.origin.line, &step.title);
        let what = match found.what.as_str() {
            "=(…)" => "a list of bash, `x=(…)`,".to_owned(),
            what => format!("`{what}`"),
        };
        Some(format!(
            "{file}:{line}: {what} in '{title}' is bash, and steps run in sh; {}",
            found.instead
        ))
    });
    notes.collect()
}

/// Texts in double quotes with the `${…}` of a variable of the recipe.
pub fn of_texts(ast: &AST, file: &str, used: &Used) -> Vec<String> {
    if !used.text.contains("${") {
        return Vec::new();
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut texts = Vec::new();
    let lines: Vec<&str> = used.text.lines().collect();
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                names.insert(variable.0.name.to_string());
            }
            Some(ASTNode::Stmt(Stmt::For(each, _))) => {
                names.insert(each.0.name.to_string());
                names.extend(each.1.iter().map(|counter| counter.name.to_string()));
            }
            Some(ASTNode::Expr(Expr::StringConstant(text, place))) if text.contains("${") => {
                if let (Some(line), Some(column)) = (place.line(), place.position()) {
                    let column = used.shifts.back(line, column);
                    let quote = lines
                        .get(line - 1)
                        .and_then(|line| line.chars().nth(column.saturating_sub(1)));
                    if quote == Some('"') {
                        texts.push((text.to_string(), line));
                    }
                }
            }
            _ => {}
        }
        true
    });
    names.extend(
        ast.iter_fn_def()
            .flat_map(|function| function.params.iter().map(ToString::to_string)),
    );
    texts.sort_by_key(|(_, line)| *line);
    texts.dedup_by_key(|(_, line)| *line);
    let notes = texts.iter().filter_map(|(text, line)| {
        let name = names.iter().find(|name| {
            text.contains(&format!("${{{name}}}")) && !is_set_in(text, name)
        })?;
        Some(format!(
            "{file}:{line}: ${{{name}}} in double quotes stays as it is, although `{name}` is a variable of the recipe; for its value write the text in backticks: `…${{{name}}}…`"
        ))
    });
    notes.collect()
}

/// Whether a shell text gives a variable of this name a value itself.
fn is_set_in(text: &str, name: &str) -> bool {
    let set = [
        format!("{name}="),
        format!("for {name} "),
        format!("read {name}"),
        format!("read -r {name}"),
    ];
    set.iter().any(|set| text.contains(set.as_str()))
}
