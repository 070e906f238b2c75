//! Recipes that are not as they should be, and the commands about recipes.

use crate::support::infrakt::Infrakt;

const OFFLINE: [&str; 5] = ["--server", "prod-2", "--offline", "--facts", "debian-13"];

#[test]
fn a_broken_recipe_is_shown_with_its_line_and_a_caret() {
    let infrakt = Infrakt::with_server();
    let path = format!("./{}", infrakt.file("broken.rhai", "section(\"One\");\nlet x = ;\n"));
    for words in [
        &["recipe", "check", &path][..],
        &["recipe", "test", &path],
        &[&["plan", &path][..], &OFFLINE].concat(),
    ] {
        let said = infrakt.run(words).exits(2).stderr;
        assert!(said.contains("broken.rhai:2:9"), "{said}");
        assert!(said.contains("2 | let x = ;\n  |         ^"), "{said}");
    }
}

#[test]
fn the_caret_is_right_with_any_characters_before_it_and_any_line_ends() {
    let infrakt = Infrakt::new();
    for (text, place, shown) in [
        ("let y = 1;\r\nlet x = ;\r\n", "2:9", "let x = ;\n  |         ^ not"),
        ("\tlet x = ;\n", "1:10", "    let x = ;\n  |             ^ not"),
        ("let x = “hello”;\n", "1:9", "let x = “hello”;\n  |         ^ not"),
        (
            "/* äö */ ssh::rnu(1);",
            "1:15",
            "/* äö */ ssh::rnu(1);\n  |               ^^^ unknown",
        ),
        (
            "/* 漢 */ let x = …;",
            "1:17",
            "/* 漢 */ let x = …;\n  |                  ^ not",
        ),
        ("\u{feff}let x = ;", "1:9", "let x = ;\n  |         ^ not"),
    ] {
        let said = infrakt.refused(2, &["recipe", "check", infrakt.file("x.rhai", text)]);
        assert!(said.contains(&format!("x.rhai:{place}")), "{text:?}: {said}");
        assert!(said.contains(shown), "{text:?}: {said}");
    }
}

#[test]
fn a_recipe_means_the_same_with_the_line_ends_of_windows() {
    let infrakt = Infrakt::with_server();
    let text = "ssh::run(\"Look\", `cd /srv\nls`);\n";
    let plan = |text: &str| {
        infrakt.file("same.rhai", text);
        infrakt.ok(&[&["plan", "./same.rhai", "--json"][..], &OFFLINE].concat())
    };
    let unix = plan(text);
    assert_eq!(unix, plan(&text.replace('\n', "\r\n")));
    assert_eq!(unix, plan(&format!("\u{feff}{text}")));
}

#[test]
fn an_endless_loop_ends_with_its_line() {
    let infrakt = Infrakt::with_server();
    infrakt.file("loop.rhai", "let x = 0;\nloop { x += 1; }\n");
    let said = infrakt.refused(2, &[&["plan", "./loop.rhai"][..], &OFFLINE].concat());
    assert!(said.contains("loop.rhai:2:") && said.contains("does not end"), "{said}");
}

#[test]
fn unlimited_growth_is_stopped_at_its_line() {
    let infrakt = Infrakt::new();
    for text in ["let a = [];\nloop { a.push(1); }", "let a = \"x\";\nloop { a += a; }"] {
        let said = infrakt.refused(2, &["recipe", "check", infrakt.file("grow.rhai", text)]);
        assert!(
            said.contains("exceeds a limit") && said.contains("grow.rhai:2:"),
            "{said}"
        );
        assert!(said.contains("at most 10000 entries"), "{said}");
    }
    // Large texts in large numbers: stopped long before the memory is full. Most of the texts are printed, which takes less
    // time than reading them as commands.
    let large = "let s = \"0123456789abcdef\";\nfor i in 0..18 { s += s; }\n";
    for (text, said) in [
        ("loop { print(s); }", "more than 32 MiB of text"),
        (
            "for i in 0..6 { print(s); }\nfor i in 0..2000 { ssh::run(`t${i}`, s + i); }",
            "more than 32 MiB of text",
        ),
        (
            "for i in 0..6 { print(s); }\nlet step = ssh::run(\"a\", \"b\");\nloop { step.unless(s); }",
            "more than 32 MiB of text",
        ),
    ] {
        let error = infrakt.refused(
            2,
            &["recipe", "check", infrakt.file("large.rhai", format!("{large}{text}"))],
        );
        assert!(error.contains(said), "{error}");
    }
    let text = "for i in 0..100000 {\n    ssh::run(\"a\", \"b\"); }";
    let said = infrakt.refused(2, &["recipe", "check", infrakt.file("steps.rhai", text)]);
    assert!(
        said.contains("at most 2000 steps") && said.contains("steps.rhai:2:"),
        "{said}"
    );
}

#[test]
fn a_recipe_that_is_not_text_or_too_long_is_refused() {
    let infrakt = Infrakt::new();
    let said = infrakt.refused(2, &["recipe", "check", infrakt.file("bytes.rhai", b"print(1);\xff")]);
    assert!(said.contains("bytes.rhai is not valid: byte 10 is not UTF-8"), "{said}");
    let long = infrakt.file("long.rhai", " ".repeat((1 << 20) + 1));
    let said = infrakt.refused(2, &["recipe", "check", long]);
    assert!(said.contains("at most 1 MiB"), "{said}");
    std::fs::create_dir(infrakt.folder().join("folder.rhai")).unwrap();
    infrakt.refused(2, &["recipe", "check", "./folder.rhai"]);
}

#[test]
fn parameters_are_checked_by_name_and_type() {
    let infrakt = Infrakt::with_server();
    let text = "param(\"port\", 80, \"\");\nparam(\"on\", true, \"\");\nparam(\"kind\", #{ choices: [\"a\", \"b\"], \"default\": \"a\" }, \"\");\n";
    infrakt.file("p.rhai", text);
    for (set, error, next) in [
        (&["prot=1"][..], "no parameter 'prot'", "did you mean 'port'?"),
        (&["port=many"], "must be of type int", "--set port="),
        (&["port="], "must be of type int", "--set port="),
        (&["on=maybe"], "must be of type bool", "--set on=true"),
        (&["kind=c"], "'kind'", "a, b"),
        (&["port"], "--set port has no value", "--set port=VALUE"),
        (&["=1"], "--set =1 has no parameter name", "--set KEY=VALUE"),
        (&["port=1", "port=2"], "'port' was given twice", ""),
    ] {
        let mut words = [&["plan", "./p.rhai"][..], &OFFLINE].concat();
        words.extend(set.iter().flat_map(|pair| ["--set", pair]));
        let said = infrakt.refused(2, &words);
        assert!(said.contains(error) && said.contains(next), "{set:?}: {said}");
    }
    // An error quotes the beginning of a long value.
    let long = "x".repeat(100_000);
    for name in ["port", "kind"] {
        let set = format!("{name}={long}");
        let said = infrakt.refused(2, &["recipe", "check", "./p.rhai", "--set", &set]);
        assert!(said.contains("xxx…") && said.len() < 2000, "{}", said.len());
    }
}

const KEYS: &str = "//! Who may log in.
let keys = param(\"keys\", #{ fields: #{ name: #{}, key: #{}, sudo: false }, \"default\": [] }, \"Who may log in\");
let motd = param(\"motd\", \"hello\");
for entry in keys { ssh::run(`Let ${entry.name} in`, `let-in ${quote(entry.key)} ${entry.sudo}`); }
ssh::upload(\"Write the message\", \"/etc/motd\", motd);
";

/// The parameters of the plan with these values.
fn parameters_of(infrakt: &Infrakt, set: &[&str]) -> serde_json::Value {
    let mut words = [&["plan", "./keys.rhai"][..], &OFFLINE].concat();
    words.extend(set.iter().flat_map(|pair| ["--set", pair]));
    infrakt.json(&words)["parameters"].clone()
}

#[test]
fn parameters_come_from_files_in_the_format_that_their_names_say() {
    let infrakt = Infrakt::with_server();
    infrakt.file("keys.rhai", KEYS);
    infrakt.file("keys.json", "[{\"name\": \"kim\", \"key\": \"ssh-ed25519 AAAA a,b\"}]");
    infrakt.file("keys.yaml", "- name: kim\n  key: ssh-ed25519 AAAA a,b\n");
    infrakt.file("motd.txt", "two\nlines\n");
    let expected = serde_json::json!([{ "name": "kim", "key": "ssh-ed25519 AAAA a,b", "sudo": false }]);
    for keys in [
        "keys=@keys.json",
        "keys=@keys.yaml",
        "keys=[{\"name\": \"kim\", \"key\": \"ssh-ed25519 AAAA a,b\"}]",
    ] {
        assert_eq!(parameters_of(&infrakt, &[keys])["keys"], expected, "{keys}");
    }
    assert_eq!(parameters_of(&infrakt, &["motd=@motd.txt"])["motd"], "two\nlines\n");
    assert_eq!(parameters_of(&infrakt, &["motd=@@motd.txt"])["motd"], "@motd.txt");
}

#[test]
fn what_is_wrong_with_a_file_of_a_parameter_is_said_with_its_place() {
    let infrakt = Infrakt::with_server();
    infrakt.file("keys.rhai", KEYS);
    infrakt.file("broken.json", "[\n  {\"name\": \"kim\",}\n]");
    infrakt.file("map.toml", "name = \"kim\"\n");
    infrakt.file("field.json", "[{\"nmae\": \"kim\", \"key\": \"k\"}]");
    infrakt.file("half.json", "[{\"name\": \"kim\"}]");
    infrakt.file("large.txt", "x".repeat((1 << 20) + 1));
    for (set, error, next) in [
        (
            "keys=@gone.json",
            "there is no file gone.json",
            "--set keys=@@gone.json",
        ),
        ("keys=@", "names no file", "keys=@FILE"),
        (
            "keys=@broken.json",
            "broken.json is no JSON",
            "line 2: {\"name\": \"kim\",}",
        ),
        (
            "keys=@map.toml",
            "must be of type list of maps",
            "--set keys=@keys.json",
        ),
        ("keys=@field.json", "'keys[0]' has no 'nmae'", "did you mean 'name'?"),
        ("keys=@half.json", "'keys[0].key' is required", ""),
        ("keys=[{\"name\"}]", "'keys' is no JSON", "line 1"),
        ("keys=kim", "'keys' is no JSON", ""),
        ("motd=@large.txt", "larger than 1 MiB", ""),
    ] {
        let mut words = [&["plan", "./keys.rhai"][..], &OFFLINE].concat();
        words.extend(["--set", set]);
        let said = infrakt.refused(2, &words);
        assert!(said.contains(error) && said.contains(next), "{set}: {said}");
    }
}

#[test]
fn items_of_a_list_can_have_commas() {
    let infrakt = Infrakt::with_server();
    infrakt.file("keys.rhai", "param(\"names\", []);");
    for (typed, items) in [
        ("a, b,", &["a", "b"][..]),
        ("from=\"x\\,y\" k, b", &["from=\"x,y\" k", "b"]),
        ("[\"a,b\", \"c\"]", &["a,b", "c"]),
        ("[::1]:80,[::2]:80", &["[::1]:80", "[::2]:80"]),
        ("C:\\x,y", &["C:\\x", "y"]),
    ] {
        let given = format!("names={typed}");
        assert_eq!(
            parameters_of(&infrakt, &[&given])["names"],
            serde_json::json!(items),
            "{typed}"
        );
    }
    infrakt.file("names.txt", "a\nb\n");
    assert_eq!(
        parameters_of(&infrakt, &["names=@names.txt"])["names"],
        serde_json::json!(["a", "b"])
    );
}

#[test]
fn a_recipe_shows_what_the_maps_of_a_parameter_have() {
    let infrakt = Infrakt::new();
    infrakt.file("keys.rhai", KEYS);
    let shown = infrakt.ok(&["recipe", "show", "./keys.rhai"]);
    for line in [
        "keys         list    []",
        "keys[].name  string  (must be given)",
        "keys[].sudo  bool    false",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn unknown_recipes_and_servers_are_named_with_the_nearest() {
    let infrakt = Infrakt::with_server();
    infrakt.file("deploy.rhai", "print(1);");
    for (words, error, next) in [
        (
            ["run", "provison", "--server", "prod-2"],
            "there is no recipe 'provison'",
            "did you mean 'provision'?",
        ),
        (
            ["plan", "wip.rhai", "--server", "prod-2"],
            "there is no recipe 'wip.rhai'",
            "did you mean 'wipe'?",
        ),
        (
            ["run", "./deplyo.rhai", "--server", "prod-2"],
            "there is no file ./deplyo.rhai",
            "did you mean ./deploy.rhai?",
        ),
        (
            ["run", "/nowhere/x.rhai", "--server", "prod-2"],
            "there is no file /nowhere/x.rhai",
            "infrakt recipe new",
        ),
        (
            ["run", "wipe", "--server", "prod2"],
            "there is no server 'prod2'",
            "did you mean 'prod-2'?",
        ),
        (
            ["run", "wipe", "--server", "zzz"],
            "there is no server 'zzz'",
            "infrakt server list",
        ),
        (
            ["run", "wipe", "--tag", "web"],
            "no server has the tag 'web'",
            "infrakt server list",
        ),
    ] {
        let said = infrakt.refused(2, &words);
        assert!(said.contains(error) && said.contains(next), "{words:?}: {said}");
    }
}

#[test]
fn names_are_never_used_as_shell_words_or_paths() {
    let infrakt = Infrakt::with_server();
    let canary = infrakt.folder().join("canary");
    for name in [
        "$(touch canary)",
        "`touch canary`",
        "x; touch canary",
        "..",
        ".",
        "-",
        "a\nb",
        "a\u{1b}[2Jb",
    ] {
        let said = infrakt.refused(2, &["run", "--server", "prod-2", "--", name]);
        assert!(said.starts_with("error: there is no recipe"), "{name:?}: {said}");
        for words in [
            &["server", "add", "--host", "127.0.2.9", "--port", "1", "--", name][..],
            &["app", "add", "--server", "prod-2", "--image", "nginx", "--", name],
            &["server", "tag", "prod-2", "--", name],
        ] {
            let said = infrakt.refused(2, words);
            assert!(said.contains("is not a valid"), "{words:?}: {said}");
        }
        for words in [&["server", "show", "--", name][..], &["app", "show", "--", name]] {
            assert!(infrakt.refused(2, words).contains("there is no"), "{words:?}");
        }
    }
    for path in ["../../etc/passwd", "/etc/passwd", "lib/apt"] {
        let said = infrakt.refused(2, &["run", path, "--server", "prod-2"]);
        assert!(
            said.contains("is not a recipe") && said.contains(".rhai"),
            "{path}: {said}"
        );
    }
    assert!(!canary.exists());
}

#[test]
fn a_new_recipe_can_be_checked_tested_and_planned() {
    let infrakt = Infrakt::with_server();
    let ended = infrakt.run(&["recipe", "new", "hello.rhai"]);
    assert_eq!(
        (ended.exit, ended.stdout.as_str()),
        (0, "wrote hello.rhai\nwrote hello.test.toml\n")
    );
    assert!(
        ended.stderr.contains("infrakt plan ./hello.rhai --server NAME"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        infrakt.ok(&["recipe", "check", "hello.rhai"]),
        "ok  debian-13 as root: 3 steps\n"
    );
    let tested = infrakt.ok(&["recipe", "test", "hello.rhai"]);
    assert_eq!(
        tested.lines().count(),
        5,
        "a case on four systems, and one more: {tested}"
    );
    let planned = infrakt.ok(&[&["plan", "./hello.rhai"][..], &OFFLINE].concat());
    assert!(planned.contains("Write the message of the day"), "{planned}");

    infrakt.file("hello.rhai", "mine");
    let said = infrakt.refused(2, &["recipe", "new", "hello"]);
    assert!(said.contains("hello.rhai already exists"), "{said}");
    assert_eq!(
        std::fs::read_to_string(infrakt.folder().join("hello.rhai")).unwrap(),
        "mine"
    );
    infrakt.file("other.test.toml", "mine");
    let said = infrakt.refused(2, &["recipe", "new", "other"]);
    assert!(said.contains("other.test.toml already exists"), "{said}");
    assert!(!infrakt.folder().join("other.rhai").exists(), "all files or none");
    let said = infrakt.refused(2, &["recipe", "new", "my recipe.txt"]);
    assert!(said.contains("infrakt recipe new 'my recipe.rhai'"), "{said}");
    let whole = infrakt.folder().join("whole path.rhai");
    let whole = whole.to_str().unwrap();
    let ended = infrakt.run(&["recipe", "new", whole]);
    assert!(
        ended.stderr.contains(&format!("infrakt plan '{whole}' --server NAME")),
        "{}",
        ended.stderr
    );
    let said = infrakt.refused(2, &["recipe", "new", "no/such/folder/x.rhai"]);
    assert!(
        said.contains("no/such/folder") && said.contains("hint: mkdir -p no/such/folder"),
        "{said}"
    );
    let written = infrakt.json(&["recipe", "new", "json.rhai"]);
    assert_eq!(
        written,
        serde_json::json!({ "file": "json.rhai", "beside": ["json.test.toml"] })
    );
    let said = infrakt.refused(2, &["recipe", "new", "x", "--template", "hardn"]);
    assert!(said.contains("there is no template 'hardn'"), "{said}");
}

#[test]
fn the_tests_of_every_template_and_example_pass_in_a_copy_of_it() {
    let infrakt = Infrakt::new();
    let examples = infrakt.json(&["recipe", "list", "--examples"]);
    let examples = examples
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned());
    let templates = ["blank", "app", "harden"].map(str::to_owned).into_iter();
    let names: Vec<String> = templates.chain(examples).collect();
    assert!(names.len() >= 25, "{names:?}");
    for (number, name) in names.iter().enumerate() {
        let file = format!("copy{number}.rhai");
        let written = infrakt.ok(&["recipe", "new", &file, "--template", name]);
        assert!(
            written.contains(&format!("copy{number}.test.toml")),
            "{name} has no tests"
        );
        let ended = infrakt.run(&["recipe", "test", &file]);
        assert_eq!(ended.exit, 0, "{name}: {ended}");
        assert!(!ended.stderr.contains("copy"), "{name}: {ended}");
    }
}

#[test]
fn the_users_own_recipe_overrides_the_shipped_one_and_the_list_says_so() {
    let infrakt = Infrakt::with_server();
    let own = infrakt.home().join("recipes");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(
        own.join("wipe.rhai"),
        "//! My own wipe.\nssh::run(\"Mine\", \"true\");\n",
    )
    .unwrap();
    std::fs::write(own.join("greet.rhai"), "//! Greet.\n").unwrap();
    let list = infrakt.ok(&["recipe", "list"]);
    let line = |name: &str| {
        list.lines()
            .find(|line| line.starts_with(name))
            .unwrap_or(&list)
            .to_owned()
    };
    assert!(
        line("wipe").contains("you, instead of infrakt's") && line("wipe").contains("My own wipe."),
        "{list}"
    );
    assert!(
        line("greet").contains("you ") && !line("greet").contains("in place"),
        "{list}"
    );
    assert!(line("provision").contains("infrakt "), "{list}");
    let listed = infrakt.json(&["recipe", "list"]);
    let overrides: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["overrides_shipped"])
        .collect();
    assert_eq!(overrides, [&false, &false, &true]);
    for words in [&["plan", "wipe"][..], &["plan", "wipe.rhai"]] {
        assert!(infrakt.ok(&[words, &OFFLINE].concat()).contains("Mine"));
    }
    assert!(
        infrakt
            .ok(&["recipe", "show", "wipe"])
            .contains("you, instead of infrakt's")
    );
}

#[test]
fn an_unreadable_recipe_does_not_hide_the_others() {
    let infrakt = Infrakt::new();
    let own = infrakt.home().join("recipes");
    infrakt.ok(&["recipe", "list"]);
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("bytes.rhai"), b"\xff").unwrap();
    let ended = infrakt.run(&["recipe", "list"]);
    assert!(ended.stdout.contains("provision"), "{}", ended.stdout);
    assert_eq!(ended.exit, 2, "a list with a hole is no success");
    assert!(ended.stderr.contains("bytes.rhai is not valid"), "{}", ended.stderr);
}

#[test]
fn parameters_are_shown_even_if_one_is_required() {
    let infrakt = Infrakt::new();
    infrakt.file(
        "p.rhai",
        "//! Needs a name.\nparam(\"name\", #{ type: \"string\" }, \"Whose\");\nparam(\"port\", 80, \"Where\");\n",
    );
    let shown = infrakt.ok(&["recipe", "show", "./p.rhai"]);
    assert!(
        shown.contains("Needs a name.") && shown.contains("(must be given)  Whose"),
        "{shown}"
    );
    assert!(shown.contains("a file"), "{shown}");
}
