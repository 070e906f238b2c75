//! Turns what a follower sends into events: which byte belongs to which step, how each step ended, and how much of the
//! remote files the client has read.

use super::execution::skipped;
use super::frames::{Frame, NotAFrame, Record, Why};
use super::output::Output;
use crate::event::{Outcome, RunEvent, Stream, StretchPosition};
use crate::plan::form::MOST_STEPS;
use crate::plan::secret::Secrets;
use std::collections::VecDeque;

/// How the runner ended, as far as its journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Done,
    Failed {
        step: usize,
        status: i32,
        reason: Option<String>,
    },
    Stopped,
    /// The journal ended without saying how, or the runner waited for a client that did not return.
    Unseen,
}

/// What has come from the server in one stretch of a run.
pub struct Transcript {
    /// Where it was taken up.
    start: StretchPosition,
    /// Bytes of the journal received.
    journal: u64,
    line: Vec<u8>,
    /// Records that wait for the output that came before them, each with its end in the journal.
    records: VecDeque<(u64, Record)>,
    /// Bytes of the journal whose records were applied.
    applied: u64,
    out: Output,
    err: Output,
    /// Bytes of output that are kept of the run.
    kept: u64,
    /// The step that has started and not ended, with the uptime of its start.
    current: Option<(usize, u64)>,
    last: Option<usize>,
    /// How the first step failed that did.
    failed: Option<Ending>,
    paused: Option<usize>,
    finished: Option<String>,
}

impl Transcript {
    /// Takes a stretch up from `start`. The journal is read from its beginning, since it says which step an output belongs
    /// to, but what it says up to `start` makes no events: an earlier transcript made them. `kept`: the bytes of output that
    /// the run has kept so far.
    pub fn new(secrets: &Secrets, start: StretchPosition, kept: u64) -> Self {
        Self {
            start,
            journal: 0,
            line: Vec::new(),
            records: VecDeque::new(),
            applied: 0,
            out: Output::new(Stream::Stdout, start.out, secrets),
            err: Output::new(Stream::Stderr, start.err, secrets),
            kept,
            current: None,
            last: None,
            failed: None,
            paused: None,
            finished: None,
        }
    }

    /// How far the journal and both outputs have been received, in bytes.
    pub fn offsets(&self) -> (u64, u64, u64) {
        (self.journal, self.out.received, self.err.received)
    }

    /// From where a later transcript can take the stretch up, once the events that this one gave are noted.
    pub fn position(&self) -> StretchPosition {
        StretchPosition {
            journal: self.applied.max(self.start.journal),
            out: self.out.position(),
            err: self.err.position(),
            ..self.start
        }
    }

    /// Bytes of output that are kept of the run, these included.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// Whether nothing of the stretch was ever seen.
    pub fn is_untouched(&self) -> bool {
        let StretchPosition { journal, out, err, .. } = self.position();
        (journal, out, err) == (0, 0, 0)
    }

    /// The index after the last step that was started.
    pub fn reached(&self) -> Option<usize> {
        self.last.map(|last| last + 1)
    }

    /// The step that the runner waits with for the client, once.
    pub fn take_paused(&mut self) -> Option<usize> {
        self.paused.take()
    }

    /// Whether a step is known to have failed.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub fn ending(&self) -> Ending {
        match self.finished.as_deref() {
            Some("done") => Ending::Done,
            Some("stopped") => Ending::Stopped,
            Some("failed") => self.failed.clone().unwrap_or(Ending::Unseen),
            _ => Ending::Unseen,
        }
    }

    /// Nothing more will come: a step that is not known to have ended is unknown.
    pub fn lose(&mut self) -> Vec<RunEvent> {
        let mut events = Vec::new();
        if let Some((step, _)) = self.current.take() {
            self.out.finish(step, &mut events);
            self.err.finish(step, &mut events);
            events.push(RunEvent::StepEnded {
                step,
                outcome: Outcome::Unknown,
                exit_status: None,
                duration_ms: 0,
                reason: Some("infrakt did not see it end".to_owned()),
            });
        }
        events
    }

    /// Takes a frame that carries bytes, and gives what is now known to have happened.
    ///
    /// # Errors
    /// If a frame does not continue where the last one ended, or the journal says what no runner writes.
    pub fn take(&mut self, frame: Frame) -> Result<Vec<RunEvent>, NotAFrame> {
        let expect = |have: u64, offset: u64| {
            if have == offset {
                Ok(())
            } else {
                Err(NotAFrame(format!("a piece begins at {offset}, and {have} was to come")))
            }
        };
        match frame {
            Frame::Out(offset, bytes) => {
                expect(self.out.received, offset)?;
                self.out.receive(bytes);
            }
            Frame::Err(offset, bytes) => {
                expect(self.err.received, offset)?;
                self.err.receive(bytes);
            }
            Frame::Journal(offset, bytes) => {
                expect(self.journal, offset)?;
                self.journal += bytes.len() as u64;
                self.line.extend(bytes);
                while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                    let mut line: Vec<u8> = self.line.drain(..=end).collect();
                    line.pop();
                    let record = Record::parse(String::from_utf8_lossy(&line).as_ref())?;
                    self.records.push_back((self.journal - self.line.len() as u64, record));
                }
            }
            Frame::Begun | Frame::Heartbeat | Frame::End | Frame::Refused { .. } => {}
        }
        let mut events = Vec::new();
        self.advance(&mut events);
        self.kept += events.iter().map(size_of_output).sum::<u64>();
        Ok(events)
    }

    fn advance(&mut self, events: &mut Vec<RunEvent>) {
        // The server sends the journal before the output that a record refers to, so the record waits for that output.
        while let Some((_, record)) = self.records.front() {
            let marks = match record {
                Record::Started { out, err, .. } | Record::Ended { out, err, .. } => Some((*out, *err)),
                Record::Unchanged { .. }
                | Record::Paused { .. }
                | Record::Proving { .. }
                | Record::StillNeeded { .. }
                | Record::Finished { .. } => None,
            };
            if let Some((out, err)) = marks {
                // What a step's stray children print after its end still counts as the step's.
                let owner = self.current.map(|(step, _)| step).or(self.last).unwrap_or_default();
                self.out.give(owner, Some(out), events);
                self.err.give(owner, Some(err), events);
                if self.out.given < out || self.err.given < err {
                    return;
                }
            }
            if let Some((end, record)) = self.records.pop_front() {
                self.applied = end;
                if end > self.start.journal {
                    self.apply(&record, events);
                } else {
                    self.apply(&record, &mut Vec::new());
                }
            }
        }
        if let Some((step, _)) = self.current {
            self.out.give(step, None, events);
            self.err.give(step, None, events);
        }
    }

    fn apply(&mut self, record: &Record, events: &mut Vec<RunEvent>) {
        match *record {
            Record::Started { step, out, err, uptime } => {
                if let Some(last) = self.last {
                    self.out.finish(last, events);
                    self.err.finish(last, events);
                }
                // Steps that have no turn any more, since one has failed or the run is stopped.
                let next = self.last.map_or(self.start.first_step, |last| last + 1);
                if (next..next.saturating_add(MOST_STEPS)).contains(&step) {
                    events.extend((next..step).map(skipped));
                }
                self.out.begin(out, self.kept);
                self.err.begin(err, self.kept);
                self.current = Some((step, uptime));
                self.last = Some(step);
                self.paused = None;
                events.push(RunEvent::StepStarted { step });
            }
            Record::Unchanged { step } => {
                self.current = None;
                events.push(RunEvent::StepEnded {
                    step,
                    outcome: Outcome::NoChange,
                    exit_status: None,
                    duration_ms: 0,
                    reason: None,
                });
            }
            Record::Ended {
                step,
                status,
                why,
                uptime,
                ..
            } => {
                let began = self.current.take().map_or(uptime, |(_, began)| began);
                self.out.finish(step, events);
                self.err.finish(step, events);
                let duration_ms = uptime.saturating_sub(began) * 10;
                self.paused = None;
                let reason = match why {
                    Why::Itself => None,
                    Why::TimedOut => Some(format!("timed out after {} s", duration_ms / 1000)),
                    Why::Undone => Some("no new login worked in time, so the server undid it".to_owned()),
                    Why::NotUndone => Some("no new login worked in time, and undoing it failed".to_owned()),
                    Why::Flooded => Some(
                        "ended by infrakt: the steps printed more than 1 GiB, which could fill the server's disk"
                            .to_owned(),
                    ),
                    Why::GuardBroken => Some(format!(
                        "a guard can't be run: exit status {status}; if its program may be missing, ask first: command -v NAME"
                    )),
                };
                if status != 0 {
                    let reason = reason.clone();
                    self.failed.get_or_insert(Ending::Failed { step, status, reason });
                }
                events.push(RunEvent::StepEnded {
                    step,
                    outcome: if status == 0 { Outcome::Changed } else { Outcome::Failed },
                    exit_status: Some(status),
                    duration_ms,
                    reason,
                });
            }
            Record::Paused { step } => {
                self.current = None;
                self.paused = Some(step);
            }
            Record::Proving { step } => self.paused = Some(step),
            Record::StillNeeded { step } => events.push(RunEvent::Notice {
                message: format!(
                    "step {} is still needed after it ran: its `unless` does not succeed, so every run repeats it",
                    step + 1
                ),
            }),
            Record::Finished { ref how } => self.finished = Some(how.clone()),
        }
    }
}

fn size_of_output(event: &RunEvent) -> u64 {
    match event {
        RunEvent::Output { bytes, .. } => bytes.len() as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::output;

    fn output_of(events: &[RunEvent], wanted: usize) -> String {
        let bytes = events.iter().filter_map(|event| match event {
            RunEvent::Output { step, bytes, .. } if *step == wanted => Some(bytes.as_slice()),
            _ => None,
        });
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>().concat()).into_owned()
    }

    #[test]
    fn every_byte_is_given_to_the_step_that_printed_it() {
        let mut transcript = Transcript::new(&Secrets::new(), StretchPosition::start(1, 0), 0);
        let journal = b"S 0 0 0 100\nE 0 0 0 4 0 250\nS 1 4 0 250\n".to_vec();
        let mut events = transcript.take(Frame::Journal(0, journal)).expect("a journal");
        assert_eq!(
            events,
            [RunEvent::StepStarted { step: 0 }],
            "the end waits for the output that came before it"
        );
        events.extend(
            transcript
                .take(Frame::Out(0, b"one\ntwo\n".to_vec()))
                .expect("an output"),
        );
        assert_eq!(output_of(&events, 0), "one\n");
        assert_eq!(output_of(&events, 1), "two\n");
        let ended = events.iter().find(|event| matches!(event, RunEvent::StepEnded { .. }));
        assert!(
            matches!(
                ended,
                Some(RunEvent::StepEnded {
                    step: 0,
                    duration_ms: 1500,
                    ..
                })
            ),
            "{ended:?}"
        );
    }

    #[test]
    fn a_run_of_many_steps_that_print_much_keeps_little_of_the_later_ones() {
        const PRINTED: u64 = 2 << 20;
        let mut transcript = Transcript::new(&Secrets::new(), StretchPosition::start(1, 0), 0);
        let mut journal = 0;
        let mut kept = Vec::new();
        for step in 0..100 {
            let out = step as u64 * PRINTED;
            let records = format!("S {step} {out} 0 0\nE {step} 0 0 {} 0 0\n", out + PRINTED);
            let length = records.len() as u64;
            let mut events = transcript
                .take(Frame::Journal(journal, records.into()))
                .expect("a journal");
            journal += length;
            events.extend(
                transcript
                    .take(Frame::Out(out, vec![b'x'; PRINTED as usize]))
                    .expect("an output"),
            );
            assert!(matches!(events.last(), Some(RunEvent::StepEnded { .. })));
            kept.push(output_of(&events, step).len() as u64);
        }
        assert!((1 << 20..(1 << 20) + 200).contains(&kept[0]), "{}", kept[0]);
        assert!(kept[99] < output::LITTLE as u64 + 200, "{}", kept[99]);
        assert!(kept.iter().sum::<u64>() < output::RUN + (4 << 20));
        assert_eq!(kept.iter().sum::<u64>(), transcript.kept());
    }

    #[test]
    fn a_piece_that_is_missing_is_noticed() {
        let mut transcript = Transcript::new(&Secrets::new(), StretchPosition::start(1, 0), 0);
        assert!(transcript.take(Frame::Out(5, b"x".to_vec())).is_err());
    }
}
