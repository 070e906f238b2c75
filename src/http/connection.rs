//! One connection, which carries one request: reads the request within limits, and returns the answer.
//!
//! It must not know what the requests are for.

use super::admission::Admission;
use super::head::{self, Head};
use super::headers::{EVERYWHERE, NEVER_KEPT};
use super::limits::{BODY_TIME, HEAD_BYTES, HEAD_TIME, LINGER_PAUSE, LINGER_TIME};
use super::problem::Problem;
use super::relay::relay;
use super::request::Method;
use super::worker::Work;
use crate::plan::printable::json;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CHUNK: usize = 8 * 1024;

/// What all connections share.
pub struct Entrance {
    pub admission: Admission,
    pub work: Arc<Work>,
    /// Whether each request is logged on stderr.
    pub log: bool,
}

pub struct HttpConnection {
    stream: TcpStream,
    peer: SocketAddr,
    /// Whether it is the client that everything waits for.
    awaiting: AtomicBool,
    /// Whether its request is being worked on, or answered.
    working: AtomicBool,
}

/// What a request asks for, as far as it was understood.
struct RequestLine {
    method: Method,
    /// Without the query, which may hold secrets.
    path: String,
}

/// Why there is no request to hand on.
enum NoRequest {
    Refused(Problem),
    /// The client left, or never said anything.
    Gone,
}

impl From<Problem> for NoRequest {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl HttpConnection {
    pub fn new(stream: TcpStream, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            awaiting: AtomicBool::new(true),
            working: AtomicBool::new(false),
        }
    }

    /// Whether it can be closed in favour of another one: only its own client would notice.
    pub fn awaits_client(&self) -> bool {
        self.awaiting.load(Ordering::SeqCst)
    }

    /// Whether there is a request to be answered.
    pub fn is_working(&self) -> bool {
        self.working.load(Ordering::SeqCst)
    }

    /// A thread that reads from it or writes to it sees it end.
    pub fn close(&self) {
        // It may be closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Refuses it without having read anything.
    pub fn turn_away(&self, problem: &Problem) {
        // When this many connections are open, a client may miss the answer.
        let _ = self
            .stream
            .set_nonblocking(true)
            .and_then(|()| self.say(Method::Other, problem));
    }

    /// Carries its request.
    pub fn serve(&self, entrance: &Entrance) {
        let began = Instant::now();
        let mut asked = None;
        let status = match self.receive(entrance, &mut asked) {
            Ok((head, body)) => self.hand_on(&entrance.work, &head, &body),
            Err(NoRequest::Refused(problem)) => {
                let method = asked.as_ref().map_or(Method::Other, |asked| asked.method);
                self.refuse(method, &problem)
            }
            Err(NoRequest::Gone) => None,
        };
        self.linger();
        if entrance.log && (status.is_some() || asked.is_some()) {
            let status = status.map_or("gone".to_owned(), |status| status.to_string());
            let asked = asked.map_or("?".to_owned(), |asked| {
                format!("{} {}", asked.method.name(), asked.path)
            });
            let line = format!("{} {asked} {status} {} ms\n", self.peer, began.elapsed().as_millis());
            // If the line can't be written, it is dropped.
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }

    /// Reads the request, as far as it is let in. What it asks for goes to `asked` as soon as it is known.
    fn receive(&self, entrance: &Entrance, asked: &mut Option<RequestLine>) -> Result<(Head, Vec<u8>), NoRequest> {
        let (head, mut body) = self.receive_head()?;
        *asked = Some(RequestLine {
            method: head.method,
            path: head.target.raw_path().to_owned(),
        });
        entrance.admission.check(&head)?;
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        if head.expects_continue && body.len() < length {
            self.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .map_err(|_| NoRequest::Gone)?;
        }
        let end = Instant::now() + BODY_TIME;
        while body.len() < length {
            match self.read_until(end, &mut body) {
                Ok(0) => return Err(Problem::bad_request("the connection closed before the end of the body").into()),
                Ok(_) => {}
                Err(error) => return Err(too_slow(&error, "body", BODY_TIME)),
            }
        }
        // A connection carries one request.
        body.truncate(length);
        Ok((head, body))
    }

    /// Gives the head, and what came of the body with it.
    fn receive_head(&self) -> Result<(Head, Vec<u8>), NoRequest> {
        let end = Instant::now() + HEAD_TIME;
        let mut bytes = Vec::new();
        loop {
            let known = bytes.len();
            match self.read_until(end, &mut bytes) {
                Ok(0) if bytes.is_empty() => return Err(NoRequest::Gone),
                Ok(0) => return Err(Problem::bad_request("the connection closed before the end of the head").into()),
                Ok(_) => {}
                // Browsers open connections that they may need later.
                Err(_) if bytes.is_empty() => return Err(NoRequest::Gone),
                Err(error) => return Err(too_slow(&error, "head", HEAD_TIME)),
            }
            if !head::may_begin(&bytes) {
                return Err(Problem::bad_request("it is not HTTP")
                    .with_hint("this service speaks HTTP; for HTTPS put a proxy in front of it")
                    .into());
            }
            match head::end(&bytes, known) {
                Some(end) if end <= HEAD_BYTES => {
                    let body = bytes.split_off(end);
                    return Ok((Head::parse(&bytes)?, body));
                }
                None if bytes.len() < HEAD_BYTES => {}
                _ => return Err(Problem::head_too_large(format!("it has more than {HEAD_BYTES} bytes")).into()),
            }
        }
    }

    /// Reads some bytes; 0 at the end.
    fn read_until(&self, end: Instant, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let mut chunk = [0; CHUNK];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
            match (&self.stream).read(&mut chunk) {
                Ok(count) => {
                    #[expect(clippy::indexing_slicing, reason = "`read` fills no more than the whole buffer")]
                    bytes.extend_from_slice(&chunk[..count]);
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Has it answered, and gives the status.
    fn hand_on(&self, work: &Work, head: &Head, body: &[u8]) -> Option<u16> {
        self.working.store(true, Ordering::SeqCst);
        self.awaiting.store(false, Ordering::SeqCst);
        let answered = work.engine.connect().and_then(|mut worker| {
            worker.write_all(&head.canonical())?;
            worker.write_all(body)?;
            Ok(worker)
        });
        let status = match answered {
            Ok(mut worker) => match relay(&mut worker, &self.stream, &self.awaiting) {
                Ok(status) => Some(status),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.refuse(head.method, &out_of_breath()),
                Err(_) => None,
            },
            Err(_) => self.refuse(head.method, &out_of_breath()),
        };
        self.working.store(false, Ordering::SeqCst);
        status
    }

    fn refuse(&self, method: Method, problem: &Problem) -> Option<u16> {
        self.say(method, problem).ok().map(|()| problem.status)
    }

    fn say(&self, method: Method, problem: &Problem) -> io::Result<()> {
        let body = json(&problem.body().to_string());
        let mut answer = format!("HTTP/1.1 {} {}\r\n{EVERYWHERE}", problem.status, reason(problem.status));
        let length = body.len().to_string();
        let own = [
            ("Server", "infrakt"),
            ("Content-Type", "application/json"),
            ("Content-Length", &length),
            ("Cache-Control", NEVER_KEPT),
        ];
        for (name, value) in own.into_iter().chain(problem.headers()) {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        // The answer to HEAD has the length of the body, and no body.
        let body = if method == Method::Head { "" } else { &body };
        self.write_all(format!("{answer}\r\n{body}").as_bytes())
    }

    /// Writes a few words: they fit what the system keeps for a client that does not read at once.
    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        self.stream.set_write_timeout(Some(LINGER_PAUSE))?;
        (&self.stream).write_all(bytes)
    }

    /// Closes it so that the client can read its answer: closed while there is something unread, a connection is reset, and
    /// what was sent is lost.
    fn linger(&self) {
        self.awaiting.store(true, Ordering::SeqCst);
        let end = Instant::now() + LINGER_TIME;
        let pause = |left: Duration| left.min(LINGER_PAUSE);
        if self.stream.set_nonblocking(false).is_err() || self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut chunk = [0; CHUNK];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(pause(left))).is_err() {
                return;
            }
            match (&self.stream).read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

fn out_of_breath() -> Problem {
    Problem::busy("this computer has too few resources for the request")
}

fn too_slow(error: &io::Error, part: &str, limit: Duration) -> NoRequest {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            let message = format!(
                "the {part} of the request did not arrive within {} seconds",
                limit.as_secs()
            );
            Problem::new(408, "request_timeout", message).into()
        }
        _ => NoRequest::Gone,
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Error",
    }
}
