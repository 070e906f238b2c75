//! One of the two output files of a stretch: assigns its bytes to the steps, removes secrets, and limits the output so
//! that no step and no run fills the journal.
//!
//! The beginning of each stream of a step is shown as it arrives. Of the rest, only the end is kept until the step has
//! ended; the part between is omitted, and its size is reported. Positions count the received bytes, shown or not, so
//! that a run can be resumed.

use super::redaction::Redaction;
use crate::event::{RunEvent, Stream};
use crate::plan::secret::Secrets;
use std::collections::VecDeque;

/// The most bytes of output in one event.
const EVENT: usize = 64 * 1024;
/// The most bytes that are held or left out together.
const PIECE: usize = 16 * 1024;
/// Bytes from the beginning of each stream of a step that are kept.
pub const HEAD: u64 = 768 * 1024;
/// Bytes from its end that are kept.
pub const TAIL: usize = 256 * 1024;
/// Bytes of a run after which less is kept of each step.
pub const RUN: u64 = 64 << 20;
/// After that, the bytes that are kept of the end of each stream of a step.
pub const LITTLE: usize = 16 * 1024;

/// How much of a step's stream is kept.
#[derive(Debug, Clone, Copy)]
struct Room {
    head: u64,
    tail: usize,
}

impl Room {
    /// What may still be kept of a run, if `kept` bytes are kept already.
    fn after(kept: u64) -> Self {
        match kept < RUN {
            true => Self { head: HEAD, tail: TAIL },
            false => Self { head: 0, tail: LITTLE },
        }
    }
}

/// Bytes that are held, and the place where they begin.
struct Held {
    from: u64,
    bytes: Vec<u8>,
}

pub(super) struct Output {
    stream: Stream,
    /// Bytes received.
    pub received: u64,
    /// Bytes given to a step.
    pub given: u64,
    pending: Vec<u8>,
    redaction: Redaction,
    room: Room,
    /// The place where the present step began.
    began: u64,
    /// The end of it, as far as it has come.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// The place where what was left out begins, if anything was.
    left_out: Option<u64>,
}

impl Output {
    /// Taken up `at` this place.
    pub fn new(stream: Stream, at: u64, secrets: &Secrets) -> Self {
        Self {
            stream,
            received: at,
            given: at,
            pending: Vec::new(),
            redaction: Redaction::new(secrets),
            room: Room::after(0),
            began: at,
            held: VecDeque::new(),
            held_bytes: 0,
            left_out: None,
        }
    }

    pub fn receive(&mut self, bytes: Vec<u8>) {
        self.received += bytes.len() as u64;
        self.pending.extend(bytes);
    }

    /// From where all that was not shown for good can be read again: a place at which no secret is cut in two.
    pub fn position(&self) -> u64 {
        let held = self.held.front().map(|held| held.from);
        held.unwrap_or(self.given - self.redaction.held())
    }

    /// A step begins at this place, in a run that has kept `kept` bytes.
    pub fn begin(&mut self, at: u64, kept: u64) {
        self.room = Room::after(kept);
        self.began = at;
        // Of a step that is taken up in its middle, what came before was shown or left out already.
        let head = at + self.room.head;
        self.left_out = (self.given > head).then_some(head);
    }

    /// Hands out what belongs to `step`: up to `until`, or all there is.
    pub fn give(&mut self, step: usize, until: Option<u64>, events: &mut Vec<RunEvent>) {
        let wanted = until
            .map_or(self.received, |until| until.min(self.received))
            .saturating_sub(self.given);
        let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(self.pending.len());
        let later = self.pending.split_off(count);
        let bytes = std::mem::replace(&mut self.pending, later);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let head = usize::try_from((self.began + self.room.head).saturating_sub(self.given)).unwrap_or(usize::MAX);
            let most = if head > 0 { head.min(EVENT) } else { PIECE };
            let (piece, later) = rest.split_at(most.min(rest.len()));
            rest = later;
            let from = self.given - self.redaction.held();
            self.given += piece.len() as u64;
            let shown = self.redaction.push(piece);
            match head > 0 {
                true => self.show(step, &shown, events),
                false => self.hold(step, from, shown, events),
            }
        }
    }

    /// The step has ended: nothing is held back any more.
    pub fn finish(&mut self, step: usize, events: &mut Vec<RunEvent>) {
        let from = self.given - self.redaction.held();
        let last = self.redaction.finish();
        match self.given > self.began + self.room.head {
            true => self.hold(step, from, last, events),
            false => self.show(step, &last, events),
        }
        if let Some(left_out) = self.left_out.take() {
            let to = self.held.front().map_or(self.given, |held| held.from);
            let note = format!("\n[infrakt left out {} bytes here]\n", to.saturating_sub(left_out));
            self.show(step, note.as_bytes(), events);
        }
        let held: Vec<Vec<u8>> = self.held.drain(..).map(|held| held.bytes).collect();
        self.held_bytes = 0;
        self.show(step, &held.concat(), events);
        // What comes after the end of a step is its own matter.
        self.began = self.given;
    }

    fn hold(&mut self, step: usize, from: u64, bytes: Vec<u8>, events: &mut Vec<RunEvent>) {
        self.held_bytes += bytes.len();
        match self.held.back_mut() {
            Some(last) if last.bytes.len() + bytes.len() <= PIECE => last.bytes.extend(bytes),
            _ if bytes.is_empty() => {}
            _ => self.held.push_back(Held { from, bytes }),
        }
        while self.held_bytes > self.room.tail
            && let Some(first) = self.held.pop_front()
        {
            self.held_bytes -= first.bytes.len();
            if self.left_out.is_none() {
                self.left_out = Some(first.from);
                let note = format!(
                    "\n[infrakt omits what follows, except for the last {} KiB]\n",
                    self.room.tail / 1024
                );
                self.show(step, note.as_bytes(), events);
            }
        }
    }

    fn show(&self, step: usize, bytes: &[u8], events: &mut Vec<RunEvent>) {
        let stream = self.stream;
        events.extend(bytes.chunks(EVENT).map(|bytes| RunEvent::Output {
            step,
            stream,
            bytes: bytes.to_vec(),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::secret::Secret;
    use proptest::prelude::*;

    fn printed(events: &[RunEvent]) -> Vec<u8> {
        let bytes = events.iter().filter_map(|event| match event {
            RunEvent::Output { bytes, .. } => Some(bytes.as_slice()),
            _ => None,
        });
        bytes.collect::<Vec<_>>().concat()
    }

    fn numbers(count: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|number| format!("{number:07}\n").into_bytes())
            .collect()
    }

    /// What is kept of a step that prints this, in pieces of this size; and the most that was held of it in memory.
    fn kept(text: &[u8], size: usize, run: u64, secrets: &Secrets) -> (Vec<u8>, usize) {
        let mut output = Output::new(Stream::Stdout, 0, secrets);
        output.begin(0, run);
        let mut events = Vec::new();
        let mut most = 0;
        for piece in text.chunks(size) {
            output.receive(piece.to_vec());
            output.give(0, None, &mut events);
            most = most.max(output.held_bytes + output.pending.len());
        }
        output.finish(0, &mut events);
        (printed(&events), most)
    }

    #[test]
    fn of_a_flood_the_beginning_the_end_and_the_size_of_the_rest_are_kept() {
        let text = numbers(1_000_000);
        for size in [1 << 20, 64 * 1024, 777] {
            let (kept, most) = kept(&text, size, 0, &Secrets::new());
            assert!(kept.len() <= HEAD as usize + TAIL + 200, "{}", kept.len());
            assert!(most <= TAIL + PIECE, "{most}");
            assert!(kept.starts_with(&text[..HEAD as usize]));
            let said = String::from_utf8_lossy(&kept[HEAD as usize..]);
            let (left_out, end) = said
                .split_once("[infrakt left out ")
                .and_then(|(_, rest)| rest.split_once(" bytes here]\n"))
                .expect("a note");
            assert!(end.len() > TAIL - 2 * PIECE && text.ends_with(end.as_bytes()));
            let left_out: usize = left_out.parse().expect("a number");
            assert_eq!(HEAD as usize + left_out + end.len(), text.len());
        }
    }

    #[test]
    fn output_below_the_limit_is_kept_whole() {
        let text = numbers(131_072);
        assert_eq!(text.len(), HEAD as usize + TAIL);
        assert_eq!(kept(&text, 1000, 0, &Secrets::new()).0, text);
        let (kept, _) = kept(&text[..LITTLE], 1000, RUN, &Secrets::new());
        assert_eq!(kept, &text[..LITTLE]);
    }

    #[test]
    fn of_a_run_that_has_printed_enough_only_the_end_of_each_step_is_kept() {
        let text = numbers(100_000);
        let (kept, _) = kept(&text, 4096, RUN, &Secrets::new());
        assert!(kept.len() < LITTLE + 200);
        assert!(kept.starts_with(b"\n[infrakt omits what follows") && text.ends_with(&kept[kept.len() - 1000..]));
    }

    #[test]
    fn a_run_that_is_taken_up_in_a_flood_keeps_the_same() {
        let text = numbers(1_000_000);
        let whole = kept(&text, 4096, 0, &Secrets::new()).0;
        for cut in [1000, HEAD as usize, HEAD as usize + 5000, 2_000_000, text.len() - 10] {
            let mut output = Output::new(Stream::Stdout, 0, &Secrets::new());
            output.begin(0, 0);
            let mut events = Vec::new();
            for piece in text[..cut].chunks(4096) {
                output.receive(piece.to_vec());
                output.give(0, None, &mut events);
            }
            let at = output.position();
            let mut again = Output::new(Stream::Stdout, at, &Secrets::new());
            again.begin(0, 0);
            for piece in text[at as usize..].chunks(4096) {
                again.receive(piece.to_vec());
                again.give(0, None, &mut events);
            }
            again.finish(0, &mut events);
            let now = printed(&events);
            // The end may begin a piece earlier or later.
            let until = whole.len() - TAIL / 2;
            let note = b"[infrakt left out";
            let beginning = |kept: &[u8]| {
                kept.windows(note.len())
                    .position(|window| window == note)
                    .expect("a note")
            };
            assert_eq!(now[..beginning(&now)], whole[..beginning(&whole)], "{cut}");
            assert!(now.ends_with(&whole[until..]), "{cut}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn a_secret_is_never_shown_where_the_output_is_cut(at in 0usize..40, size in 1usize..5000, resumed in 0usize..60_000) {
            let secrets: Secrets = [("A".to_owned(), Secret::new("hunter2hunter2hunter2"))].into();
            let line = "x".repeat(at) + "hunter2hunter2hunter2\n";
            let text = line.repeat(1_200_000 / line.len());
            let mut output = Output::new(Stream::Stdout, 0, &secrets);
            output.begin(0, 0);
            let mut events = Vec::new();
            let until = HEAD as usize - 30_000 + resumed;
            for piece in text.as_bytes()[..until].chunks(size) {
                output.receive(piece.to_vec());
                output.give(0, None, &mut events);
            }
            let place = output.position();
            let mut again = Output::new(Stream::Stdout, place, &secrets);
            again.begin(0, 0);
            for piece in text.as_bytes()[place as usize..].chunks(size) {
                again.receive(piece.to_vec());
                again.give(0, None, &mut events);
            }
            again.finish(0, &mut events);
            let shown = String::from_utf8(printed(&events)).expect("text");
            prop_assert!(!shown.contains("unter") && !shown.contains("hunt"), "{}", place);
        }
    }
}
