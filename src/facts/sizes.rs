//! Sizes on a server, as du(1) prints them.

use std::collections::BTreeMap;

/// What du(1) printed, by path: a size, a tab, and the path. It may have been ended before it was done.
pub(super) fn sizes(fields: &[String]) -> BTreeMap<&str, u64> {
    let sizes = fields.iter().filter_map(|field| {
        let (bytes, path) = field.split_once('\t')?;
        Some((path, bytes.parse().ok()?))
    });
    sizes.collect()
}
