//! The sandbox that a recipe is evaluated in: no access to files, processes, network or clock except through the
//! primitives, and limits on everything that could grow without bound.

use super::api::given::{FactsHandle, ServerHandle};
use super::beside::LocalFiles;
use super::draft::{Draft, ReadFacts, SharedDraft};
use super::evaluation_inputs::Inputs;
use super::imports::Imports;
use super::limits::{MAX_CALL_DEPTH, MAX_ENTRIES, MAX_EXPRESSION_DEPTH, MAX_OPERATIONS, MAX_STRING, MAX_TIME};
use super::modules::{Find, Importer};
use super::optional_keys::rewritten;
use super::own_functions::OwnFunctions;
use super::parameter::Parameter;
use super::reserved_names::{self, Role};
use super::scope::scope_names;
use super::server_view::ServerView;
use super::source::{Recipe, Script};
use super::used::{Sources, Used, keep_ast, lock};
use super::{api, comparisons, diagnostics, names, notes};
use crate::error::{Error, Position, RecipeError, Result, nearest};
use crate::plan::digest::sha256;
use crate::plan::{
    FORMAT, InventoryRead, Losses, Plan, Query, RecipeIdentity, ReportedValues, ServerIdentity, Source, Step,
};
use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, EvalAltResult, Module, NativeCallContext, OptimizationLevel, Scope, Shared};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

/// What a recipe said.
#[derive(Debug, Serialize, Deserialize)]
pub struct Evaluated {
    pub recipe: RecipeIdentity,
    pub steps: Vec<Step>,
    pub queries: Vec<Query>,
    /// The values that are shown together after the run.
    pub report: ReportedValues,
    pub consent_before: Option<usize>,
    pub declared: Vec<Parameter>,
    pub parameters: BTreeMap<String, Value>,
    pub inventory: InventoryRead,
    pub secrets: BTreeSet<String>,
    /// What it printed, line by line.
    pub printed: Vec<String>,
    /// Answers to its questions, to be recorded in the facts.
    pub answers: BTreeMap<String, Value>,
    /// Where it asked what could not be answered.
    pub unanswered_at: Option<Position>,
}

impl Evaluated {
    /// The plan for one server. `losses` count only where the plan destroys.
    pub fn into_plan(self, server: ServerIdentity, losses: Losses, offline: bool) -> Plan {
        let mut plan = Plan {
            format: FORMAT,
            recipe: self.recipe,
            server,
            parameters: self.parameters,
            inventory: self.inventory,
            secrets: self.secrets,
            offline,
            losses: Losses::default(),
            losses_complete: false,
            queries: self.queries,
            consent_before: self.consent_before,
            steps: self.steps,
            report: self.report,
            files_from: None,
            made_at: None,
            digest: String::new(),
        };
        if plan.destroys() {
            plan.losses = plan.within_reach(losses);
        }
        plan.losses_complete = plan.unlisted().is_empty();
        plan.digest = plan.compute_digest();
        plan
    }
}

/// Rhai's own functions. Made once: there are hundreds of them.
static STANDARD: LazyLock<StandardPackage> = LazyLock::new(StandardPackage::new);

/// Makes what all engines share.
pub fn prepare() {
    LazyLock::force(&STANDARD);
    api::prepare();
    comparisons::prepare();
}

/// An engine with the primitives and the limits, but nothing to evaluate yet.
pub fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    STANDARD.register_into_engine(&mut engine);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    engine.disable_symbol("eval");
    engine.set_max_operations(MAX_OPERATIONS);
    engine.set_max_call_levels(MAX_CALL_DEPTH);
    engine.set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH);
    engine.set_max_string_size(MAX_STRING);
    engine.set_max_array_size(MAX_ENTRIES);
    engine.set_max_map_size(MAX_ENTRIES);
    engine.set_max_modules(100);
    forbid_clock(&mut engine);
    api::register(&mut engine);
    comparisons::register(&mut engine);
    engine
}

/// The standard package brings a clock, which would make plans differ from one moment to the next.
fn forbid_clock(engine: &mut Engine) {
    fn refuse(context: &NativeCallContext) -> Box<EvalAltResult> {
        super::draft::Problem::new("recipes can't read the clock: the same inputs must give the same plan")
            .help("wait on the server, in a step: ssh::check(\"The app answers\", \"…\")")
            .at(context)
    }
    type Nothing = std::result::Result<(), Box<EvalAltResult>>;
    engine.register_fn("sleep", |context: NativeCallContext, _: i64| -> Nothing {
        Err(refuse(&context))
    });
    engine.register_fn("sleep", |context: NativeCallContext, _: f64| -> Nothing {
        Err(refuse(&context))
    });
    engine.register_fn("timestamp", |context: NativeCallContext| -> Nothing {
        Err(refuse(&context))
    });
}

/// Evaluates a recipe to the steps of a plan.
///
/// # Errors
/// If the recipe does not parse, calls what is not there, breaks a limit, refuses with `fail`, or was given a parameter
/// that it does not declare. Each error knows its line.
pub fn evaluate(recipe: &Recipe, inputs: Inputs) -> Result<Evaluated> {
    let (outcome, evaluated) = evaluate_anyway(recipe, inputs);
    outcome.map(|()| evaluated)
}

/// As [`evaluate`], but gives what was said up to the point of failure too: enough to list a recipe's parameters when
/// one that must be given is not.
pub fn evaluate_anyway(recipe: &Recipe, inputs: Inputs) -> (Result<()>, Evaluated) {
    let files = recipe.clone();
    let find = move |path: &str, importer: &Importer| files.import(path, importer);
    let files = Box::new(recipe.clone());
    let (outcome, evaluated, _engine) = evaluate_script(&recipe.script(), Box::new(find), files, inputs);
    (outcome, evaluated)
}

/// Evaluates a text, with any finder of the modules that it imports. Also gives the engine, which the caller may drop when
/// there is time for it.
pub(super) fn evaluate_script(
    recipe: &Script,
    find: Find,
    files: Box<dyn LocalFiles>,
    inputs: Inputs,
) -> (Result<()>, Evaluated, Engine) {
    let sources = Sources::default();
    let (compiled, shifts) = rewritten(&recipe.text, recipe.kept_by);
    let used = Used {
        module: Importer {
            kept_by: recipe.kept_by,
            file: recipe.name.clone(),
        },
        text: recipe.text.clone(),
        shifts,
        ast: None,
    };
    lock(&sources).insert(recipe.name.clone(), used.clone());
    let given = inputs.parameters.clone();
    let shared = SharedDraft::new(Draft {
        sources: sources.clone(),
        server: inputs.server.name.clone(),
        steps: Vec::new(),
        report: ReportedValues::new(),
        outputs: BTreeSet::new(),
        queries: Vec::new(),
        section: None,
        consent_before: None,
        parameters: Vec::new(),
        given: inputs.parameters,
        values: BTreeMap::new(),
        inventory: InventoryRead::default(),
        tagged: BTreeMap::new(),
        secrets: BTreeSet::new(),
        printed: Vec::new(),
        bytes: 0,
        answers: inputs.answers,
        files,
        texts: BTreeMap::new(),
        scripts: BTreeMap::new(),
        facts: None,
        recorded: inputs
            .known
            .as_ref()
            .map(|known| known.facts.answers.clone())
            .unwrap_or_default(),
        foreign: None,
        swallowed: None,
        pending: Vec::new(),
        shown: BTreeMap::new(),
    });
    let mut engine = engine();
    let remarks = shared.clone();
    let remark = move |text: &str| remarks.lock().print(text);
    let importer = used.module.clone();
    let functions = OwnFunctions::default();
    engine.set_module_resolver(Imports::new(find, importer, sources.clone(), functions.clone(), remark));
    let began = processor_time();
    engine.on_progress(move |operations| {
        // Asking costs more than most operations do.
        let over = operations % 32 == 0 && processor_time().saturating_sub(began) > MAX_TIME;
        over.then_some(Dynamic::UNIT)
    });
    engine.set_default_tag(Dynamic::from(shared.clone()));
    let printed = shared.clone();
    engine.on_print(move |text| printed.lock().print(text));
    let debugged = shared.clone();
    engine.on_debug(move |text, _, _| debugged.lock().print(text));

    let facts = inputs.known.map(ReadFacts::of).transpose();
    let outcome = facts.and_then(|facts| {
        shared.lock().facts = facts;
        run(&mut engine, &functions, recipe, &compiled, &sources, inputs.server)
    });
    let mut draft = shared.lock();
    let unexcused = draft.unexcused();
    let outcome = match draft.swallowed.take().or(unexcused.filter(|_| outcome.is_ok())) {
        Some((problem, source, position)) => {
            let error = EvalAltResult::ErrorRuntime(Dynamic::from(problem), position);
            Err(EvalAltResult::ErrorInFunctionCall(String::new(), source, error.into(), position).into())
        }
        None => outcome.and_then(|()| {
            let mut remarks = names::check(&engine, &lock(&sources))?;
            remarks.extend(notes::of_steps(&draft.steps));
            remarks.iter().for_each(|remark| draft.print(remark));
            Ok(())
        }),
    };
    let mut unanswered_at = None;
    let outcome = match outcome {
        Ok(()) => all_known(recipe, &given, &draft),
        Err(error) => {
            let explained = diagnostics::explain(&engine, *error, &recipe.name, &lock(&sources));
            Err(match draft.foreign.take() {
                Some(foreign) => {
                    unanswered_at = explained.place().map(|(position, _)| position.clone());
                    foreign.asked_at(unanswered_at.clone())
                }
                None => explained.into(),
            })
        }
    };
    let sources = lock(&sources)
        .iter()
        .map(|(name, used)| {
            let source = Source {
                kept_by: used.module.kept_by,
                sha256: sha256(used.text.as_bytes()),
            };
            (name.clone(), source)
        })
        .collect();
    let evaluated = Evaluated {
        recipe: RecipeIdentity {
            name: recipe.name.clone(),
            kept_by: recipe.kept_by,
            overrides_shipped: recipe.overrides_shipped,
            sources,
            files: std::mem::take(&mut draft.texts),
        },
        steps: std::mem::take(&mut draft.steps),
        report: std::mem::take(&mut draft.report),
        queries: std::mem::take(&mut draft.queries),
        consent_before: draft.consent_before,
        declared: std::mem::take(&mut draft.parameters),
        parameters: std::mem::take(&mut draft.values),
        inventory: std::mem::take(&mut draft.inventory),
        secrets: std::mem::take(&mut draft.secrets),
        printed: std::mem::take(&mut draft.printed),
        answers: std::mem::take(&mut draft.recorded),
        unanswered_at,
    };
    drop(draft);
    (outcome, evaluated, engine)
}

/// The processor's time that this thread has used. Waiting for a server's answer is not in it.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn run(
    engine: &mut Engine,
    functions: &OwnFunctions,
    recipe: &Script,
    compiled: &str,
    sources: &Sources,
    server: ServerView,
) -> std::result::Result<(), Box<EvalAltResult>> {
    let names = [
        ("server", Dynamic::from(ServerHandle(Shared::new(server)))),
        ("facts", Dynamic::from(FactsHandle)),
        ("params", Dynamic::from(api::parameters::Params)),
    ];
    // Functions see only what is global; the top level also sees the scope, from which closures capture.
    let mut global = Module::new();
    let mut scope = Scope::new();
    for (name, value) in names {
        global.set_var(name, value.clone());
        scope.push_constant_dynamic(name, value);
    }
    engine.register_global_module(global.into());
    functions.register(engine)?;
    let ast = engine.compile_with_scope(&scope_names(), compiled)?;
    keep_ast(sources, &recipe.name, &ast);
    reserved_names::check(engine, &ast, compiled, recipe.kept_by, Role::Recipe)?;
    let ast = functions.bind(&ast, compiled, &recipe.name, Role::Recipe)?;
    engine.run_ast_with_scope(&mut scope, &ast)
}

/// Refuses undeclared parameters: a typo must not silently mean the default.
fn all_known(recipe: &Script, given: &BTreeMap<String, Value>, draft: &Draft) -> Result<()> {
    let Some(unknown) = given.keys().find(|name| !draft.values.contains_key(*name)) else {
        return Ok(());
    };
    let help = match nearest(unknown, draft.values.keys().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'?"),
        None if draft.values.is_empty() => "it has no parameters".to_owned(),
        None => format!(
            "its parameters are {}",
            draft.values.keys().cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    Err(Error::from(RecipeError::Parameter {
        message: format!("the recipe {} has no parameter '{unknown}'", recipe.name),
        help: Some(help),
    }))
}
