//! The event stream of a run: what the journal contains, then what is written into it, whichever process executes the run.
//!
//! It reads the journal when the database reports a write, so it makes no difference which process writes.

use super::super::answer::{Answer, EventSink};
use super::super::problem::Problem;
use super::call::Call;
use crate::document::event::{EventShown, Happening};
use crate::error::Result;
use crate::event::{RunEvent, Stream};
use crate::plan::printable::unfinished;
use crate::runtime::{Happened, Runtime};
use std::collections::BTreeMap;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// Number of events held in memory; output comes in pieces of 64 KiB at most.
const AT_ONCE: usize = 32;
/// How often to check whether something was written.
const TICK: Duration = Duration::from_millis(100);
/// How often to check whether the process that executes the run is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// After how much time without events a comment is sent.
const QUIET: Duration = Duration::from_secs(15);
/// A UTF-8 character has four bytes at most; an incomplete one is shorter.
const CUT_OFF: usize = 3;

pub fn follow(call: &Call<'_>) -> Result<Answer, Problem> {
    let run_id = call.run_id()?;
    let runtime = call.service.runtime()?;
    let run = runtime.run(run_id)?;
    let after = match call.request.last_event_id.as_deref() {
        None | Some("") => 0,
        Some(text) => text.parse().ok().filter(|id| *id >= 0).ok_or_else(|| {
            Problem::invalid_query(
                Some("Last-Event-ID".to_owned()),
                "Last-Event-ID is not the id of an event",
            )
        })?,
    };
    let titles = runtime.steps_of(run_id)?.into_iter().map(|step| step.title).collect();
    let following = Following {
        runtime,
        run_id,
        server: run.server,
        titles,
        began_after: after,
        after,
        cut_off: BTreeMap::new(),
    };
    Ok(Answer::Events(Box::new(move |sink| following.write(sink))))
}

struct Following {
    runtime: Runtime,
    run_id: i64,
    server: String,
    titles: Vec<String>,
    /// The id after which the stream begins.
    began_after: i64,
    /// The id that was sent last.
    after: i64,
    /// The bytes of an incomplete character at the end of a step's output so far.
    cut_off: BTreeMap<(usize, Stream), Vec<u8>>,
}

impl Following {
    fn write(mut self, sink: &mut dyn EventSink) -> io::Result<()> {
        let mut silent_since = Instant::now();
        loop {
            let Happened { events, end, version } = self
                .runtime
                .happened_after(self.run_id, self.after, AT_ONCE)
                .map_err(io::Error::other)?;
            if !events.is_empty() {
                for (id, event) in events {
                    self.tell(id, event, sink)?;
                }
                silent_since = Instant::now();
                if sink.stopping() {
                    return Ok(());
                }
                continue;
            }
            if let Some((id, event)) = end {
                self.let_go(None, sink)?;
                if id > self.after {
                    self.tell(id, event, sink)?;
                }
                return Ok(());
            }
            if sink.stopping() {
                return Ok(());
            }
            self.wait(version, &mut silent_since, sink)?;
        }
    }

    /// Waits until something was written, or the service is about to end.
    fn wait(&self, version: i64, silent_since: &mut Instant, sink: &mut dyn EventSink) -> io::Result<()> {
        let looked = Instant::now();
        while !sink.stopping() {
            thread::sleep(TICK);
            if silent_since.elapsed() >= QUIET {
                sink.keep_alive()?;
                *silent_since = Instant::now();
            }
            if looked.elapsed() >= SIGN_OF_LIFE {
                // Records a run whose process has died as ended. This connection's own writes don't change the version, so
                // the journal is read again.
                self.runtime.run(self.run_id).map_err(io::Error::other)?;
                return Ok(());
            }
            if self.runtime.has_changed_since(version).map_err(io::Error::other)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn tell(&mut self, id: i64, event: RunEvent, sink: &mut dyn EventSink) -> io::Result<()> {
        let event = match event {
            RunEvent::Output { step, stream, bytes } => {
                let text = self.whole_characters(step, stream, bytes)?;
                if text.is_empty() {
                    // It is sent with what follows. Not counted as sent, so that a client that starts again from here gets it.
                    self.after = id;
                    return Ok(());
                }
                RunEvent::Output {
                    step,
                    stream,
                    bytes: text,
                }
            }
            RunEvent::StepStarted { step } => {
                self.let_go(Some(step), sink)?;
                for stream in [Stream::Stdout, Stream::Stderr] {
                    self.cut_off.insert((step, stream), Vec::new());
                }
                event
            }
            RunEvent::StepEnded { step, .. } => {
                self.let_go(Some(step), sink)?;
                event
            }
            event => event,
        };
        self.send(id, &event, sink)?;
        self.after = id;
        Ok(())
    }

    fn send(&self, id: i64, event: &RunEvent, sink: &mut dyn EventSink) -> io::Result<()> {
        let shown = EventShown {
            event: Happening::of(event, |step| self.titles.get(step).cloned()),
            run: self.run_id,
            server: self.server.clone(),
        };
        let data = serde_json::to_value(&shown).map_err(io::Error::other)?;
        sink.send(id, shown.event.name(), &data)
    }

    /// Adds the incomplete character from before, and removes the incomplete one at the end.
    fn whole_characters(&mut self, step: usize, stream: Stream, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut text = match self.cut_off.remove(&(step, stream)) {
            Some(cut_off) => cut_off,
            // A client that begins in the middle has not heard of the output that was cut off just before.
            None if self.began_after > 0 => {
                let mut printed = self
                    .runtime
                    .printed_until(self.run_id, step, stream, self.began_after, CUT_OFF)
                    .map_err(io::Error::other)?;
                printed.split_off(printed.len() - unfinished(&printed))
            }
            None => Vec::new(),
        };
        text.extend(bytes);
        let cut_off = text.split_off(text.len() - unfinished(&text));
        self.cut_off.insert((step, stream), cut_off);
        Ok(text)
    }

    /// Sends the bytes that will never become a character: of one step, or of all.
    fn let_go(&mut self, of: Option<usize>, sink: &mut dyn EventSink) -> io::Result<()> {
        let left = self
            .cut_off
            .iter_mut()
            .filter(|((step, _), cut_off)| of.is_none_or(|of| of == *step) && !cut_off.is_empty());
        let left: Vec<RunEvent> = left
            .map(|((step, stream), cut_off)| RunEvent::Output {
                step: *step,
                stream: *stream,
                bytes: std::mem::take(cut_off),
            })
            .collect();
        for event in left {
            // With the previous id, since this is not an event of its own in the journal.
            self.send(self.after, &event, sink)?;
        }
        Ok(())
    }
}
