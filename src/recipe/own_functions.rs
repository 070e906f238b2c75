//! Lets an unqualified call mean a function of the file that it is written in.
//!
//! Rhai remembers which function such a call meant, and keeps that from one module to the next: `holds(x)` of one module
//! ran in another one that has a `holds(x)` too. It also searches the files of all callers. So here each function gets a
//! new body, which evaluates the old one with an empty memory and with the functions of its own file.

use super::draft::Problem;
use super::reserved_names::{Role, place_of_name};
use super::used::lock;
use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, ImmutableString, Module, Position,
};
use rhai::{ScriptFuncDef, Shared, Stmt, StmtBlock};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex};

/// What stands in a new body, before the number of the old one.
const BODY: &str = "infrakt_function_body";

/// The functions of all files of one evaluation.
#[derive(Clone, Default)]
pub struct OwnFunctions(Arc<Mutex<Files>>);

#[derive(Default)]
struct Files {
    /// The functions of each file.
    files: Vec<Shared<Module>>,
    bodies: Vec<Arc<OriginalBody>>,
    /// What can be called in a file that does not define it: closures of all files, which are passed on as values, and
    /// functions of the recipe.
    passed: Shared<Module>,
    /// The names of all functions.
    defined: BTreeSet<ImmutableString>,
    /// Those that are used as values, such as `holds` in `list.map(holds)`. Rhai looks them up where they are called.
    values: BTreeSet<ImmutableString>,
}

/// A function's body as it was written.
struct OriginalBody {
    block: Expr,
    file: usize,
}

impl OwnFunctions {
    /// Lets the engine evaluate the scripts that [`Self::bind`] gives.
    ///
    /// # Errors
    /// If Rhai refuses the word for a body.
    pub fn register(&self, engine: &mut Engine) -> Result<(), Box<EvalAltResult>> {
        let files = self.0.clone();
        engine
            .register_custom_syntax_handler(BODY, false, move |context, inputs, _| evaluate(&files, context, inputs))
            .map_err(|refused| EvalAltResult::ErrorRuntime(Dynamic::from(refused), Position::NONE))?;
        Ok(())
    }

    /// The script of a file, its functions bound to it.
    ///
    /// # Errors
    /// Where a function is passed by its name, and two files have one of that name.
    pub fn bind(&self, ast: &AST, text: &str, name: &str, role: Role) -> Result<AST, Box<EvalAltResult>> {
        let mut files = lock(&self.0);
        let file = files.files.len();
        let first = files.bodies.len();
        let functions: Vec<&Shared<ScriptFuncDef>> = ast.iter_fn_def().collect();
        files.note_names(ast, text, &functions)?;
        let mut bound = Module::new();
        for (function, new) in functions.iter().zip(new_bodies(first, functions.len())?) {
            files.bodies.push(Arc::new(OriginalBody {
                block: body_of(function),
                file,
            }));
            let function: Shared<ScriptFuncDef> = ScriptFuncDef {
                body: new.body.clone(),
                name: function.name.clone(),
                access: function.access,
                this_type: function.this_type.clone(),
                params: function.params.clone(),
                comments: function.comments.clone(),
            }
            .into();
            if role == Role::Recipe || function.name.contains('$') {
                Shared::make_mut(&mut files.passed).set_script_fn(function.clone());
            }
            bound.set_script_fn(function);
        }
        let ast = AST::new_with_source(ast.statements().to_vec(), bound, name);
        files.files.push(ast.shared_lib().clone());
        Ok(ast)
    }
}

impl Files {
    fn note_names(
        &mut self,
        ast: &AST,
        text: &str,
        functions: &[&Shared<ScriptFuncDef>],
    ) -> Result<(), Box<EvalAltResult>> {
        let own: BTreeSet<&ImmutableString> = functions.iter().map(|function| &function.name).collect();
        let values: Vec<_> = values_of(ast)
            .into_iter()
            .filter(|(name, _)| own.contains(name))
            .collect();
        let theirs = values.iter().find(|(name, _)| self.defined.contains(name)).cloned();
        let ours = || {
            let function = functions.iter().find(|function| self.values.contains(&function.name))?;
            let body = function.body.start_position();
            let position = place_of_name(text, &function.name, body).unwrap_or(body);
            Some((function.name.clone(), position))
        };
        if let Some((name, position)) = theirs.or_else(ours) {
            let problem = Problem::broken(format!(
                "`{name}` is a function in two files, and one of them uses it as a value: Rhai could call the other one"
            ))
            .label("two files have this name")
            .help(format!(
                "rename one of them, or write a closure where it is the value, such as `|x| {name}(x)`"
            ));
            return Err(EvalAltResult::ErrorRuntime(Dynamic::from(problem), position).into());
        }
        self.defined.extend(own.into_iter().cloned());
        self.values.extend(values.into_iter().map(|(name, _)| name));
        Ok(())
    }
}

/// What may be a function that is used as a value.
fn values_of(ast: &AST) -> Vec<(ImmutableString, Position)> {
    let mut values = Vec::new();
    ast.walk(&mut |path| {
        match path.last() {
            // A variable of the script has an index.
            Some(ASTNode::Expr(Expr::Variable(variable, None, position))) if variable.0.is_none() => {
                values.push((variable.1.clone(), *position));
            }
            Some(ASTNode::Expr(Expr::FnCall(call, _))) if call.name == "Fn" => {
                if let Some(Expr::StringConstant(name, position)) = call.args.first() {
                    values.push((name.clone(), *position));
                }
            }
            _ => {}
        }
        true
    });
    values
}

/// Evaluates the body that a new body means.
fn evaluate(
    files: &Mutex<Files>,
    context: &mut EvalContext,
    inputs: &[Expression],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let number = inputs.first().and_then(Expression::get_literal_value::<i64>);
    let (body, own, passed) = {
        let files = lock(files);
        let body = number
            .and_then(|number| files.bodies.get(usize::try_from(number).ok()?))
            .cloned();
        let own = body.as_ref().and_then(|body| files.files.get(body.file)).cloned();
        let (Some(body), Some(own)) = (body, own) else {
            return Err(EvalAltResult::ErrorVariableNotFound(BODY.to_owned(), Position::NONE).into());
        };
        (body, own, files.passed.clone())
    };
    // Names are searched from the end. Rhai searches functions that are used as values in the first module alone.
    let functions = [own.clone(), passed, own];
    let callers = std::mem::take(&mut context.global_runtime_state_mut().lib);
    context.global_runtime_state_mut().lib.extend(functions);
    let value = context
        .new_frame()
        .with_new_caching_layer()
        .eval_expression_tree(&Expression::from(&body.block));
    context.global_runtime_state_mut().lib = callers;
    value
}

/// Functions with new bodies, for old ones with numbers from `first` on. Rhai makes bodies from text alone.
fn new_bodies(first: usize, count: usize) -> Result<Vec<Shared<ScriptFuncDef>>, Box<EvalAltResult>> {
    static COMPILER: LazyLock<Engine> = LazyLock::new(|| {
        let mut engine = Engine::new_raw();
        engine.set_optimization_level(rhai::OptimizationLevel::None);
        // Without it nothing compiles below, which is reported there.
        let _ = engine.register_custom_syntax([BODY, "$int$"], false, |_, _| Ok(Dynamic::UNIT));
        engine
    });
    let mut text = String::new();
    for number in first..first + count {
        let _ = writeln!(text, "fn f{number:08}() {{ {BODY} {number} }}");
    }
    let compiled = COMPILER.compile(text)?;
    let mut functions: Vec<_> = compiled.iter_fn_def().cloned().collect();
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(functions)
}

fn body_of(function: &Shared<ScriptFuncDef>) -> Expr {
    let mut alone = Module::new();
    alone.set_script_fn(function.clone());
    let mut statements: Vec<Stmt> = Vec::new();
    AST::new([], alone).walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    let (start, end) = (function.body.start_position(), function.body.end_position());
    Expr::Stmt(StmtBlock::new(statements, start, end).into())
}
