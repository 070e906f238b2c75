//! The content of files that steps copy. Before the first step of a script, the server lists what it lacks of the files, and
//! infrakt sends that in pieces over the same channel. The run does not begin before all of it has arrived.
//!
//! It must not know where the files are; see [`super::World::open`].

use super::connection::{Channel, Incoming};
use super::execution::World;
use super::uploads::is_in_place;
use crate::error::{Error, Refusal, Result, ServerError, SshError};
use crate::event::RunEvent;
use crate::plan::digest::hexadecimal;
use crate::plan::shell::{quote, without_comments};
use crate::plan::{Action, LocalFile, Plan, Step, human_bytes};
use crate::reason::StaleReason;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the server may take to list what it lacks, and to take more of the content.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long infrakt waits for the list after the user asked to stop: only then it knows whether the server waits for content.
const LAST_LIST: Duration = Duration::from_secs(3);
/// How often infrakt checks whether the user wants to stop.
const BEAT: Duration = Duration::from_millis(200);
/// Bytes that are read and sent at once, and bytes that may wait in this process.
const PIECE: usize = 128 << 10;
const MOST_UNSENT: usize = 1 << 20;
/// The most bytes that the server may print before and in the list, and while it takes content.
const MAX_OUTPUT: usize = 2 << 20;
/// From this number of bytes on, infrakt says that it sends them.
const WORTH_A_NOTICE: u64 = 1_000_000;

/// The folder on the server for the content of the files of a run.
pub(super) fn folder_of(spool: &str) -> String {
    format!("{spool}-files")
}

/// The functions that receive the content of files for these steps of a run. Empty if they copy none.
pub(super) fn script<'a>(steps: impl Iterator<Item = &'a Step>, folder: &str) -> String {
    /// Bytes, whether what is in place counts, and how to find that out.
    struct Wanted {
        bytes: u64,
        old: bool,
        guards: String,
    }
    let mut wanted: BTreeMap<&str, Wanted> = BTreeMap::new();
    let mut destroys = false;
    let mut uploaded: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        // What is in place may be gone when the step needs it.
        destroys |= step.destroys();
        if let Action::Upload {
            path,
            content,
            mode,
            owner,
        } = &step.action
        {
            // An earlier step replaces what is in place.
            let replaced = !uploaded.insert(path);
            let Some(file) = content.file() else { continue };
            let entry = wanted.entry(&file.sha256).or_insert_with(|| Wanted {
                bytes: file.bytes,
                old: true,
                guards: String::new(),
            });
            entry.old &= !destroys && !replaced;
            let holds = is_in_place(step, path, &file.sha256, mode, owner);
            let _ = write!(entry.guards, " {}", quote(&holds));
        }
    }
    if wanted.is_empty() {
        return String::new();
    }
    let mut text = format!("IK_FILES={}\n", quote(folder));
    text.push_str(&without_comments(include_str!("staging.sh")));
    text.push_str("ik_wants() {\n");
    for (sum, Wanted { bytes, old, guards }) in wanted {
        let old = if old { "yes" } else { "no" };
        let _ = writeln!(text, "ik_want {sum} {bytes} {old}{guards}");
    }
    text.push_str("}\n");
    text
}

/// Part of a file that the server lacks.
struct Lacking<'p> {
    file: &'p LocalFile,
    /// The first byte that it does not have.
    from: u64,
}

/// Answers the server's list on a channel whose script has just started. Gives what the server said after it. The user stops it
/// with more than `tolerated` interrupts.
///
/// # Errors
/// If the connection is lost, the server refuses, the user stops the run, or a file is not what it was when the plan was
/// made. Nothing has begun then, and the channel must be dropped: the server would take what follows for content.
pub(super) fn answer(
    world: &mut dyn World,
    tolerated: usize,
    plan: &Plan,
    nonce: &str,
    channel: &mut dyn Channel,
    heard: &mut Instant,
) -> Result<Vec<u8>> {
    let mut sending = FileSender {
        world,
        tolerated,
        plan,
        channel,
        heard,
        output: Vec::new(),
        complaint: Vec::new(),
    };
    let lacking = sending.list(nonce)?;
    let bytes: u64 = lacking.iter().map(|part| part.file.bytes - part.from).sum();
    if bytes >= WORTH_A_NOTICE {
        let notice = RunEvent::Notice {
            message: format!("sending files to the server: {}", human_bytes(bytes)),
        };
        sending.world.note(&[notice], None)?;
    }
    for part in &lacking {
        sending.send(part)?;
    }
    if !lacking.is_empty() {
        sending.confirm(nonce)?;
    }
    Ok(sending.output)
}

struct FileSender<'a, 'p> {
    world: &'a mut dyn World,
    tolerated: usize,
    plan: &'p Plan,
    channel: &'a mut dyn Channel,
    /// When something was last heard of the server.
    heard: &'a mut Instant,
    output: Vec<u8>,
    complaint: Vec<u8>,
}

impl<'p> FileSender<'_, 'p> {
    /// What the server lacks. If that is nothing, it begins the run by itself. So an interrupt ends this only if the server
    /// waits for content; otherwise there is nothing to send, and the run is stopped as one without files.
    fn list(&mut self, nonce: &str) -> Result<Vec<Lacking<'p>>> {
        let greeting = format!("infrakt-files {nonce}");
        let mut heard = Instant::now();
        let mut stopped = None;
        loop {
            if let Some((list, rest)) = after(&self.output, greeting.as_bytes()) {
                let entries: Option<Vec<Lacking<'p>>> =
                    list.split_ascii_whitespace().map(|entry| self.entry(entry)).collect();
                self.output = rest;
                return entries.ok_or_else(|| self.refused("its list of files can't be read"));
            }
            if self.is_stopped() {
                let since: &mut Instant = stopped.get_or_insert_with(Instant::now);
                if self.world.interrupts() > self.tolerated + 1 || since.elapsed() > LAST_LIST {
                    return Ok(Vec::new());
                }
            }
            if self.receive(BEAT)? {
                heard = Instant::now();
            }
            if heard.elapsed() > PATIENCE {
                return Err(self.lost());
            }
        }
    }

    fn entry(&self, entry: &str) -> Option<Lacking<'p>> {
        let mut words = entry.split('.');
        let sum = words.next()?;
        let (_, file) = self.plan.copied_files().find(|(_, file)| file.sha256 == sum)?;
        let bytes: u64 = words.next()?.parse().ok()?;
        let from: u64 = words.next()?.parse().ok()?;
        (bytes == file.bytes && from <= bytes).then_some(Lacking { file, from })
    }

    /// Sends a part of a file. The whole file is read, so that its hash proves that it is the planned one.
    fn send(&mut self, part: &Lacking<'p>) -> Result<()> {
        let Lacking { file, from } = part;
        let mut reader = self.world.open(file)?;
        let mut sum = Sha256::new();
        let mut at = 0;
        let mut piece = vec![0; PIECE];
        loop {
            let count = match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::file("read", Path::new(&file.file))(error)),
            };
            let read = piece.get(..count).unwrap_or_default();
            sum.update(read);
            let end = at + count as u64;
            if end > file.bytes {
                return Err(self.changed(file));
            }
            let known = usize::try_from(from.saturating_sub(at)).unwrap_or(usize::MAX);
            if let Some(new) = read.get(known..).filter(|new| !new.is_empty()) {
                self.channel.send(new)?;
            }
            // Also if the server takes the content as fast as it is read.
            self.hear(Duration::ZERO)?;
            self.flush(MOST_UNSENT)?;
            at = end;
        }
        match at == file.bytes && hexadecimal(&sum.finalize()) == file.sha256 {
            true => self.flush(0),
            false => Err(self.changed(file)),
        }
    }

    /// Waits until no more bytes than this are left to be written.
    fn flush(&mut self, most: usize) -> Result<()> {
        let (mut moved, mut before) = (Instant::now(), self.channel.unsent());
        while self.channel.unsent() > most {
            self.hear(BEAT)?;
            if self.channel.unsent() < before {
                before = self.channel.unsent();
                moved = Instant::now();
                *self.heard = moved;
            } else if moved.elapsed() > PATIENCE {
                return Err(self.lost());
            }
        }
        Ok(())
    }

    /// All that was planned has been sent, so the run may begin. From here on it may have begun.
    fn confirm(&mut self, nonce: &str) -> Result<()> {
        match self.is_stopped() {
            true => Err(Error::Interrupted),
            false => self.channel.send(format!("begin {nonce}\n").as_bytes()),
        }
    }

    fn is_stopped(&self) -> bool {
        self.world.interrupts() > self.tolerated
    }

    fn hear(&mut self, wait: Duration) -> Result<()> {
        if self.is_stopped() {
            return Err(Error::Interrupted);
        }
        self.receive(wait).map(|_| ())
    }

    /// Whether the server has printed something.
    fn receive(&mut self, wait: Duration) -> Result<bool> {
        match self.channel.receive(wait)? {
            Incoming::Stdout(bytes) => {
                *self.heard = Instant::now();
                self.output.extend_from_slice(&bytes);
                match self.output.len() > MAX_OUTPUT {
                    true => Err(self.refused("it printed too much before the run began")),
                    false => Ok(true),
                }
            }
            Incoming::Stderr(bytes) => {
                self.complaint.extend_from_slice(&bytes);
                self.complaint.drain(..self.complaint.len().saturating_sub(4096));
                Ok(false)
            }
            Incoming::Quiet => Ok(false),
            Incoming::Closed => {
                let said = String::from_utf8_lossy(&self.complaint).trim().to_owned();
                Err(self.refused(if said.is_empty() { "its shell has ended" } else { &said }))
            }
        }
    }

    fn refused(&self, reason: &str) -> Error {
        ServerError::NoRecords {
            server: self.plan.server.name.clone(),
            reason: reason.to_owned(),
        }
        .into()
    }

    fn lost(&self) -> Error {
        SshError::Lost {
            server: self.plan.server.name.clone(),
            reason: format!("it has taken nothing for {} s", PATIENCE.as_secs()),
        }
        .into()
    }

    fn changed(&self, file: &LocalFile) -> Error {
        Refusal::StalePlan {
            server: self.plan.server.name.clone(),
            reason: StaleReason::FileChanged {
                file: file.file.clone(),
            },
        }
        .into()
    }
}

/// The rest of the line that begins so, and what follows the line; `None` if the line is not complete.
fn after(output: &[u8], begin: &[u8]) -> Option<(String, Vec<u8>)> {
    let at = output.windows(begin.len()).position(|window| window == begin)?;
    let rest = output.get(at + begin.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = String::from_utf8_lossy(rest.get(..end)?).into_owned();
    Some((line, rest.get(end + 1..)?.to_vec()))
}
