//! Parses the follower's stream. Everything is prefixed with its length and its place in the remote file. So a step's output is
//! only carried, never searched, and can't imitate a record.

/// One message of a follower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The follower has begun.
    Begun,
    /// Bytes of the steps' standard output, from this offset.
    Out(u64, Vec<u8>),
    /// Bytes of the steps' standard error, from this offset.
    Err(u64, Vec<u8>),
    /// Bytes of the runner's journal, from this offset.
    Journal(u64, Vec<u8>),
    /// The follower is alive; there is nothing new.
    Heartbeat,
    /// Everything was sent and the runner has ended.
    End,
    /// The script refused to start, or can't continue; the reason is for people.
    Refused { code: String, reason: String },
}

/// The longest frame that is accepted; the follower sends 1 MiB at most.
const MAX_FRAME: usize = 4 << 20;
/// The most bytes of noise before the follower's first line: what a login shell prints from its start-up files.
const MAX_NOISE: usize = 1 << 20;
/// The longest line that announces a frame or a refusal.
const MAX_LINE: usize = 4096;

/// Splits a follower's stream into frames, wherever the network has cut it.
#[derive(Debug)]
pub struct FrameReader {
    buffer: Vec<u8>,
    /// The follower's first line; before it there may be noise.
    greeting: Option<Vec<u8>>,
}

/// The stream is not a follower's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAFrame(pub String);

impl FrameReader {
    /// `nonce` is in the first line that the follower sends.
    pub fn new(nonce: &str) -> Self {
        Self {
            buffer: Vec::new(),
            greeting: Some(format!("infrakt {nonce}\n").into_bytes()),
        }
    }

    /// Adds bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame; `None` if it has not arrived yet.
    ///
    /// # Errors
    /// If the stream is not a follower's; nothing after that can be trusted.
    #[expect(clippy::should_implement_trait, reason = "None is no end here: more may come")]
    pub fn next(&mut self) -> Result<Option<Frame>, NotAFrame> {
        if let Some(greeting) = &self.greeting {
            let Some(at) = self
                .buffer
                .windows(greeting.len())
                .position(|window| window == greeting)
            else {
                let noise = self.buffer.len();
                return if noise > MAX_NOISE {
                    Err(NotAFrame(format!("{noise} bytes came before the first expected line")))
                } else {
                    Ok(None)
                };
            };
            self.buffer.drain(..at + greeting.len());
            self.greeting = None;
            return Ok(Some(Frame::Begun));
        }
        let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
            return if self.buffer.len() > MAX_LINE {
                Err(self.unexpected())
            } else {
                Ok(None)
            };
        };
        #[expect(clippy::indexing_slicing, reason = "the line's end was found there")]
        let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let (kind, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let frame = match kind {
            "h" => Frame::Heartbeat,
            "z" => Frame::End,
            "x" => {
                let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                Frame::Refused {
                    code: code.to_owned(),
                    reason: reason.to_owned(),
                }
            }
            "o" | "e" | "j" => {
                let (offset, length): (u64, usize) = rest
                    .split_once(' ')
                    .and_then(|(offset, length)| Some((offset.parse().ok()?, length.parse().ok()?)))
                    .filter(|(_, length)| *length <= MAX_FRAME)
                    .ok_or_else(|| self.unexpected())?;
                let start = end + 1;
                let Some(bytes) = self.buffer.get(start..start + length) else {
                    return Ok(None);
                };
                let bytes = bytes.to_vec();
                self.buffer.drain(..start + length);
                return Ok(Some(match kind {
                    "o" => Frame::Out(offset, bytes),
                    "e" => Frame::Err(offset, bytes),
                    _ => Frame::Journal(offset, bytes),
                }));
            }
            _ => return Err(self.unexpected()),
        };
        self.buffer.drain(..=end);
        Ok(Some(frame))
    }

    fn unexpected(&self) -> NotAFrame {
        let start = self.buffer.get(..60).unwrap_or(&self.buffer);
        NotAFrame(format!("unexpected bytes: {:?}", String::from_utf8_lossy(start)))
    }
}

/// How a step ended, beyond its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Itself,
    TimedOut,
    /// No new login came, so the server has undone it.
    Undone,
    /// No new login came, and undoing it failed.
    NotUndone,
    /// The output of the steps could have filled the server's disk.
    Flooded,
    /// A guard can't be run: a program of it is not there, or it was ended by a signal.
    GuardBroken,
}

impl Why {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "0" => Some(Self::Itself),
            "1" => Some(Self::TimedOut),
            "2" => Some(Self::Undone),
            "3" => Some(Self::NotUndone),
            "4" => Some(Self::Flooded),
            "5" => Some(Self::GuardBroken),
            _ => None,
        }
    }
}

/// One record of the runner's journal. Offsets are sizes of the two output files at that moment, uptimes are hundredths
/// of a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    Started {
        step: usize,
        out: u64,
        err: u64,
        uptime: u64,
    },
    /// A guard held.
    Unchanged { step: usize },
    Ended {
        step: usize,
        status: i32,
        why: Why,
        out: u64,
        err: u64,
        uptime: u64,
    },
    /// The client carries out this step.
    Paused { step: usize },
    /// The step was executed, and is undone unless the client returns over a new connection.
    Proving { step: usize },
    /// The step has run, and its `unless` guards still say that it is needed.
    StillNeeded { step: usize },
    /// The runner ends; `done`, `failed`, `paused` or `stopped`.
    Finished { how: String },
}

impl Record {
    /// Parses one line of the journal.
    ///
    /// # Errors
    /// If no runner writes such a line.
    pub fn parse(line: &str) -> Result<Self, NotAFrame> {
        let words: Vec<&str> = line.split(' ').collect();
        let unexpected = || NotAFrame(format!("unexpected record: {line:?}"));
        fn number<N: std::str::FromStr>(word: &str) -> Option<N> {
            word.parse().ok()
        }
        let parsed = match words.as_slice() {
            ["S", step, out, err, up] => (|| {
                Some(Self::Started {
                    step: number(step)?,
                    out: number(out)?,
                    err: number(err)?,
                    uptime: number(up)?,
                })
            })(),
            ["U", step] => number(step).map(|step| Self::Unchanged { step }),
            ["E", step, status, why, out, err, up] => (|| {
                Some(Self::Ended {
                    step: number(step)?,
                    status: number(status)?,
                    why: Why::parse(why)?,
                    out: number(out)?,
                    err: number(err)?,
                    uptime: number(up)?,
                })
            })(),
            ["P", step] => number(step).map(|step| Self::Paused { step }),
            ["Q", step] => number(step).map(|step| Self::Proving { step }),
            ["W", step] => number(step).map(|step| Self::StillNeeded { step }),
            ["Z", how @ ("done" | "failed" | "paused" | "stopped")] => Some(Self::Finished { how: (*how).to_owned() }),
            _ => None,
        };
        parsed.ok_or_else(unexpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn noise_before_the_greeting_is_skipped_and_imitations_are_only_carried() {
        let mut reader = FrameReader::new("n0");
        reader.push(b"Welcome!\nz\ninfrakt other\ninfrakt n0\no 0 12\nj 0 3\nz\nx y\nh\nz\n");
        let mut frames = Vec::new();
        while let Some(frame) = reader.next().expect("frames") {
            frames.push(frame);
        }
        let output = Frame::Out(0, b"j 0 3\nz\nx y\n".to_vec());
        assert_eq!(frames, [Frame::Begun, output, Frame::Heartbeat, Frame::End]);
    }

    #[test]
    fn a_stream_that_is_no_followers_is_refused() {
        for bytes in [
            "infrakt n0\nhello\n",
            "infrakt n0\no 0 99999999999\n",
            "infrakt n0\no x 1\n",
        ] {
            let mut reader = FrameReader::new("n0");
            reader.push(bytes.as_bytes());
            assert_eq!(reader.next(), Ok(Some(Frame::Begun)));
            assert!(reader.next().is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn frames_are_the_same_however_the_stream_is_cut(cuts in proptest::collection::vec(1usize..9, 0..40)) {
            let stream = b"noise infrakt n\no 0 5\n12345e 3 4\n\n\n\n\nj 0 7\nZ done\nz\n";
            let mut reader = FrameReader::new("n");
            let mut frames = Vec::new();
            let mut rest: &[u8] = stream;
            for cut in cuts.into_iter().chain(std::iter::once(usize::MAX)) {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                reader.push(now);
                rest = later;
                while let Some(frame) = reader.next().expect("frames") {
                    frames.push(frame);
                }
            }
            prop_assert_eq!(frames.len(), 5);
            prop_assert_eq!(&frames[2], &Frame::Err(3, b"\n\n\n\n".to_vec()));
        }
    }
}
