//! The answer of a route, before it is serialised.
//!
//! It must not know connections.

use serde_json::Value;
use std::io;

/// Writes the events of a stream until there are no more, or until the client is gone.
pub type Events = Box<dyn FnOnce(&mut dyn EventSink) -> io::Result<()> + Send>;

/// What a route answers with.
pub enum Answer {
    Json {
        status: u16,
        body: Value,
    },
    /// 204.
    NoContent,
    /// An event stream. It runs in a thread of its own, so it may take as long as it wants.
    Events(Events),
    /// A file of the page.
    File {
        content_type: &'static str,
        /// What `Cache-Control` says.
        caching: &'static str,
        bytes: &'static [u8],
        /// The same, compressed with gzip, if that is shorter.
        gzipped: Option<&'static [u8]>,
    },
}

impl Answer {
    /// 200 with a document.
    pub fn ok(body: Value) -> Self {
        Self::Json { status: 200, body }
    }
}

/// Where an event stream is written to. An error means that the client is gone: the stream ends.
pub trait EventSink {
    fn send(&mut self, id: i64, event: &str, data: &Value) -> io::Result<()>;
    /// Writes a comment, so that proxies keep the connection, and to find out whether the client still reads. Call it after
    /// every 15 seconds without an event.
    fn keep_alive(&mut self) -> io::Result<()>;
    /// Whether the service is about to end; then the stream should, soon.
    fn stopping(&self) -> bool;
}
