//! `confirm::…`: where the plan asks for consent.

use super::call::RhaiResult;
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;

/// The consent to destructive steps.
#[export_module]
pub mod confirm {
    /// Marks where the plan asks for consent: a person types the server's name. A plan with destructive steps is never
    /// executed without that consent, even if this is not called.
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
