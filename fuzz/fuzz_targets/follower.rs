//! What a server may send in place of a follower's frames: the reader and the transcript end in order or with an error,
//! keep no more than they were sent, and tell the same however the network cut it.
#![no_main]

use infrakt::event::{RunEvent, StretchPosition};
use infrakt::executor::frames::{Frame, FrameReader};
use infrakt::executor::transcript::Transcript;
use infrakt::plan::secret::Secrets;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

const NONCE: &str = "n";

/// What a stream says.
#[derive(Default)]
struct Reading {
    /// All events except the output.
    events: Vec<RunEvent>,
    /// The output, by step and stream.
    output: BTreeMap<usize, Vec<u8>>,
    /// Whether the stream is a follower's to its end.
    whole: bool,
}

/// Reads a stream that comes in pieces of this size, up to where it is no follower's.
fn read(stream: &[u8], piece: usize) -> Reading {
    let mut reader = FrameReader::new(NONCE);
    let mut transcript = Transcript::new(&Secrets::new(), StretchPosition::start(1, 0), 0);
    let mut reading = Reading::default();
    let mut carried = 0;
    for bytes in stream.chunks(piece.max(1)) {
        reader.push(bytes);
        loop {
            let events = match reader.next() {
                Ok(None) => break,
                Ok(Some(Frame::End | Frame::Refused { .. })) => {
                    reading.whole = true;
                    return reading;
                }
                Ok(Some(frame)) => transcript.take(frame),
                Err(_) => return reading,
            };
            let Ok(events) = events else {
                return reading;
            };
            for event in events {
                match event {
                    RunEvent::Output { step, stream, bytes } => {
                        carried += bytes.len();
                        let place = step * 2 + stream as usize;
                        reading.output.entry(place).or_default().extend(bytes);
                    }
                    event => reading.events.push(event),
                }
            }
        }
    }
    assert!(
        carried <= stream.len(),
        "{carried} bytes of output from {}",
        stream.len()
    );
    reading.whole = true;
    reading
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, rest)) = data.split_first() else {
        return;
    };
    let stream = [format!("infrakt {NONCE}\n").as_bytes(), rest].concat();
    let at_once = read(&stream, stream.len());
    let in_pieces = read(&stream, usize::from(*piece));
    // If the stream breaks off, a reader may have seen more or less of it by then.
    if at_once.whole && in_pieces.whole {
        assert_eq!(at_once.events, in_pieces.events);
        assert_eq!(at_once.output, in_pieces.output);
    }
    // Without the greeting with the nonce of this channel, nothing at all.
    let nonce = "another nonce";
    let guessed = rest.windows(nonce.len()).any(|window| window == nonce.as_bytes());
    let mut reader = FrameReader::new(nonce);
    reader.push(rest);
    assert!(guessed || matches!(reader.next(), Ok(None) | Err(_)));
});
