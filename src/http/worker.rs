//! Answers requests: takes them from tiny_http, asks the routes or the page, and writes what they say. A handler that
//! panics costs its own request and nothing else.
//!
//! It must not know who may call, which was checked before.

use super::answer::{Answer, Events};
use super::engine::Engine;
use super::events::Stream;
use super::headers::NEVER_KEPT;
use super::limits::STREAMS;
use super::problem::Problem;
use super::request::{Method, Request};
use super::service::Service;
use super::target::Target;
use super::{page, routes};
use std::io::{self, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What all workers share.
pub struct Work {
    pub engine: Engine,
    pub service: Arc<Service>,
    /// Event streams that go on.
    pub streams: AtomicUsize,
    /// Whether the service is about to end.
    pub stopping: AtomicBool,
}

impl Work {
    /// Answers one request after the other, until there are no more.
    pub fn go_on(self: Arc<Self>) {
        while let Some(mut incoming) = self.engine.next() {
            let answer = guarded(|| self.answer(&mut incoming)).unwrap_or_else(|| Err(Problem::internal()));
            // An error means that the client did not wait.
            let _ = match answer {
                Ok(Answer::Events(events)) => self.stream(incoming, events),
                Ok(answer) => respond(incoming, answer),
                Err(problem) => refuse(incoming, &problem),
            };
        }
    }

    fn answer(&self, incoming: &mut tiny_http::Request) -> Result<Answer, Problem> {
        let request = read(incoming)?;
        if request.path.first().is_some_and(|first| first == "api") {
            routes::answer(&self.service, &request)
        } else {
            page::find(request.method)?;
            page::answer(&request.path)
        }
    }

    /// Streams in a thread of its own, so that this worker is free for the next request.
    fn stream(self: &Arc<Self>, incoming: tiny_http::Request, events: Events) -> io::Result<()> {
        let Some(place) = Place::take(self) else {
            return refuse(
                incoming,
                &Problem::busy(format!("there are {STREAMS} event streams already")),
            );
        };
        let thread = std::thread::Builder::new().name("event stream".to_owned());
        // Where there is no thread to be had, tiny_http answers 500 for what is dropped.
        thread
            .spawn(move || {
                let mut writer = incoming.into_writer();
                // A panic was reported by its own message; the client sees the stream end.
                let _ = guarded(|| events(&mut Stream::begin(&mut writer, &place.0.stopping)?));
            })
            .map(drop)
    }
}

/// One of the streams that may go on at the same time.
struct Place(Arc<Work>);

impl Place {
    fn take(work: &Arc<Work>) -> Option<Self> {
        let more = |streams| (streams < STREAMS).then_some(streams + 1);
        let taken = work.streams.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        taken.is_ok().then(|| Self(Arc::clone(work)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::SeqCst);
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
        body,
    })
}

fn refuse(incoming: tiny_http::Request, problem: &Problem) -> io::Result<()> {
    let body = problem.body().to_string().into_bytes();
    let mut headers = vec![("Content-Type", "application/json"), ("Cache-Control", NEVER_KEPT)];
    headers.extend(problem.headers());
    write(incoming, problem.status, &headers, &body)
}

fn respond(incoming: tiny_http::Request, answer: Answer) -> io::Result<()> {
    match answer {
        Answer::Json { status, body } => {
            let headers = [("Content-Type", "application/json"), ("Cache-Control", NEVER_KEPT)];
            write(incoming, status, &headers, body.to_string().as_bytes())
        }
        Answer::NoContent => write(incoming, 204, &[("Cache-Control", NEVER_KEPT)], b""),
        Answer::File {
            content_type,
            caching,
            bytes,
        } => write(
            incoming,
            200,
            &[("Content-Type", content_type), ("Cache-Control", caching)],
            bytes,
        ),
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
