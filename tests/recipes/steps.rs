//! Modifiers of steps: what they put into the plan, and how a misuse is explained.

use crate::support::{error_of, evaluated, planned};

#[test]
fn a_handler_names_the_steps_that_it_depends_on() {
    let plan = planned(evaluated(
        r#"let one = ssh::upload("One", "/etc/one", "1\n");
           let two = ssh::run("Two", "true");
           ssh::run("Restart", "true").when_changed([two, one]).when_changed(one);"#,
    ));
    assert_eq!(plan.steps[2].when_changed, [1, 2]);
}

#[test]
fn a_step_that_no_handler_can_depend_on_is_refused() {
    for (text, said) in [
        (
            r#"let a = ssh::check("Look", "true"); ssh::run("B", "true").when_changed(a);"#,
            "'Look' can't be depended on: only commands and uploads that change something",
        ),
        (
            r#"let a = ssh::reboot("Restart"); ssh::run("B", "true").when_changed(a);"#,
            "'Restart' can't be depended on",
        ),
        (
            r#"let a = ssh::run("A", "true"); let b = ssh::run("B", "true"); a.when_changed(b);"#,
            "only on a step before it",
        ),
        (
            r#"let a = ssh::run("A", "true"); a.when_changed(a);"#,
            "only on a step before it",
        ),
        (
            r#"ssh::run("B", "true").when_changed([]);"#,
            "a list of one step or more",
        ),
        (r#"ssh::run("B", "true").when_changed(["A"]);"#, "not a list of steps"),
    ] {
        let error = error_of(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn only_an_upload_has_a_file_to_check_and_its_checks_only_look() {
    for (text, said) in [
        (
            r#"ssh::run("A", "true").validate("true");"#,
            "only an upload has a file to check",
        ),
        (
            r#"ssh::run("A", "true").restore_unless("true");"#,
            "only an upload has a file to check",
        ),
        (
            r#"ssh::upload("A", "/etc/a", "").restore_unless("systemctl restart a");"#,
            "changes the server, and a check must not",
        ),
        (
            r#"ssh::run("A", "true").undo_if_locked_out();"#,
            "infrakt can't know how to undo this step",
        ),
        (
            r#"ssh::reboot("A").undo_if_locked_out("true");"#,
            "only a command or an upload can be undone",
        ),
        (
            r#"ssh::destroy("A", "rm -r /srv/a").always();"#,
            "a step that destroys can't always run",
        ),
    ] {
        let error = error_of(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn a_report_has_texts_numbers_and_bools_each_once() {
    let plan = planned(evaluated(
        r#"report(#{ "kernel": ssh::query("uname -r"), "free": 3 }); report(#{ "full": false });"#,
    ));
    assert_eq!(
        serde_json::to_value(&plan.report).expect("JSON"),
        serde_json::json!({ "kernel": "answer to uname -r", "free": 3, "full": false })
    );
    for (text, said) in [
        (r#"report(#{ a: 1 }); report(#{ a: 2 });"#, "is in the report already"),
        (r#"report(#{ a: [1] });"#, "is a list, and can't be reported"),
        (r#"report(#{ a: secret("S") });"#, "is a secret, and can't be reported"),
        (
            "report(#{ \"a\\nb\": 1 });",
            "not a valid name for a value of the report",
        ),
    ] {
        let error = error_of(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn a_step_that_runs_what_may_only_destroy_later_needs_a_consent() {
    let script = r##"ssh::upload("Script", "/usr/local/bin/clean", "#!/bin/sh\nrm -r /srv/dumps\n").mode("0755")
        .allow_destroying("removes old dumps");
    "##;
    let error = error_of(&format!(r#"{script}ssh::run("Run it", "/usr/local/bin/clean");"#));
    assert!(
        error.contains("`/usr/local/bin/clean` destroys data, and this step runs it now"),
        "{error}"
    );
    assert!(error.contains("test.rhai:3"), "{error}");
    for (text, what) in [
        (
            r#"ssh::destroy("A", "rm -r /srv/a").only_if("/usr/local/bin/clean");"#,
            "/usr/local/bin/clean",
        ),
        (
            r#"ssh::run("A", "true").unless("sh /usr/local/bin/clean");"#,
            "/usr/local/bin/clean",
        ),
        (
            r#"ssh::run("A", "true").undo_if_locked_out("/usr/local/bin/clean");"#,
            "/usr/local/bin/clean",
        ),
        (
            r##"ssh::upload("A", "/usr/local/bin/a", "#!/bin/sh\nrm -r /srv/a\n").allow_destroying("later").validate("sh -e \"$FILE\"");"##,
            "$FILE",
        ),
        (
            r#"ssh::upload("A", "/etc/a", "").restore_unless("/usr/local/bin/clean");"#,
            "/usr/local/bin/clean",
        ),
    ] {
        let error = error_of(&format!("{script}{text}"));
        assert!(
            error.contains(&format!("`{what}` destroys data, and this step runs it now")),
            "{error}"
        );
    }
    let plan = planned(evaluated(&format!(
        r#"{script}ssh::destroy("Run it", "/usr/local/bin/clean");"#
    )));
    assert!(plan.destroys());
}

#[test]
fn only_a_step_that_runs_in_any_case_has_an_output() {
    let plan = planned(evaluated(
        r#"let made = ssh::run("Make", "make"); ssh::run("Use", "use \"$MADE\"").env("MADE", made.output());
           report(#{ made: made.output() });"#,
    ));
    assert_eq!(plan.steps[1].outputs.get("MADE"), Some(&1));
    assert_eq!(
        serde_json::to_value(&plan.report).expect("JSON"),
        serde_json::json!({ "made": { "output": 1 } })
    );
    for (text, said) in [
        (
            r#"ssh::run("A", "a").unless("b").output();"#,
            "only a command without a guard",
        ),
        (
            r#"ssh::upload("A", "/etc/a", "").output();"#,
            "only a command without a guard",
        ),
        (
            r#"let a = ssh::run("A", "a"); a.output(); a.only_if("b");"#,
            "so it can't have a guard",
        ),
        (
            r#"let a = ssh::run("A", "a"); a.env("X", a.output());"#,
            "a step before it",
        ),
        (
            r#"let a = ssh::run("A", "a"); print(`it is ${a.output()}`);"#,
            "can't become a part of a text",
        ),
    ] {
        let error = error_of(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}
