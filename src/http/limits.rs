//! Limits of time, size and number for requests of strangers.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Timeout for the head of a request, from the moment when its connection was accepted.
pub const HEAD_TIME: Duration = Duration::from_secs(5);
/// Timeout for the body, from the end of the head.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// Size limit of the head, including the empty line at its end.
pub const HEAD_BYTES: usize = 16 * 1024;
pub const HEADERS: usize = 64;
/// Size limit of the body.
pub const BODY_BYTES: u64 = 1024 * 1024;
/// How long an answer may wait for a client that reads nothing.
pub const STALLED_TIME: Duration = Duration::from_secs(20);
/// How much of an answer is taken from its worker before the client has read it.
pub const ANSWER_BUFFER: usize = 4 * 1024 * 1024;
/// How long the service reads from a client that still sends after its answer. If the connection were closed in the middle,
/// the client might never read the answer.
pub const LINGER_TIME: Duration = Duration::from_secs(15);
/// How long a client that sends nothing has to close the connection.
pub const LINGER_PAUSE: Duration = Duration::from_secs(2);
/// The same for an event stream, which occupies no worker.
pub const STREAM_BUFFER: usize = 128 * 1024;
/// Number of requests handled at once.
pub const WORKERS: usize = 64;
/// How many of these may ask servers. They may wait until a connection attempt fails.
pub const ASKING: usize = 40;
/// Number of event streams at once.
pub const STREAMS: usize = 128;
/// How long calls in progress, and steps that must end at once, may take when the service ends.
pub const FAREWELL_TIME: Duration = Duration::from_secs(10);

const CONNECTIONS: u64 = 512;
/// Number of open files that a service of this size may need.
const FILES: u64 = 4096;

/// Number of connections at once: a part of the files that this process may open, so that runs and the database have enough.
/// Raises the limit of open files if the system allows it.
pub fn connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let mut files = limit.current.unwrap_or(FILES);
    if files < FILES {
        let more = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
        let raised = Rlimit {
            current: Some(more),
            maximum: limit.maximum,
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            files = more;
        }
    }
    usize::try_from(CONNECTIONS.min(files / 4)).unwrap_or(1).max(1)
}
