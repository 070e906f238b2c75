//! Plans that are made without a server, and plan files.

use crate::support::infrakt::Infrakt;
use serde_json::Value;

const OFFLINE: [&str; 4] = ["--server", "prod-2", "--offline", "--facts"];

fn offline(infrakt: &Infrakt, recipe: &str, facts: &str) -> String {
    infrakt.ok(&[&["plan", recipe][..], &OFFLINE, &[facts, "--json"]].concat())
}

#[test]
fn an_offline_plan_has_the_same_bytes_in_every_home_and_contacts_no_server() {
    for recipe in ["provision", "wipe"] {
        let plans: Vec<String> = (0..3)
            .map(|_| {
                // TEST-NET-1: a connection there waits until a timeout, or fails because there is no route.
                let infrakt = Infrakt::new();
                infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
                infrakt.ok(&["server", "update", "prod-2", "--host", "nowhere.invalid"]);
                offline(&infrakt, recipe, "debian-13")
            })
            .collect();
        assert!(plans.iter().all(|plan| *plan == plans[0]));
        let plan: Value = serde_json::from_str(&plans[0]).unwrap();
        assert_eq!((&plan["format"], &plan["offline"]), (&2.into(), &true.into()));
        // The homes are temporary folders; /tmp itself is a word of the recipe.
        let homes = std::env::temp_dir().join(".tmp").display().to_string();
        assert!(!plans[0].contains(&homes), "no path of this computer is part of a plan");
    }
}

/// A server that would notice being asked: a plan made offline opens no connection to it.
#[test]
fn a_plan_made_offline_does_not_contact_the_server() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let infrakt = Infrakt::with_server();
    infrakt.ok(&["server", "update", "prod-2", "--port", &port.to_string()]);
    offline(&infrakt, "provision", "debian-13");
    listener.set_nonblocking(true).unwrap();
    let knocked = listener.accept().map(|_| ());
    assert_eq!(knocked.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn missing_or_invalid_facts_are_explained() {
    let infrakt = Infrakt::with_server();
    let profile = include_str!("../../src/facts/profiles/debian-13.json");
    infrakt.file("half.json", profile.split_at(profile.len() / 2).0);
    infrakt.file(
        "other.json",
        profile.replace("\"format\": 1", "\"format\": 7, \"novelty\": 1"),
    );
    infrakt.file(
        "more.json",
        profile.replace("\"format\": 1", "\"format\": 1, \"novelty\": 1"),
    );
    infrakt.file("list.json", "[]");
    infrakt.file("good.json", profile);
    for (facts, error, next) in [
        (
            "debian-14",
            "'debian-14' is neither a profile nor a file of facts",
            "debian-13",
        ),
        (
            "debain-13",
            "'debain-13' is neither a profile nor a file of facts",
            "did you mean 'debian-13'?",
        ),
        (
            "./none.json",
            "there is no file ./none.json",
            "infrakt facts NAME > facts.json",
        ),
        (
            "half.json",
            "the facts file half.json is not valid: EOF while parsing",
            "infrakt facts NAME",
        ),
        (
            "other.json",
            "its format is 7, this infrakt supports format 1",
            "infrakt facts NAME",
        ),
        ("more.json", "unknown field `novelty`", "infrakt facts NAME"),
        ("list.json", "it has no format", "infrakt facts NAME"),
        (".", "cannot read .: is a directory", ""),
    ] {
        let said = infrakt.refused(2, &[&["plan", "provision"][..], &OFFLINE, &[facts]].concat());
        assert!(said.contains(error) && said.contains(next), "{facts}: {said}");
    }
    assert_eq!(
        offline(&infrakt, "wipe", "good.json"),
        offline(&infrakt, "wipe", "debian-13")
    );
}

#[test]
fn a_recipe_with_questions_says_offline_how_to_record_the_answers() {
    let infrakt = Infrakt::with_server();
    infrakt.file(
        "ask.rhai",
        "let kernel = ssh::query(\"uname -r\");\nssh::run(\"Say it\", `echo ${quote(kernel)}`);\n",
    );
    let words = [&["plan", "./ask.rhai"][..], &OFFLINE, &["debian-13"]].concat();
    let said = infrakt.refused(2, &words);
    assert!(
        said.contains("the answer to `uname -r` is not recorded") && said.contains("--facts-out"),
        "{said}"
    );
    let mut facts: Value = serde_json::from_str(include_str!("../../src/facts/profiles/debian-13.json")).unwrap();
    facts["answers"]["ssh::query uname -r"] = "6.12.1".into();
    infrakt.file("facts.json", facts.to_string());
    let shown = offline(&infrakt, "./ask.rhai", "facts.json");
    assert!(
        shown.contains("echo 6.12.1") && shown.contains("\"queries\""),
        "{shown}"
    );
    // What it rests on is shown, with the line that asked.
    let shown = infrakt
        .run(&[&["plan", "./ask.rhai", "--full"][..], &OFFLINE, &["facts.json"]].concat())
        .stdout;
    assert!(
        shown.contains("Asked while planning, answered from recorded facts") && shown.contains("ask.rhai:1"),
        "{shown}"
    );
}

/// Saves a plan and gives back its text.
fn saved(infrakt: &Infrakt, recipe: &str) -> String {
    let ended = infrakt.run(&[&["plan", recipe][..], &OFFLINE, &["debian-13", "--out", "x.plan"]].concat());
    assert_eq!(ended.exit, 0, "{}", ended.stderr);
    std::fs::read_to_string(infrakt.folder().join("x.plan")).unwrap()
}

#[test]
fn a_destructive_plan_made_offline_is_never_applied_and_saving_it_says_so() {
    let infrakt = Infrakt::with_server();
    let ended = infrakt.run(&[&["plan", "wipe"][..], &OFFLINE, &["debian-13", "--out", "x.plan"]].concat());
    assert!(
        ended.stderr.contains("can be read but not executed"),
        "{}",
        ended.stderr
    );
    for confirm in [&[][..], &["--confirm", "prod-2"]] {
        // Exit code 3 and not 4: the server can't be reached, and was not even called.
        let said = infrakt.refused(3, &[&["apply", "x.plan"][..], confirm].concat());
        assert!(said.contains("it was made offline"), "{said}");
        assert!(
            said.contains("hint: make a new plan: infrakt plan RECIPE --server prod-2 --out FILE"),
            "{said}"
        );
    }
}

#[test]
fn a_harmless_plan_made_offline_can_be_applied() {
    let infrakt = Infrakt::with_server();
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    saved(&infrakt, "./hello.rhai");
    let said = infrakt.refused(4, &["apply", "x.plan"]);
    assert!(said.contains("cannot reach 'prod-2' at 127.0.0.1:9"), "{said}");
}

#[test]
fn a_modified_plan_file_is_refused_without_contacting_the_server() {
    let infrakt = Infrakt::with_server();
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    let text = saved(&infrakt, "./hello.rhai");
    for (exit, bent, error) in [
        (2, String::new(), "EOF while parsing"),
        (2, "{".to_owned(), "EOF while parsing"),
        (2, "{}".to_owned(), "it has no format"),
        (
            2,
            text.replace("\"format\": 2", "\"format\": 3"),
            "its format is 3, this infrakt supports format 2",
        ),
        (
            2,
            text.replace("\"format\": 2", "\"format\": 1"),
            "its format is 1, this infrakt supports format 2; an older infrakt saved it",
        ),
        (
            2,
            text.replace("\"format\": 2", "\"format\": 2, \"x\": 1"),
            "unknown field `x`",
        ),
        (2, text.replace("\"title\"", "\"titel\""), "unknown field `titel`"),
        (
            3,
            text.replace("echo hello", "echo bye"),
            "it was modified after it was made",
        ),
        (
            3,
            text.replace("127.0.0.1", "127.0.0.2"),
            "it was modified after it was made",
        ),
        (
            3,
            text.replace("\"prod-2\"", "\"prod-3\""),
            "it was modified after it was made",
        ),
    ] {
        infrakt.file("bent.plan", &bent);
        let ended = infrakt.run(&["apply", "bent.plan", "--confirm", "prod-2"]);
        assert_eq!(ended.exit, exit, "{error}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(error) && ended.stderr.contains("hint: "),
            "{error}: {}",
            ended.stderr
        );
    }
    let said = infrakt.refused(2, &["apply", "none.plan"]);
    assert!(
        said.contains("there is no file none.plan") && said.contains("infrakt plan RECIPE"),
        "{said}"
    );
    assert_eq!(
        infrakt.json(&["runs", "list"]),
        serde_json::json!([]),
        "nothing has run"
    );
}

#[test]
fn a_plan_of_a_removed_server_is_refused() {
    let infrakt = Infrakt::with_server();
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    saved(&infrakt, "./hello.rhai");
    infrakt.ok(&["server", "remove", "prod-2"]);
    assert!(
        infrakt
            .refused(2, &["apply", "x.plan"])
            .contains("there is no server 'prod-2'")
    );
}

#[test]
fn a_plan_is_saved_completely_or_not_at_all_and_its_path_can_be_pasted() {
    let infrakt = Infrakt::with_server();
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    let words = |out| [&["plan", "./hello.rhai"][..], &OFFLINE, &["debian-13", "--out", out]].concat();
    let ended = infrakt.run(&words("my plan.json"));
    assert!(
        ended.stderr.contains("infrakt apply 'my plan.json'"),
        "{}",
        ended.stderr
    );
    let said = infrakt.refused(2, &words("no/folder/x.plan"));
    assert!(
        said.contains("cannot write no/folder/x.plan: no such file or directory"),
        "{said}"
    );
    infrakt.ok(&["server", "add", "prod-3", "--host", "127.0.0.1", "--port", "9"]);
    let said = infrakt.refused(
        2,
        &[
            "plan",
            "wipe",
            "--all",
            "--offline",
            "--facts",
            "debian-13",
            "--out",
            "x.plan",
        ],
    );
    assert!(said.contains("--out saves the plan of one server"), "{said}");
    assert!(!infrakt.folder().join("x.plan").exists());
}

#[test]
fn plans_of_several_servers_are_one_json_document() {
    let infrakt = Infrakt::with_server();
    infrakt.ok(&[
        "server",
        "add",
        "prod-3",
        "--host",
        "127.0.0.1",
        "--port",
        "9",
        "--tag",
        "web",
    ]);
    let plan = |targets: &[&str]| {
        infrakt.json(&[&["plan", "wipe", "--offline", "--facts", "debian-13"][..], targets].concat())
    };
    let names = |plans: &Value| -> Vec<String> {
        let plans = plans.as_array().expect("a list");
        plans
            .iter()
            .map(|plan| plan["server"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&plan(&["--all"])), ["prod-2", "prod-3"]);
    assert_eq!(
        names(&plan(&["--server", "prod-3", "--server", "prod-2"])),
        ["prod-3", "prod-2"]
    );
    assert_eq!(
        names(&plan(&["--tag", "web"])),
        ["prod-3"],
        "a tag gives a list, however many have it"
    );
    assert_eq!(plan(&["--server", "prod-3"])["server"]["name"], "prod-3");
}

/// A program can't know how many servers have a tag, so one that can't be reached doesn't change the form.
#[test]
fn a_list_of_plans_stays_a_list_if_its_only_server_is_unreachable() {
    let infrakt = Infrakt::with_server();
    let ended = infrakt.run(&["plan", "wipe", "--all", "--json"]);
    assert_eq!(ended.exit, 4, "{}", ended.stderr);
    let plans: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&plans[0]["server"]["name"], &plans[0]["error"]["code"]),
        (&"prod-2".into(), &"unreachable".into())
    );
}
