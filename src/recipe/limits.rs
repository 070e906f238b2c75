//! The limits of one evaluation.

use std::time::Duration;

/// Enough for any list a person would write; an endless loop ends here within a fraction of a second.
pub(super) const MAX_OPERATIONS: u64 = 2_000_000;
pub(super) const MAX_CALL_DEPTH: usize = 48;
pub(super) const MAX_EXPRESSION_DEPTH: usize = 64;
pub(super) const MAX_STRING: usize = 8 << 20;
pub(super) const MAX_ENTRIES: usize = 10_000;
/// Of the processor.
pub(super) const MAX_TIME: Duration = Duration::from_secs(5);
/// Of text that is parsed as YAML or TOML, in bytes.
pub(super) const MAX_PARSED: usize = 1 << 20;
/// How deep parsed and written data may nest.
pub(super) const MAX_NESTING: usize = 64;
/// Of one piece of data, lists and maps included.
pub(super) const MAX_VALUES: usize = 200_000;
/// Of a compiled regular expression, in bytes: with it and the length of a text, matching has a limit too.
pub(super) const MAX_REGEX: usize = 256 << 10;
