//! How a step's command and guards are invoked: user, directory, shell, attempts and exit statuses.

use crate::local::{executed, on_the_server};
use infrakt::event::{Outcome, RunState, Stream};

#[test]
#[ignore = "needs root"]
fn a_step_runs_as_its_user_with_that_users_home_and_groups() {
    let (ended, memory) = executed(
        r#"ssh::run("Who", "id -un; id -Gn; echo $HOME $USER $GREETING 'it''s'; cat /proc/self/status | grep ^CapEff")
             .user("nobody").env("GREETING", "hello");"#,
    );
    assert_eq!(ended.state, RunState::Done);
    let printed = memory.output(Stream::Stdout);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[..2], ["nobody", "nogroup"], "{printed}");
    assert_eq!(lines[2], "/nonexistent nobody hello its");
    assert!(lines[3].ends_with("0000000000000000"), "{printed}");
}

#[test]
#[ignore = "needs root"]
fn guards_are_asked_as_the_user_in_the_directory_and_with_the_shell_of_the_step() {
    let (_, memory) = executed(
        r#"ssh::run("As nobody", "false").user("nobody").unless("test $(id -un) = nobody");
           ssh::run("In /usr", "false").directory("/usr").unless("test $PWD = /usr");
           ssh::run("With bash", "false").shell("bash").unless("[[ -n $BASH ]]");
           ssh::run("Only if", "false").user("nobody").directory("/usr").only_if("test $(id -un)$PWD != nobody/usr");"#,
    );
    assert_eq!(memory.outcomes(), [Outcome::NoChange; 4]);
}

#[test]
#[ignore = "needs root"]
fn a_directory_or_a_user_that_is_missing_fails_the_step_with_the_cause() {
    for (step, cause) in [
        (r#"ssh::run("There", "true").directory("/nowhere")"#, "/nowhere"),
        (r#"ssh::run("They", "true").user("nobody-there")"#, "nobody-there"),
    ] {
        let (ended, memory) = executed(&format!("{step}; {step}.unless(\"true\");"));
        assert_eq!(ended.state, RunState::Failed, "{step}");
        let said = memory.output(Stream::Stderr);
        assert!(said.contains(cause), "{step}: {said}");
    }
    // The guard of a step whose directory is made by an earlier one does not hold before.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new");
    let path = path.display();
    let (_, memory) = executed(&format!(
        r#"ssh::run("Fill it", "mkdir -p {path}").directory("{path}").only_if("true");"#
    ));
    assert_eq!(memory.outcomes(), [Outcome::NoChange]);
}

#[test]
#[ignore = "needs root"]
fn bash_fails_where_a_command_of_a_pipe_does() {
    let (ended, memory) = executed(
        r#"ssh::run("Sh", "false | cat");
           ssh::run("Bash", "x=(a 'b c'); echo ${#x[@]}; false | cat").shell("bash");"#,
    );
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Changed, Outcome::Failed]);
    assert_eq!(memory.output(Stream::Stdout), "2\n");
}

#[test]
#[ignore = "needs root"]
fn a_step_is_tried_again_until_it_succeeds_and_no_more_often_than_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = folder.path().join("count");
    let count = count.display();
    let third = format!("echo x >>{count}; test $(wc -l <{count}) -ge 3");
    let (ended, memory) = executed(&format!(r#"ssh::check("Third", "{third}").retry(5, "1s");"#));
    assert_eq!(ended.state, RunState::Done);
    let said = memory.output(Stream::Stderr);
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(
        said.contains("attempt 1 of 5: exit status 1; trying again in 1 s"),
        "{said}"
    );
    let (ended, memory) = executed(r#"ssh::run("Never", "exit 7").retry(2, "1s");"#);
    assert_eq!(ended.state, RunState::Failed);
    let said = memory.output(Stream::Stderr);
    assert_eq!(said, "attempt 1 of 2: exit status 7; trying again in 1 s\n");
}

#[test]
#[ignore = "needs root"]
fn a_pause_between_attempts_ends_with_the_steps_time() {
    let (ended, memory) = executed(r#"ssh::run("Late", "false").retry(3, "1h").timeout("1s");"#);
    assert_eq!(ended.state, RunState::Failed);
    assert!(memory.end_of(0).1.contains("1 s"), "{}", memory.end_of(0).1);
    let sleeping = on_the_server("pgrep")
        .args(["-x", "sleep", "-a"])
        .output()
        .expect("pgrep");
    let sleeping = String::from_utf8_lossy(&sleeping.stdout).into_owned();
    assert!(!sleeping.contains("3600"), "{sleeping}");
}

#[test]
#[ignore = "needs root"]
fn allowed_exit_statuses_succeed_and_others_fail() {
    let (ended, memory) = executed(
        r#"ssh::run("Two", "exit 2").allow_exit(2);
           ssh::run("Zero", "exit 0").allow_exit([23, 24]);
           ssh::run("As nobody", "exit 24").allow_exit([23, 24]).user("nobody");
           ssh::run("Retried", "exit 3").allow_exit(3).retry(2, "1s");
           ssh::run("Three", "exit 3").allow_exit(2);"#,
    );
    assert_eq!(ended.state, RunState::Failed);
    use Outcome::{Changed, Failed};
    assert_eq!(memory.outcomes(), [Changed, Changed, Changed, Changed, Failed]);
    assert_eq!(memory.output(Stream::Stderr), "");
}
