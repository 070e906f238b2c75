//! What a server may send in place of a follower's frames: the reader and the transcript end in order or with an error,
//! keep no more than they were sent, and tell the same however the network cut it.
#![no_main]

use infrakt::event::{RunEvent, StretchPosition};
use infrakt::executor::frames::{Frame, FrameReader};
use infrakt::executor::script::Secrets;
use infrakt::executor::transcript::Transcript;
use libfuzzer_sys::fuzz_target;

const NONCE: &str = "n";

/// What is told of a stream that comes in pieces of this size: the output of each step, and the rest in order. `None` from
/// where the stream is no follower's.
fn told(stream: &[u8], piece: usize) -> (Vec<RunEvent>, Vec<(usize, Vec<u8>)>, bool) {
    let mut reader = FrameReader::new(NONCE);
    let mut transcript = Transcript::new(&Secrets::new(), StretchPosition::start(1, 0), 0);
    let (mut events, mut output) = (Vec::new(), Vec::<(usize, Vec<u8>)>::new());
    let mut carried = 0;
    for bytes in stream.chunks(piece.max(1)) {
        reader.push(bytes);
        loop {
            let told = match reader.next() {
                Ok(None) => break,
                Ok(Some(Frame::End | Frame::Refused { .. })) => return (events, output, true),
                Ok(Some(frame)) => transcript.take(frame),
                Err(_) => return (events, output, false),
            };
            let Ok(told) = told else {
                return (events, output, false);
            };
            for event in told {
                match event {
                    RunEvent::Output { step, stream, bytes } => {
                        carried += bytes.len();
                        let place = step * 2 + stream as usize;
                        match output.iter_mut().find(|(of, _)| *of == place) {
                            Some((_, all)) => all.extend(bytes),
                            None => output.push((place, bytes)),
                        }
                    }
                    event => events.push(event),
                }
            }
        }
    }
    assert!(carried <= stream.len(), "{carried} bytes were told of {}", stream.len());
    output.sort();
    (events, output, true)
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, rest)) = data.split_first() else {
        return;
    };
    let stream = [format!("infrakt {NONCE}\n").as_bytes(), rest].concat();
    let whole = told(&stream, stream.len());
    let pieces = told(&stream, usize::from(*piece));
    // Where the stream breaks off, more may have been told before that was seen.
    if whole.2 && pieces.2 {
        let sorted = |mut output: Vec<(usize, Vec<u8>)>| {
            output.sort();
            output
        };
        assert_eq!(whole.0, pieces.0);
        assert_eq!(sorted(whole.1), sorted(pieces.1));
    }
    // Without the greeting with the nonce of this channel, nothing at all.
    let nonce = "another nonce";
    let guessed = rest.windows(nonce.len()).any(|window| window == nonce.as_bytes());
    let mut reader = FrameReader::new(nonce);
    reader.push(rest);
    assert!(guessed || matches!(reader.next(), Ok(None) | Err(_)));
});
