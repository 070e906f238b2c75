//! Mistakes that Rhai would pass over, or explain in words that an author can't use.

use crate::support::{Files, error_of, evaluate_with, evaluated, shown};
use insta::assert_snapshot;

fn printed(text: &str) -> String {
    evaluated(text).printed.join("\n")
}

#[test]
fn values_of_different_types_are_not_compared() {
    for (text, hint) in [
        ("if facts.os.version > 11 { }", "facts.os.major"),
        (
            "let port = param(\"port\", \"80\"); if port < 1024 { }",
            "param(\"port\", 80) is a number",
        ),
        ("if 80 == \"80\" { }", "parse_int"),
        ("if server.tags == \"web\" { }", "same kind"),
        ("if true != \"true\" { }", "without quotes"),
        ("let m = #{}; if m?.size < 3 { }", "ask first"),
        ("if secret(\"X\") == \"\" { }", "never sees its value"),
        ("if secret(\"X\") == secret(\"Y\") { }", "never sees its value"),
        ("if secret(\"X\") == () { }", "never sees its value"),
        ("if ssh::run(\"x\", \"true\") == true { }", "a step runs later"),
        ("if 80 in [\"80\"] { }", "parse_int"),
    ] {
        let error = error_of(text);
        assert!(
            error.contains("can't be compared") && error.contains(hint),
            "{text}: {error}"
        );
    }
    assert_snapshot!(error_of("if facts.os.version > 11 { }"));
}

#[test]
fn a_missing_value_does_not_become_an_empty_text() {
    for text in [
        "let name = \"shop\".trim(); ssh::destroy(\"Remove\", `rm -rf /srv/${name}`);",
        "ssh::run(\"Add\", \"adduser \" + \"ada\".replace(\"a\", \"b\"));",
        "let text = () + \"x\";",
        "let text = \"x\"; text += ();",
        "let text = `${if false { \"a\" }}`;",
    ] {
        let error = error_of(text);
        assert!(
            error.contains("can't become a part of a text") && error.contains("on a line of its own"),
            "{text}: {error}"
        );
    }
}

#[test]
fn texts_of_numbers_are_not_ordered_by_their_letters() {
    let error = error_of("if \"13\" > \"9\" { }");
    assert!(
        error.contains("letter by letter") && error.contains("version_at_least"),
        "{error}"
    );
    assert_eq!(
        printed("print(\"24.04\" >= \"22.04\"); print(\"b\" > \"a\"); print(\"13\" == \"13\"); print(\"9\" < \"b\");"),
        "true\ntrue\ntrue\ntrue"
    );
}

#[test]
fn what_can_be_compared_still_is() {
    assert_eq!(
        printed(
            "print(1 < 1.5); print(() == 1); print(\"x\" != ()); print([1, ()] == [1, ()]); print(#{ a: 1 } == #{ a: 1 }); print('a' == \"a\"); print(2 in [1, 2]); print([1, 2].contains(3));"
        ),
        "true\nfalse\ntrue\ntrue\ntrue\ntrue\ntrue\nfalse"
    );
}

#[test]
fn a_key_that_may_be_missing_can_be_asked_for() {
    let text = "let m = #{ a: #{ c: 1 } };
        print(m?.b ?? \"none\"); print(m[\"b\"] == ()); print(m.b == ()); print(m.b ?? 2); print(m?.a?.c ?? 3); print(m?.x?.c ?? 4);
        m[\"list\"] = []; m[\"list\"].push(5); m.n = 6; m[\"n\"] += 1; print(m.list[0] + m.n);
        print(facts[\"arch\"]); print(facts?.memory_mb ?? 0); print(params?.nothing ?? \"not given\");";
    assert_eq!(printed(text), "none\ntrue\ntrue\n2\n1\n4\n12\namd64\n1973\nnot given");
    let error = error_of("let m = #{ a: 1 };\nprint(m.b);");
    assert!(error.contains("x?.b ?? \"default\""), "{error}");
    // The place is shown as it was written.
    assert_snapshot!(error_of("let m = #{}; print(m?.a ?? m?.b ?? nothing);"));
}

#[test]
fn texts_of_all_kinds_reach_the_server_as_they_are_written() {
    for (text, expected) in [
        (
            r##"print(#"jq -r ".items["a"]" /tmp/f"#);"##,
            r#"jq -r ".items["a"]" /tmp/f"#,
        ),
        (r#"let q = '"'; print(`jq ".m?.b" f`);"#, r#"jq ".m?.b" f"#),
        (
            r#"let u = `sed 's/a/\`; print(`psql -c "select 1 where a.b ?? 1"`);"#,
            r#"psql -c "select 1 where a.b ?? 1""#,
        ),
        ("print(`a``m?.b`);", "a`m?.b"),
        ("print(`\\${m?.b}`);", "${m?.b}"),
    ] {
        assert_eq!(printed(text), expected, "{text}");
    }
}

#[test]
fn a_method_on_a_key_changes_the_value_in_its_map() {
    for change in [
        "fn add() { this.push(4); } m[\"list\"].add();",
        "m[\"list\"].sort_by(|a, b| b - a);",
        "m[\"list\"].sort_desc();",
        "(m[\"list\"]).push(4);",
        "m[\"list\"].split(1);",
        "m[\"list\"].for_each(|| this += 1);",
    ] {
        let text = format!("let m = #{{ list: [1, 2, 3] }}; {change} print(m.list.to_debug());");
        assert_ne!(printed(&text), "[1, 2, 3]", "{change}");
    }
}

#[test]
fn functions_are_known_by_name_also_where_no_evaluation_comes_by() {
    for (text, hint) in [
        ("if false { ssh::rnu(\"a\", \"b\"); }", "did you mean `ssh::run`?"),
        (
            "fn never() { ssh::run(\"a\") }",
            "use: ssh::run(title: string, command: string) -> Step",
        ),
        (
            "import \"lib/apt\" as apt;\nif false { apt::instal([\"x\"]); }",
            "did you mean `apt::install`?",
        ),
        (
            "import \"lib/files\" as files;\nfn never() { files::directry(\"/x\") }",
            "did you mean `files::directory`?",
        ),
        (
            "import \"lib/files\" as files;\nfn never() { files::directory() }",
            "use: files::directory(path)  or  files::directory(path, mode)",
        ),
        (
            "if false { ssh::run(\"a\", \"b\").timout(\"5m\"); }",
            "did you mean `timeout`?",
        ),
        ("if false { greet(); }\nfn greets() { }", "unknown function `greet`"),
        ("fn one(a) { }\nif false { one(1, 2); }", "unknown function `one`"),
    ] {
        let error = error_of(text);
        assert!(error.contains(hint), "{text}: {error}");
    }
    let own = Files::new("import \"lib/own\" as own;\nown::use_it();").beside(
        "lib/own.rhai",
        "fn use_it() { }\nfn never() { ssh::rnu(\"a\", \"b\") }\n",
    );
    assert!(own.error().contains("lib/own.rhai:2:"), "{}", own.error());
}

#[test]
fn functions_that_are_values_are_not_taken_for_unknown_ones() {
    let text = "let m = #{ greet: |name| print(\"hello \" + name) };
        m.greet(\"you\");
        let f = |x| x + 1;
        print(f.call(1));
        fn twice(x) { x * 2 }
        print([1, 2].map(|x| twice(x)).join(\",\"));
        print(twice(2));
        if is_def_fn(\"twice\", 1) { print(type_of(\"\")); }";
    assert_eq!(printed(text), "hello you\n2\n2,4\n4\nstring");
}

#[test]
fn an_error_in_the_library_is_shown_at_the_authors_own_call() {
    assert_snapshot!(error_of(
        "import \"lib/files\" as files;\n\nfiles::directory(\"/srv/x\", 700);"
    ));
    let error = error_of("import \"lib/services\" as services;\nservices::enable([\"nginx\"]);");
    assert!(
        error.contains("a value in this call is of the wrong type") && !error.contains("use: quote"),
        "{error}"
    );
    let error = error_of("import \"lib/ufw\" as ufw;\nfn open() { ufw::allow(\"https\") }\nopen();");
    assert!(
        error.contains("test.rhai:2:") && error.contains("lib/ufw.rhai:"),
        "{error}"
    );
}

#[test]
fn habits_of_other_languages_get_the_words_of_rhai() {
    for (text, hint) in [
        ("if true { } elif false { }", "else if"),
        ("if not true { }", "`!x`"),
        ("if true and false { }", "`&&`"),
        ("if true or false { }", "`||`"),
        ("def greet() { }", "fn name"),
        ("function greet() { }", "fn name"),
        ("foreach x in [1] { }", "for item in list"),
        ("let x = True;", "`true`"),
        ("let x = None;", "`()`"),
        ("let x = null;", "`()`"),
        ("let x = nil;", "`()`"),
        ("var x = 1;", "`let name"),
        ("# a comment\nlet x = 1;", "comments begin with //"),
        ("ssh::run('Say hello', \"echo\");", "double quotes"),
        ("let port = 80; let x = f\"port {port}\";", "backticks"),
        ("let x = `${HOME:-/root}`;", "\\${HOME}"),
        ("let x = #{ default: 1 };", "\"default\":"),
        ("let m = #{}; let x = m.default;", "[\"default\"]"),
        ("let m = #{}; let x = m.match;", "[\"match\"]"),
        ("let\u{a0}x = 1;", "U+00A0"),
        ("let x = “a”;", "straight quotes"),
        ("let x = str(1);", "to_string()"),
        ("echo \"hello\";", "ssh::run"),
        ("let x = len(server.tags) > 0 ? 1 : 2;", ""),
    ] {
        let error = error_of(text);
        assert!(error.contains(hint), "{text}: {error}");
    }
}

#[test]
fn the_error_says_how_a_function_gets_what_is_declared_outside() {
    let error = error_of("const PORT = 80;\nfn f() { print(PORT) }\nf();");
    assert!(error.contains("global::PORT"), "{error}");
    let error = error_of("let port = 80;\nfn f() { print(port) }\nf();");
    assert!(error.contains("as an argument"), "{error}");
}

#[test]
fn a_brace_that_is_never_closed_is_shown_where_it_is_opened() {
    assert_snapshot!(error_of(
        "if facts.arch == \"amd64\" {\n    print(\"}\");\n\nssh::run(\"a\", \"b\");\n"
    ));
    let error = error_of("ssh::run(\"a\", \"b\"\n");
    assert!(
        error.contains("test.rhai:1:9") && error.contains("never closed"),
        "{error}"
    );
}

#[test]
fn no_name_of_a_type_of_the_program_is_shown() {
    for (text, hint) in [
        ("if ssh::run(\"a\", \"b\") { }", "a step runs later"),
        ("let r = ssh::run(\"a\", \"b\"); print(r.stdout);", "ssh::query"),
        ("ssh::run(\"a\", \"b\").unless;", ".unless(…)"),
        ("let x = ssh::run(\"a\", \"b\") + 1;", ""),
        ("throw secret(\"X\");", ""),
        ("for x in ssh::run(\"a\", \"b\") { }", ""),
        ("ssh::run(ssh::run(\"a\", \"b\"), \"c\");", ""),
    ] {
        let error = error_of(text);
        assert!(error.contains(hint), "{text}: {error}");
        assert!(
            !error.contains("infrakt::") && !error.contains("Handle") && !error.contains("ImmutableString"),
            "{text}: {error}"
        );
    }
    assert_eq!(
        printed("try { ssh::run(\"\", \"\"); } catch (error) { print(`caught: ${error}`); }"),
        "caught: a command must not be empty"
    );
}

#[test]
fn a_step_or_a_list_does_not_become_a_part_of_a_command() {
    for text in [
        "let s = ssh::run(\"a\", \"b\"); ssh::run(\"c\", `echo ${s}`);",
        "let l = [\"a\", \"b c\"]; ssh::run(\"c\", `echo ${l}`);",
        "let l = [\"a\", \"b c\"]; ssh::run(\"c\", \"echo \" + l);",
        "let m = #{ a: 1 }; ssh::query(`echo ${m}`);",
        "let l = [\"a\"]; ssh::run(\"c\", \"true\").unless(`test -e ${l}`);",
        "ssh::run(\"c\", `echo ${facts}`);",
        "ssh::run(\"c\", `echo ${params}`);",
    ] {
        let error = error_of(text);
        assert!(error.contains("part of a"), "{text}: {error}");
    }
    let error = error_of("let l = [\"a\", \"b c\"]; ssh::run(\"c\", `echo ${l}`);");
    assert!(error.contains("list.map(|word| quote(word)).join(\" \")"), "{error}");
    // A note for people, and a file, may show a list.
    assert_eq!(printed("print(`${[1, \"a\"]}`);"), "[1, \"a\"]");
    assert_eq!(
        evaluated("ssh::upload(\"x\", \"/etc/x\", `names = ${[\"a\"]}\n`);")
            .steps
            .len(),
        1
    );
}

#[test]
fn an_evaluation_tells_of_a_value_that_stays_text() {
    let text = "let port = 80;\nssh::run(\"Open ${port}\", \"ufw allow ${port}\");\n";
    let notes = printed(text);
    assert!(
        notes.contains("test.rhai:2") && notes.contains("`…${port}…`"),
        "{notes}"
    );
    for text in [
        "ssh::run(\"Show it\", \"echo ${HOME}\");",
        "let port = 80; ssh::run(`Open`, \"port=81; echo ${port}\");",
        "let port = 80; ssh::run(`Open ${port}`, `echo \\${port}`);",
        "let name = 1; ssh::run(\"Each\", \"for name in a b; do echo ${name}; done\");",
    ] {
        assert_eq!(printed(text), "", "{text}");
    }
}

#[test]
fn a_document_that_does_not_end_is_refused() {
    let error =
        error_of("ssh::run(\"Write it\", `\n    cat >/etc/x <<EOF\n    a\n    EOF\n    systemctl restart x\n`);");
    assert!(error.contains("never ends") && error.contains("dedent"), "{error}");
    for text in [
        "ssh::run(\"Write it\", dedent(`\n    cat >/etc/x <<EOF\n    a\n    EOF\n    systemctl restart x\n`));",
        "ssh::run(\"Write it\", \"cat >/etc/x <<-EOF\\n\\ta\\n\\tEOF\\n\");",
        "ssh::run(\"Write it\", \"cat >/etc/x <<'EOF'\\na\\nEOF\\n\");",
    ] {
        assert_eq!(evaluated(text).steps.len(), 1, "{text}");
    }
}

#[test]
fn an_evaluation_tells_of_bash_in_a_step_of_sh() {
    for (command, what) in [
        ("[[ -e /x ]] && touch /y", "`[[`"),
        ("source /etc/os-release", "`source`"),
        ("function f { true; }; f", "`function`"),
        ("grep x <<< \\\"$y\\\"", "`<<<`"),
        ("echo ${x^^}", "`${x^^}`"),
        ("ls &> /dev/null", "`&>`"),
        ("diff <(a) <(b)", "`<(…)`"),
        ("x=(a b)", "a list of bash"),
        ("echo ${x[0]}", "`${x[0]}`"),
        ("set -o pipefail; a | b", "`pipefail`"),
        ("for ((i = 0; i < 3; i++)); do true; done", "`((`"),
        ("if [ a == b ]; then true; fi", "`==`"),
    ] {
        let notes = printed(&format!("\nssh::run(\"x\", \"{command}\");"));
        assert!(
            notes.contains("test.rhai:2") && notes.contains(what),
            "{command}: {notes}"
        );
    }
    for command in [
        "bash -c '[[ -e /x ]] && source /y'",
        "[ -e /x ] && . /etc/os-release",
        "echo '[[ x ]]' # [[",
        "cat <<'EOF'\\n[[ x ]]\\nEOF",
        "grep -q '&>' /x",
        "echo ${x%%=*} ${x:-y} $((1 << 2))",
        "awk '{ if ($1 == 2) print }' /x",
        "test \\\"$a\\\" = b",
    ] {
        assert_eq!(printed(&format!("ssh::run(\"x\", \"{command}\");")), "", "{command}");
    }
    assert_eq!(
        printed("ssh::run(\"x\", \"[[ -e /x ]]\").shell(\"bash\").unless(\"[[ -e /y ]]\");"),
        ""
    );
}

#[test]
fn errors_of_modules_of_ones_own_stay_where_they_are() {
    let files = Files::new("import \"lib/own\" as own;\nown::act();")
        .beside("lib/own.rhai", "fn act() { ssh::run(\"\", \"\") }\n");
    let error = files.error();
    assert!(error.contains("./lib/own.rhai:1:"), "{error}");
    let error = shown(&evaluate_with("import \"lib/files\" as files;\nfiles::nothing();", &[]).unwrap_err());
    assert!(error.contains("it has directory"), "{error}");
}

#[test]
fn a_script_that_destroys_is_refused_at_its_line_unless_it_says_why() {
    let script = "ssh::upload(\"Remove old dumps\", \"/etc/cron.weekly/dumps\", dedent(`\n    #!/bin/sh\n    # never rm -rf this\n    find /srv/dumps -mtime +30 -delete\n`))";
    assert_snapshot!(error_of(&format!("{script}.mode(\"0755\");")));
    let evaluated = evaluated(&format!(
        "{script}.mode(\"0755\").allow_destroying(\"removes dumps older than 30 days\");"
    ));
    let step = &evaluated.steps[0];
    assert_eq!(step.allowed.as_deref(), Some("removes dumps older than 30 days"));
    let plan = crate::support::planned(evaluated);
    assert_eq!(infrakt::plan::lint::findings(&plan), []);
    let mut other = plan.clone();
    other.steps[0].allowed = Some("for another reason".to_owned());
    assert_ne!(
        other.compute_digest(),
        plan.digest,
        "the reason is a part of what is consented to"
    );
    other.steps[0].allowed = None;
    assert_eq!(infrakt::plan::lint::findings(&other).len(), 1);
    let error = error_of("ssh::run(\"x\", \"true\").allow_destroying(\"why\");");
    assert!(error.contains("only an uploaded script"), "{error}");
    assert!(error_of(&format!("{script}.allow_destroying(\"\");")).contains("one line"));
}

#[test]
fn a_file_system_is_made_where_a_guard_says_that_there_is_none() {
    for text in [
        "ssh::run(\"Format it\", \"mkfs.ext4 /dev/vdb\").unless(\"blkid /dev/vdb\");",
        "ssh::run(\"Format it\", \"blkid /dev/vdb || mkfs.ext4 /dev/vdb\");",
        "ssh::run(\"Make it\", \"dd if=/dev/zero of=/swapfile bs=1M count=512\").unless(\"test -e /swapfile\");",
        "ssh::run(\"Unpack\", \"d=$(mktemp -d); trap 'rm -rf \\\"$d\\\"' EXIT; tar x -C \\\"$d\\\"\");",
    ] {
        let plan = crate::support::planned(evaluated(text));
        assert_eq!(infrakt::plan::lint::findings(&plan), [], "{text}");
    }
    for text in [
        "ssh::run(\"Format it\", \"mkfs.ext4 /dev/vdb\");",
        "ssh::run(\"Format it\", \"mkfs.ext4 /dev/vdb\").unless(\"blkid /dev/vdc\");",
        "ssh::run(\"Format it\", \"mkfs.ext4 /dev/vdb\").unless(\"test -e /x\");",
        "ssh::run(\"Format it\", \"mkfs.ext4 /dev/vdb; rm -rf /srv\").unless(\"blkid /dev/vdb\");",
        "ssh::run(\"Format it\", \"blkid /dev/vdb; mkfs.ext4 /dev/vdb\");",
        "ssh::run(\"Make it\", \"dd if=/dev/zero of=/dev/vdb\").unless(\"test -e /dev/vdb\");",
        "ssh::run(\"Make it\", \"dd if=/dev/zero of=/swapfile\").unless(\"test -e /other\");",
    ] {
        assert!(error_of(text).contains("destroys data"), "{text}");
    }
}
