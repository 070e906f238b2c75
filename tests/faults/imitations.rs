//! Steps that print what infrakt itself could have sent, that take what is not theirs, and that do not end as steps do.

use crate::support::infrakt::Infrakt;
use crate::support::server::Server;
use infrakt::event::Outcome::{self, Changed, Failed, Skipped, Unknown};

/// Runs these commands as steps. Gives the exit code, the outcomes, and what each step printed on its standard output.
fn outcome(server: &Server, commands: &[&str]) -> (i32, Vec<Option<Outcome>>, Vec<Vec<u8>>) {
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", server, server.port);
    let steps = commands.iter().enumerate();
    let recipe: String = steps
        .map(|(number, command)| format!("ssh::run(\"Step {number}\", {command:?});\n"))
        .collect();
    let recipe = infrakt.recipe("steps.rhai", &recipe);
    let ended = infrakt.run(&["run", &recipe, "--server", "prod-2"]);
    let told = infrakt.told_of(infrakt.newest_run().expect("a run"));
    let printed = (0..commands.len()).map(|step| told.printed(step).to_vec()).collect();
    (ended.exit, told.outcomes, printed)
}

/// Prints all files of the run but the one that this goes to.
const WRITTEN: &str = "find /var/lib/infrakt/spool -type f ! -name out -exec cat {} +";

#[test]
#[ignore = "needs root and sshd"]
fn what_a_step_prints_is_only_ever_output() {
    let server = Server::start();
    let directory = tempfile::tempdir().expect("a directory");
    let random = directory.path().join("random");
    let path = random.to_str().expect("UTF-8");
    let commands = [
        // Everything that the two sides have written to each other so far, once as it is and once without line ends.
        &format!("{WRITTEN}; {WRITTEN} | tr -d '\\n'; echo last"),
        "for word in z h 'x locked you' 'x gone away' 'E 1 0 0 0 0 0' 'Z done' 'o 0 5' 'j 0 4' 'infrakt ik00'; do echo \"$word\"; done",
        &format!("head -c 300000 /dev/urandom | tee {path}"),
        "head -c 1000000 /dev/zero | tr '\\000' x; printf '\\000\\377\\033[2J\\r'",
        "echo the last one",
    ];
    let (exit, outcomes, printed) = outcome(&server, &commands);
    assert_eq!((exit, outcomes), (0, vec![Some(Changed); 5]));
    assert!(printed[0].ends_with(b"last\n"));
    let words = "z\nh\nx locked you\nx gone away\nE 1 0 0 0 0 0\nZ done\no 0 5\nj 0 4\ninfrakt ik00\n";
    assert_eq!(printed[1], words.as_bytes());
    assert!(printed[2] == std::fs::read(&random).expect("what was printed"));
    assert!(printed[3] == [&b"x".repeat(1_000_000)[..], b"\0\xff\x1b[2J\r"].concat());
    assert_eq!(printed[4], b"the last one\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_step_that_reads_closes_or_leaves_something_behind_does_not_block_the_run() {
    let server = Server::start();
    let commands = [
        "cat; read -r line || echo nothing to read",
        "exec >&- 2>&-; true",
        // A daemon that keeps what it inherited, and one that continues to print.
        "sleep 1000 & setsid sleep 1000 & (while sleep 0.01; do echo noise; done) & echo begun",
        "echo ended",
    ];
    let (exit, outcomes, printed) = outcome(&server, &commands);
    assert_eq!((exit, outcomes), (0, vec![Some(Changed); 4]));
    assert_eq!(printed[0], b"nothing to read\n");
    assert!(printed[2].starts_with(b"begun\n") || printed[2].starts_with(b"noise\n"));
    let last = String::from_utf8_lossy(&printed[3]).replace("noise\n", "");
    assert_eq!(last, "ended\n");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_step_that_kills_what_runs_it_has_failed_or_its_end_is_unknown() {
    let server = Server::start();
    let (exit, outcomes, _) = outcome(&server, &["kill -9 $PPID; sleep 1000", "true"]);
    assert_eq!((exit, outcomes), (1, vec![Some(Failed), Some(Skipped)]));

    // The runner itself, which alone can say how a step has ended.
    let runner = "kill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat); echo done";
    let (exit, outcomes, _) = outcome(&server, &[runner, "true"]);
    assert_eq!((exit, outcomes), (5, vec![Some(Unknown), Some(Skipped)]));
    // And the server is not left locked.
    let (exit, ..) = outcome(&server, &["true"]);
    assert_eq!(exit, 0);
}
