//! How `import` finds its modules during one evaluation.

use super::draft::Problem;
use super::modules::{Find, Importer};
use super::optional_keys::rewritten;
use super::own_functions::OwnFunctions;
use super::reserved_names::{self, Role};
use super::scope::scope_names;
use super::shipped::shipped_library;
use super::used::{Sources, Used, keep_ast, lock};
use crate::error::nearest;
use rhai::{Dynamic, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};
use std::collections::BTreeMap;
use std::sync::Mutex;

type SharedModule = Shared<Module>;

/// Resolves imports of one recipe. Every module is evaluated once, however often it is imported.
pub struct Imports {
    find: Find,
    /// The recipe itself.
    recipe: Importer,
    sources: Sources,
    functions: OwnFunctions,
    /// What is said of imports, for the readers of the plan.
    remarks: Box<dyn Fn(&str) + Send + Sync>,
    /// `None` while a module is being evaluated: to meet it then is a circle.
    modules: Mutex<BTreeMap<String, Option<SharedModule>>>,
}

impl Imports {
    pub fn new(
        find: Find,
        recipe: Importer,
        sources: Sources,
        functions: OwnFunctions,
        remarks: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        Self {
            find,
            recipe,
            sources,
            functions,
            remarks: Box::new(remarks),
            modules: Mutex::default(),
        }
    }
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<SharedModule, Box<EvalAltResult>> {
        let refuse = |problem: Problem| EvalAltResult::ErrorRuntime(Dynamic::from(problem), position).into();
        let importer = source.and_then(|name| lock(&self.sources).get(name).map(|used| used.module.clone()));
        let importer = importer.unwrap_or_else(|| self.recipe.clone());
        let import = match (self.find)(path, &importer) {
            Ok(Some(import)) => import,
            Ok(None) => {
                let library = shipped_library();
                let help = match nearest(path, library.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("the library has {}", library.join(", ")),
                };
                return Err(refuse(
                    Problem::broken(format!("cannot find the import {path:?}"))
                        .label("not found")
                        .help(help),
                ));
            }
            Err(error) => {
                let mut problem = Problem::broken(error.to_string()).label("imported here");
                problem.help = error.hint();
                return Err(refuse(problem));
            }
        };
        if let Some(remark) = &import.remark {
            (self.remarks)(remark);
        }
        match lock(&self.modules).get(&import.name) {
            Some(Some(module)) => return Ok(module.clone()),
            Some(None) => {
                return Err(refuse(
                    Problem::broken(format!("{path:?} is part of an import cycle")).label("the cycle closes here"),
                ));
            }
            None => {}
        }
        lock(&self.modules).insert(import.name.clone(), None);
        let kept_by = import.module.kept_by;
        let (text, shifts) = rewritten(&import.text, kept_by);
        let used = Used {
            module: import.module,
            text: import.text.clone(),
            shifts,
            ast: None,
        };
        lock(&self.sources).insert(import.name.clone(), used);
        let in_module = |error: Box<EvalAltResult>| EvalAltResult::ErrorInModule(import.name.clone(), error, position);
        let ast = engine
            .compile_with_scope(&scope_names(), &*text)
            .map_err(|error| in_module(error.into()))?;
        keep_ast(&self.sources, &import.name, &ast);
        reserved_names::check(engine, &ast, &text, kept_by, Role::Module).map_err(in_module)?;
        let ast = self
            .functions
            .bind(&ast, &text, &import.name, Role::Module)
            .map_err(in_module)?;
        let module: SharedModule = Module::eval_ast_as_new(Scope::new(), &ast, engine)
            .map_err(in_module)?
            .into();
        lock(&self.modules).insert(import.name.clone(), Some(module.clone()));
        Ok(module)
    }
}
