//! What a server may answer to the question for its facts: they are understood, or it is said what is wrong with them.
//! What was understood can be written down and read again. A plan of the wipe can be made of it or is refused, and what
//! the machine calls its things changes nothing else that is known of it.
#![no_main]

use infrakt::error::{Error, Result};
use infrakt::facts::{Facts, probe};
use infrakt::plan::ServerIdentity;
use infrakt::recipe::{Answers, Inputs, KnownServer, Library, ServerView, evaluate};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

/// A wipe asks nothing while it is planned.
struct Nothing;

impl Answers for Nothing {
    fn facts(&mut self) -> Result<KnownServer> {
        panic!("the facts are known")
    }

    fn query(&mut self, command: &str) -> Result<String> {
        panic!("the server was asked: {command}")
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        panic!("the database was asked")
    }

    fn servers(&mut self, _tag: &str) -> Result<Vec<ServerView>> {
        panic!("no servers are asked for")
    }
}

const SEED: &str = include_str!("../corpus/facts/docker");

fuzz_target!(|data: &[u8]| {
    whole_answer(data);
    one_name(&String::from_utf8_lossy(data));
});

fn whole_answer(data: &[u8]) {
    let Ok(facts) = probe::parse("NONCE", data) else { return };
    let json = serde_json::to_string(&facts).expect("facts are data");
    assert_eq!(
        Facts::parse(&json, "what was written").expect("it can be read again"),
        facts
    );
    decide(&facts);
}

/// A machine whose network has this name.
fn one_name(name: &str) {
    if name.contains("NONCE") {
        // The real one can't be guessed.
        return;
    }
    let before = probe::parse("NONCE", SEED.as_bytes()).expect("the seed");
    let encoded = serde_json::to_string(name).expect("a text");
    let answer = SEED.replace("\"shop-network\"", &encoded);
    let mut after = probe::parse("NONCE", answer.as_bytes()).expect("a name breaks nothing");
    let named = std::mem::replace(&mut after.docker.networks[0].name, "shop-network".to_owned());
    assert_eq!((named.as_str(), &after), (name, &before));
    after.docker.networks[0].name = named;
    decide(&after);
}

/// The plan of a wipe, as far as the facts let it come to one.
fn decide(facts: &Facts) {
    let losses = facts.losses();
    let recipe = Library::new(Path::new("/nonexistent"))
        .find_named("wipe")
        .expect("it is shipped");
    let server = ServerView {
        name: "prod-2".to_owned(),
        host: "192.0.2.7".to_owned(),
        port: 22,
        user: "root".to_owned(),
        provider: String::new(),
        tags: Vec::new(),
        is_infrakt_host: false,
        vars: Default::default(),
    };
    let inputs = Inputs {
        server,
        known: Some(KnownServer {
            facts: facts.clone(),
            protected: false,
        }),
        parameters: Default::default(),
        answers: Box::new(Nothing),
    };
    let evaluated = match evaluate(&recipe, inputs) {
        Ok(evaluated) => evaluated,
        Err(Error::Recipe(_)) => return,
        Err(error) => panic!("the recipe can't be evaluated: {error}"),
    };
    let identity = ServerIdentity {
        id: 2,
        name: "prod-2".to_owned(),
        host: "192.0.2.7".to_owned(),
        port: 22,
        user: "root".to_owned(),
        host_key: None,
        machine_id: facts.machine_id.clone(),
        protected: Vec::new(),
    };
    let plan = evaluated.into_plan(identity, losses, false);
    assert!(plan.destroys() && plan.needs_consent());
    assert_eq!(plan.losses.containers.len(), facts.docker.containers.len());
    assert_eq!(plan.losses.networks.len(), facts.docker.networks.len());
}
