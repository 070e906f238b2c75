//! What many servers cost on this side: threads and memory.

use crate::infrakt::Infrakt;
use crate::servers::Servers;
use crate::support::ended::Ended;
use std::process::Child;
use std::time::{Duration, Instant};

/// The main thread, the one for signals, the one that makes this process known, and one to spare.
const OTHERS: usize = 4;

/// Each that is worked on has a thread, and one more that watches over its login.
fn bound(parallel: usize) -> usize {
    2 * parallel + OTHERS
}

#[test]
#[ignore = "needs root and sshd"]
fn threads_are_as_many_as_servers_at_the_same_time_however_many_there_are() {
    let servers = Servers::start();
    let used = run_on(&servers, 24, 3);
    assert!(used.threads <= bound(3), "{} threads", used.threads);
}

/// The measurement itself: `cargo test --test fleet -- --ignored --nocapture many_servers`. `IK_SERVERS` and `IK_PARALLEL`
/// say how many.
#[test]
#[ignore = "takes minutes; for measuring"]
fn measure_many_servers() {
    let servers = Servers::start();
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (count, parallel) = (number("IK_SERVERS", 500), number("IK_PARALLEL", 16));
    let used = run_on(&servers, count, parallel);
    println!(
        "{count} servers, {parallel} at a time: {} threads, {:.1} MB resident at most, {} files, {:.1} s, {:.1} s of processor time",
        used.threads,
        used.resident as f64 / 1024.0,
        used.files,
        used.took.as_secs_f64(),
        used.processor
    );
    assert!(used.threads <= bound(parallel), "{} threads", used.threads);
}

/// The most that was seen at any time.
struct Used {
    threads: usize,
    /// KiB.
    resident: usize,
    files: usize,
    took: Duration,
    /// Seconds.
    processor: f64,
}

/// Runs a recipe of 20 steps on a number of servers.
fn run_on(servers: &Servers, count: usize, parallel: usize) -> Used {
    let names: Vec<String> = (0..count).map(|number| format!("s{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let infrakt = Infrakt::that_knows(servers, &names);
    let recipe = infrakt.recipe_for(
        servers,
        "twenty.rhai",
        r#"for number in 0..20 { ssh::run(`Step ${number}`, `echo ${number} on ${server.name}`); }"#,
    );
    let began = Instant::now();
    let mut child = infrakt.start_quietly(&["run", &recipe, "--all", "--parallel", &parallel.to_string()]);
    let mut used = Used {
        threads: 0,
        resident: 0,
        files: 0,
        took: Duration::ZERO,
        processor: 0.0,
    };
    while child.try_wait().expect("infrakt").is_none() {
        look(&child, &mut used);
        std::thread::sleep(Duration::from_millis(5));
    }
    used.took = began.elapsed();
    Ended::of(child).exits(0);
    assert_eq!(infrakt.runs_done(), count);
    used
}

fn look(child: &Child, used: &mut Used) {
    let of = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default();
    let status = of("status");
    let number = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse::<usize>().ok()
    };
    used.threads = used.threads.max(number("Threads:").unwrap_or(0));
    used.resident = used.resident.max(number("VmHWM:").unwrap_or(0));
    let files = std::fs::read_dir(format!("/proc/{}/fd", child.id()));
    used.files = used.files.max(files.map_or(0, |files| files.count()));
    // utime and stime, in ticks; Linux has 100 of them a second for every process (proc(5)).
    let stat = of("stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    used.processor = used.processor.max((ticks(11) + ticks(12)) / 100.0);
}
