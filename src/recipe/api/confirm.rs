//! `confirm::…`: where the reader of a plan expects to be asked.

use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;

type RhaiResult<T> = Result<T, Box<EvalAltResult>>;

/// The consent to what destroys.
#[export_module]
pub mod confirm {
    /// Marks the place in the plan where consent is asked: a person types the server's name. A plan with steps that
    /// destroy is never executed without it, whether this is called or not.
    ///
    /// # Example
    /// ```rhai
    /// confirm::destroy(server.name);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn destroy(context: NativeCallContext, name: &str) -> RhaiResult<()> {
        let shared = SharedDraft::of(&context)?;
        let mut draft = shared.lock();
        if name != draft.server {
            return Err(Problem::new(format!(
                "consent can only be asked for '{}', not for {name:?}",
                draft.server
            ))
            .help("write: confirm::destroy(server.name);")
            .at(&context));
        }
        let next = draft.steps.len();
        draft.consent_before.get_or_insert(next);
        Ok(())
    }
}
