//! Carries an answer from its worker to the client. It takes the answer from the worker as fast as it comes, so that a client
//! that reads slowly delays only its own connection.
//!
//! It must not know what the answer is. It only adds the common headers after the first line.

use super::headers::EVERYWHERE;
use super::limits::{ANSWER_BUFFER, STALLED_TIME, STREAM_BUFFER};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longer than any first line that is written here.
const FIRST_LINE: usize = 256;

/// Marks an answer as an event stream in its head.
const STREAM_TYPE: &[u8] = b"\r\nContent-Type: text/event-stream";

/// Bytes that have arrived and are not yet sent.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    sent: usize,
}

impl Pending {
    #[expect(clippy::indexing_slicing, reason = "no more is sent than has arrived")]
    fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    fn sent(&mut self, count: usize) {
        self.sent += count;
        // Rarely enough that moving the bytes costs nothing.
        if self.sent == self.bytes.len() || self.sent >= STREAM_BUFFER {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// Carries the whole answer, and returns its status. `awaiting` says whether the relay currently waits for the client.
///
/// # Errors
/// If the client is gone or reads nothing, or if the worker ended without an answer ([`ErrorKind::UnexpectedEof`]; then
/// nothing was sent).
pub fn relay(worker: &mut UnixStream, client: &TcpStream, awaiting: &AtomicBool) -> io::Result<u16> {
    worker.set_nonblocking(true)?;
    client.set_nonblocking(true)?;
    let mut pending = Pending::default();
    let mut begun: Option<AnswerHead> = None;
    let mut all_came = false;
    let mut moved = Instant::now();
    let mut chunk = [0; 64 * 1024];
    loop {
        // Nothing may be sent before the first line is complete: the common headers come after it.
        let may_send = begun.is_some() && !pending.rest().is_empty();
        if all_came && !may_send {
            return begun
                .map(|begun| begun.status)
                .ok_or_else(|| ErrorKind::UnexpectedEof.into());
        }
        let streams = begun.as_ref().is_some_and(|begun| begun.streams);
        let most = if streams { STREAM_BUFFER } else { ANSWER_BUFFER };
        let may_come = !all_came && pending.rest().len() < most;
        let left = STALLED_TIME.saturating_sub(moved.elapsed());
        if may_send && left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let (come, go) = wait(
            (worker, may_come),
            (client, may_send),
            may_send.then_some(left),
            streams,
        )?;
        if come {
            match worker.read(&mut chunk) {
                Ok(0) => all_came = true,
                Ok(count) => {
                    if pending.rest().is_empty() {
                        moved = Instant::now();
                    }
                    #[expect(clippy::indexing_slicing, reason = "`read` fills no more than the whole buffer")]
                    pending.bytes.extend_from_slice(&chunk[..count]);
                    if begun.is_none() {
                        begun = complete_head(&mut pending.bytes)?;
                    }
                }
                Err(error) if is_momentary(&error) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => all_came = true,
                Err(error) => return Err(error),
            }
        }
        if go || (come && begun.is_some()) {
            match (&mut &*client).write(pending.rest()) {
                Ok(count) => {
                    pending.sent(count);
                    moved = Instant::now();
                    awaiting.store(!pending.rest().is_empty(), Ordering::SeqCst);
                }
                Err(error) if is_momentary(&error) => awaiting.store(true, Ordering::SeqCst),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Waits until data can be read or written. Even if neither is needed of the client, it notices the client's end. With
/// `gone_when_silent`, a client that has only stopped sending counts as gone too; otherwise an unread stream would be noticed
/// much later.
fn wait(
    (worker, may_come): (&UnixStream, bool),
    (client, may_send): (&TcpStream, bool),
    at_most: Option<Duration>,
    gone_when_silent: bool,
) -> io::Result<(bool, bool)> {
    let flags = |wanted: bool, flag| if wanted { flag } else { PollFlags::empty() };
    let mut fds = [
        PollFd::new(
            client,
            flags(may_send, PollFlags::OUT) | flags(gone_when_silent, PollFlags::RDHUP),
        ),
        PollFd::new(worker, flags(may_come, PollFlags::IN)),
    ];
    let at_most = at_most.and_then(|at_most| Timespec::try_from(at_most).ok());
    // Don't wait for the worker after its end: poll would report that end again and again.
    let watched: &mut [PollFd<'_>] = match &mut fds {
        both if may_come => both,
        [client, _] => std::slice::from_mut(client),
    };
    match poll(watched, at_most.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let [of_client, of_worker] = fds.map(|fd| fd.revents());
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL | PollFlags::RDHUP;
    if of_client.intersects(gone) {
        return Err(ErrorKind::ConnectionAborted.into());
    }
    Ok((may_come && !of_worker.is_empty(), of_client.contains(PollFlags::OUT)))
}

/// The parts of an answer's head that matter here.
struct AnswerHead {
    status: u16,
    /// Whether it is an event stream.
    streams: bool,
}

/// Adds the common headers below the first line, once it is complete.
fn complete_head(bytes: &mut Vec<u8>) -> io::Result<Option<AnswerHead>> {
    let Some(end) = bytes.iter().take(FIRST_LINE).position(|byte| *byte == b'\n') else {
        return if bytes.len() < FIRST_LINE {
            Ok(None)
        } else {
            Err(ErrorKind::InvalidData.into())
        };
    };
    let line: Vec<u8> = bytes.iter().take(end).copied().collect();
    let line = String::from_utf8_lossy(&line);
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or(ErrorKind::InvalidData)?;
    // A stream's head arrives in one write.
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = head.and_then(|end| bytes.get(..end)).unwrap_or_default();
    let mut words = head.windows(STREAM_TYPE.len());
    let streams = words.any(|window| window.eq_ignore_ascii_case(STREAM_TYPE));
    bytes.splice(end + 1..end + 1, EVERYWHERE.bytes());
    Ok(Some(AnswerHead { status, streams }))
}

fn is_momentary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::relay;
    use crate::http::limits::ANSWER_BUFFER;
    use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::AtomicBool;

    fn client() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap().0;
        // So that the system buffers little of an answer that is not read.
        set_socket_recv_buffer_size(&client, 64 * 1024).unwrap();
        set_socket_send_buffer_size(&server, 64 * 1024).unwrap();
        (server, client)
    }

    #[test]
    fn a_worker_finishes_an_answer_that_the_client_does_not_read() {
        let (mut worker, mut from_worker) = UnixStream::pair().unwrap();
        let (to_client, mut client) = client();
        let body = vec![b'x'; ANSWER_BUFFER / 2];
        let text = std::thread::scope(|scope| {
            let relayed = scope.spawn(|| {
                let status = relay(&mut from_worker, &to_client, &AtomicBool::new(false));
                drop(to_client);
                status
            });
            worker.write_all(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n").unwrap();
            worker.write_all(&body).unwrap();
            drop(worker);
            assert!(!relayed.is_finished());
            let mut text = Vec::new();
            client.read_to_end(&mut text).unwrap();
            assert_eq!(relayed.join().unwrap().unwrap(), 200);
            text
        });
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 200 OK\r\nConnection: close\r\n"),
            "{text:.80}"
        );
        assert_eq!(text.split_once("\r\n\r\n").unwrap().1.len(), body.len());
    }

    #[test]
    fn a_stream_ends_when_its_client_leaves_though_there_is_nothing_to_send() {
        let (mut worker, mut from_worker) = UnixStream::pair().unwrap();
        let (to_client, mut client) = client();
        worker
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            .unwrap();
        std::thread::scope(|scope| {
            let relayed = scope.spawn(|| relay(&mut from_worker, &to_client, &AtomicBool::new(false)));
            client.read_exact(&mut [0; 16]).unwrap();
            drop(client);
            let error = relayed.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        });
        drop(from_worker);
        assert_eq!(worker.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn who_has_said_all_and_waits_for_the_answer_gets_it() {
        let (mut worker, mut from_worker) = UnixStream::pair().unwrap();
        let (to_client, mut client) = client();
        client.shutdown(Shutdown::Write).unwrap();
        worker.write_all(b"HTTP/1.1 200 OK\r\n\r\nwell").unwrap();
        drop(worker);
        let status = relay(&mut from_worker, &to_client, &AtomicBool::new(false)).unwrap();
        drop(to_client);
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert!(status == 200 && text.ends_with("\r\n\r\nwell"), "{text}");
    }

    #[test]
    fn a_worker_without_an_answer_is_reported_and_nothing_is_sent() {
        let (worker, mut from_worker) = UnixStream::pair().unwrap();
        let (to_client, mut client) = client();
        drop(worker);
        let error = relay(&mut from_worker, &to_client, &AtomicBool::new(false)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        drop(to_client);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
}
