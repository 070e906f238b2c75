//! Where the faults are played: a server, a line to it, and a recipe whose every step leaves a trace.

use crate::support::infrakt::{Infrakt, Told};
use crate::support::line::{Fault, Line, Way};
use crate::support::server::Server;
use infrakt::event::{Outcome, RunState};
use std::path::PathBuf;

/// A server, a line to it, and a recipe whose every step leaves a trace.
pub struct Stage {
    pub line: Line,
    pub infrakt: Infrakt,
    pub recipe: String,
    /// Where the steps leave their traces.
    traces: PathBuf,
    /// How a run ends that nothing happens to.
    pub uncut: Told,
    /// How many bytes such a run carries over its one connection, upwards and downwards.
    pub length: [u64; 2],
    pub server: Server,
}

/// What a run did, as it is to be seen on the server.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// A line for each time that a step ran.
    pub log: String,
    pub uploaded: Option<String>,
    pub copied: Option<Vec<u8>>,
}

/// The content of a file that is copied: no text, and with what could be taken for a command.
fn copied() -> Vec<u8> {
    b"\0exit 1\n; touch /tmp/never\n\xff".repeat(1500)
}

impl Traces {
    pub fn of_all_steps() -> Self {
        Self {
            log: "one\ntwo\nthree\nfour\n".to_owned(),
            uploaded: Some("first line\nlast line, é\n".to_owned()),
            copied: Some(copied()),
        }
    }
}

/// Steps of all kinds, each with a trace in `log` and with output whose every byte is known.
fn steps(traces: &str) -> String {
    format!(
        r#"ssh::run("Print a little on both", "echo one >>{traces}/log; echo to stdout; echo to stderr >&2");
ssh::run("Guarded", "echo never >>{traces}/log").unless("test -e {traces}");
ssh::upload("Upload", "{traces}/uploaded", "first line\nlast line, \u00e9\n");
db::set_status(server, "fine");
ssh::run("Print much", "echo two >>{traces}/log; seq 1 2000; seq 1 300 >&2");
ssh::run("With a secret", "echo three >>{traces}/log; echo \"the token is $TOKEN\"").env("TOKEN", secret("TOKEN"));
ssh::check("Look", "echo four >>{traces}/log; cat {traces}/uploaded");
ssh::copy("Copy", "copied.bin", "{traces}/copied");
"#
    )
}

impl Stage {
    pub fn set() -> Self {
        let server = Server::start();
        let line = Line::to(server.port);
        let infrakt = Infrakt::new().with("INFRAKT_SECRET_TOKEN", "s3cr3t");
        infrakt.knows("prod-2", &server, line.port);
        let traces = infrakt.directory.path().join("traces");
        std::fs::write(infrakt.directory.path().join("copied.bin"), copied()).expect("a file");
        let recipe = infrakt.recipe("steps.rhai", &steps(traces.to_str().expect("UTF-8")));
        let mut stage = Self {
            line,
            infrakt,
            recipe,
            traces,
            uncut: Told::nothing(),
            length: [0, 0],
            server,
        };
        stage.run_uncut();
        stage
    }

    fn run_uncut(&mut self) {
        let (exit, told, traces) = self.run(&[]);
        assert_eq!((exit, traces), (0, Traces::of_all_steps()));
        self.uncut = told.expect("a run");
        let numbers =
            |range: std::ops::RangeInclusive<u32>| range.map(|number| format!("{number}\n")).collect::<String>();
        let (changed, unchanged) = (Some(Outcome::Changed), Some(Outcome::NoChange));
        assert_eq!(self.uncut.state, RunState::Done);
        assert_eq!(
            self.uncut.outcomes,
            [
                changed, unchanged, changed, changed, changed, changed, unchanged, changed
            ]
        );
        assert_eq!(self.uncut.printed(0), b"to stdout\n");
        assert!(self.uncut.output[&4] == (numbers(1..=2000).into(), numbers(1..=300).into()));
        assert_eq!(self.uncut.printed(5), b"the token is ***\n");
        self.length = [Way::Up, Way::Down].map(|way| self.line.carried(0, way));
    }

    /// Runs the recipe over a line that fails like this: the first connection, the second, and so on. Gives how it
    /// ended, what the journal tells if there was a run, and what is to be seen on the server.
    pub fn run(&self, faults: &[&[Fault]]) -> (i32, Option<Told>, Traces) {
        let before = self.infrakt.newest_run();
        self.is_cleared();
        self.line.starts_afresh();
        self.line.will(faults);
        let ended = self.infrakt.run(&["run", &self.recipe, "--server", "prod-2"]);
        let run = self.infrakt.newest_run().filter(|run| Some(*run) != before);
        let told = run.map(|run| self.infrakt.told_of(run));
        let traces = self.traces();
        assert!(matches!(ended.exit, 0 | 4), "{faults:?}: {ended}\n{traces:?}");
        (ended.exit, told, traces)
    }

    /// Removes what an earlier run left, and what would be taken for the next one's.
    pub fn is_cleared(&self) {
        if self.traces.exists() {
            std::fs::remove_dir_all(&self.traces).expect("it can be removed");
        }
        std::fs::create_dir(&self.traces).expect("a directory");
        let store = self.infrakt.store();
        let server = store.server("prod-2").expect("the server");
        store.set_status(server.id, "not known").expect("its status");
    }

    pub fn traces(&self) -> Traces {
        let read = |name: &str| std::fs::read_to_string(self.traces.join(name));
        Traces {
            log: read("log").unwrap_or_default(),
            uploaded: read("uploaded").ok(),
            copied: std::fs::read(self.traces.join("copied")).ok(),
        }
    }

    /// Whatever happens to the line, there are only two stories: nothing was begun, since the server could not be
    /// reached; or everything was done, once, and the journal tells of it as if nothing had happened.
    #[track_caller]
    pub fn holds_with(&self, faults: &[&[Fault]]) {
        let (exit, told, traces) = self.run(faults);
        match told {
            None => assert_eq!((exit, traces), (4, Traces::default()), "{faults:?}: without a run"),
            Some(told) => {
                assert_eq!((exit, traces), (0, Traces::of_all_steps()), "{faults:?}");
                assert!(
                    told == self.uncut,
                    "{faults:?}: the journal tells another story: {told:?}"
                );
            }
        }
    }
}
