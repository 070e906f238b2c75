//! Any text as a recipe: it ends within its limits, with a plan or with an error that can be shown. A plan is the same
//! when it is made again, passes the lint, and can be written down, read again and rendered.
#![no_main]

use infrakt::error::Result;
use infrakt::facts::Facts;
use infrakt::plan::{Losses, Plan, ServerIdentity, lint, render};
use infrakt::recipe::{Answers, Inputs, KnownServer, Library, ServerView, evaluate};
use libfuzzer_sys::fuzz_target;
use std::cell::OnceCell;

struct NoServer;

impl Answers for NoServer {
    fn facts(&mut self) -> Result<KnownServer> {
        let facts = Facts::by_name_or_path("debian-13").expect("a profile");
        let protected = false;
        Ok(KnownServer { facts, protected })
    }

    fn query(&mut self, command: &str) -> Result<String> {
        Ok(format!("answer to {command}"))
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(vec![("shop".to_owned(), "shop:1".to_owned())])
    }

    fn servers(&mut self, _tag: &str) -> Result<Vec<ServerView>> {
        Ok(Vec::new())
    }
}

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

fn plan(text: &str) -> Option<Plan> {
    let recipe = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder"));
        let path = folder.path().join("fuzz.rhai");
        std::fs::write(&path, text).expect("a recipe");
        Library::new(folder.path().join("own")).find(path.to_str().expect("UTF-8"))
    });
    let (name, host, user) = ("prod-2".to_owned(), "192.0.2.7".to_owned(), "root".to_owned());
    let server = ServerView {
        name: name.clone(),
        host: host.clone(),
        port: 22,
        user: user.clone(),
        provider: String::new(),
        tags: Vec::new(),
        is_infrakt_host: false,
        vars: Default::default(),
    };
    let identity = ServerIdentity {
        id: 1,
        name,
        host,
        port: 22,
        user,
        host_key: None,
        machine_id: None,
        protected: Vec::new(),
    };
    let inputs = Inputs {
        server,
        known: None,
        parameters: Default::default(),
        answers: Box::new(NoServer),
    };
    match recipe.and_then(|recipe| evaluate(&recipe, inputs)) {
        Ok(evaluated) => Some(evaluated.into_plan(identity, Losses::default(), false)),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let _ = error.hint();
            None
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(first) = plan(text) else { return };
    let second = plan(text).expect("what was a plan once is one again");
    assert_eq!(first.digest, second.digest);
    let rendered = render::plain(&render::plan(&first, None, None));
    assert_eq!(rendered, render::plain(&render::plan(&second, None, None)));
    assert!(lint::findings(&first).is_empty(), "the lint was passed");
    let json = serde_json::to_string(&first).expect("a plan is data");
    let read = Plan::parse(&json, "what was written").expect("it can be read again");
    assert_eq!(read.compute_digest(), first.digest);
});
