//! Ports of the server that are opened from here, and what the server is asked where they do not answer.

use crate::local::{Memory, executed};
use infrakt::event::{Outcome, RunEvent, RunState, Stream};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Something that listens, and answers each connection in this way, as long as it is wanted.
struct Listener {
    port: u16,
    over: Arc<AtomicBool>,
}

impl Listener {
    fn that_says(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if told.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream;
                let mut asked = [0; 16];
                // A client that sends nothing gets no answer.
                if stream.read(&mut asked).is_ok_and(|count| count > 0) {
                    let _ = stream.write_all(answer);
                }
            }
        });
        Self { port, over }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn notices(memory: &Memory) -> Vec<&str> {
    let events = memory.events.iter();
    events
        .filter_map(|event| match event {
            RunEvent::Notice { message } => Some(message.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
#[ignore = "needs root"]
fn ports_that_answer_as_they_should_are_open_and_the_server_is_not_asked() {
    let web = Listener::that_says(b"HTTP/1.1 301 Moved\r\n\r\n");
    let tls = Listener::that_says(&[22, 3, 3, 0, 80, 2]);
    let (ended, memory) = executed(&format!(
        r#"ssh::run("Before", "true");
           ssh::reach("Open", ["http:{}", "tls:{}", "tcp:{}"], "echo never; exit 1");
           db::set_status(server, "fine");"#,
        web.port, tls.port, web.port
    ));
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(
        memory.outcomes(),
        [Outcome::Changed, Outcome::NoChange, Outcome::Changed]
    );
    assert_eq!(memory.output(Stream::Stdout), "");
    assert_eq!(notices(&memory), [""; 0]);
}

/// In the middle of a recipe too: the steps after it continue.
#[test]
#[ignore = "needs root"]
fn where_a_port_does_not_answer_the_server_says_whether_it_is_the_reason() {
    let web = Listener::that_says(b"HTTP/1.1 200 OK\r\n\r\n");
    let mute = Listener::that_says(b"SMTP ready");
    let reach = |otherwise: &str| {
        executed(&format!(
            r#"ssh::reach("Open", ["http:{}", "http:{}"], `{otherwise}`);
               ssh::run("After", "echo after");"#,
            web.port, mute.port
        ))
    };
    let (ended, memory) = reach("echo looked for $closed >&2; echo it is not me");
    assert_eq!(ended.state, RunState::Done);
    assert_eq!(memory.outcomes(), [Outcome::NoChange, Outcome::Changed]);
    let told = notices(&memory).join("; ");
    assert!(
        told.contains(&format!("http:{}: what answers there is not a web server", mute.port)),
        "{told}"
    );
    assert!(
        told.contains("it is not me") && !told.contains(&format!("http:{}:", web.port)),
        "{told}"
    );
    assert_eq!(memory.output(Stream::Stdout), "it is not me\nafter\n");
    assert_eq!(memory.output(Stream::Stderr), format!("looked for {}\n", mute.port));

    let (ended, memory) = reach("echo 'rule 7 drops it' >&2; exit 3");
    assert_eq!(ended.state, RunState::Failed);
    assert_eq!(memory.outcomes(), [Outcome::Failed, Outcome::Skipped]);
    let (status, reason) = memory.end_of(0);
    assert_eq!(status, Some(3));
    assert!(reason.contains("rule 7 drops it"), "{reason}");
}
