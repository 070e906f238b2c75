//! A step as a recipe sees it, and its modifiers, one file for each concern.

mod guards;
mod handle;
mod invocation;
mod lockout;
mod outputs;
mod uploads;

pub use handle::StepHandle;
pub use outputs::StepOutput;

use rhai::{Module, combine_with_exported_module};

/// All modifiers. Each returns the step, so they can be chained.
pub fn modifiers() -> Module {
    let mut module = Module::new();
    combine_with_exported_module!(&mut module, "guards", guards::guards);
    combine_with_exported_module!(&mut module, "invocation", invocation::invocation);
    combine_with_exported_module!(&mut module, "lockout", lockout::lockout);
    combine_with_exported_module!(&mut module, "outputs", outputs::outputs);
    combine_with_exported_module!(&mut module, "uploads", uploads::uploads);
    module.build_index();
    module
}
