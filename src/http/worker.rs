//! Answers requests: takes them from tiny_http, calls the handler, and writes its answer. A handler that panics fails
//! only its own request.
//!
//! It must not know which requests exist, nor who may send them.

use super::answer::{Answer, Events};
use super::engine::Engine;
use super::events::EventStream;
use super::headers::NEVER_KEPT;
use super::limits::{STREAMS, WORKERS};
use super::permits::Permits;
use super::problem::Problem;
use super::request::{Method, Request};
use super::target::Target;
use crate::error::Error;
use crate::plan::printable::json;
use std::io::{self, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

/// Recipes are evaluated on it, which may go deep.
const STACK: usize = 8 * 1024 * 1024;

/// Says what a request is answered.
pub type Handler = Box<dyn Fn(&Request) -> Result<Answer, Problem> + Send + Sync>;

/// What all workers share.
pub struct Work {
    pub engine: Engine,
    handler: Handler,
    streams: Permits,
    /// Whether the service is about to end.
    pub stopping: AtomicBool,
}

impl Work {
    /// Starts the workers.
    ///
    /// # Errors
    /// There are too few resources.
    pub fn start(engine: Engine, handler: Handler) -> Result<Arc<Self>, Error> {
        let work = Arc::new(Self {
            engine,
            handler,
            streams: Permits::new(STREAMS),
            stopping: AtomicBool::new(false),
        });
        for _ in 0..WORKERS {
            let work = Arc::clone(&work);
            thread::Builder::new()
                .name("worker".to_owned())
                .stack_size(STACK)
                .spawn(move || work.serve_requests())
                .map_err(|error| Error::usage(format!("cannot start a thread: {error}")))?;
        }
        Ok(work)
    }

    /// Answers one request after the other, until there are no more.
    fn serve_requests(self: Arc<Self>) {
        while let Some(mut incoming) = self.engine.next() {
            let mut takes_gzip = false;
            let answer = guarded(|| {
                let request = read(&mut incoming)?;
                takes_gzip = request.takes_gzip;
                (self.handler)(&request)
            });
            let answer = answer.unwrap_or_else(|| Err(Problem::internal()));
            // An error means that the client did not wait.
            let _ = match answer {
                Ok(Answer::Events(events)) => self.stream(incoming, events),
                Ok(answer) => respond(incoming, answer, takes_gzip),
                Err(problem) => refuse(incoming, &problem),
            };
        }
    }

    /// Streams in a thread of its own, so that this worker is free for the next request.
    fn stream(self: &Arc<Self>, incoming: tiny_http::Request, events: Events) -> io::Result<()> {
        let Some(place) = self.streams.take() else {
            return refuse(
                incoming,
                &Problem::busy(format!("{STREAMS} event streams are open, which is the maximum")),
            );
        };
        let work = Arc::clone(self);
        let thread = thread::Builder::new().name("event stream".to_owned());
        // If no thread can be started, the request is dropped, and tiny_http answers 500.
        thread
            .spawn(move || {
                let mut writer = incoming.into_writer();
                // A panic was reported by its own message; the client sees the stream end.
                let _ = guarded(|| events(&mut EventStream::begin(&mut writer, &work.stopping)?));
                drop(place);
            })
            .map(drop)
    }
}

/// `None` if it panicked. What it worked on belongs to its request alone, or is guarded by locks that are taken over.
fn guarded<T>(act: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(act)).ok()
}

fn read(incoming: &mut tiny_http::Request) -> Result<Request, Problem> {
    let header = |name: &'static str| {
        let found = incoming.headers().iter().find(|header| header.field.equiv(name));
        found.map(|header| header.value.to_string())
    };
    let (content_type, last_event_id) = (header("Content-Type"), header("Last-Event-ID"));
    // The listener has read what the client said.
    let takes_gzip = header("Accept-Encoding").is_some();
    let target = Target::parse(incoming.url())?;
    let method = Method::from_name(incoming.method().as_str());
    let mut body = Vec::new();
    incoming
        .as_reader()
        .read_to_end(&mut body)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Request {
        method,
        path: target.path,
        raw_query: target.query,
        content_type,
        last_event_id,
        takes_gzip,
        body,
    })
}

fn refuse(incoming: tiny_http::Request, problem: &Problem) -> io::Result<()> {
    let body = json(&problem.body().to_string()).into_bytes();
    let mut headers = vec![("Content-Type", "application/json"), ("Cache-Control", NEVER_KEPT)];
    headers.extend(problem.headers());
    write(incoming, problem.status, &headers, &body)
}

fn respond(incoming: tiny_http::Request, answer: Answer, takes_gzip: bool) -> io::Result<()> {
    match answer {
        Answer::Json { status, body } => {
            let headers = [("Content-Type", "application/json"), ("Cache-Control", NEVER_KEPT)];
            write(incoming, status, &headers, json(&body.to_string()).as_bytes())
        }
        Answer::NoContent => write(incoming, 204, &[("Cache-Control", NEVER_KEPT)], b""),
        Answer::File {
            content_type,
            caching,
            bytes,
            gzipped,
        } => {
            let mut headers = vec![("Content-Type", content_type), ("Cache-Control", caching)];
            if gzipped.is_some() {
                headers.push(("Vary", "Accept-Encoding"));
            }
            match gzipped.filter(|_| takes_gzip) {
                Some(gzipped) => {
                    headers.push(("Content-Encoding", "gzip"));
                    write(incoming, 200, &headers, gzipped)
                }
                None => write(incoming, 200, &headers, bytes),
            }
        }
        // Streams are not written here.
        Answer::Events(_) => Ok(()),
    }
}

fn write(incoming: tiny_http::Request, status: u16, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
    let headers = [("Server", "infrakt")].iter().chain(headers);
    // A header of ours that is none is left out.
    let headers = headers.filter_map(|(name, value)| tiny_http::Header::from_bytes(*name, *value).ok());
    let response = tiny_http::Response::new(
        status.into(),
        headers.collect(),
        Cursor::new(body),
        Some(body.len()),
        None,
    );
    incoming.respond(response.with_chunked_threshold(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Handler, Work};
    use crate::http::engine::Engine;
    use crate::http::limits::{STREAMS, WORKERS};
    use serde_json::json;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    fn start(handler: Handler) -> Arc<Work> {
        Work::start(Engine::start().unwrap(), handler).unwrap()
    }

    fn ask(work: &Work, path: &str) -> UnixStream {
        let mut stream = work.engine.connect().unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        stream
    }

    fn answer(mut stream: UnixStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_handler_that_panics_costs_its_own_request_alone() {
        let work = start(Box::new(|request| match request.path.as_slice() {
            [path] if path == "broken" => panic!("as this story wants it"),
            _ => Ok(Answer::ok(json!("well"))),
        }));
        // More often than there are workers that could be lost.
        for _ in 0..WORKERS + 1 {
            let text = answer(ask(&work, "/broken"));
            assert!(
                text.starts_with("HTTP/1.1 500 ") && text.contains("\"internal\""),
                "{text}"
            );
            assert!(!text.contains("as this story wants it"), "{text}");
        }
        assert!(answer(ask(&work, "/")).ends_with("\"well\""));
        work.engine.end();
    }

    #[test]
    fn streams_take_no_workers_and_there_is_an_end_to_their_number() {
        let work = start(Box::new(|request| match request.path.as_slice() {
            [path] if path == "stream" => Ok(Answer::Events(Box::new(|sink| {
                while !sink.stopping() {
                    sink.keep_alive()?;
                    std::thread::yield_now();
                }
                Ok(())
            }))),
            _ => Ok(Answer::ok(json!("well"))),
        }));
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            let mut stream = BufReader::new(ask(&work, "/stream"));
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
            streams.push(stream);
        }
        assert!(answer(ask(&work, "/stream")).starts_with("HTTP/1.1 503 "));
        assert!(answer(ask(&work, "/")).ends_with("\"well\""));
        work.stopping.store(true, Ordering::SeqCst);
        for mut stream in streams {
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
        work.engine.end();
    }
}
