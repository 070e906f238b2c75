//! The names that every recipe can use without declaring them.

use rhai::Scope;

/// The names that are in scope everywhere, for the parser's check of unknown variables.
pub(super) fn scope_names() -> Scope<'static> {
    let mut scope = Scope::new();
    for name in ["server", "facts", "params"] {
        scope.push(name, ());
    }
    scope
}
