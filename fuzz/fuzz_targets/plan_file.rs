//! Any text as the file of a plan: it is read, or it is said what is wrong with it. What was read can be checked,
//! rendered and written.
#![no_main]

use infrakt::plan::{Plan, lint, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(plan) = Plan::parse(text, "the plan") else {
        return;
    };
    let _ = (lint::findings(&plan), plan.needs_consent(), plan.destroys());
    let _ = render::plain(&render::plan(&plan, None, None));
    let json = serde_json::to_string(&plan).expect("a plan is data");
    let read = Plan::parse(&json, "what was written").expect("it can be read again");
    assert_eq!(read.compute_digest(), plan.compute_digest());
});
