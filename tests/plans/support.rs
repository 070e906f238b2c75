//! Plans of the shipped recipes, made without a server: from the facts of a fresh system, and of one that was used.

use infrakt::error::{Error, Result};
use infrakt::facts::{Container, Docker, Facts, Image, Named, Volume};
use infrakt::plan::digest::sha256;
use infrakt::plan::{Action, Effect, Plan, ServerIdentity, Step, render};
use infrakt::reason::ProtectionReason;
use infrakt::recipe::{Answers, Evaluated, Inputs, KnownServer, Library, Recipe, ServerView, diagnostics, evaluate};
use serde_json::Value;

/// The profiles of the supported systems.
pub const SYSTEMS: [&str; 4] = ["debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04"];

/// A recipe that asks the server or the database while it is planned could not be planned offline.
struct NothingIsAsked;

impl Answers for NothingIsAsked {
    fn facts(&mut self) -> Result<KnownServer> {
        panic!("the facts were given beforehand")
    }

    fn query(&mut self, command: &str) -> Result<String> {
        panic!("the server was asked: {command}")
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        panic!("the database was asked for apps")
    }

    fn servers(&mut self, _tag: &str) -> Result<Vec<ServerView>> {
        panic!("no servers are asked for")
    }
}

/// A server as the recipes meet it: fresh, reached as root on port 22, unprotected, unless said otherwise.
#[derive(Clone)]
pub struct Case {
    pub facts: Facts,
    user: &'static str,
    port: u16,
    host: bool,
    parameters: Vec<(&'static str, Value)>,
}

pub fn server(system: &str) -> Case {
    Case {
        facts: Facts::by_name_or_path(system).expect("a profile"),
        user: "root",
        port: 22,
        host: false,
        parameters: Vec::new(),
    }
}

impl Case {
    /// Reached as this user, so everything runs through sudo.
    pub fn user(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    /// The port in the server's row.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The ports on which its sshd was seen.
    pub fn sshd_on(mut self, ports: &[u16]) -> Self {
        self.facts.ssh_ports = ports.to_vec();
        self
    }

    /// It hosts infrakt.
    pub fn host(mut self) -> Self {
        self.host = true;
        self
    }

    pub fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// It was used for a while: Docker holds things, and so does /opt/infrakt.
    pub fn used(mut self) -> Self {
        let own = self.facts.os.version == "12";
        self.facts.docker = Docker {
            installed: true,
            running: true,
            version: if own { "29.1.3" } else { "26.1.5+dfsg1" }.to_owned(),
            package_name: if own { "docker-ce" } else { "docker.io" }.to_owned(),
            compose: true,
            id: "5e16402b-d1db-48a4-9bad-d2bab7d9777e".to_owned(),
            root: "/var/lib/docker".to_owned(),
            driver: "overlay2".to_owned(),
            containers: vec![
                container("web", "shop/web:1.5", "running"),
                container("db", "postgres:16", "running"),
                container("migrate", "shop/web:1.4", "exited"),
            ],
            images: vec![image("shop/web:1.5", "84MB"), image("postgres:16", "432MB")],
            volumes: vec![volume("uploads", Some(12_345_678)), volume("pgdata", None)],
            networks: vec![network("backend")],
            ..Docker::default()
        };
        self.facts.opt_infrakt.kind = "directory".to_owned();
        self.facts.opt_infrakt.bytes = Some(34_000_000);
        self.facts.opt_infrakt.backups = 3;
        self
    }

    pub fn evaluate(&self, recipe: &str) -> Result<Evaluated> {
        let no_own_recipes = tempfile::tempdir().expect("a temporary folder");
        self.evaluate_recipe(&Library::new(no_own_recipes.path()).find_named(recipe)?)
    }

    fn evaluate_recipe(&self, recipe: &Recipe) -> Result<Evaluated> {
        let server = ServerView {
            name: "prod-2".to_owned(),
            host: "192.0.2.7".to_owned(),
            port: self.port,
            user: self.user.to_owned(),
            provider: "hetzner".to_owned(),
            tags: Vec::new(),
            is_infrakt_host: self.host,
            vars: Default::default(),
        };
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        evaluate(
            recipe,
            Inputs {
                server,
                known: Some(KnownServer {
                    facts: self.facts.clone(),
                    protected: self.host,
                }),
                parameters: parameters.collect(),
                answers: Box::new(NothingIsAsked),
            },
        )
    }

    pub fn plan(&self, recipe: &str) -> Plan {
        let evaluated = self
            .evaluate(recipe)
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        let protected = if self.host {
            vec![ProtectionReason::MarkedRow]
        } else {
            Vec::new()
        };
        let identity = ServerIdentity {
            id: 2,
            name: "prod-2".to_owned(),
            host: "192.0.2.7".to_owned(),
            port: self.port,
            user: self.user.to_owned(),
            host_key: None,
            machine_id: self.facts.machine_id.clone(),
            protected,
        };
        evaluated.into_plan(identity, self.facts.losses(), false)
    }

    pub fn printed(&self, recipe: &str) -> String {
        let evaluated = self
            .evaluate(recipe)
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        evaluated.printed.join("\n")
    }

    /// What a person reads who asks for a plan that can't be made.
    pub fn refusal(&self, recipe: &str) -> String {
        match self.evaluate(recipe) {
            Ok(_) => panic!("this plan should have been refused"),
            Err(error) => shown(&error),
        }
    }
}

/// Evaluates a text as a recipe of its own, with the shipped library, for a fresh Debian 13.
pub fn evaluate_text(text: &str) -> Result<Evaluated> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("example.rhai");
    std::fs::write(&path, text).expect("the text is written");
    let recipe = Library::new(folder.path()).find(path.to_str().expect("a path in UTF-8"))?;
    server("debian-13").evaluate_recipe(&recipe)
}

fn container(name: &str, image: &str, state: &str) -> Container {
    Container {
        id: id(name),
        name: name.to_owned(),
        image: image.to_owned(),
        state: state.to_owned(),
    }
}

fn image(name: &str, size: &str) -> Image {
    Image {
        id: format!("sha256:{}", id(name)),
        name: name.to_owned(),
        size: size.to_owned(),
    }
}

pub fn volume(name: &str, bytes: Option<u64>) -> Volume {
    Volume {
        name: name.to_owned(),
        driver: "local".to_owned(),
        created: "2026-07-01T12:00:00Z".to_owned(),
        bytes,
        device: None,
    }
}

fn network(name: &str) -> Named {
    Named {
        id: id(name),
        name: name.to_owned(),
    }
}

/// The id of something by this name: 64 hexadecimal digits.
fn id(name: &str) -> String {
    sha256(name.as_bytes())
}

pub fn shown(error: &Error) -> String {
    diagnostics::render(error, false).unwrap_or_else(|| error.to_string())
}

/// The plan as people read it. Its digest is left out: it changes with every letter of a recipe, so in a snapshot it would
/// only hide what really changed.
pub fn text(plan: &Plan) -> String {
    let text = render::plain(&render::plan(plan, None, None));
    text.lines()
        .filter(|line| !line.starts_with("digest "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What a step does, in one text.
pub fn command(step: &Step) -> &str {
    match &step.action {
        Action::Run { command } => command,
        _ => "",
    }
}

/// The place of the first step whose command has this in it.
pub fn place(plan: &Plan, command_part: &str) -> usize {
    plan.steps
        .iter()
        .position(|step| command(step).contains(command_part))
        .unwrap_or_else(|| panic!("no step has `{command_part}`:\n{}", text(plan)))
}

pub fn titles(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.title.as_str()).collect()
}

pub fn destroying(plan: &Plan) -> Vec<&Step> {
    plan.steps
        .iter()
        .filter(|step| step.effect == Effect::Destroy)
        .collect()
}
