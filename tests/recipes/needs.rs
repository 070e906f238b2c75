//! When the facts are read: the first time that a recipe asks for them, and never for what it only mentions.

use crate::support::recipe;
use infrakt::error::{Error, Result};
use infrakt::facts::Facts;
use infrakt::recipe::{Answers, Inputs, KnownServer, ServerView, evaluate};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server that answers, or not, and counts how often its facts are read.
struct Server {
    reads: Arc<AtomicUsize>,
    answers: bool,
}

impl Answers for Server {
    fn facts(&mut self) -> Result<KnownServer> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if !self.answers {
            let (server, reason) = ("prod-2".to_owned(), "it said nothing".to_owned());
            return Err(Error::Facts { server, reason });
        }
        Ok(KnownServer {
            facts: Facts::by_name_or_path("debian-13")?,
            protected: true,
        })
    }

    fn query(&mut self, _command: &str) -> Result<String> {
        Ok("amd64".to_owned())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn servers(&mut self, _tag: &str) -> Result<Vec<ServerView>> {
        Ok(Vec::new())
    }
}

/// How often the facts are read for this recipe, and the result of its evaluation.
fn evaluated(text: &str, answers: bool) -> (usize, Result<usize>) {
    let (_folder, recipe) = recipe(text);
    let reads = Arc::new(AtomicUsize::new(0));
    let server = Server {
        reads: reads.clone(),
        answers,
    };
    let inputs = Inputs {
        server: ServerView {
            name: "prod-2".to_owned(),
            host: "192.0.2.7".to_owned(),
            port: 22,
            user: "root".to_owned(),
            provider: String::new(),
            tags: vec!["web".to_owned()],
            is_infrakt_host: false,
            vars: Default::default(),
        },
        known: None,
        parameters: Default::default(),
        answers: Box::new(server),
    };
    let steps = evaluate(&recipe, inputs).map(|evaluated| evaluated.steps.len());
    (reads.load(Ordering::SeqCst), steps)
}

#[test]
fn facts_are_not_read_for_a_recipe_that_only_mentions_them() {
    for text in [
        r#"ssh::run("One", "true");"#,
        r#"// facts, server.is_protected and ssh::destroy
           ssh::run("Print the facts", "echo facts protected destroy");"#,
        r#"ssh::run("One", "true"); if false { print(facts.os.id); }"#,
        r#"fn system() { facts.os.id } ssh::run("One", "true");"#,
        r#"import "lib/docker" as docker; ssh::run("One", "true");"#,
        r#"ssh::run(server.name, `echo ${server.host} ${server.port} ${server.tags[0]} ${server.is_infrakt_host}`);"#,
        r#"ssh::run("One", "echo " + ssh::query("uname -m"));"#,
        r#"db::set_status(server, "ready");"#,
    ] {
        let (reads, steps) = evaluated(text, true);
        assert_eq!((reads, steps.expect(text)), (0, 1), "{text}");
    }
}

#[test]
fn facts_are_read_once_however_often_a_recipe_asks() {
    for text in [
        r#"ssh::run("One", `echo ${facts.os.id} ${facts.os.version} ${facts["arch"]}`);"#,
        r#"if server.is_protected && facts.os.id == "debian" { ssh::run("One", "true"); }"#,
        r#"fn system() { facts.os.id } if system() == system() { ssh::run("One", "true"); }"#,
        r#"let systems = ["debian"].filter(|name| name == facts.os.id); ssh::run(systems[0], "true");"#,
        r#"import "lib/docker" as docker; ssh::run("One", "echo " + docker::repository());"#,
    ] {
        let (reads, steps) = evaluated(text, true);
        assert_eq!((reads, steps.expect(text)), (1, 1), "{text}");
    }
}

#[test]
fn a_server_whose_facts_cannot_be_read_ends_the_evaluation_with_its_own_error() {
    let (_, steps) = evaluated(r#"ssh::run("One", facts.os.id);"#, false);
    assert!(matches!(steps, Err(Error::Facts { .. })), "{steps:?}");
}
