//! The one place that wires recipe → plan → consent → executor → journal. The commands and the HTTP API both call it, so
//! what one refuses, the other refuses too.

mod execute;
mod inventory;
mod plan;
mod reach;
mod workers;

pub use execute::background::{Background, Place};
pub use execute::group::{AtOnce, Call, Fate, Joining, LeftOut, Ready, Told, Waiting};
pub use execute::resume::{Companion, Resumable, Unknown};
pub use execute::secrets::{gather as gather_secrets, of_plan as secrets_of_plan};
pub use execute::world::Stop;
pub use inventory::marker::Unmarked;
pub use inventory::servers::{Added, TypeName, key_path};
pub use plan::example::{example, parameters_of};
pub use plan::shown_plans::{Order, Shown, ShownPlan};
pub use reach::live::{Live, compare};
pub use reach::lock::Holder;
pub use reach::route::route_to;
pub use reach::unattended::Unattended;

pub use crate::executor::script::Secrets;
pub use crate::ssh::{AskSecret, HostKey, Route, client_options};

use crate::consent::{ConsentedPlan, check_age, check_destroyable};
use crate::error::{Error, RecipeError, Refusal, Result, SshError};
use crate::event::{Ended, RunEvent, RunState};
use crate::executor::Execution;
use crate::facts::Facts;
use crate::facts::usage::Usage;
use crate::plan::printable::one_line;
use crate::plan::render::{self, Asked, Preview};
use crate::plan::{Keeper, Plan, Step, lint};
use crate::recipe::{Answers, Inputs, Library, Recipe, evaluate_in_subprocess, is_shipped};
use crate::store::{Home, Identity, Journal, Server, Store};
use execute::world::JournalledWorld;
use jiff::Timestamp;
use reach::{live, protection, self_detection};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Values for a recipe's parameters, by name.
pub type Parameters = BTreeMap<String, Value>;

/// Everything that outlives one command: the store and the recipes.
pub struct Runtime {
    pub store: Store,
    pub library: Library,
    home: Home,
    /// Those of the threads that worked on several servers, for when there is more to do.
    spares: RefCell<Vec<Runtime>>,
}

/// A plan and what was learned on the way to it.
pub struct Planned {
    pub plan: Plan,
    /// The facts it rests on, with the answers to the recipe's questions.
    pub facts: Facts,
    /// What the recipe printed.
    pub printed: Vec<String>,
    /// Whether its queries could have changed a file on the server; `None` if it asked none there.
    pub asked: Option<Asked>,
}

impl Planned {
    /// What a person should read before the plan is executed: what the recipe printed, and whether its queries may have
    /// changed something.
    pub fn remarks(&self) -> Vec<String> {
        let unguarded = self.asked.as_ref().and_then(render::unguarded);
        self.printed.iter().cloned().chain(unguarded).collect()
    }
}

impl Runtime {
    /// # Errors
    /// If the home or its database can't be used.
    pub fn open(home: Home) -> Result<Self> {
        let store = Store::open(&home)?;
        let library = Library::new(home.recipes_dir());
        Ok(Self {
            store,
            library,
            home,
            spares: RefCell::default(),
        })
    }

    /// Connects to a server and reads its facts. Asks `secrets` for passwords and passphrases.
    ///
    /// # Errors
    /// If it can't be reached, trusted or understood.
    pub fn reach(&self, server: &Server, secrets: &dyn AskSecret) -> Result<Live> {
        Live::reach(&self.store, server, secrets)
    }

    /// As [`Runtime::reach`], and how busy the server is.
    ///
    /// # Errors
    /// As [`Runtime::reach`].
    pub fn reach_and_measure(&self, server: &Server, secrets: &dyn AskSecret) -> Result<(Live, Usage)> {
        Live::reach_and_measure(&self.store, server, secrets)
    }

    /// First contact with a server: as [`Runtime::reach`], but a host key that nothing vouches for yet is recorded, and
    /// shown to the caller through `recorded` before anything is entrusted to it.
    ///
    /// # Errors
    /// As [`Runtime::reach`]; a key that was recorded stays recorded.
    pub fn acquaint(
        &self,
        server: &Server,
        secrets: &dyn AskSecret,
        recorded: &mut dyn FnMut(&HostKey),
    ) -> Result<Live> {
        match self.reach(server, secrets) {
            Err(Error::Ssh(SshError::HostKeyUnknown { key, .. })) => {
                let key: HostKey = key.parse()?;
                let shown = Identity {
                    host_key: Some(&key.to_string()),
                    ..Identity::default()
                };
                self.store.record_identity(server.id, shown)?;
                recorded(&key);
                self.reach(&self.store.server(&server.name)?, secrets)
            }
            reached => reached,
        }
    }

    /// Reaches a server to execute a recipe there, and makes the plan. The facts are read only if something rests on them:
    /// they cost a server far more than most steps.
    ///
    /// # Errors
    /// As [`Runtime::reach`] and [`Runtime::plan`].
    pub fn reach_and_plan(
        &self,
        recipe: &Recipe,
        server: &Server,
        parameters: Parameters,
        secrets: &dyn AskSecret,
    ) -> Result<(Live, Planned)> {
        if recipe.needs_no_facts()? {
            let live = Live::reach_known(&self.store, server, secrets)?;
            let planned = self.plan(recipe, &live, parameters.clone())?;
            if !planned.plan.destroys() {
                return Ok((live, planned));
            }
        }
        let live = self.reach(server, secrets)?;
        let planned = self.plan(recipe, &live, parameters)?;
        Ok((live, planned))
    }

    /// Makes the plan of a recipe for a server that was reached.
    ///
    /// # Errors
    /// If the recipe is broken, refuses, or asks something that can't be answered.
    pub fn plan(&self, recipe: &Recipe, live: &Live, parameters: Parameters) -> Result<Planned> {
        let inputs = Inputs {
            server: live.view(),
            facts: &live.facts,
            parameters,
            answers: live.answers(&self.home),
        };
        let mut evaluated = evaluate_in_subprocess(recipe, inputs)?;
        Ok(Planned {
            asked: live.asked(),
            printed: std::mem::take(&mut evaluated.printed),
            facts: Facts {
                answers: std::mem::take(&mut evaluated.answers),
                ..live.facts.clone()
            },
            plan: evaluated.into_plan(live.identity.clone(), live.losses.clone(), false),
        })
    }

    /// Makes the plan of a recipe from recorded facts. Asks nobody: same inputs, same bytes.
    ///
    /// # Errors
    /// As [`Runtime::plan`], or if the recipe asks what was not recorded.
    pub fn plan_offline(
        &self,
        recipe: &Recipe,
        server: &Server,
        facts: Facts,
        parameters: Parameters,
    ) -> Result<Planned> {
        let protected = protection::reasons(&self.store, server, &facts, server.host_key.as_deref())?;
        let identity = live::identity(
            server,
            &reach::route::target_of_row(server),
            server.host_key.clone(),
            facts.machine_id.clone(),
            protected,
        );
        let losses = live::losses(&self.store, server, &facts)?;
        let recorded = Recorded { facts: facts.clone() };
        let inputs = Inputs {
            server: live::view(server, &identity),
            facts: &facts,
            parameters,
            answers: Box::new(recorded),
        };
        let mut evaluated = evaluate_in_subprocess(recipe, inputs)?;
        Ok(Planned {
            asked: None,
            printed: std::mem::take(&mut evaluated.printed),
            facts,
            plan: evaluated.into_plan(identity, losses, true),
        })
    }

    /// Which steps of the plan have nothing to do as things stand, and which would fail; one round trip, or none if no step
    /// has a guard or is asked beforehand.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn preview(&self, live: &Live, plan: &Plan) -> Result<Preview> {
        plan::preview::preview(live, plan)
    }

    /// Checks what can be said of a plan that comes from a file without its server: it must be as it was made, hold
    /// nothing that the lint refuses, and nothing that is refused whoever consents.
    ///
    /// # Errors
    /// The refusal that fits.
    pub fn examine(&self, plan: &Plan) -> Result<()> {
        if plan.digest != plan.compute_digest() {
            let reason = "it was altered after it was made".to_owned();
            return Err(Refusal::StalePlan {
                server: plan.server.name.clone(),
                reason,
            }
            .into());
        }
        if let Some(finding) = lint::findings(plan).first() {
            return Err(RecipeError::Lint {
                message: format!(
                    "step {}: `{}` {}, and {} must not",
                    finding.step + 1,
                    finding.what,
                    finding.does,
                    finding.part
                ),
                label: String::new(),
                position: None,
                help: match finding.does {
                    "destroys" => "put the command into ssh::destroy, and make the plan anew",
                    _ => "put the command into a step, and make the plan anew",
                }
                .to_owned(),
            }
            .into());
        }
        for (name, source) in &plan.recipe.sources {
            if source.kept_by == Keeper::Shipped && !is_shipped(name, &source.sha256) {
                let reason = format!("it was made with another {name} than this infrakt ships");
                return Err(Refusal::StalePlan {
                    server: plan.server.name.clone(),
                    reason,
                }
                .into());
            }
        }
        if plan.destroys() {
            check_destroyable(plan)?;
        }
        Ok(check_age(plan, Timestamp::now())?)
    }

    /// Checks a plan that comes from a file against the server that was reached: as [`Runtime::examine`], and it must
    /// still fit the machine. Consent is asked anew.
    ///
    /// # Errors
    /// The refusal that fits.
    pub fn recheck(&self, plan: &Plan, live: &Live) -> Result<()> {
        self.examine(plan)?;
        live::compare(plan, &live.identity, &live.losses)
    }

    /// Begins a run of a plan that was saved: takes the lock on the server, uses up the consent, and opens the journal.
    /// Nothing is done yet. (What comes from a recipe begins with [`Runtime::begin_group`], also on a single server.)
    ///
    /// # Errors
    /// A refusal (locked, or a consent that has expired), or a problem with the journal.
    pub fn begin(&self, consented: ConsentedPlan, live: Live, secrets: Secrets) -> Result<Begun> {
        // A question may have been open for days.
        check_age(consented.plan(), Timestamp::now())?;
        let journal = self
            .store
            .begin_run(consented.plan(), consented.consent(), &operator())?;
        Ok(Begun {
            consented,
            live,
            secrets,
            journal,
            progress: Progress::default(),
        })
    }

    /// Executes a run that was begun: looks once more at the machine if anything is to be destroyed, and runs the steps.
    /// Every event is in the journal before `report` sees it.
    ///
    /// # Errors
    /// A refusal (protected, stale, or locked by another computer), or a problem with the journal. How the steps went is
    /// in [`Ended`].
    pub fn execute(&self, begun: &mut Begun, stop: &dyn Stop, report: &mut dyn FnMut(&RunEvent)) -> Result<Ended> {
        // What is executed now is to be done, whatever became of it before.
        begun.progress.settled.clear();
        let looked = match begun.rest_destroys() {
            true => begun
                .live
                .look_again(&self.store, begun.plan(), begun.progress.resumed, stop),
            false => Ok(()),
        };
        let outcome = looked.and_then(|()| self.with_execution(begun, stop, report, |execution| execution.execute()));
        note_error(begun, report, outcome)
    }

    /// Makes the execution of a run that was begun, and hands it to `act`.
    fn with_execution<T>(
        &self,
        begun: &mut Begun,
        stop: &dyn Stop,
        report: &mut dyn FnMut(&RunEvent),
        act: impl FnOnce(Execution<'_>) -> Result<T>,
    ) -> Result<T> {
        let Begun {
            consented,
            live,
            secrets,
            journal,
            progress,
        } = begun;
        let plan = consented.plan();
        let run = journal.spool().to_owned();
        let kept = match progress.resumed {
            true => self.store.kept_of(journal.run_id())?,
            false => 0,
        };
        let holder = format!("run {} of {} by {}", journal.run_id(), plan.recipe.name, operator());
        let mut world = JournalledWorld {
            journal,
            store: &self.store,
            server_id: plan.server.id,
            stop,
            report,
        };
        let mut session = live.connection();
        act(Execution {
            consented,
            from: progress.from,
            stretches: progress.stretches,
            resumed: progress.resumed,
            kept,
            settled: progress.settled.clone(),
            secrets,
            run: &run,
            holder: &holder,
            thread_name: self_detection::thread_name()?,
            connection: &mut *session,
            world: &mut world,
        })
    }
}

/// Ends the run in the journal if something went wrong that is no step's doing.
fn note_error<T>(begun: &mut Begun, report: &mut dyn FnMut(&RunEvent), outcome: Result<T>) -> Result<T> {
    if let Err(error) = &outcome {
        let state = match error {
            // What the server was given goes on there.
            Error::Interrupted | Error::Ssh(_) => RunState::Interrupted,
            _ => RunState::Failed,
        };
        let end = RunEvent::RunEnded {
            state,
            reason: Some(error.to_string()),
        };
        // The error that is already on its way says more than one about noting it down.
        if begun.journal.append(std::slice::from_ref(&end), None).is_ok() {
            report(&end);
        }
    }
    outcome
}

/// A run that was begun: its plan and consent, the way to its server, and its journal, which holds the lock.
pub struct Begun {
    consented: ConsentedPlan,
    live: Live,
    secrets: Secrets,
    journal: Journal,
    progress: Progress,
}

/// What is done of a run when its execution begins.
#[derive(Default)]
struct Progress {
    /// The first step that is not.
    from: usize,
    /// How many stretches of it there have been.
    stretches: u32,
    /// The steps whose outcome is known.
    settled: BTreeSet<usize>,
    resumed: bool,
}

impl Begun {
    /// Whether what is still to do takes away what can't be brought back.
    fn rest_destroys(&self) -> bool {
        let rest = self.plan().steps.get(self.progress.from..).unwrap_or_default();
        rest.iter().any(Step::destroys)
    }

    pub fn run_id(&self) -> i64 {
        self.journal.run_id()
    }

    pub fn plan(&self) -> &Plan {
        self.consented.plan()
    }

    /// The refusal to go on where nobody can say what became of a step.
    pub fn unknown_step(&self, index: usize) -> Refusal {
        let plan = self.plan();
        let title = plan.steps.get(index).map_or("", |step| step.title.as_str());
        Refusal::UnknownStep {
            server: plan.server.name.clone(),
            run: self.run_id(),
            step: index + 1,
            title: one_line(title).into_owned(),
        }
    }
}

/// Who is at work, as `user@computer`.
pub fn operator() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    let user = named.unwrap_or_else(|| match rustix::process::getuid() {
        uid if uid.is_root() => "root".to_owned(),
        uid => format!("uid {}", uid.as_raw()),
    });
    format!("{user}@{}", rustix::system::uname().nodename().to_string_lossy())
}

/// Answers from recorded facts only.
struct Recorded {
    facts: Facts,
}

impl Answers for Recorded {
    fn query(&mut self, command: &str) -> Result<String> {
        // What was recorded is answered before this is asked.
        Err(Error::usage_with(
            format!("offline, nobody answers `{command}`"),
            format!(
                "record the answer with the facts of a live server: infrakt plan RECIPE --server NAME --facts-out facts.json; then --offline --facts facts.json ({} answers are recorded)",
                self.facts.answers.len()
            ),
        ))
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        let recorded = self
            .facts
            .answers
            .get("db::apps")
            .cloned()
            .unwrap_or_else(|| Value::Array(Vec::new()));
        serde_json::from_value(recorded).map_err(|error| Error::Malformed {
            what: "the recorded answer of db::apps".to_owned(),
            reason: error.to_string(),
            hint: None,
        })
    }
}
