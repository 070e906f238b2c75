//! The process that evaluates a recipe for another infrakt. It has limits of memory and time that a recipe can't
//! exceed, and touches no file. It reads an order from its standard input, writes questions and results to its standard
//! output, and exits.

use super::protocol::{EvaluationOrder, EvaluationOutcome, Reply, Said};
use crate::error::{Error, Result};
use crate::local_files::MeasuredFile;
use crate::plan::Keeper;
use crate::recipe::beside::LocalFiles;
use crate::recipe::draft::{Answers, KnownServer};
use crate::recipe::evaluation_inputs::Inputs;
use crate::recipe::evaluator::{evaluate_script, prepare};
use crate::recipe::modules::{Importer, import_shipped};
use crate::recipe::server_view::ServerView;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, BufWriter, Stdin, Stdout, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of memory that an evaluation may have.
pub const MEMORY: u64 = 256 << 20;
/// Seconds of the processor: somewhat more than the evaluator itself allows, which can name the line.
const SECONDS: u64 = 8;
/// Of the thread that evaluates; what nests deepest within the limits of the sandbox fits in it.
const STACK: usize = 16 << 20;

/// The first argument of a process that evaluates.
pub const WORD: &str = "evaluate-recipe";

/// Whether this process was started to evaluate a recipe.
pub fn is_asked_for() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == WORD) && arguments.next().is_none()
}

/// Evaluates what is ordered on standard input. `false`: it came to no end that could be told.
pub fn serve() -> bool {
    if confine().is_err() {
        return false;
    }
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(|| evaluate().is_ok());
    thread.is_ok_and(|thread| thread.join().unwrap_or(false))
}

/// Sets the limits, before anything of the order is read.
fn confine() -> rustix::io::Result<()> {
    lower(Resource::Data, MEMORY, MEMORY)?;
    lower(Resource::As, 4 * MEMORY, 4 * MEMORY)?;
    lower(Resource::Core, 0, 0)?;
    // The signal of the first tells that it was this limit.
    lower(Resource::Cpu, SECONDS, SECONDS + 1)?;
    // Where the computer runs out of memory, this process goes first. A system without that file has another order.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Sets a limit; one that is lower already stays, since only root may raise it (setrlimit(2)).
fn lower(resource: Resource, current: u64, maximum: u64) -> rustix::io::Result<()> {
    let now = getrlimit(resource);
    let at_most = |limit: u64, bound: Option<u64>| bound.map_or(limit, |bound| limit.min(bound));
    let maximum = at_most(maximum, now.maximum);
    let limits = Rlimit {
        current: Some(at_most(current.min(maximum), now.current)),
        maximum: Some(maximum),
    };
    setrlimit(resource, limits)
}

#[derive(Clone)]
struct ParentLine(Arc<Mutex<(BufReader<Stdin>, BufWriter<Stdout>)>>);

impl ParentLine {
    fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let mut line = String::new();
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams
            .0
            .read_line(&mut line)
            .map_err(Error::file("read", "standard input"))?;
        serde_json::from_str(&line).map_err(|error| Error::usage(error.to_string()))
    }

    fn tell(&self, said: &Said) -> Result<()> {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let output = &mut streams.1;
        serde_json::to_writer(&mut *output, said).map_err(|error| Error::usage(error.to_string()))?;
        let ended = output.write_all(b"\n").and_then(|()| output.flush());
        ended.map_err(Error::file("write", "standard output"))
    }

    fn ask(&self, question: &Said) -> Result<Reply> {
        self.tell(question)?;
        self.read()
    }

    fn ask_query(&self, command: &str, sample: Option<String>) -> Result<String> {
        let command = command.to_owned();
        match self.ask(&Said::Query { command, sample })? {
            Reply::Text(text) => Ok(text),
            Reply::Failed(failure) => Err(failure.into_error()),
            _ => Err(other_answer()),
        }
    }
}

impl Answers for ParentLine {
    fn facts(&mut self) -> Result<KnownServer> {
        match self.ask(&Said::Facts)? {
            Reply::Facts(known) => Ok(*known),
            Reply::Failed(failure) => Err(failure.into_error()),
            _ => Err(other_answer()),
        }
    }

    fn query(&mut self, command: &str) -> Result<String> {
        self.ask_query(command, None)
    }

    fn query_or(&mut self, command: &str, sample: &str) -> Result<String> {
        self.ask_query(command, Some(sample.to_owned()))
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        match self.ask(&Said::Apps)? {
            Reply::Apps(apps) => Ok(apps),
            Reply::Failed(failure) => Err(failure.into_error()),
            _ => Err(other_answer()),
        }
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        let tag = tag.to_owned();
        match self.ask(&Said::Servers { tag })? {
            Reply::Servers(servers) => Ok(servers),
            Reply::Failed(failure) => Err(failure.into_error()),
            _ => Err(other_answer()),
        }
    }
}

impl LocalFiles for ParentLine {
    fn read(&self, file: &str) -> Result<String> {
        let file = file.to_owned();
        match self.ask(&Said::LocalText { file })? {
            Reply::Text(text) => Ok(text),
            Reply::Failed(failure) => Err(failure.into_usage()),
            _ => Err(other_answer()),
        }
    }

    fn measure(&self, file: &str) -> Result<MeasuredFile> {
        let file = file.to_owned();
        match self.ask(&Said::LocalFile { file })? {
            Reply::LocalFile(measured) => Ok(*measured),
            Reply::Failed(failure) => Err(failure.into_usage()),
            _ => Err(other_answer()),
        }
    }

    fn list(&self, folder: &str, excludes: &[String]) -> Result<Vec<String>> {
        let (folder, excludes) = (folder.to_owned(), excludes.to_vec());
        match self.ask(&Said::LocalFolder { folder, excludes })? {
            Reply::LocalFolder(files) => Ok(files),
            Reply::Failed(failure) => Err(failure.into_usage()),
            _ => Err(other_answer()),
        }
    }
}

fn other_answer() -> Error {
    Error::usage("this is the answer to a different question")
}

fn evaluate() -> Result<()> {
    let line = ParentLine(Arc::new(Mutex::new((
        BufReader::new(std::io::stdin()),
        BufWriter::new(std::io::stdout()),
    ))));
    // The order may be on its way still.
    prepare();
    let EvaluationOrder {
        script,
        server,
        known,
        parameters,
    } = line.read()?;
    let asking = line.clone();
    let find = move |path: &str, importer: &Importer| {
        // What infrakt ships is in this program too.
        if importer.kept_by == Keeper::Shipped {
            return import_shipped(path, importer);
        }
        let (path, importer) = (path.to_owned(), importer.clone());
        match asking.ask(&Said::Import { path, importer })? {
            Reply::Import(import) => Ok(import),
            Reply::Failed(failure) => Err(failure.into_usage()),
            _ => Err(other_answer()),
        }
    };
    let inputs = Inputs {
        server,
        known,
        parameters,
        answers: Box::new(line.clone()),
    };
    // The engine is dropped when everything was told: that takes a while, and this process ends then anyway.
    let (outcome, evaluated, _engine) = evaluate_script(&script, Box::new(find), Box::new(line.clone()), inputs);
    let outcome = match outcome {
        Ok(()) => EvaluationOutcome::Done,
        Err(Error::Recipe(error)) => EvaluationOutcome::Refused(error),
        Err(_) => EvaluationOutcome::Unanswered,
    };
    let evaluated = Box::new(evaluated);
    line.tell(&Said::Ended { outcome, evaluated })
}
