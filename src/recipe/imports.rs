//! How `import` finds its modules during one evaluation, and which texts were used.

use super::draft::Problem;
use super::evaluator::scope_names;
use super::source::{Recipe, shipped_library};
use crate::error::nearest;
use rhai::{Dynamic, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The texts that an evaluation used, by name: for the digest and for errors.
pub type Sources = Arc<Mutex<BTreeMap<String, String>>>;

type SharedModule = Shared<Module>;

/// Resolves imports of one recipe. Every module is evaluated once, however often it is imported.
pub struct Imports {
    recipe: Recipe,
    sources: Sources,
    /// `None` while a module is being evaluated: to meet it then is a circle.
    modules: Mutex<BTreeMap<String, Option<SharedModule>>>,
}

impl Imports {
    pub fn new(recipe: Recipe, sources: Sources) -> Self {
        Self {
            recipe,
            sources,
            modules: Mutex::default(),
        }
    }
}

/// The lock of a map that a panic can't leave half-written.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<SharedModule, Box<EvalAltResult>> {
        let refuse = |problem: Problem| EvalAltResult::ErrorRuntime(Dynamic::from(problem), position).into();
        let import = match self.recipe.import(path) {
            Ok(Some(import)) => import,
            Ok(None) => {
                let library = shipped_library();
                let help = match nearest(path, library.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("the library has {}", library.join(", ")),
                };
                return Err(refuse(
                    Problem::new(format!("there is nothing to import as {path:?}"))
                        .label("not found")
                        .help(help),
                ));
            }
            Err(error) => {
                let mut problem = Problem::new(error.to_string()).label("imported here");
                problem.help = error.hint();
                return Err(refuse(problem));
            }
        };
        match lock(&self.modules).get(&import.name) {
            Some(Some(module)) => return Ok(module.clone()),
            Some(None) => {
                return Err(refuse(
                    Problem::new(format!("{path:?} is imported in a circle")).label("the circle closes here"),
                ));
            }
            None => {}
        }
        lock(&self.modules).insert(import.name.clone(), None);
        lock(&self.sources).insert(import.name.clone(), import.text.clone());
        let in_module = |error: Box<EvalAltResult>| EvalAltResult::ErrorInModule(import.name.clone(), error, position);
        let mut ast = engine
            .compile_with_scope(&scope_names(), &import.text)
            .map_err(|error| in_module(error.into()))?;
        ast.set_source(import.name.as_str());
        let module: SharedModule = Module::eval_ast_as_new(Scope::new(), &ast, engine)
            .map_err(in_module)?
            .into();
        lock(&self.modules).insert(import.name.clone(), Some(module.clone()));
        Ok(module)
    }
}
