//! Evaluates a recipe text with the facts of a fresh Debian 13 and without a server.

use base64::Engine as _;
use infrakt::error::{Error, Result};
use infrakt::facts::Facts;
use infrakt::plan::{Losses, Plan, ServerIdentity};
use infrakt::recipe::{Answers, Evaluated, Inputs, KnownServer, Library, Recipe, ServerView, diagnostics, evaluate};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub struct NoServer;

impl Answers for NoServer {
    fn facts(&mut self) -> Result<KnownServer> {
        panic!("the facts were given beforehand")
    }

    fn query(&mut self, command: &str) -> Result<String> {
        if command.contains("enter /srv/www\n") {
            // The folder cgi is a link there.
            let entries: &[u8] =
                b"/disk/www\0dcss\0fcss/a.css\0fold.html\0dold dir\0fold dir/it's\0d.git\0f.git/config\0\
                f.git/\xff\0llink\0lcgi\0findex.html\0";
            return Ok(base64::engine::general_purpose::STANDARD.encode(entries));
        }
        match command.starts_with("much ") {
            true => Ok("x".repeat(1_000_000)),
            false => Ok(format!("answer to {command}")),
        }
    }

    fn query_or(&mut self, command: &str, sample: &str) -> Result<String> {
        match sample {
            "" => self.query(command),
            sample => Ok(sample.to_owned()),
        }
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(vec![("shop".to_owned(), "shop:1".to_owned())])
    }

    fn servers(&mut self, _tag: &str) -> Result<Vec<ServerView>> {
        Ok(Vec::new())
    }
}

pub fn recipe(text: &str) -> (tempfile::TempDir, Recipe) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("test.rhai");
    std::fs::write(&path, text).expect("the recipe is written");
    let library = Library::new(folder.path().join("no-own-recipes"));
    let recipe = library
        .find(path.to_str().expect("a path in UTF-8"))
        .expect("the recipe is found");
    (folder, recipe)
}

/// A recipe `test.rhai` among files of its own, and a user's library.
pub struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    pub fn new(text: &str) -> Self {
        let files = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        files.beside("test.rhai", text)
    }

    /// With a file in the recipe's folder.
    pub fn beside(self, file: &str, text: &str) -> Self {
        self.write(&format!("recipe/{file}"), text)
    }

    /// With a file in the user's library.
    pub fn at_home(self, file: &str, text: &str) -> Self {
        self.write(&format!("home/{file}"), text)
    }

    fn write(self, file: &str, text: &str) -> Self {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(path, text).expect("the file is written");
        self
    }

    /// `recipe/…` or `home/…`.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn library(&self) -> Library {
        Library::new(self.path("home"))
    }

    pub fn recipe(&self) -> Result<Recipe> {
        self.library()
            .find(self.path("recipe/test.rhai").to_str().expect("UTF-8"))
    }

    pub fn evaluate(&self) -> Result<Evaluated> {
        evaluate_recipe(&self.recipe()?, &[])
    }

    pub fn evaluated(&self) -> Evaluated {
        self.evaluate().unwrap_or_else(|error| panic!("{}", shown(&error)))
    }

    /// The error as a person sees it.
    pub fn error(&self) -> String {
        match self.evaluate() {
            Ok(_) => panic!("this recipe should have been refused"),
            Err(error) => shown(&error),
        }
    }
}

/// The plan for a server that there is not.
pub fn planned(evaluated: Evaluated) -> Plan {
    let identity = ServerIdentity {
        id: 2,
        name: "prod-2".to_owned(),
        host: "192.0.2.7".to_owned(),
        port: 22,
        user: "root".to_owned(),
        host_key: None,
        machine_id: None,
        protected: Vec::new(),
    };
    evaluated.into_plan(identity, Losses::default(), false)
}

pub fn evaluate_with(text: &str, parameters: &[(&str, &str)]) -> Result<Evaluated> {
    let (_folder, recipe) = recipe(text);
    evaluate_recipe(&recipe, parameters)
}

pub fn evaluate_recipe(recipe: &Recipe, parameters: &[(&str, &str)]) -> Result<Evaluated> {
    evaluate_on(recipe, parameters, Facts::by_name_or_path("debian-13")?)
}

pub fn evaluate_with_facts(text: &str, facts: Facts) -> Result<Evaluated> {
    let (_folder, recipe) = recipe(text);
    evaluate_on(&recipe, &[], facts)
}

fn evaluate_on(recipe: &Recipe, parameters: &[(&str, &str)], facts: Facts) -> Result<Evaluated> {
    let parameters: BTreeMap<_, _> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(*value)))
        .collect();
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
    evaluate(
        recipe,
        Inputs {
            server,
            known: Some(KnownServer {
                facts,
                protected: false,
            }),
            parameters,
            answers: Box::new(NoServer),
        },
    )
}

pub fn evaluated(text: &str) -> Evaluated {
    evaluate_with(text, &[]).unwrap_or_else(|error| panic!("{}", shown(&error)))
}

/// The error as a person sees it.
pub fn error_of(text: &str) -> String {
    match evaluate_with(text, &[]) {
        Ok(_) => panic!("this recipe should have been refused:\n{text}"),
        Err(error) => shown(&error),
    }
}

pub fn shown(error: &Error) -> String {
    diagnostics::render(error, false).unwrap_or_else(|| error.to_string())
}
