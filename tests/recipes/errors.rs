//! A broken recipe is explained: what, where, and what to write instead.

use crate::support::{error_of, evaluate_with, evaluated, shown};
use insta::assert_snapshot;

#[test]
fn an_unknown_function_is_named_with_the_nearest_one() {
    assert_snapshot!(error_of("section(\"One\");\nssh::rnu(\"Say hello\", \"echo hello\");"));
}

#[test]
fn wrong_arguments_show_the_right_ones() {
    assert_snapshot!(error_of("ssh::run(\"Say hello\", 42);"));
}

#[test]
fn a_syntax_error_is_shown_at_its_place() {
    assert_snapshot!(error_of("let x = ;\n"));
}

#[test]
fn an_unknown_variable_inside_a_function_is_found_before_anything_runs() {
    assert_snapshot!(error_of("fn greet() {\n    print(sever.name);\n}\n"));
}

#[test]
fn an_endless_loop_ends_with_its_line() {
    assert_snapshot!(error_of("let x = 0;\nloop {\n    x += 1;\n}\n"));
}

#[test]
fn a_typo_in_a_property_of_the_facts_is_an_error() {
    assert_snapshot!(error_of("if facts.os.codname == \"trixie\" { }"));
}

#[test]
fn a_command_that_destroys_is_refused_outside_of_destroy() {
    assert_snapshot!(error_of("ssh::run(\"Clean up\", \"cd /srv && rm -rf data\");"));
    for text in [
        "ssh::check(\"x\", \"docker volume prune -f\");",
        "ssh::query(\"rm -r /x\");",
        "ssh::run(\"x\", \"true\").unless(\"rm -rf /x\");",
        "ssh::run(\"x\", \"true\").only_if(\"dropdb shop\");",
        "ssh::upload(\"x\", \"/root/x.sh\", \"rm -rf /srv\");",
        "ssh::upload(\"x\", \"/root/x\", \"rm -rf /srv\").mode(\"0755\");",
    ] {
        assert!(error_of(text).contains("destroys"), "{text}");
    }
}

#[test]
fn a_query_or_a_guard_that_changes_something_is_refused() {
    assert_snapshot!(error_of("let it = ssh::query(\"systemctl stop nginx; echo stopped\");"));
    for text in [
        "ssh::query(\"touch /srv/x\");",
        "ssh::query(\"echo 1 > /etc/motd\");",
        "ssh::run(\"x\", \"true\").unless(\"docker restart web\");",
        "ssh::run(\"x\", \"true\").only_if(\"apt-get install -y htop\");",
        "ssh::upload(\"x\", \"/etc/x\", \"y\").unless(\"sh -c 'kill 17'\");",
        "ssh::check(\"x\", \"systemctl restart nginx\").preflight();",
    ] {
        let error = error_of(text);
        assert!(
            error.contains("changes the server") && error.contains("put the command into a step"),
            "{error}"
        );
    }
    // A step may.
    assert_eq!(evaluated("ssh::run(\"x\", \"touch /srv/x\");").steps.len(), 1);
    assert_eq!(
        evaluated("ssh::check(\"x\", \"mountpoint /srv\").preflight();")
            .steps
            .len(),
        1
    );
}

#[test]
fn what_queries_answer_has_a_limit_too() {
    let error = error_of("for n in 0..40 { ssh::query(`much ${n}`); }");
    assert!(error.contains("more than 32 MiB of text"), "{error}");
}

#[test]
fn an_error_inside_a_shipped_module_names_that_module() {
    let error = error_of("import \"lib/files\" as files;\nfiles::directory(\"relative/path\");");
    assert!(error.contains("lib/files.rhai:"), "{error}");
}

#[test]
fn secrets_cannot_be_joined_into_text() {
    assert_snapshot!(error_of(
        "let token = secret(\"TOKEN\");\nssh::run(\"Log in\", `login ${token}`);"
    ));
    for text in [
        "\"x\" + secret(\"T\")",
        "secret(\"T\") + \"x\"",
        "let x = \"\"; x += secret(\"T\");",
        "print(secret(\"T\"))",
        "secret(\"T\").to_string()",
        "debug(secret(\"T\"))",
        "[secret(\"T\")].to_string()",
    ] {
        let error = error_of(text);
        assert!(error.contains("secret"), "{text}: {error}");
    }
}

#[test]
fn a_recipe_has_no_clock_and_no_eval() {
    for text in ["sleep(1);", "timestamp();", "eval(\"1\");"] {
        error_of(text);
    }
}

#[test]
fn imports_stay_inside() {
    for path in ["../x", "/etc/passwd", "lib/../../x", "lib\\\\x", ""] {
        let error = error_of(&format!("import \"{path}\" as x;"));
        assert!(error.contains("import"), "{path}: {error}");
    }
    assert_snapshot!(error_of("import \"lib/atp\" as apt;"));
}

#[test]
fn unknown_parameters_are_refused_with_the_nearest_name() {
    let error = evaluate_with("param(\"email\", \"\", \"For Let's Encrypt\");", &[("emial", "x")]).unwrap_err();
    assert_eq!(error.to_string(), "the recipe test.rhai has no parameter 'emial'");
    assert_eq!(error.hint().as_deref(), Some("did you mean 'email'?"));
}

#[test]
fn a_parameter_of_the_wrong_type_is_refused() {
    let error = evaluate_with("param(\"port\", 8080, \"Where it listens\");", &[("port", "many")]).unwrap_err();
    assert_snapshot!(shown(&error));
}

#[test]
fn a_parameter_that_is_described_wrongly_is_refused() {
    for (text, message, help) in [
        (
            "param(\"keys\", [#{ name: \"\" }]);",
            "what the maps in 'keys' have is not said",
            "fields: #{ name: #{ type: \"string\" }",
        ),
        (
            "param(\"a\", #{ type: \"float\" });",
            "\"float\" is not a type",
            "\"map\"",
        ),
        (
            "param(\"a\", #{ type: \"int\", fields: #{ b: 1 } });",
            "of type int has no fields",
            "a list of maps",
        ),
        (
            "param(\"a\", #{ fields: [\"b\"] });",
            "the fields of 'a' must be a map",
            "for example",
        ),
        (
            "param(\"a\", #{ fields: #{ b: #{ of: 1 } } });",
            "has no 'of'",
            "type, default, choices and fields",
        ),
        (
            "param(\"a\", #{ fields: #{ b: 1 }, \"default\": [#{ c: 1 }] });",
            "'a[0]' has no 'c'",
            "it can have b",
        ),
        (
            "param(\"a\", #{ choices: [\"x\"], \"default\": \"y\" });",
            "'a' can't be \"y\"",
            "one of: x",
        ),
    ] {
        let error = error_of(text);
        assert!(error.contains(message) && error.contains(help), "{text}: {error}");
    }
}

#[test]
fn fields_that_are_left_out_have_their_defaults_in_a_default_too() {
    let text = "let a = param(\"a\", #{ fields: #{ b: 1, c: #{ type: \"map\", \"default\": #{ d: [2] } } }, \"default\": [#{}] });
let m = param(\"m\", #{ type: \"map\", \"default\": #{ x: true } });
print(`${a[0].b} ${a[0].c.d[0]} ${m.x}`);";
    assert_eq!(evaluated(text).printed, ["1 2 true"]);
}

#[test]
fn the_names_in_scope_are_seen_by_functions_closures_and_imports() {
    let evaluated = evaluated(
        "fn name() { server.name }\nlet f = |x| server.name + x;\nparam(\"a\", 1, \"A number\");\nprint(name() + f.call(\"!\") + params.a);",
    );
    assert_eq!(evaluated.printed, ["prod-2prod-2!1"]);
}

#[test]
fn consent_is_only_asked_for_the_plans_own_server() {
    assert_snapshot!(error_of("confirm::destroy(\"prod-1\");"));
}
