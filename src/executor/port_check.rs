//! Opens ports of the server from here, as a visitor's computer does, and checks that the expected service answers. If
//! it does not, the server is asked for the cause while the attempts continue. Knows no SSH.

use super::connection::{ByteStream, Connection, Way};
use super::question;
use crate::error::Result;
use crate::event::Stream;
use crate::plan::shell::quote;
use crate::plan::{Endpoint, Protocol};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How long a port is tried before it counts as closed: a lost packet is sent again after one second, and after three.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the server may look for the reason.
const SEARCH: Duration = Duration::from_secs(60);
/// The most bytes of an event.
const PIECE: usize = 64 << 10;
/// How often it is seen whether the user wants to stop.
const GLANCE: Duration = Duration::from_millis(200);

/// What came of it.
pub(super) struct Reached {
    /// What the server printed while it looked for the reason.
    pub output: Vec<(Stream, Vec<u8>)>,
    pub verdict: Verdict,
}

pub(super) enum Verdict {
    /// All ports answer.
    Open,
    /// Not from here, and the server is not the reason.
    NotFromHere(String),
    /// The server is the reason.
    Blocked { reason: String, exit_status: Option<i32> },
    /// The user has had enough.
    Interrupted,
}

impl Verdict {
    fn alone(self) -> Reached {
        Reached {
            output: Vec::new(),
            verdict: self,
        }
    }
}

/// Opens all of them at the same time.
///
/// # Errors
/// If the server can't be asked for the reason.
pub(super) fn reach(
    connection: &mut dyn Connection,
    server: &str,
    endpoints: &[Endpoint],
    otherwise: &str,
    interrupted: &dyn Fn() -> bool,
) -> Result<Reached> {
    let way: Arc<dyn Way> = Arc::from(connection.way());
    let host = way.host();
    let mut failed = endpoints.to_vec();
    let why_not = match way.leads_nowhere() {
        Some(reason) => format!("{host} can't be opened from here: {reason}"),
        None => match attempts(&way, endpoints, interrupted) {
            None => return Ok(Verdict::Interrupted.alone()),
            Some(closed) if closed.is_empty() => return Ok(Verdict::Open.alone()),
            Some(closed) => {
                failed = closed.iter().map(|(endpoint, _)| *endpoint).collect();
                let reasons = closed.iter().map(|(endpoint, reason)| format!("{endpoint}: {reason}"));
                format!("{host} from here: {}", reasons.collect::<Vec<_>>().join("; "))
            }
        },
    };
    // What still tries leaves its traces for the server to see.
    let over = Arc::new(AtomicBool::new(false));
    if way.leads_nowhere().is_none() {
        for endpoint in failed.iter().copied() {
            let (way, over) = (Arc::clone(&way), Arc::clone(&over));
            let trying = move || {
                while !over.load(Ordering::SeqCst) && attempt(&*way, endpoint).is_err() {
                    std::thread::sleep(PAUSE);
                }
            };
            // Without this thread the server sees fewer connections. It reports no port as reachable without having seen one.
            let _ = Builder::new().spawn(trying);
        }
    }
    let ports: Vec<String> = failed.iter().map(|endpoint| endpoint.port.to_string()).collect();
    let script = format!("closed={}\nset -e\n{otherwise}\n", quote(&ports.join(" ")));
    let answer = question::ask(connection, server, &script, SEARCH);
    over.store(true, Ordering::SeqCst);
    let answer = answer?;
    let last = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.trim().lines().next_back().unwrap_or_default().to_owned()
    };
    let verdict = match (answer.status, last(&answer.stderr), last(&answer.stdout)) {
        (0, _, said) if said.is_empty() => Verdict::NotFromHere(why_not),
        (0, _, said) => Verdict::NotFromHere(format!("{why_not}. The server says: {said}")),
        (status, said, _) => Verdict::Blocked {
            reason: if said.is_empty() {
                why_not
            } else {
                format!("{why_not}. The server says: {said}")
            },
            exit_status: Some(status),
        },
    };
    let output = [(Stream::Stdout, answer.stdout), (Stream::Stderr, answer.stderr)];
    let pieces = output
        .iter()
        .flat_map(|(stream, bytes)| bytes.chunks(PIECE).map(|piece| (*stream, piece.to_vec())));
    Ok(Reached {
        output: pieces.collect(),
        verdict,
    })
}

/// Tries each port in a thread of its own, until it answers or the timeout is reached. Returns the endpoints that never
/// answered; `None` if the user wants to stop. A thread that is no longer waited for ends after its attempt.
fn attempts(
    way: &Arc<dyn Way>,
    endpoints: &[Endpoint],
    interrupted: &dyn Fn() -> bool,
) -> Option<Vec<(Endpoint, String)>> {
    let until = Instant::now() + PATIENCE;
    let (tell, told) = channel();
    for (index, endpoint) in endpoints.iter().copied().enumerate() {
        let (way, tell_it) = (Arc::clone(way), tell.clone());
        let thread = Builder::new().spawn(move || persist(&*way, index, endpoint, until, &tell_it));
        if let Err(error) = thread {
            // The receiver is here, so this can't fail.
            let _ = tell.send((index, Err(format!("no thread to try it with: {error}"))));
        }
    }
    drop(tell);
    gather(endpoints, until, &told, interrupted)
}

type PortResult = (usize, std::result::Result<(), String>);

fn persist(way: &dyn Way, index: usize, endpoint: Endpoint, until: Instant, tell: &Sender<PortResult>) {
    loop {
        let result = attempt(way, endpoint);
        let done = result.is_ok();
        // The send fails if the results are no longer waited for.
        if tell.send((index, result)).is_err() || done || Instant::now() + PAUSE >= until {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

fn gather(
    endpoints: &[Endpoint],
    until: Instant,
    told: &Receiver<PortResult>,
    interrupted: &dyn Fn() -> bool,
) -> Option<Vec<(Endpoint, String)>> {
    let unanswered = || format!("no answer within {} s", PATIENCE.as_secs());
    let mut closed: BTreeMap<usize, String> = (0..endpoints.len()).map(|index| (index, unanswered())).collect();
    while !closed.is_empty() && Instant::now() < until {
        if interrupted() {
            return None;
        }
        match told.recv_timeout(GLANCE) {
            Ok((index, Ok(()))) => {
                closed.remove(&index);
            }
            Ok((index, Err(reason))) => {
                closed.insert(index, reason);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let closed = closed.into_iter();
    Some(
        closed
            .filter_map(|(index, reason)| Some((*endpoints.get(index)?, reason)))
            .collect(),
    )
}

/// Connects once and, where a protocol says so, waits for the first word of what answers.
fn attempt(way: &dyn Way, endpoint: Endpoint) -> std::result::Result<(), String> {
    let mut stream = way.open(endpoint.port, ATTEMPT)?;
    match endpoint.protocol {
        Protocol::Tcp => Ok(()),
        Protocol::Http => {
            let host = way.host();
            let host = if host.contains(':') { format!("[{host}]") } else { host };
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: infrakt\r\nConnection: close\r\n\r\n");
            match exchange(&mut *stream, request.as_bytes())? {
                answer if answer == *b"HTTP/" => Ok(()),
                _ => Err("what answers there is not a web server".to_owned()),
            }
        }
        // A record of a handshake, or an alert: both are TLS (RFC 8446, 5.1).
        Protocol::Tls => match exchange(&mut *stream, CLIENT_HELLO)? {
            [21 | 22, 3, ..] => Ok(()),
            _ => Err("what answers there does not speak TLS".to_owned()),
        },
    }
}

fn exchange(stream: &mut dyn ByteStream, words: &[u8]) -> std::result::Result<[u8; 5], String> {
    let mut answer = [0; 5];
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it accepts connections and closes them".to_owned(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            format!("it accepts connections but sends nothing for {} s", ATTEMPT.as_secs())
        }
        _ => error.to_string(),
    };
    stream.write_all(words).map_err(failed)?;
    stream.read_exact(&mut answer).map_err(failed)?;
    Ok(answer)
}

/// The greeting of a TLS 1.2 client (RFC 5246, 7.4.1.2) with the usual suites, curves and signatures, and without a name: a
/// server that understands it answers, be it with an alert. Nothing secret follows, so its random number is none.
const CLIENT_HELLO: &[u8] = &[
    22, 3, 1, 0, 85, // a record of a handshake, 85 bytes
    1, 0, 0, 81, 3, 3, // a greeting of 81 bytes, TLS 1.2
    105, 110, 102, 114, 97, 107, 116, 32, 105, 110, 102, 114, 97, 107, 116, 32, 105, 110, 102, 114, 97, 107, 116, 32,
    105, 110, 102, 114, 97, 107, 116, 46, // 32 bytes
    0,  // no session
    0, 12, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, // suites
    1, 0, // no compression
    0, 28, // extensions
    0, 10, 0, 6, 0, 4, 0, 29, 0, 23, // curves: x25519, secp256r1
    0, 11, 0, 2, 1, 0, // points: uncompressed
    0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1, // signatures: ECDSA, RSA-PSS and RSA with SHA-256
];

#[cfg(test)]
mod tests {
    use super::CLIENT_HELLO;

    #[test]
    fn the_lengths_in_the_greeting_are_those_of_its_parts() {
        let at = |index: usize| usize::from(CLIENT_HELLO[index]) * 256 + usize::from(CLIENT_HELLO[index + 1]);
        assert_eq!(at(3), CLIENT_HELLO.len() - 5);
        assert_eq!(at(7), CLIENT_HELLO.len() - 9);
        let extensions = 5 + 4 + 2 + 32 + 1 + 2 + 12 + 2;
        assert_eq!(at(extensions), CLIENT_HELLO.len() - extensions - 2);
    }
}
