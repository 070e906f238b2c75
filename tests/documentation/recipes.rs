//! Every recipe that a reader can copy from a page works.

use crate::markdown::blocks_in;
use infrakt::error::Result;
use infrakt::facts::Facts;
use infrakt::recipe::{Answers, Inputs, KnownServer, Library, ServerView, diagnostics, evaluate};

struct NoServer;

impl Answers for NoServer {
    fn facts(&mut self) -> Result<KnownServer> {
        panic!("the facts were given beforehand")
    }

    fn query(&mut self, _command: &str) -> Result<String> {
        Ok(String::new())
    }

    fn query_or(&mut self, _command: &str, sample: &str) -> Result<String> {
        Ok(sample.to_owned())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        Ok(vec![
            server(&format!("{tag}-1"), "192.0.2.11"),
            server(&format!("{tag}-2"), "192.0.2.12"),
        ])
    }
}

fn server(name: &str, host: &str) -> ServerView {
    ServerView {
        name: name.to_owned(),
        host: host.to_owned(),
        port: 22,
        user: "root".to_owned(),
        provider: String::new(),
        tags: Vec::new(),
        is_infrakt_host: false,
        vars: Default::default(),
    }
}

/// Files that recipes of the pages copy.
const BESIDE: [(&str, &str); 5] = [
    ("app.toml", "port = 8080\n"),
    ("app.env", "PORT={{ port }}\nKEY={{ key }}\n"),
    ("bin/app", ""),
    ("site/index.html", "<p>Hello\n"),
    ("site/css/shop.css", "p {}\n"),
];

/// Evaluates a recipe for a fresh Debian 13. What it imports beside the library, and the templates that it uses, are beside it as
/// in the page.
fn check(text: &str, files: &[(String, String)]) -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let beside = BESIDE.map(|(name, text)| (name.to_owned(), text.to_owned()));
    for (name, module) in files.iter().chain(&beside) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(path, module).expect("the module is written");
    }
    let path = folder.path().join("page.rhai");
    std::fs::write(&path, text).expect("the recipe is written");
    let recipe = Library::new(folder.path().join("no-own-recipes")).find(path.to_str().expect("a path in UTF-8"))?;
    let facts = Facts::by_name_or_path("debian-13")?;
    let inputs = Inputs {
        server: server("prod-2", "192.0.2.7"),
        known: Some(KnownServer {
            facts,
            protected: false,
        }),
        parameters: Default::default(),
        answers: Box::new(NoServer),
    };
    evaluate(&recipe, inputs).map(drop)
}

/// A block that begins with `// lib/NAME.rhai` is a module that the blocks of all pages may import, and one that begins with
/// `{# NAME #}` a template that they may use.
#[test]
fn every_recipe_on_a_page_evaluates() {
    let blocks = blocks_in(&["rhai"]);
    assert!(blocks.len() > 10, "only {} recipes were found", blocks.len());
    let modules: Vec<(String, String)> = blocks
        .iter()
        .filter_map(|block| {
            let name = block.text.lines().next()?.strip_prefix("// ")?;
            (name.starts_with("lib/") && name.ends_with(".rhai")).then(|| (name.to_owned(), block.text.clone()))
        })
        .collect();
    let templates = blocks_in(&["jinja"]).into_iter().map(|block| {
        let name = block
            .text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("{# ")?.strip_suffix(" #}"));
        (name.expect("a name in the first line").to_owned(), block.text)
    });
    let files: Vec<(String, String)> = modules.into_iter().chain(templates).collect();
    for block in &blocks {
        if let Err(error) = check(&block.text, &files) {
            let shown = diagnostics::render(&error, false).unwrap_or_else(|| error.to_string());
            panic!("{}: this recipe does not evaluate\n{shown}", block.place);
        }
    }
}
