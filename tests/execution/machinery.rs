//! The runner and the steps that it runs keep out of each other's way.

use crate::local::{executed, holds, on_the_server};
use crate::support::wait::until;
use infrakt::event::{Outcome, RunState, Stream};
use std::process::Command;

#[test]
#[ignore = "needs root"]
fn a_step_sees_nothing_of_the_machinery() {
    let (_, memory) = executed(r#"ssh::run("Look", "env; umask");"#);
    let printed = memory.output(Stream::Stdout);
    assert!(!printed.contains("IK_"), "{printed}");
    assert!(printed.ends_with("0022\n"), "{printed}");
}

#[test]
#[ignore = "needs root"]
fn a_step_that_kills_its_shell_or_its_group_has_failed_and_nothing_else() {
    // The last one is a program of its own that means its process group, in a shell that does not say so.
    for (command, status) in [
        ("kill -9 $$; echo never", 137),
        ("kill -9 0; echo never", 137),
        ("env -i sh -c \"k\"ill' -TERM 0'; echo never", 143),
    ] {
        let (ended, memory) = executed(&format!(
            "ssh::run(\"Kill\", {command:?}); ssh::run(\"After\", \"true\");"
        ));
        assert_eq!(ended.state, RunState::Failed, "{command}");
        assert_eq!(
            memory.outcomes(),
            [Outcome::Failed, Outcome::Skipped],
            "{command}: {:?}",
            memory.events
        );
        assert_eq!(memory.end_of(0).0, Some(status), "{command}");
        assert_eq!(memory.output(Stream::Stdout), "", "{command}");
    }
}

#[test]
#[ignore = "needs root"]
fn what_a_step_leaves_behind_holds_up_nothing_and_outlives_a_later_timeout() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pid");
    let path = path.display();
    let (ended, memory) = executed(&format!(
        "ssh::run(\"Leave\", \"sleep 1000 & echo $! >{path}; echo left\");
         ssh::run(\"Stubborn\", \"trap '' TERM; echo on; while :; do sleep 7.25; done\").timeout(\"3s\");"
    ));
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.output(Stream::Stdout), "left\non\n");
    let pid = std::fs::read_to_string(folder.path().join("pid")).expect("the pid");
    assert!(
        holds(&format!("kill {pid}")),
        "the process of an earlier step is still there"
    );
    // What ends a process does not wait for its end.
    until("none of the one that took too long is left", || {
        !holds("pgrep -fx 'sleep 7.25'")
    });
}

/// Nothing in its text reaches the runner, and nothing of the runner's changes what it says.
#[test]
#[ignore = "needs root"]
fn a_step_means_what_it_means_to_a_shell() {
    let commands = [
        "printf '%s|' one 'two  words' \"three ' words\" --x=1 'a;b' 'c)' ';;' '$HOME' \"#\" a#b '' \"\"",
        "printf '%s|' one #two",
        "printf %s * ~ {a,b}",
        "printf '%s\\n' \"$(echo inner)\" \"`echo inner`\" \\$HOME",
        "VALUE=1 printenv VALUE",
        "VALUE=1",
        "exit 3",
        "return 4",
        "false",
        "! true",
        "eval 'false; echo never'",
        ". /nosuch/file",
        "then",
        "in",
        "function broken",
        "esac",
        "echo )",
        "echo (",
        "echo ;; echo",
        "echo } {",
        "echo 'open",
        "echo \"open",
        "echo one\necho two",
        "echo 'one\ntwo'",
        "echo one & wait",
        "cd /usr && pwd",
        "set -- a; echo done",
        "nosuchprogram-here x",
        "/nosuch/program",
        "/etc",
    ];
    for command in commands {
        let shell = Command::new("sh").args(["-ec", command]).output().expect("sh");

        let (ended, memory) = executed(&format!(
            "ssh::run(\"It\", {command:?}); ssh::run(\"After\", \"echo after\");"
        ));

        let printed = String::from_utf8_lossy(&shell.stdout).into_owned();
        match shell.status.success() {
            true => {
                assert_eq!(ended.state, RunState::Done, "{command}");
                assert_eq!(memory.output(Stream::Stdout), printed + "after\n", "{command}");
            }
            false => {
                assert_eq!(ended.state, RunState::Failed, "{command}");
                assert_eq!(memory.outcomes(), [Outcome::Failed, Outcome::Skipped], "{command}");
                assert_eq!(memory.end_of(0).0, shell.status.code(), "{command}");
                assert_eq!(memory.output(Stream::Stdout), printed, "{command}");
            }
        }
    }
}

#[test]
fn a_step_means_programs_and_not_what_the_machinery_calls_its_own() {
    let names = include_str!("../../src/executor/runner.sh")
        .lines()
        .filter_map(|line| line.strip_suffix("() {"))
        .collect::<Vec<_>>();
    assert!(names.len() > 10);
    let others: Vec<_> = names.iter().filter(|name| !name.starts_with("ik_")).collect();
    assert!(others.is_empty(), "{others:?} would stand in for programs of that name");
}

/// What watches the deadlines is itself ended with the run, at whatever moment of its own beginning.
#[test]
#[ignore = "needs root"]
fn the_end_of_a_short_run_ends_all_of_its_processes_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().to_str().expect("UTF-8");
    let runner = include_str!("../../src/executor/runner.sh");
    // A process whose number is a number of the runner's too: the hundredths of a second of its shortest deadline.
    let script = format!(
        "sleep 1000 & victim=$!
         for name in journal out err deadline pid; do : >{directory}/$name; done
         echo none >{directory}/order
         {{ echo \"IK_DIR={directory} IK_SHORTEST=$victim IK_MOST=1073741824 IK_SECRETS=''\"; cat {directory}/runner.sh
            printf '%s\\n' 'ik_step 0' 'ik_run 0 300 plain ik_mark' 'ik_finish done'; }} >{directory}/runner
         for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
             : >{directory}/journal
             sh {directory}/runner </dev/null >/dev/null 2>&1 7>/dev/null 9>{directory}/lock
         done
         kill \"$victim\" || {{ echo 'a process outside of the run was ended'; exit 1; }}
         # What ends a process does not wait for its end.
         try=0
         while [ \"$((try += 1))\" -lt 600 ]; do
             left=$(pgrep -fx \"sleep $((victim / 100)).$(printf %02d $((victim % 100)))\") || exit 0
             sleep 0.1
         done
         echo \"left: $left\"; exit 1",
    );
    std::fs::write(folder.path().join("runner.sh"), runner).expect("the runner");
    std::fs::write(folder.path().join("0.sh"), "true\n").expect("a step");
    let ended = on_the_server("sh").args(["-c", &script]).output().expect("sh");
    assert!(
        ended.status.success(),
        "it ended a process outside of the run, or left one: {ended:?}"
    );
}
