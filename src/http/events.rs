//! An event stream as bytes (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! It must not know what the events are about.

use super::answer::EventSink;
use super::headers::NEVER_KEPT;
use crate::plan::printable::json;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes a stream to a client.
pub struct EventStream<'a, W: Write> {
    writer: W,
    stopping: &'a AtomicBool,
}

impl<'a, W: Write> EventStream<'a, W> {
    /// Writes the head of the answer.
    pub fn begin(mut writer: W, stopping: &'a AtomicBool) -> io::Result<Self> {
        // The last header keeps nginx from buffering the events.
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nServer: infrakt\r\nContent-Type: text/event-stream\r\nCache-Control: {NEVER_KEPT}\r\n\
             X-Accel-Buffering: no\r\n\r\n"
        )?;
        writer.flush()?;
        Ok(Self { writer, stopping })
    }
}

impl<W: Write> EventSink for EventStream<'_, W> {
    fn send(&mut self, id: i64, event: &str, data: &Value) -> io::Result<()> {
        // This JSON contains no line breaks.
        let data = json(&data.to_string());
        write!(self.writer, "id: {id}\nevent: {event}\ndata: {data}\n\n")?;
        self.writer.flush()
    }

    fn keep_alive(&mut self) -> io::Result<()> {
        self.writer.write_all(b": still here\n\n")?;
        self.writer.flush()
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::{EventSink, EventStream};
    use serde_json::json;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn an_event_is_one_line_of_data_whatever_is_in_it() {
        let (mut bytes, stopping) = (Vec::new(), AtomicBool::new(false));
        let mut stream = EventStream::begin(&mut bytes, &stopping).unwrap();
        stream
            .send(7, "output", &json!({ "text": "a\n\ndata: b\r\u{2028}" }))
            .unwrap();
        stream.keep_alive().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, events) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Content-Type: text/event-stream"));
        assert_eq!(
            events,
            "id: 7\nevent: output\ndata: {\"text\":\"a\\n\\ndata: b\\r\\u2028\"}\n\n: still here\n\n"
        );
    }
}
