//! Files beside the recipe arrive on the server as they are: once, whole, and only if the server lacks them.

use crate::local::{Changed, Local, Loss, LostOnce, Memory, executed_with, holds, on_the_server, run_over};
use crate::support::wait::until;
use infrakt::error::Error;
use infrakt::event::{Outcome, RunEvent, RunState, Stream};
use infrakt::executor::script::{LOCK, SPOOL};
use infrakt::plan::secret::Secrets;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Any bytes: NULs, no line ends, what looks like commands and like the protocol.
fn bytes(length: usize) -> Vec<u8> {
    let words = b"\0exit 1\n; rm -rf /srv/never #\xff\xfe done\ninfrakt-files \n";
    words.iter().copied().cycle().take(length).collect()
}

fn with(files: &[(&'static str, Vec<u8>)]) -> Memory {
    Memory {
        beside: files.to_vec(),
        ..Memory::default()
    }
}

fn copy(file: &str, to: &Path) -> String {
    format!(
        "ssh::copy(\"Copy {file}\", {file:?}, {:?});\n",
        to.to_str().expect("UTF-8")
    )
}

#[test]
#[ignore = "needs root"]
fn a_file_is_sent_once_and_not_again_while_the_server_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (big, small) = (folder.path().join("big file.bin"), folder.path().join("a.txt"));
    let recipe = [
        copy("data/big.bin", &big),
        copy("a.txt", &small),
        copy("data/big.bin", &folder.path().join("again")),
    ]
    .concat();
    let files = [("data/big.bin", bytes(3_000_001)), ("a.txt", Vec::new())];

    let (ended, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(ended.state, RunState::Done, "{ended:?}");
    assert_eq!(memory.outcomes(), [Outcome::Changed; 3]);
    assert_eq!(memory.opened.get(), 2, "the same content is sent once");
    assert_eq!(std::fs::read(&big).expect("the file"), files[0].1);
    assert_eq!(
        std::fs::read(folder.path().join("again")).expect("the file"),
        files[0].1
    );
    assert_eq!(std::fs::read(&small).expect("the file"), b"");
    let mode = std::fs::metadata(&big).expect("the file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
    assert!(
        holds(&format!("[ -z \"$(ls {SPOOL})\" ]")),
        "nothing is left in the spool"
    );

    let (_, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(memory.outcomes(), [Outcome::NoChange; 3]);
    assert_eq!(memory.opened.get(), 0);

    std::fs::write(&small, "changed by hand").expect("the file");
    let (_, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(
        memory.outcomes(),
        [Outcome::NoChange, Outcome::Changed, Outcome::NoChange]
    );
    assert_eq!(memory.opened.get(), 1);
}

#[test]
#[ignore = "needs root"]
fn a_connection_that_is_lost_in_the_middle_of_a_file_costs_no_step_and_no_byte() {
    let content = bytes(2_000_000);
    for cut in [0, 1, 65_536, 700_000, 1_999_999, 2_000_000] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let recipe = format!(
            "ssh::run(\"Count\", \"echo one >>{}/steps\");\n",
            folder.path().display()
        ) + copy("file", &path).as_str();
        let mut memory = with(&[("file", content.clone())]);
        let mut connection = LostOnce::on(Loss::Bytes(cut));
        let ended = run_over(&mut connection, &recipe, &Secrets::new(), &mut memory).expect("the run");
        assert_eq!(ended.state, RunState::Done, "{cut}: {ended:?}");
        assert_eq!(std::fs::read(&path).expect("the file"), content, "{cut}");
        let steps = std::fs::read_to_string(folder.path().join("steps")).expect("a file");
        assert_eq!(steps, "one\n", "{cut}");
        assert!(
            memory
                .events
                .iter()
                .any(|event| matches!(event, RunEvent::Notice { .. }))
        );
    }
}

#[test]
#[ignore = "needs root"]
fn a_run_that_is_stopped_while_a_file_is_sent_has_begun_nothing() {
    // Also if nothing is left to be sent by then.
    for content in [bytes(3_000_000), Vec::new()] {
        let folder = tempfile::tempdir().expect("a folder");
        let (marker, path) = (folder.path().join("ran"), folder.path().join("file"));
        let recipe = format!("ssh::run(\"Never\", \"touch {}\");\n", marker.display()) + copy("file", &path).as_str();
        let mut memory = with(&[("file", content)]);
        memory.stop_at_file = true;
        let error = run_over(&mut Local, &recipe, &Secrets::new(), &mut memory).expect_err("it is stopped");
        assert!(matches!(error, Error::Interrupted), "{error}");
        assert!(holds_nothing_of_a_run() && !marker.exists() && !path.exists());
    }
}

/// No run has begun: its folder would be there.
fn holds_nothing_of_a_run() -> bool {
    holds(&format!("[ -z \"$(ls {SPOOL} | grep -v -e '-files$')\" ]"))
}

#[test]
#[ignore = "needs root"]
fn a_file_that_has_changed_since_the_plan_is_refused_before_any_step() {
    let whole = bytes(1 << 20);
    for (planned, later) in [
        (bytes(1000), bytes(999)),
        (bytes(1000), bytes(1001)),
        (bytes(1000), [&bytes(999)[..], b"!"].concat()),
        // What was planned has been sent as a whole before it shows that there is more.
        (whole.clone(), [&whole[..], b"!"].concat()),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let marker = folder.path().join("ran");
        let recipe = format!("ssh::run(\"Never\", \"touch {}\");\n", marker.display())
            + copy("file", &folder.path().join("x")).as_str();
        let mut memory = with(&[("file", planned)]);
        memory.later = vec![("file", later)];
        let error = run_over(&mut Local, &recipe, &Secrets::new(), &mut memory).expect_err("a refusal");
        assert!(matches!(error, Error::Refused(_)), "{error}");
        assert!(
            error
                .to_string()
                .contains("file has another content than when the plan was made"),
            "{error}"
        );
        assert!(holds_nothing_of_a_run() && !marker.exists() && !folder.path().join("x").exists());
    }
}

#[test]
#[ignore = "needs root"]
fn what_an_earlier_step_removes_is_noticed_and_sent_by_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("site/index.html");
    let site = folder.path().join("site");
    std::fs::create_dir(&site).expect("a folder");
    let files = [("index.html", b"<p>Hello\n".to_vec())];
    executed_with(&copy("index.html", &path), &Secrets::new(), with(&files));

    // A step that removes it without saying so.
    let recipe = format!("ssh::run(\"Lose it\", \"rm -f {}\");\n", path.display()) + copy("index.html", &path).as_str();
    let (ended, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(ended.state, RunState::Failed);
    let said = memory.output(Stream::Stderr);
    assert!(said.contains("resume the run, and infrakt sends the content"), "{said}");
    let (ended, _) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(ended.state, RunState::Done, "it is not there at the beginning now");
}

#[test]
#[ignore = "needs root"]
fn a_file_for_a_path_that_an_earlier_step_uploads_to_is_sent_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let said = path.to_str().expect("UTF-8");
    let recipe = format!("ssh::upload(\"First\", {said:?}, \"first\\n\");\n") + copy("file", &path).as_str();
    let files = [("file", b"second\n".to_vec())];
    for _ in 0..2 {
        let (ended, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
        assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
        assert_eq!(memory.outcomes(), [Outcome::Changed; 2]);
        assert_eq!(std::fs::read(&path).expect("the file"), files[0].1);
    }
}

#[test]
#[ignore = "needs root"]
fn a_run_that_got_no_content_because_of_another_run_does_not_begin_when_that_one_ends() {
    assert!(holds(&format!(
        "mkdir -p /run/infrakt; : >{LOCK}; echo other >{LOCK}.holder"
    )));
    let mut other = on_the_server("flock");
    let mut other = other.args(["-F", LOCK, "sleep", "infinity"]).spawn().expect("flock");
    until("the other run has the lock", || {
        !holds(&format!("flock -n {LOCK} true"))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let (marker, path) = (folder.path().join("ran"), folder.path().join("file"));
    let recipe = format!("ssh::run(\"Never\", \"touch {}\");\n", marker.display()) + copy("file", &path).as_str();
    // The lock is free from the moment when the server has listed what it lacks.
    let mut connection = Changed {
        from: "ik_stage; ",
        to: "ik_stage; rm -f \"$IK_LOCK\"; ",
    };
    let refused = run_over(
        &mut connection,
        &recipe,
        &Secrets::new(),
        &mut with(&[("file", bytes(10))]),
    );
    other.kill().expect("it ends");
    other.wait().expect("it has ended");
    let error = refused.expect_err("it is locked");
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(holds_nothing_of_a_run() && !marker.exists() && !path.exists());
    let (ended, _) = executed_with(&recipe, &Secrets::new(), with(&[("file", bytes(10))]));
    assert_eq!(ended.state, RunState::Done, "{ended:?}");
}

#[test]
#[ignore = "needs root"]
fn a_pipe_in_the_locks_place_is_named_also_if_files_are_to_be_sent() {
    assert!(holds(&format!("mkdir -p /run/infrakt; mkfifo {LOCK}")));
    let folder = tempfile::tempdir().expect("a folder");
    let recipe = copy("file", &folder.path().join("file"));
    let mut memory = with(&[("file", bytes(10))]);
    let error = run_over(&mut Local, &recipe, &Secrets::new(), &mut memory).expect_err("a refusal");
    assert!(error.to_string().contains("/run/infrakt/lock is a pipe"), "{error}");
}

#[test]
#[ignore = "needs root"]
fn a_folder_is_copied_and_its_files_have_the_modes_and_the_owner_that_they_should() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("www/shop");
    let recipe = format!(
        "ssh::copy_folder(\"Copy the site\", \"site\", {:?}, #{{ excludes: [\"*.map\"], modes: #{{ \"cgi/*\": \"755\" }}, owner: \"daemon:daemon\" }});",
        site.to_str().expect("UTF-8")
    );
    let files = [
        ("site/index.html", b"<p>Hello\n".to_vec()),
        ("site/css/a b.css", bytes(1000)),
        ("site/css/a.map", bytes(1000)),
        ("site/cgi/run", b"#!/bin/sh\necho\n".to_vec()),
    ];
    let (ended, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
    let listed = std::process::Command::new("find")
        .args([
            ".",
            "-type",
            "d",
            "-printf",
            "%P %m %u:%g\\n",
            "-o",
            "-printf",
            "%P %m %u:%g %s\\n",
        ])
        .current_dir(&site)
        .output()
        .expect("find");
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    assert_eq!(
        listed,
        [
            " 755 daemon:daemon",
            "cgi 755 daemon:daemon",
            "cgi/run 755 daemon:daemon 15",
            "css 755 daemon:daemon",
            "css/a b.css 644 daemon:daemon 1000",
            "index.html 644 daemon:daemon 9",
        ]
    );
    let (_, memory) = executed_with(&recipe, &Secrets::new(), with(&files));
    assert_eq!(memory.outcomes(), [Outcome::NoChange; 4]);
}
