//! Resolves the names of functions in all of an author's code, also where an evaluation did not come by: in branches that
//! were not taken, and in functions that nothing calls.

use super::functions::{Defined, built_in, defined_in};
use super::notes;
use super::shipped::shipped;
use super::used::Used;
use crate::plan::Keeper;
use rhai::{AST, ASTNode, Engine, EvalAltResult, Expr, FnCallExpr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// What Rhai resolves itself.
const KEYWORDS: &[&str] = &[
    "Fn",
    "call",
    "curry",
    "debug",
    "eval",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "type_of",
];

/// Gives the notes on the author's own files.
///
/// # Errors
/// At the first call in them of a function that there is not, as Rhai itself would report it.
pub fn check(engine: &Engine, sources: &BTreeMap<String, Used>) -> Result<Vec<String>, Box<EvalAltResult>> {
    let mut remarks = Vec::new();
    let own = sources
        .iter()
        .filter(|(_, used)| used.module.kept_by != Keeper::Shipped);
    let mut known = None;
    for (file, used) in own {
        let Some(ast) = &used.ast else { continue };
        remarks.extend(notes::of_texts(ast, file, used));
        let known = known.get_or_insert_with(|| built_in(engine));
        if let Some((signature, position)) = unknown_call(ast, file, used, sources, known) {
            let error = EvalAltResult::ErrorFunctionNotFound(signature, position).into();
            return Err(EvalAltResult::ErrorInModule(file.clone(), error, Position::NONE).into());
        }
    }
    Ok(remarks)
}

type Known = BTreeMap<String, BTreeSet<usize>>;

fn unknown_call(
    ast: &AST,
    file: &str,
    used: &Used,
    sources: &BTreeMap<String, Used>,
    known: &Known,
) -> Option<(String, Position)> {
    let mut own: Known = BTreeMap::new();
    for function in ast.iter_fn_def() {
        own.entry(function.name.to_string())
            .or_default()
            .insert(function.params.len());
    }
    let mut modules: BTreeMap<String, Option<Vec<Defined>>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                let path = match &import.0 {
                    Expr::StringConstant(path, _) => text_of(path, file, used, sources).map(defined_in),
                    _ => None,
                };
                // Where two imports share a name, either may be meant.
                let entry = modules.entry(import.1.name.to_string());
                entry.and_modify(|known| *known = None).or_insert(path);
            }
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                names.insert(variable.0.name.to_string());
            }
            Some(ASTNode::Expr(Expr::Map(entries, _))) => {
                names.extend(entries.0.iter().map(|(key, _)| key.name.to_string()));
            }
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                names.insert(property.2.to_string());
            }
            _ => {}
        }
        true
    });
    for function in ast.iter_fn_def() {
        names.extend(function.params.iter().map(ToString::to_string));
    }
    let mut found: Option<(String, Position)> = None;
    ast.walk(&mut |path| {
        let (call, position, method) = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position))) => (call, *position, false),
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => (call, *position, false),
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => (call, *position, true),
            _ => return true,
        };
        let here = FunctionCall {
            call,
            method,
            own: &own,
            known,
            modules: &modules,
            names: &names,
        };
        if here.is_unknown() && found.as_ref().is_none_or(|(_, first)| position < *first) {
            found = Some((here.signature(), position));
        }
        true
    });
    found
}

struct FunctionCall<'a> {
    call: &'a FnCallExpr,
    method: bool,
    own: &'a Known,
    known: &'a Known,
    modules: &'a BTreeMap<String, Option<Vec<Defined>>>,
    /// Names of variables and keys, which may hold functions.
    names: &'a BTreeSet<String>,
}

impl FunctionCall<'_> {
    fn is_unknown(&self) -> bool {
        let name = self.call.name.as_str();
        let count = self.call.args.len();
        if self.call.op_token.is_some()
            || KEYWORDS.contains(&name)
            || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        {
            return false;
        }
        let namespace: Vec<&str> = self.call.namespace.path.iter().map(|part| part.as_str()).collect();
        let has = |known: &Known, name: &str, counts: &[usize]| {
            known
                .get(name)
                .is_some_and(|arities| counts.iter().any(|count| arities.contains(count)))
        };
        match namespace.as_slice() {
            [] => {
                let counts = [count, count + usize::from(self.method)];
                !(self.names.contains(name) || has(self.own, name, &counts) || has(self.known, name, &counts))
            }
            [module] => match self.modules.get(*module) {
                Some(Some(defined)) => !defined
                    .iter()
                    .any(|function| !function.private && function.name == name && function.parameters.len() == count),
                Some(None) => false,
                None => {
                    let whole = format!("{module}::{name}");
                    let prefix = format!("{module}::");
                    let first = self.known.range(prefix.clone()..).next();
                    first.is_some_and(|(name, _)| name.starts_with(&prefix)) && !has(self.known, &whole, &[count])
                }
            },
            _ => false,
        }
    }

    /// As Rhai reports it, with as much of the arguments' types as can be seen.
    fn signature(&self) -> String {
        let kind = |argument: &Expr| match argument {
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => "string",
            Expr::IntegerConstant(..) => "int",
            Expr::FloatConstant(..) => "float",
            Expr::BoolConstant(..) => "bool",
            Expr::Array(..) => "list",
            Expr::Map(..) => "map",
            Expr::Unit(..) => "()",
            _ => "value",
        };
        let arguments: Vec<&str> = self.call.args.iter().map(kind).collect();
        let namespace: String = self
            .call
            .namespace
            .path
            .iter()
            .map(|part| format!("{}::", part.as_str()))
            .collect();
        format!("{namespace}{} ({})", self.call.name, arguments.join(", "))
    }
}

/// The text of a module that a file imports by a path, if the evaluation has read it, or infrakt ships it.
pub fn text_of<'a>(path: &str, file: &str, used: &Used, sources: &'a BTreeMap<String, Used>) -> Option<&'a str> {
    let (prefix, plain) = match path.strip_prefix("./") {
        Some(plain) => ("./", plain),
        None => path.strip_prefix("home:").map_or(("", path), |plain| ("home:", plain)),
    };
    let stem = plain.strip_suffix(".rhai").unwrap_or(plain);
    let read = |name: &str| sources.get(name).map(|used| used.text.as_str());
    let folder = used
        .module
        .file
        .rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let own = if file.starts_with("home:") || used.module.kept_by == Keeper::User {
        "home:"
    } else {
        "./"
    };
    match prefix {
        "./" => read(&format!("{own}{folder}{stem}.rhai")),
        "home:" => read(&format!("home:{stem}.rhai")),
        _ => shipped(&format!("{stem}.rhai"))
            .or_else(|| read(&format!("{own}{stem}.rhai")))
            .or_else(|| read(&format!("home:{stem}.rhai"))),
    }
}
