//! Nothing in a recipe can pass the limits of memory and time: what tries is one error.

use crate::support::infrakt::Infrakt;

/// A text of 4 MiB, and one of 2 KiB to put in its place.
const TEXTS: &str =
    "let s = \"a\"; for i in 0..22 { s += s; }\nlet t = \"0123456789abcdef\"; for i in 0..7 { t += t; }\n";

#[test]
fn exceeding_the_memory_limit_is_one_error() {
    let infrakt = Infrakt::new();
    for text in [
        "s.replace(\"a\", t);",
        "let all = []; for i in 0..10000 { all.push(s + i); }",
        "let all = #{}; for i in 0..10000 { all[`k${i}`] = s + i; }",
        "let all = []; for i in 0..10000 { let own = s + i; all.push(|| own); }",
        "let all = []; for i in 0..10000 { all.push(s + i); }\nall.to_json();",
        "let all = []; all.pad(9000, s); for i in 0..9000 { all[i] += \"b\"; }",
    ] {
        infrakt.file("large.rhai", format!("{TEXTS}{text}"));
        let said = infrakt.refused(2, &["recipe", "check", "./large.rhai"]);
        let stopped = said.contains("the evaluation of large.rhai was stopped") && said.contains("MiB of memory");
        assert!(stopped || said.contains("exceeds a limit"), "{text}: {said}");
        assert!(said.contains("help: ") || said.contains("hint: "), "{text}: {said}");
    }
}

#[test]
fn exceeding_the_time_limit_is_one_error() {
    let infrakt = Infrakt::new();
    // Few operations, but each searches 4 MiB.
    infrakt.file(
        "slow.rhai",
        format!("{TEXTS}loop {{ s.index_of(\"b\"); s.to_upper(); }}"),
    );
    let said = infrakt.refused(2, &["recipe", "check", "./slow.rhai"]);
    assert!(
        said.contains("takes too long") || said.contains("needs more than"),
        "{said}"
    );
}

#[test]
fn nesting_too_deeply_is_one_error() {
    let infrakt = Infrakt::new();
    for text in [
        "[".repeat(100_000),
        "(".repeat(100_000),
        "if true {".repeat(50_000),
        format!("let x = {}1;", "-".repeat(100_000)),
        "fn f(x) { f(x + 1) }\nf(0);".to_owned(),
    ] {
        infrakt.file("deep.rhai", &text);
        infrakt.refused(2, &["recipe", "check", "./deep.rhai"]);
    }
}

#[test]
fn a_missing_answer_has_the_same_error_as_without_a_subprocess() {
    let infrakt = Infrakt::with_server();
    infrakt.file("ask.rhai", "let kernel = ssh::query(\"uname -r\");\n");
    let words = [
        "plan",
        "./ask.rhai",
        "--server",
        "prod-2",
        "--offline",
        "--facts",
        "debian-13",
    ];
    let said = infrakt.refused(2, &words);
    assert!(
        said.contains("ask.rhai:1:") && said.contains("the answer to `uname -r` is not recorded"),
        "{said}"
    );
}
