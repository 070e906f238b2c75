//! How much, how long and how many: what bounds what strangers can make the service do.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// For the head of a request, from when its connection was taken.
pub const HEAD_TIME: Duration = Duration::from_secs(5);
/// For the body, from the end of the head.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// Of the head, with the empty line at its end.
pub const HEAD_BYTES: usize = 16 * 1024;
pub const HEADERS: usize = 64;
/// Of the body.
pub const BODY_BYTES: u64 = 1024 * 1024;
/// How long an answer may wait for a client that takes nothing of it.
pub const STALLED_TIME: Duration = Duration::from_secs(20);
/// How much of an answer is taken off its worker before the client has.
pub const ANSWER_BUFFER: usize = 4 * 1024 * 1024;
/// How long a client that still sends is listened to after it was answered: cut off in the middle, it might never read the
/// answer.
pub const LINGER_TIME: Duration = Duration::from_secs(15);
/// How long one that sends nothing may take to notice.
pub const LINGER_PAUSE: Duration = Duration::from_secs(2);
/// The same of an event stream, which has no worker to be kept from others.
pub const STREAM_BUFFER: usize = 128 * 1024;
/// Requests that are worked on at the same time.
pub const WORKERS: usize = 64;
/// Of these, those that ask servers. They may wait for as long as a connection takes to fail.
pub const ASKING: usize = 40;
/// Event streams at the same time.
pub const STREAMS: usize = 128;
/// How long calls in progress may take to end when the service does, and steps that were told to end at once.
pub const FAREWELL_TIME: Duration = Duration::from_secs(10);

const CONNECTIONS: u64 = 512;
/// Open files that a service of that size may come to need.
const FILES: u64 = 4096;

/// Connections at the same time: a part of the files that this process may open, so that runs and the database find some,
/// too. Raises that number where the system allows it.
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
