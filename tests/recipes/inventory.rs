//! What the inventory says: variables of the server and its tags, and other servers.

use crate::support::{planned, recipe, shown};
use infrakt::error::Result;
use infrakt::facts::Facts;
use infrakt::recipe::{Answers, Evaluated, Inputs, KnownServer, ServerView, evaluate};
use infrakt::variables::{Variable, Variables, in_effect};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The planned server `prod-2` with its variables, and other servers with the tag `web`.
struct Inventory {
    vars: BTreeMap<String, Variable>,
    web: Vec<ServerView>,
}

impl Inventory {
    fn new() -> Self {
        let tags: BTreeMap<String, Variables> = serde_json::from_value(json!({
            "web": { "size": "s", "hour": 3 },
            "green": { "size": "l", "disks": [{ "name": "sda" }, { "name": "sdb" }] },
        }))
        .unwrap();
        let own = Variables::from([("region".to_owned(), "eu".into())]);
        let port = Variables::from([("port".to_owned(), 8080.into())]);
        let web = vec![
            server("web-1", "192.0.2.11", in_effect(&port, &BTreeMap::new())),
            server("web-2", "192.0.2.12", BTreeMap::new()),
        ];
        let vars = in_effect(&own, &tags);
        Self { vars, web }
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        let own = Variables::from([(name.to_owned(), value.into())]);
        self.vars.extend(in_effect(&own, &BTreeMap::new()));
        self
    }

    fn with_web_server(mut self, name: &str) -> Self {
        self.web.push(server(name, "192.0.2.13", BTreeMap::new()));
        self
    }

    fn evaluate(self, text: &str) -> Result<Evaluated> {
        let (_folder, recipe) = recipe(text);
        let inputs = Inputs {
            server: server("prod-2", "192.0.2.7", self.vars),
            known: Some(KnownServer {
                facts: Facts::by_name_or_path("debian-13")?,
                protected: false,
            }),
            parameters: BTreeMap::new(),
            answers: Box::new(Others { web: self.web }),
        };
        evaluate(&recipe, inputs)
    }

    fn digest(self, text: &str) -> String {
        planned(self.evaluate(text).unwrap()).digest
    }
}

fn server(name: &str, host: &str, vars: BTreeMap<String, Variable>) -> ServerView {
    ServerView {
        name: name.to_owned(),
        host: host.to_owned(),
        port: 22,
        user: "root".to_owned(),
        provider: String::new(),
        tags: vec!["web".to_owned()],
        is_infrakt_host: false,
        vars,
    }
}

struct Others {
    web: Vec<ServerView>,
}

impl Answers for Others {
    fn facts(&mut self) -> Result<KnownServer> {
        panic!("the facts were given beforehand")
    }

    fn query(&mut self, _command: &str) -> Result<String> {
        panic!("no server is asked")
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        panic!("no apps are asked for")
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        Ok(if tag == "web" { self.web.clone() } else { Vec::new() })
    }
}

fn evaluated(text: &str) -> Evaluated {
    let evaluated = Inventory::new().evaluate(text);
    evaluated.unwrap_or_else(|error| panic!("{}", shown(&error)))
}

fn error_of(text: &str) -> String {
    match Inventory::new().evaluate(text) {
        Ok(_) => panic!("this recipe should have been refused:\n{text}"),
        Err(error) => shown(&error),
    }
}

#[test]
fn variables_of_the_server_are_data() {
    let evaluated = evaluated(
        "let hour = server.vars.hour;
if hour > 2 { print(`${server.vars.region} ${hour} ${server.vars.disks[1].name}`); }
print(server.vars?.missing ?? \"none\");
print(\"region\" in server.vars);
print(\"missing\" in server.vars);
fn of_a_function() { server.vars.region }
print(of_a_function());",
    );
    assert_eq!(evaluated.printed, ["eu 3 sdb", "none", "true", "false", "eu"]);
}

#[test]
fn the_plan_says_which_variables_were_read_and_with_which_values() {
    let read = &evaluated("print(server.vars.region); print(server.vars?.missing == ());").inventory;
    assert_eq!(
        serde_json::to_value(read).unwrap(),
        json!({ "vars": { "region": "eu", "missing": null } })
    );
    let all = &evaluated("for name in server.vars.keys() { print(name); }").inventory;
    assert_eq!(all.vars.len(), 4);
    assert_eq!(all.names.as_ref().map(Vec::len), Some(4));
    assert!(evaluated("print(server.tags.len());").inventory.is_empty());
}

#[test]
fn a_variable_that_is_not_set_is_an_error_that_says_how_to_set_it() {
    for (text, message, help) in [
        ("server.vars.regoin", "no variable 'regoin'", "did you mean `region`?"),
        (
            "server.vars.mail",
            "no variable 'mail'",
            "infrakt server update NAME --var mail=VALUE",
        ),
        (
            "server.vars.size",
            "the tags of 'prod-2' disagree about 'size': 'green' says \"l\", 'web' says \"s\"",
            "--var size=VALUE",
        ),
        ("server.vars?.size ?? 1", "disagree about 'size'", "--var size=VALUE"),
        (
            "`${server.vars}`",
            "`vars` can't become a part of a text",
            "${server.vars.NAME}",
        ),
    ] {
        let error = error_of(&format!("let x = 1; {text};"));
        assert!(error.contains(message) && error.contains(help), "{text}: {error}");
    }
}

#[test]
fn servers_with_a_tag_are_seen_with_their_addresses_and_variables() {
    let evaluated = evaluated(
        "let lines = servers(\"web\").map(|web| `${web.name} ${web.host}:${web.vars?.port ?? 80} ${web.tags[0]}`);
ssh::upload(\"List them\", \"/etc/backends\", lines.join(\"\\n\") + \"\\n\");
print(servers(\"web\").len());
print(servers(\"none\").len());",
    );
    assert_eq!(evaluated.printed, ["2", "0"]);
    let text = serde_json::to_string(&evaluated.steps).unwrap();
    assert!(
        text.contains("web-1 192.0.2.11:8080 web\\nweb-2 192.0.2.12:80 web\\n"),
        "{text}"
    );
    let servers = &evaluated.inventory.servers;
    assert_eq!(servers["web"].names, ["web-1", "web-2"]);
    assert!(servers["none"].names.is_empty());
    // The variables of others are not those of the plan's server.
    assert!(evaluated.inventory.vars.is_empty());
}

#[test]
fn a_change_of_the_inventory_is_a_change_of_the_plan() {
    let reads =
        "ssh::check(\"One\", \"true\"); if servers(\"web\").len() > 9 || server.vars.region == \"\" { fail(\"x\"); }";
    let first = Inventory::new().digest(reads);
    assert_eq!(first, Inventory::new().digest(reads));
    assert_ne!(first, Inventory::new().with_variable("region", "us").digest(reads));
    assert_ne!(first, Inventory::new().with_web_server("web-3").digest(reads));
    let lists = "ssh::check(\"One\", \"true\"); if server.vars.keys().len() > 9 { fail(\"x\"); }";
    assert_ne!(
        Inventory::new().digest(lists),
        Inventory::new().with_variable("added", "1").digest(lists)
    );
    let reads_nothing = "ssh::check(\"One\", \"true\");";
    let changed = Inventory::new().with_variable("region", "us").with_web_server("web-3");
    assert_eq!(Inventory::new().digest(reads_nothing), changed.digest(reads_nothing));
}

#[test]
fn a_plan_that_read_nothing_of_the_inventory_is_written_as_before() {
    let plan = planned(evaluated("ssh::check(\"One\", \"true\");"));
    assert_eq!(serde_json::to_value(plan).unwrap().get("inventory"), None::<&Value>);
}
