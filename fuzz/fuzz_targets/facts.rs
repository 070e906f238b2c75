//! What a server may answer to the question for its facts: they are understood, or it is said what is wrong with them.
//! What was understood can be written down and read again.
#![no_main]

use infrakt::facts::{Facts, probe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(facts) = probe::parse(data) else { return };
    let json = serde_json::to_string(&facts).expect("facts are data");
    assert_eq!(Facts::parse(&json, "what was written").expect("it can be read again"), facts);
    // What a wipe would show of them.
    let _ = facts.losses();
});
