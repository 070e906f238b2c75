//! The one place that wires recipe → plan → consent → executor → journal. The commands and the HTTP API both call it, so
//! what one refuses, the other refuses too.
//!
//! Its methods are by subject. `reach/` looks at a server, `plan/` makes plans, `execute/` begins, executes and resumes runs,
//! `inventory/` changes servers and what depends on them, `recipe_test/` tests recipes without a server. What is only looked up or noted in the store, since commands and
//! routes don't use the store, is in `inventory/records.rs` (servers), `inventory/apps.rs` (apps and their variables),
//! `history.rs` (runs) and `events.rs` (what happens in a run).

mod events;
mod execute;
mod history;
mod inventory;
mod open;
mod plan;
mod reach;
mod recipe_test;
mod shellcheck;
mod stop;
mod workers;

pub use events::Happened;
pub use execute::background::{Background, RunSlot};
pub use execute::begin_shown::RunOrder;
pub use execute::begun::BegunRun;
pub use execute::group::{GroupCall, Joining, LeftOut, Ready, WaitingRun};
pub use execute::resume::{Companion, Resumable, Unknown};
pub use execute::secrets::{gather as gather_secrets, of_plan as secrets_of_plan};
pub use execute::side_by_side::{AtOnce, FailFast, Fate, Told};
pub use history::RunRecord;
pub use inventory::apps::AppRecord;
pub use inventory::records::ServerRecord;
pub use inventory::servers::{Added, TypeName, key_path};
pub use open::{Parameters, Runtime, operator};
pub use plan::example::{evaluate_example, parameters_of};
pub use plan::make::Planned;
pub use plan::preview::Previewed;
pub use plan::shown_plans::{ShownPlan, ShownPlans};
pub use reach::compare::compare;
pub use reach::live::Live;
pub use reach::lock::Holder;
pub use reach::route::route_to;
pub use reach::unattended::Unattended;
pub use recipe_test::{Case, CaseVerdict, Snapshots, TestFile, verdict};
pub use shellcheck::shellcheck;
pub use stop::Stop;
pub use workers::make_room_for;

pub use crate::plan::secret::Secrets;
pub use crate::ssh::{AskSecret, ServerRoute, client_options};
