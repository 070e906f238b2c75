//! Steps that print more than a person can read: the journal, the terminal, the JSON and the memory stay small, and all of them
//! say the same.

use crate::support::infrakt::Infrakt;
use crate::support::server::Server;
use infrakt::executor::output::{HEAD, TAIL};

#[test]
#[ignore = "needs root and sshd"]
fn of_what_a_step_prints_the_beginning_the_end_and_a_note_are_kept_everywhere() {
    let server = Server::start();
    let infrakt = Infrakt::new().with("INFRAKT_SECRET_TOKEN", "s3cr3t-s3cr3t-s3cr3t");
    infrakt.knows("prod-2", &server, server.port);
    let recipe = infrakt.recipe(
        "flood.rhai",
        "ssh::run(\"Flood\", \"echo first; yes \\\"the token is $TOKEN\\\" | head -n 100000; echo last\").env(\"TOKEN\", secret(\"TOKEN\"));\n\
         ssh::run(\"Both\", \"seq 300000; seq 250000 >&2; echo failing >&2; false\");\n",
    );
    let ended = infrakt
        .run_in_little_memory(&["run", &recipe, "--server", "prod-2", "--json"])
        .exits(1);
    let database = std::fs::metadata(infrakt.home().join("infrakt.db"))
        .expect("the database")
        .len();
    assert!(database < 8 << 20, "{database} bytes of database");

    let told = infrakt.told_of(1);
    let most = HEAD as usize + TAIL + 200;
    let flood = told.printed(0);
    let said = String::from_utf8_lossy(flood);
    assert!(flood.len() <= most, "{}", flood.len());
    assert!(said.starts_with("first\nthe token is ***\n") && said.ends_with("the token is ***\nlast\n"));
    assert!(said.contains("\n[infrakt left out ") && said.contains(" bytes here]\n"));
    assert!(!said.contains("s3cr3t"), "a secret at the cut");
    let (out, err) = &told.output[&1];
    assert!(out.starts_with(b"1\n2\n") && out.ends_with(b"\n299999\n300000\n") && out.len() <= most);
    assert!(err.starts_with(b"1\n2\n") && err.ends_with(b"\n250000\nfailing\n") && err.len() <= most);

    // What was seen live, what is printed later, and what is kept are one.
    let printed_of = |events: Vec<serde_json::Value>, step: usize, stream: &str| -> String {
        let of = |event: &&serde_json::Value| event["step"] == step + 1 && event["stream"] == stream;
        let text = |event: &serde_json::Value| event["text"].as_str().unwrap_or_default().to_owned();
        events.iter().filter(of).map(text).collect()
    };
    let logs = infrakt.run(&["runs", "logs", "1", "--json"]).exits(0);
    for (step, stream, kept) in [(0, "stdout", flood), (1, "stdout", out), (1, "stderr", err)] {
        let kept = String::from_utf8_lossy(kept);
        assert!(
            printed_of(ended.events(), step, stream) == kept,
            "live, {step} {stream}"
        );
        assert!(printed_of(logs.events(), step, stream) == kept, "logs, {step} {stream}");
    }
    let shown = infrakt.run(&["runs", "logs", "1", "--step", "1"]).exits(0).stdout;
    assert!(shown.contains("[infrakt left out ") && shown.ends_with("last\n"));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_step_that_floods_one_stream_and_one_that_floods_the_other_do_not_meet_in_memory() {
    let server = Server::start();
    let infrakt = Infrakt::new();
    infrakt.knows("prod-2", &server, server.port);
    // Both have ended long before the first one's output has arrived. As long as what is printed, and no room taken.
    let recipe = infrakt.recipe(
        "two.rhai",
        "ssh::run(\"First\", \"truncate -s 200M /proc/self/fd/2; echo end >&2\");\n\
         ssh::run(\"Second\", \"truncate -s 200M /proc/self/fd/1; echo end\");\n",
    );
    infrakt
        .run_in_memory(250_000_000, &["run", &recipe, "--server", "prod-2"])
        .exits(0);
    let told = infrakt.told_of(1);
    assert!(told.output[&0].1.ends_with(b"end\n") && told.output[&1].0.ends_with(b"end\n"));
}
