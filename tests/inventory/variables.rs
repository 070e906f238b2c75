//! Variables of servers and tags, on the command line.

use crate::support::infrakt::Infrakt;
use serde_json::{Value, json};

const OFFLINE: [&str; 5] = ["--server", "prod-2", "--offline", "--facts", "debian-13"];

fn vars_of(infrakt: &Infrakt) -> Value {
    infrakt.json(&["server", "show", "prod-2"])["vars"].clone()
}

#[test]
fn variables_of_a_server_are_set_shown_changed_and_removed() {
    let infrakt = Infrakt::with_server();
    infrakt.file("mirrors.yaml", "- a.example.org\n- b.example.org\n");
    let update = ["server", "update", "prod-2"];
    let set = |pairs: &[&str]| {
        let pairs = pairs.iter().flat_map(|pair| ["--var", pair]);
        infrakt.ok(&update.into_iter().chain(pairs).collect::<Vec<_>>());
    };
    set(&[
        "region=eu",
        "port=8080",
        "on=true",
        "version=1.10",
        "zip=007",
        "text=\"8080\"",
    ]);
    set(&["mirrors=@mirrors.yaml", "sizes={\"s\": 1.5}", "at=@@home", "empty="]);
    assert_eq!(
        vars_of(&infrakt),
        json!({
            "region": "eu", "port": 8080, "on": true, "version": "1.10", "zip": "007", "text": "8080",
            "mirrors": ["a.example.org", "b.example.org"], "sizes": { "s": 1.5 }, "at": "@home", "empty": "",
        })
    );
    let shown = infrakt.ok(&["server", "show", "prod-2"]);
    assert!(
        shown.contains("variables  at = \"@home\"\n") && shown.contains("  port = 8080\n"),
        "{shown}"
    );

    set(&["port=9090"]);
    infrakt.ok(&[
        "server",
        "update",
        "prod-2",
        "--unset-var",
        "mirrors",
        "--unset-var",
        "sizes",
        "--var",
        "on=false",
    ]);
    let vars = vars_of(&infrakt);
    assert_eq!((&vars["port"], &vars["on"]), (&json!(9090), &json!(false)));
    assert!(vars.get("mirrors").is_none());
    // They go with their server.
    infrakt.ok(&["server", "remove", "prod-2"]);
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    assert_eq!(vars_of(&infrakt), json!({}));
}

#[test]
fn a_variable_that_breaks_a_rule_is_refused_and_nothing_is_changed() {
    let infrakt = Infrakt::with_server();
    infrakt.file("null.json", "null");
    let long = format!("long={}", "x".repeat((64 << 10) + 1));
    for (arguments, said) in [
        (&["--var", "a-b=1"][..], "'a-b' is not a valid variable name"),
        (&["--var", "=1"], "--var =1 has no variable name"),
        (&["--var", "a"], "--var a has no value"),
        (&["--var", "a=1", "--var", "a=2"], "'a' was given twice"),
        (&["--var", "a=1", "--unset-var", "a"], "'a' was given twice"),
        (&["--var", "a=[1,"], "begins like JSON and is none"),
        (&["--var", "a=@null.json"], "null is no value"),
        (&["--var", "good=1", "--var", &long], "longer than 64 KiB"),
        (
            &["--var", "good=1", "--unset-var", "gone"],
            "server 'prod-2' has no variable 'gone'",
        ),
    ] {
        let refused = infrakt.refused(2, &[&["server", "update", "prod-2"], arguments].concat());
        assert!(refused.contains(said), "{arguments:?}: {refused}");
    }
    assert_eq!(vars_of(&infrakt), json!({}));
    let many: Vec<String> = (0..201).flat_map(|n| ["--var".to_owned(), format!("v{n}=1")]).collect();
    let many: Vec<&str> = ["server", "update", "prod-2"]
        .into_iter()
        .chain(many.iter().map(String::as_str))
        .collect();
    assert!(infrakt.refused(2, &many).contains("at most 200"));
}

#[test]
fn tags_give_their_variables_to_all_of_their_servers() {
    let infrakt = Infrakt::with_server();
    infrakt.ok(&["server", "tag", "prod-2", "web", "eu"]);
    let said = infrakt.run(&["tag", "update", "db", "--var", "port=5432"]).exits(0);
    assert!(
        said.stderr.contains("no server has the tag 'db' yet"),
        "{}",
        said.stderr
    );
    infrakt.ok(&["tag", "update", "web", "--var", "port=80", "--var", "size=s"]);
    let said = infrakt
        .run(&["tag", "update", "eu", "--var", "size=l", "--var", "port=80"])
        .exits(0);
    assert!(
        said.stderr
            .contains("'prod-2' has no value for 'size': its tags eu, web disagree"),
        "{}",
        said.stderr
    );
    let variables = infrakt.json(&["server", "show", "prod-2"])["variables"].clone();
    assert_eq!(
        variables["port"],
        json!({ "value": 80, "own": false, "tags": { "eu": 80, "web": 80 } })
    );
    assert_eq!(variables["size"]["value"], Value::Null);
    let shown = infrakt.ok(&["server", "show", "prod-2"]);
    assert!(shown.contains("port = 80 (from eu, web)"), "{shown}");
    assert!(
        shown.contains("size: its tags disagree: 'eu' says \"l\", 'web' says \"s\""),
        "{shown}"
    );
    infrakt.ok(&["server", "update", "prod-2", "--var", "size=xl"]);
    let variables = infrakt.json(&["server", "show", "prod-2"])["variables"].clone();
    assert_eq!(
        (&variables["size"]["value"], &variables["size"]["own"]),
        (&json!("xl"), &json!(true))
    );

    let list = infrakt.json(&["tag", "list"]);
    assert_eq!(
        list,
        json!([
            { "name": "db", "servers": [], "vars": { "port": 5432 } },
            { "name": "eu", "servers": ["prod-2"], "vars": { "port": 80, "size": "l" } },
            { "name": "web", "servers": ["prod-2"], "vars": { "port": 80, "size": "s" } },
        ])
    );
    assert!(
        infrakt
            .ok(&["tag", "list"])
            .contains("web  prod-2   port = 80, size = \"s\"")
    );
    infrakt.ok(&["tag", "update", "db", "--unset-var", "port"]);
    assert!(
        infrakt
            .refused(2, &["tag", "show", "db"])
            .contains("there is no tag 'db'")
    );
    assert!(infrakt.ok(&["tag", "show", "web"]).contains("servers    prod-2"));
    let refused = infrakt.refused(2, &["tag", "update", "web", "--unset-var", "prot"]);
    assert!(refused.contains("tag 'web' has no variable 'prot'") && refused.contains("did you mean 'port'?"));
    infrakt.refused(2, &["tag", "update", "web"]);
    infrakt.refused(2, &["tag", "update", "a b", "--var", "x=1"]);
}

const READS: &str = "//! Reads the inventory.
let hosts = servers(\"web\").map(|web| web.host);
ssh::upload(\"Configure the app\", \"/etc/app.conf\", `region = ${server.vars.region}\\n${hosts.join(\",\")}\\n`);
";

#[test]
fn plans_say_what_they_read_of_the_inventory() {
    let infrakt = Infrakt::with_server();
    infrakt.file("reads.rhai", READS);
    let refused = infrakt.refused(2, &[&["plan", "./reads.rhai"][..], &OFFLINE].concat());
    assert!(
        refused.contains("the server 'prod-2' has no variable 'region'") && refused.contains("--var region=VALUE"),
        "{refused}"
    );
    infrakt.ok(&["server", "update", "prod-2", "--var", "region=eu"]);
    infrakt.ok(&["server", "tag", "prod-2", "web"]);
    for full in [&["--full"][..], &[]] {
        let shown = infrakt.ok(&[&["plan", "./reads.rhai"][..], &OFFLINE, full].concat());
        assert!(shown.contains("server.vars.region = \"eu\""), "{shown}");
        assert!(shown.contains("servers(\"web\") = prod-2"), "{shown}");
    }
    let plan = infrakt.json(&[&["plan", "./reads.rhai"][..], &OFFLINE].concat());
    assert_eq!(plan["inventory"]["vars"], json!({ "region": "eu" }));
    assert_eq!(plan["inventory"]["servers"]["web"]["names"], json!(["prod-2"]));
}

#[test]
fn a_saved_plan_is_not_applied_once_the_inventory_says_something_else() {
    let infrakt = Infrakt::with_server();
    infrakt.file("reads.rhai", READS);
    infrakt.ok(&["server", "update", "prod-2", "--var", "region=eu"]);
    infrakt.ok(&[&["plan", "./reads.rhai", "--out", "saved.plan"][..], &OFFLINE].concat());
    // What was not read does not matter: the plan is refused only later, since nothing answers there.
    infrakt.ok(&["server", "update", "prod-2", "--var", "other=1"]);
    infrakt.refused(4, &["apply", "saved.plan"]);

    infrakt.ok(&["server", "update", "prod-2", "--var", "region=us"]);
    let refused = infrakt.refused(3, &["apply", "saved.plan"]);
    assert!(refused.contains("its variable 'region' has changed since"), "{refused}");
    infrakt.ok(&["server", "update", "prod-2", "--var", "region=eu"]);
    infrakt.ok(&[
        "server",
        "add",
        "web-1",
        "--host",
        "127.0.0.1",
        "--port",
        "9",
        "--tag",
        "web",
    ]);
    let refused = infrakt.refused(3, &["apply", "saved.plan"]);
    assert!(
        refused.contains("the servers with the tag 'web', or their variables, have changed"),
        "{refused}"
    );
}

#[test]
fn recipes_are_checked_with_variables_and_with_two_servers_of_each_tag() {
    let infrakt = Infrakt::new();
    infrakt.file("reads.rhai", READS);
    for command in ["check", "test"] {
        infrakt.ok(&["recipe", command, "./reads.rhai", "--var", "region=eu"]);
        let ended = infrakt.run(&["recipe", command, "./reads.rhai"]);
        assert_ne!(ended.exit, 0, "{ended}");
        let said = format!("{ended}");
        assert!(said.contains("no variable 'region'"), "{said}");
    }
}

#[test]
fn cases_of_a_recipe_have_variables_and_other_servers_of_their_own() {
    let infrakt = Infrakt::new();
    infrakt.file("reads.rhai", READS);
    infrakt.file(
        "reads.test.toml",
        "[[case]]
name = \"one web server\"
server = { vars = { region = \"eu\" } }
servers = [{ name = \"a\", host = \"192.0.2.50\", tags = [\"web\"] }, { name = \"b\", host = \"192.0.2.51\" }]
contains = [\"region = eu\", \"192.0.2.50\"]
without = [\"192.0.2.51\"]
",
    );
    infrakt.ok(&["recipe", "test", "./reads.rhai"]);
}

#[test]
fn a_saved_plan_that_lists_the_variables_is_not_applied_once_one_was_added() {
    let infrakt = Infrakt::with_server();
    infrakt.file(
        "lists.rhai",
        "//! List.\nfor name in server.vars.keys() { ssh::run(`Note ${name}`, \"true\"); }\n",
    );
    for (variable, listed) in [("region", "is empty"), ("zone", "= region")] {
        let shown = infrakt.ok(&[&["plan", "./lists.rhai", "--out", "saved.plan"][..], &OFFLINE].concat());
        assert!(shown.contains(&format!("server.vars.keys() {listed}")), "{shown}");
        // It fits until the server is asked, and nothing answers there.
        infrakt.refused(4, &["apply", "saved.plan"]);
        infrakt.ok(&["server", "update", "prod-2", "--var", &format!("{variable}=eu")]);
        let refused = infrakt.refused(3, &["apply", "saved.plan"]);
        let said = format!("its variable '{variable}' has changed since");
        assert!(refused.contains(&said), "{refused}");
    }
}
