//! Data in texts: what a recipe can read and write without a program on the server.

use crate::support::{error_of, evaluate_with, evaluated, shown};
use infrakt::facts::Facts;

fn printed(text: &str) -> String {
    evaluated(text).printed.join("\n")
}

#[test]
fn json_yaml_and_toml_are_read_into_the_same_values() {
    for text in [
        r#"json::parse("{\"name\": \"shop\", \"ports\": [80, 443], \"on\": true, \"load\": 0.5}")"#,
        r#"yaml::parse("name: shop\nports: [80, 443]\non: true\nload: 0.5\n")"#,
        r#"toml::parse("name = \"shop\"\nports = [80, 443]\non = true\nload = 0.5\n")"#,
    ] {
        let text = format!("let it = {text}; print(it.name + it.ports[1] + it.on + (it.load + 1.0));");
        assert_eq!(printed(&text), "shop443true1.5", "{text}");
    }
    assert_eq!(printed("print(json::parse(\"null\") == ());"), "true");
}

#[test]
fn what_is_written_is_what_a_file_holds_and_reads_back_the_same() {
    let value = r#"#{ "b": [1, "no", "12", "a: b", ()], "a": #{ c: true, d: 1.0, e: "two\nlines\n" } }"#;
    assert_eq!(
        printed(&format!("print(json::text({value}));")),
        "{\n  \"a\": {\n    \"c\": true,\n    \"d\": 1.0,\n    \"e\": \"two\\nlines\\n\"\n  },\n  \"b\": [\n    1,\n    \"no\",\n    \"12\",\n    \"a: b\",\n    null\n  ]\n}\n"
    );
    for format in ["json", "yaml"] {
        let text = format!("let it = {value}; print({format}::parse({format}::text(it)).to_json() == it.to_json());");
        assert_eq!(printed(&text), "true", "{format}");
    }
    assert_eq!(
        printed(r#"print(toml::text(#{ server: #{ port: 8080 }, name: "shop" }));"#),
        "name = \"shop\"\n\n[server]\nport = 8080\n"
    );
}

#[test]
fn only_true_and_false_are_bools_in_yaml() {
    assert_eq!(
        printed(
            "let it = yaml::parse(\"country: no\\nlight: on\\nold: 0o14\\nversion: '1.10'\\n\"); print(it.country + it.light + it.old + it.version);"
        ),
        "noon121.10"
    );
}

#[test]
fn a_text_that_is_no_data_is_refused_with_its_line() {
    for (text, what) in [
        ("json::parse(\"{\\n  \\\"a\\\": ,\\n}\")", "no JSON"),
        ("json::parse(\"\")", "is empty, and so no JSON"),
        ("yaml::parse(\"a: 1\\na: 2\\n\")", "no YAML"),
        ("yaml::parse(\"a: [1\\n\")", "no YAML"),
        ("toml::parse(\"a = \\n\")", "no TOML"),
        ("toml::text(#{ a: #{ b: () } })", "'a.b' is ()"),
        ("json::text(secret(\"TOKEN\"))", "a secret can't become part of a text"),
        ("yaml::text([ssh::check(\"x\", \"true\")])", "a step can't be written"),
        ("base64::decode(\"?\")", "not Base64"),
        ("base64::decode(\"/w==\")", "no text"),
    ] {
        let error = error_of(&format!("{text};"));
        assert!(error.contains(what), "{text}: {error}");
    }
    assert!(error_of("json::parse(\"{\\n  \\\"a\\\": ,\\n}\");").contains("line 2: \"a\": ,"));
}

#[test]
fn data_has_limits() {
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        let before = n - 1;
        format!(
            "{text}a{n}: &a{n} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
        )
    });
    error_of(&format!("yaml::parse(`{bomb}`);"));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for format in ["json", "yaml"] {
        error_of(&format!("{format}::parse(\"{deep}\");"));
    }
    assert!(error_of("let deep = []; for n in 0..100 { deep = [deep]; } json::text(deep);").contains("deeper than"));
    let many = format!("[{}0]", "0,".repeat(10_000));
    assert!(error_of(&format!("json::parse(\"{many}\");")).contains("too large"));
}

#[test]
fn regular_expressions_match_find_replace_and_split() {
    assert_eq!(
        printed(
            r#"
            print(regex::matches("shop-1", `^[a-z]+-\d$`));
            print(json::line(regex::find("nginx/1.26.3", `/(\d+)\.(\d+)(x)?`)));
            print(regex::find("nginx", `\d`) == ());
            print(regex::find_all("a1b22", `\d+`).join(" "));
            print(regex::replace("port=80 port=81", `port=(\d+)`, "$1/tcp"));
            print(regex::split("a, b;c", `[,;]\s*`).join("|"));
            print(regex::matches("axb", "^" + regex::escape("a.b") + "$"));
            "#
        ),
        "true\n[\"/1.26\",\"1\",\"26\",null]\ntrue\n1 22\n80/tcp 81/tcp\na|b|c\nfalse"
    );
}

#[test]
fn a_pattern_that_is_wrong_or_too_large_is_refused() {
    assert!(error_of("regex::matches(\"x\", \"(\");").contains("unclosed group"));
    assert!(error_of("regex::matches(\"x\", `(?=x)`);").contains("look-around"));
    assert!(error_of("regex::matches(\"x\", `(\\w{500}){500}`);").contains("too large"));
}

#[test]
fn a_replacement_cannot_grow_without_end() {
    let error = error_of("let much = \"x\"; much.pad(100000, \"x\"); regex::replace(much, \"x\", much);");
    assert!(error.contains("8 MiB"), "{error}");
}

#[test]
fn lists_are_joined_and_what_has_no_text_is_refused() {
    assert_eq!(
        printed("print([\"a\", 1, true, 'c'].join(\", \") + [].join(\"x\"));"),
        "a, 1, true, c"
    );
    let error = error_of("[\"a\", [1]].join(\"\");");
    assert!(error.contains("entry 1 of this list is a list"), "{error}");
    assert!(error_of("[secret(\"T\")].join(\"\");").contains("secret"));
}

#[test]
fn base64_goes_both_ways() {
    assert_eq!(
        printed("print(base64::encode(\"hallo\") + base64::decode(\"aGFs\\nbG8=\\n\"));"),
        "aGFsbG8=hallo"
    );
}

#[test]
fn versions_are_compared_by_their_numbers() {
    assert_eq!(
        printed(
            "print(version_at_least(facts.os.version, \"9\")); print(version_at_least(\"1.9\", \"1.10\")); print(facts.os.major + 1);"
        ),
        "true\nfalse\n14"
    );
    assert!(error_of("version_at_least(\"trixie\", \"12\");").contains("\"trixie\" is not a version"));
}

#[test]
fn the_machine_is_known_by_its_facts() {
    let text = "print(facts.memory_mb + facts.swap_mb); print(facts.processors); print(facts.addresses[0].address);
        for disk in facts.disks { print(`${disk.name} ${disk.size} ${disk.mount} ${disk.free}`); }
        print(facts.users.filter(|user| user.uid == 0)[0].name);";
    assert_eq!(
        printed(text),
        "1973\n2\n192.0.2.7\nvda1 20000000000 / 18000000000\nroot"
    );
}

#[test]
fn facts_of_an_older_file_refuse_what_they_do_not_tell() {
    let old = r#"{"format": 1, "os": {"id": "debian", "version": "13", "codename": "trixie", "name": "Debian"},
        "arch": "amd64", "kernel": "6.1", "hostname": "x", "machine_id": null, "ssh_ports": [22],
        "docker": {"installed": false, "running": false}, "opt_infrakt": {"kind": "absent", "bytes": null}}"#;
    let facts = Facts::parse(old, "an old file").expect("it is still read");
    let again = serde_json::to_string(&facts).expect("JSON");
    assert!(!again.contains("memory_mb"), "{again}");
    let error = crate::support::evaluate_with_facts("if facts.memory_mb < 1000 { print(1); }", facts).unwrap_err();
    let error = shown(&error);
    assert!(
        error.contains("do not tell 'memory_mb'") && error.contains("record them again"),
        "{error}"
    );
}

#[test]
fn a_module_cannot_take_the_name_of_a_primitive_of_data() {
    let error = shown(&evaluate_with("import \"lib/apt\" as json;", &[]).unwrap_err());
    assert!(error.contains("`json::`"), "{error}");
}
