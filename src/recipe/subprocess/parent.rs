//! Evaluates a recipe in a separate process, so that it can't use up this one's memory or time: a recipe that exceeds
//! the limits is one error. The files that it imports are read here, and its questions are answered here.

use super::child::{MEMORY, WORD};
use super::protocol::{EvaluationOrder, EvaluationOutcome, Reply, ReplyFailure, Said};
use crate::error::{Error, RecipeError, Result};
use crate::recipe::beside::LocalFiles;
use crate::recipe::evaluation_inputs::Inputs;
use crate::recipe::evaluator::Evaluated;
use crate::recipe::limits::MAX_TIME;
use crate::recipe::source::Recipe;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an evaluation may be silent while it is not waiting for an answer. Its own limits end it long before,
/// unless something has stopped it.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest line that an evaluation may say, in bytes: twice the text that a plan may hold.
const LONGEST: usize = 80 << 20;

#[cfg(target_os = "linux")]
fn program() -> Result<std::path::PathBuf> {
    // Also after the file was replaced by another version.
    Ok("/proc/self/exe".into())
}

#[cfg(not(target_os = "linux"))]
fn program() -> Result<std::path::PathBuf> {
    std::env::current_exe().map_err(Error::file("find", "infrakt's own program"))
}

/// As [`crate::recipe::evaluate_anyway`], in a process of its own.
///
/// # Errors
/// If the process came to no end: the recipe needs more memory or time than it may have.
pub fn evaluate_anyway_in_subprocess(recipe: &Recipe, inputs: Inputs) -> Result<(Result<()>, Evaluated)> {
    let ahead = AHEAD.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut process = match ahead {
        Some(process) => process,
        None => Process::start()?,
    };
    let Inputs {
        server,
        known,
        parameters,
        mut answers,
    } = inputs;
    let order = EvaluationOrder {
        script: recipe.script(),
        server,
        known,
        parameters,
    };
    let mut unanswered = None;
    let ended = process.tell(&order).and_then(|()| {
        loop {
            let answer = match process.listen()? {
                Said::Ended { outcome, evaluated } => return Ok((outcome, *evaluated)),
                Said::Facts => answers.facts().map(|known| Reply::Facts(Box::new(known))),
                Said::Query { command, sample } => {
                    let answer = match sample {
                        Some(sample) => answers.query_or(&command, &sample),
                        None => answers.query(&command),
                    };
                    answer.map(Reply::Text)
                }
                Said::Apps => answers.apps().map(Reply::Apps),
                Said::Servers { tag } => answers.servers(&tag).map(Reply::Servers),
                // If a file can't be used, the recipe's line is at fault, and its error is shown there.
                file => {
                    let answer = file_of(recipe, file);
                    process.tell(&answer.unwrap_or_else(|error| Reply::Failed(ReplyFailure::of(&error))))?;
                    continue;
                }
            };
            let answer = answer.unwrap_or_else(|error| {
                let failure = ReplyFailure::of(&error);
                unanswered = Some(error);
                Reply::Failed(failure)
            });
            process.tell(&answer)?;
        }
    });
    match ended {
        Ok((EvaluationOutcome::Done, evaluated)) => Ok((Ok(()), evaluated)),
        Ok((EvaluationOutcome::Refused(error), evaluated)) => Ok((Err(Error::Recipe(error)), evaluated)),
        Ok((EvaluationOutcome::Unanswered, evaluated)) => {
            let error = unanswered.unwrap_or_else(|| broken(recipe, "it asked a question that was not answered"));
            Ok((Err(error.asked_at(evaluated.unanswered_at.clone())), evaluated))
        }
        Err(Silence::Late) => Err(too_much(recipe, "it did not respond for too long")),
        Err(Silence::TooLong) => Err(too_much(recipe, "its plan is larger than 80 MiB")),
        Err(Silence::Unclear) => Err(broken(recipe, "its answer could not be parsed")),
        Err(Silence::Gone) => Err(process.wait().map_or_else(
            || broken(recipe, "its exit status is not known"),
            |status| reason(recipe, status),
        )),
    }
}

/// Answers a question about files: modules, and those beside the recipe.
fn file_of(recipe: &Recipe, asked: Said) -> Result<Reply> {
    Ok(match asked {
        Said::Import { path, importer } => Reply::Import(recipe.import(&path, &importer)?),
        Said::LocalText { file } => Reply::Text(recipe.read(&file)?),
        Said::LocalFile { file } => Reply::LocalFile(Box::new(recipe.measure(&file)?)),
        Said::LocalFolder { folder, excludes } => Reply::LocalFolder(recipe.list(&folder, &excludes)?),
        Said::Facts | Said::Query { .. } | Said::Apps | Said::Servers { .. } | Said::Ended { .. } => {
            return Err(Error::usage("this is no question about files"));
        }
    })
}

/// Why an evaluation that has ended before its time did so.
fn reason(recipe: &Recipe, status: ExitStatus) -> Error {
    const ABORTED: i32 = 6;
    const KILLED: i32 = 9;
    const OVERFLOWN: i32 = 11;
    const OUT_OF_TIME: i32 = 24;
    const INTERRUPTED: [i32; 3] = [1, 2, 15];
    match status.signal() {
        Some(signal) if INTERRUPTED.contains(&signal) => Error::Interrupted,
        Some(ABORTED) => too_much(recipe, &format!("it needs more than {} MiB of memory", MEMORY >> 20)),
        Some(KILLED) => broken(recipe, "the system killed it, as it does when memory runs out"),
        Some(OUT_OF_TIME) => too_much(recipe, &format!("it needs more than {} s", MAX_TIME.as_secs())),
        Some(OVERFLOWN) => too_much(recipe, "it is nested too deeply"),
        Some(signal) => broken(recipe, &format!("signal {signal} ended it")),
        None => broken(recipe, "it failed inside infrakt"),
    }
}

fn too_much(recipe: &Recipe, reason: &str) -> Error {
    stopped(
        recipe,
        reason,
        "check texts and lists that grow: replace, pad, += and closures in loops",
    )
}

fn broken(recipe: &Recipe, reason: &str) -> Error {
    stopped(recipe, reason, "find the line by removing parts of the recipe")
}

fn stopped(recipe: &Recipe, reason: &str, help: &str) -> Error {
    Error::from(RecipeError::Script {
        message: format!("the evaluation of {} was stopped: {reason}", recipe.name),
        label: String::new(),
        position: None,
        help: Some(help.to_owned()),
        is_broken: true,
    })
}

/// Why the process says nothing more.
enum Silence {
    Gone,
    /// It said what it can't mean.
    Unclear,
    Late,
    TooLong,
}

/// A process that waits for its order.
static AHEAD: Mutex<Option<Process>> = Mutex::new(None);

/// Starts the process of the next evaluation, so that it is ready when its order comes. If it can't be started now, the
/// evaluation says why.
pub fn start_ahead() {
    let process = Process::start().ok();
    *AHEAD.lock().unwrap_or_else(PoisonError::into_inner) = process;
}

/// The process; it ends with this value.
struct Process {
    child: Child,
    to: Option<ChildStdin>,
    from: ChildStdout,
    heard: Vec<u8>,
}

impl Process {
    fn start() -> Result<Self> {
        let program = program()?;
        let mut child = Command::new(&program)
            .arg(WORD)
            .env_clear()
            // One heap that grows in large steps: with glibc's usual ones, growing takes a tenth of an evaluation's time.
            .envs([("MALLOC_ARENA_MAX", "1"), ("MALLOC_TOP_PAD_", "4194304")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::file("start", &program))?;
        match (child.stdin.take(), child.stdout.take()) {
            (to, Some(from)) => Ok(Self {
                child,
                to,
                from,
                heard: Vec::new(),
            }),
            (_, None) => Err(Error::usage("the evaluation has no standard output")),
        }
    }

    fn tell(&mut self, what: &impl serde::Serialize) -> Result<(), Silence> {
        let Some(to) = &mut self.to else {
            return Err(Silence::Gone);
        };
        let mut line = serde_json::to_vec(what).map_err(|_| Silence::Unclear)?;
        line.push(b'\n');
        to.write_all(&line).map_err(|_| Silence::Gone)
    }

    fn listen(&mut self) -> Result<Said, Silence> {
        let deadline = Instant::now() + PATIENCE;
        let mut searched = 0;
        loop {
            if let Some(end) = self.heard.iter().skip(searched).position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=searched + end).collect();
                return serde_json::from_slice(&line).map_err(|_| Silence::Unclear);
            }
            searched = self.heard.len();
            if searched > LONGEST {
                return Err(Silence::TooLong);
            }
            self.hear(deadline)?;
        }
    }

    /// Waits until something more was said, and reads it.
    fn hear(&mut self, deadline: Instant) -> Result<(), Silence> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut waiting = [PollFd::new(&self.from, PollFlags::IN)];
        let timeout = Timespec::try_from(left).map_err(|_| Silence::Late)?;
        match poll(&mut waiting, Some(&timeout)) {
            Ok(0) => return Err(Silence::Late),
            Err(Errno::INTR) => return Ok(()),
            Err(_) => return Err(Silence::Gone),
            Ok(_) => {}
        }
        let mut piece = [0; 64 * 1024];
        match self.from.read(&mut piece) {
            Ok(0) | Err(_) => Err(Silence::Gone),
            Ok(count) => {
                #[expect(clippy::indexing_slicing, reason = "`read` fills no more than the whole buffer")]
                self.heard.extend_from_slice(&piece[..count]);
                Ok(())
            }
        }
    }

    /// Waits for its end, which it has come to.
    fn wait(&mut self) -> Option<ExitStatus> {
        self.to.take();
        self.child.wait().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If the process can neither be killed nor waited for, it has been reaped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
