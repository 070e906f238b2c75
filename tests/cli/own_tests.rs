//! `recipe test` and the author's own cases in NAME.test.toml.

use crate::support::infrakt::Infrakt;

const SHOP: &str = r#"//! The shop.
let port = param("port", 3000, "Its port");
if facts.os.id != "debian" { fail("This is for Debian."); }
if port < 1024 { invalid(`The shop can't listen on ${port}.`, "take another"); }
let kernel = ssh::query("uname -r");
print(`kernel ${kernel}`);
for app in db::apps(server) { print(`app ${app.name}`); }
ssh::run("Start the shop", `shop --port ${port} --name ${server.name}`).unless("pgrep shop").env("TOKEN", secret("TOKEN"));
ssh::check("It answers", `curl -fsS http://127.0.0.1:${port}/`);
"#;

fn shop(cases: &str) -> Infrakt {
    let infrakt = Infrakt::new();
    infrakt.file("shop.rhai", SHOP);
    infrakt.file("shop.test.toml", cases);
    infrakt
}

#[test]
fn a_case_says_what_the_recipe_is_given_and_what_its_plan_must_be() {
    let infrakt = shop(
        r#"
[[case]]
name = "as it should be"
system = ["debian-12", "debian-13"]
server = { name = "web-1" }
parameters = { port = 4000 }
answers = { "uname -r" = "6.1" }
apps = [{ name = "shop", image = "shop/web:1" }]
steps = ["Start the shop", "It answers"]
contains = ["--port 4000 --name web-1"]
without = ["3000"]
prints = ["kernel 6.1", "app shop"]
secrets = ["TOKEN"]

[[case]]
name = "a port of the system"
parameters = { port = 80 }
refused = "can't listen on 80"

[[case]]
name = "Ubuntu"
system = "ubuntu-24.04"
refused = "for Debian"
"#,
    );
    let said = infrakt.ok(&["recipe", "test", "./shop.rhai"]);
    assert_eq!(
        said,
        "ok  as it should be (debian-12): 2 steps\nok  as it should be (debian-13): 2 steps\n\
         ok  a port of the system: refused\nok  Ubuntu: refused\n"
    );
    let tested = infrakt.json(&["recipe", "test", "./shop.rhai"]);
    assert_eq!(
        (&tested[0]["result"], &tested[0]["steps"]),
        (&"passed".into(), &2.into())
    );
    assert_eq!(
        infrakt
            .ok(&["recipe", "test", "./shop.rhai", "--case", "Ubuntu"])
            .lines()
            .count(),
        1
    );
}

#[test]
fn what_is_not_as_expected_is_named_with_its_case() {
    let answer = "answers = { \"uname -r\" = \"6.1\" }\n";
    for (case, expected) in [
        (
            "steps = [\"It answers\", \"Start the shop\"]",
            "the step 'Start the shop' comes too early",
        ),
        ("steps = [\"Stop it\"]", "there is no step 'Stop it'"),
        ("contains = [\"--port 1\"]", "the plan does not contain: --port 1"),
        ("without = [\"3000\"]", "the plan contains: 3000"),
        ("prints = [\"app shop\"]", "the recipe does not print: app shop"),
        ("secrets = []", "it needs the secrets TOKEN, not none"),
        (
            "refused = \"never\"",
            "the recipe makes a plan, and should refuse: never",
        ),
        (
            "parameters = { port = 1 }\nrefused = \"other\"",
            "it is refused with other words: The shop can't listen on 1.",
        ),
        (
            "parameters = { port = 1 }\nrefused = \"listen on 1\"\nprints = [\"good night\"]",
            "the recipe does not print: good night",
        ),
    ] {
        let infrakt = shop(&format!("[[case]]\nname = \"one\"\n{answer}{case}\n"));
        let ended = infrakt.run(&["recipe", "test", "shop.rhai"]).exits(1);
        assert!(
            ended.stdout.contains("FAILED  one\n") && ended.stdout.contains(expected),
            "{case}: {ended}"
        );
        assert!(ended.stderr.contains("1 of 1 case failed"), "{ended}");
    }
    let infrakt = shop("[[case]]\nname = \"one\"\nanswers = { \"uname -a\" = \"6.1\", \"uname -r\" = \"6.1\" }\n");
    let ended = infrakt.run(&["recipe", "test", "shop.rhai"]).exits(1);
    assert!(ended.stdout.contains("it never asks `uname -a`"), "{ended}");
    let infrakt = shop("[[case]]\nname = \"one\"\n");
    let ended = infrakt.run(&["recipe", "test", "shop.rhai"]).exits(2);
    assert!(ended.stderr.contains("the case has no answer to `uname -r`"), "{ended}");
    assert!(ended.stderr.contains("shop.rhai:5:"), "{ended}");
}

#[test]
fn a_kept_plan_must_stay_the_same_until_it_is_updated() {
    let infrakt = shop("[[case]]\nname = \"all\"\nsnapshot = true\nanswers = { \"uname -r\" = \"6.1\" }\n");
    let test = ["recipe", "test", "shop.rhai"];
    let update = ["recipe", "test", "shop.rhai", "--update"];
    let ended = infrakt.run(&test).exits(1);
    assert!(ended.stdout.contains("no plan is kept for it yet"), "{ended}");
    infrakt.ok(&update);
    infrakt.ok(&test);
    let kept = std::fs::read_to_string(infrakt.folder().join("shop.test.snap")).expect("the kept plan");
    assert!(
        kept.starts_with("=== all\n") && kept.contains("shop --port 3000"),
        "{kept}"
    );
    assert!(!kept.contains("digest"), "{kept}");

    // A line more before the steps changes nothing that matters.
    infrakt.file("shop.rhai", format!("// A comment.\n{SHOP}"));
    infrakt.ok(&test);
    infrakt.file("shop.rhai", SHOP.replace("It answers", "It lives"));
    let ended = infrakt.run(&test).exits(1);
    assert!(
        ended.stdout.contains("It answers") && ended.stdout.contains("It lives"),
        "{ended}"
    );
    assert!(
        ended.stdout.lines().any(|line| line.trim_start().starts_with("-  ")),
        "{ended}"
    );
    infrakt.ok(&update);
    infrakt.ok(&test);
}

#[test]
fn without_cases_every_system_is_tried_and_a_refusal_is_named_and_allowed() {
    let infrakt = Infrakt::new();
    infrakt.file("shop.rhai", SHOP);
    let said = infrakt.ok(&["recipe", "test", "shop.rhai"]);
    assert!(said.contains("ok  debian-12 as root: 2 steps\n"), "{said}");
    assert!(
        said.contains("refused  ubuntu-22.04 as deploy: This is for Debian.\n"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 12);

    // One that fits no system is broken, or for other systems.
    infrakt.file("none.rhai", "fail(\"never\");\n");
    infrakt.run(&["recipe", "test", "none.rhai"]).exits(3);

    // A mistake names each system, and is explained once.
    infrakt.file("some.rhai", "if facts.os.major == 12 { ssh::run(\"\", \"true\"); }\n");
    let ended = infrakt.run(&["recipe", "test", "some.rhai"]).exits(2);
    assert!(ended.stdout.contains("FAILED  debian-12 as root\n"), "{ended}");
    assert!(ended.stdout.contains("ok  debian-13 as root: 0 steps\n"), "{ended}");
    assert_eq!(ended.stderr.matches("some.rhai:1:").count(), 1, "{ended}");
    assert!(ended.stderr.contains("3 of 12 cases failed"), "{ended}");
}

#[test]
fn a_test_file_that_says_what_no_case_can_is_refused_with_its_line() {
    for (cases, expected) in [
        ("[[case]]\nname = \"a\"\nstep = [\"x\"]\n", "unknown field `step`"),
        ("[[case]]\nsteps = []\n", "missing field `name`"),
        (
            "[[case]]\nname = \"a\"\n[[case]]\nname = \"a\"\n",
            "two cases named 'a'",
        ),
        (
            "[[case]]\nname = \"a\"\nsystem = \"debian\"\n",
            "'debian' is neither a profile",
        ),
        (
            "[[case]]\nname = \"a\"\nsystem = []\n",
            "`system` of the case 'a' is an empty list",
        ),
        (
            "[[case]]\nname = \"a\\nok  b: 1 step\"\n",
            "the name of a case must be one line",
        ),
        (
            "[[case]]\nname = \"a\"\nrefused = \"\"\n",
            "`refused` of the case 'a' is empty",
        ),
        ("[[case]\n", "line 1"),
    ] {
        let said = shop(cases).refused(2, &["recipe", "test", "shop.rhai"]);
        assert!(said.contains(expected), "{cases}: {said}");
    }
    for beside in [
        "steps = [\"It answers\"]",
        "contains = [\"3000\"]",
        "without = [\"3000\"]",
        "secrets = []",
        "snapshot = true",
    ] {
        let cases = format!("[[case]]\nname = \"a\"\nrefused = \"for Debian\"\n{beside}\n");
        let said = shop(&cases).refused(2, &["recipe", "test", "shop.rhai"]);
        let key = beside.split(' ').next().unwrap();
        assert!(
            said.contains(&format!("has `{key}` beside `refused`")),
            "{beside}: {said}"
        );
    }
}

#[test]
fn a_wrong_fact_is_named_with_its_file_case_and_key() {
    for (facts, key, reason) in [
        ("{ memroy = 1 }", "`facts.memroy`", "unknown field"),
        ("{ memory_mb = \"much\" }", "`facts.memory_mb`", "much"),
        ("{ os = { version = 12 } }", "`facts.os.version`", "12"),
        ("{ format = 7 }", "`facts.format`", "must stay 1"),
    ] {
        let said =
            shop(&format!("[[case]]\nname = \"a\"\nfacts = {facts}\n")).refused(2, &["recipe", "test", "shop.rhai"]);
        let expected = format!("shop.test.toml is not valid: {key} of the case 'a': ");
        assert!(said.contains(&expected) && said.contains(reason), "{facts}: {said}");
        assert!(
            said.contains("infrakt recipe docs 'Tests of your own'"),
            "{facts}: {said}"
        );
        assert!(!said.contains("column"), "{facts}: {said}");
    }
}

#[test]
fn a_date_in_a_case_is_the_text_that_it_is_written_with() {
    let infrakt = Infrakt::new();
    infrakt.file(
        "day.rhai",
        "let day = param(\"day\", \"\");\nssh::check(\"The day\", `echo ${day} ${server.vars.since}`);\n",
    );
    infrakt.file(
        "day.test.toml",
        "[[case]]\nname = \"a day\"\nparameters = { day = 2026-02-03 }\nserver = { vars = { since = 2025-01-02 } }\n\
         contains = [\"echo 2026-02-03 2025-01-02\"]\n",
    );
    infrakt.ok(&["recipe", "test", "day.rhai"]);
}

#[test]
fn a_recipe_with_a_mistake_does_not_pass_as_refused() {
    for (text, expected) in [
        ("let x = ;\n", "unexpected"),
        ("import \"lib/nothing\" as nothing;\n", "import"),
        ("ssh::nothing(\"x\");\n", "nothing"),
        ("let import = 1;\n", "import"),
        ("fn quote(x) { x }\n", "quote"),
    ] {
        let infrakt = Infrakt::new();
        infrakt.file("broken.rhai", text);
        // Any error has one of these in its message.
        for part in [expected, "e"] {
            infrakt.file(
                "broken.test.toml",
                format!("[[case]]\nname = \"one\"\nrefused = \"{part}\"\n"),
            );
            let ended = infrakt.run(&["recipe", "test", "broken.rhai"]).exits(2);
            assert!(ended.stdout.contains("FAILED  one\n"), "{text}: {ended}");
            assert!(ended.stderr.contains("broken.rhai:1:"), "{text}: {ended}");
        }
    }
    // What the recipe says of its parameters is a refusal.
    let infrakt = Infrakt::new();
    infrakt.file(
        "port.rhai",
        "param(\"port\", #{ type: \"int\" });\nif params.port > 9 { throw \"too high\"; }\n",
    );
    infrakt.file(
        "port.test.toml",
        "[[case]]\nname = \"none\"\nrefused = \"is required\"\n\
         [[case]]\nname = \"a text\"\nparameters = { port = \"x\" }\nrefused = \"type int\"\n\
         [[case]]\nname = \"thrown\"\nparameters = { port = 10 }\nrefused = \"too high\"\n",
    );
    infrakt.ok(&["recipe", "test", "port.rhai"]);
}

#[test]
fn a_failed_case_leaves_the_kept_plans_as_they_are() {
    use std::os::unix::fs::PermissionsExt;
    let answers = "answers = { \"uname -r\" = \"6.1\" }\n";
    let kept_case = format!("[[case]]\nname = \"kept\"\nsnapshot = true\n{answers}");
    let infrakt = shop(&kept_case);
    let update = ["recipe", "test", "shop.rhai", "--update"];
    let path = infrakt.folder().join("shop.test.snap");
    let mode = || std::fs::metadata(&path).expect("the kept plan").permissions().mode() & 0o777;
    infrakt.ok(&update);
    assert_eq!(mode(), 0o644);
    let kept = std::fs::read_to_string(&path).expect("the kept plan");

    infrakt.file("shop.rhai", SHOP.replace("It answers", "It lives"));
    infrakt.file(
        "shop.test.toml",
        format!("{kept_case}[[case]]\nname = \"other\"\n{answers}steps = [\"Stop it\"]\n"),
    );
    let ended = infrakt.run(&update).exits(1);
    assert!(ended.stderr.contains("stay as they are"), "{ended}");
    assert_eq!(std::fs::read_to_string(&path).expect("the kept plan"), kept);
    infrakt.file("shop.rhai", "let x = ;\n");
    infrakt.run(&update).exits(2);
    assert_eq!(std::fs::read_to_string(&path).expect("the kept plan"), kept);

    infrakt.file("shop.rhai", SHOP.replace("It answers", "It lives"));
    infrakt.file("shop.test.toml", &kept_case);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("the kept plan");
    infrakt.ok(&update);
    assert_ne!(std::fs::read_to_string(&path).expect("the kept plan"), kept);
    assert_eq!(mode(), 0o600);

    let said = infrakt.refused(2, &["recipe", "test", "shop.rhai", "--update", "--facts", "debian-12"]);
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn several_recipes_are_tested_in_one_call_and_one_failure_does_not_hide_the_others() {
    let infrakt = Infrakt::new();
    infrakt.file("good.rhai", "ssh::check(\"a\", \"true\");\n");
    infrakt.file("bad.rhai", "let x = ;\n");
    let ended = infrakt.run(&["recipe", "test", "bad.rhai", "good.rhai"]).exits(2);
    assert!(
        ended.stdout.contains("ok  good.rhai, debian-13 as root: 1 step\n"),
        "{ended}"
    );
    let ended = infrakt.run(&["recipe", "check", "bad.rhai", "good.rhai"]).exits(2);
    assert!(
        ended.stdout.contains("ok  good.rhai, debian-13 as root: 1 step\n"),
        "{ended}"
    );
    assert!(ended.stderr.contains("bad.rhai:1:9"), "{ended}");

    // For a program, all is one document.
    for command in ["check", "test"] {
        let words = ["recipe", command, "./good.rhai", "./gone.rhai", "--json"];
        let ended = infrakt.run(&words).exits(2);
        let all: serde_json::Value = serde_json::from_str(&ended.stdout).expect("one document");
        let all = all.as_array().expect("a list");
        let last = all.last().expect("an entry");
        assert_eq!(all[0]["error"], serde_json::Value::Null, "{ended}");
        assert_eq!(
            (&last["recipe"], &last["error"]["code"]),
            (&"./gone.rhai".into(), &"usage".into()),
            "{ended}"
        );
    }
}

#[test]
fn without_a_lab_it_is_said_where_it_is() {
    let infrakt = shop("");
    let said = infrakt.refused(2, &["recipe", "test", "shop.rhai", "--lab"]);
    assert!(
        said.contains("there is no scripts/lab here") && said.contains("INFRAKT_LAB"),
        "{said}"
    );
}
