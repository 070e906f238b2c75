//! What is sent by mistake or on purpose and is no request: each is answered as documented, and changes nothing.

use crate::fixture::{Answer, Service};
use serde_json::json;
use std::io::Write;
use std::net::Shutdown;

/// Each of them is whole, and would add a server if it were taken.
fn row(service: &Service, headers: &str, body: &str) -> String {
    format!(
        "POST /api/servers HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n{headers}\r\n{body}",
        service.address,
        service.key()
    )
}

const ROW: &str = r#"{"name":"prod-9","host":"127.0.0.1","port":9}"#;

#[test]
fn ambiguous_requests_are_refused() {
    let service = Service::start();
    let length = format!("Content-Length: {}\r\n", ROW.len());
    for (what, headers, body) in [
        (
            "a transfer encoding",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{ROW}\r\n0\r\n\r\n", ROW.len()),
        ),
        (
            "a transfer encoding and a length",
            format!("{length}Transfer-Encoding: chunked\r\n"),
            ROW.to_owned(),
        ),
        (
            "an unknown encoding",
            format!("{length}Transfer-Encoding: identity\r\n"),
            ROW.to_owned(),
        ),
        ("two lengths", format!("{length}{length}"), ROW.to_owned()),
        (
            "two different lengths",
            format!("{length}Content-Length: 0\r\n"),
            ROW.to_owned(),
        ),
        (
            "a list of lengths",
            format!("Content-Length: {0}, {0}\r\n", ROW.len()),
            ROW.to_owned(),
        ),
        ("a negative length", "Content-Length: -1\r\n".to_owned(), ROW.to_owned()),
        (
            "a length with a sign",
            format!("Content-Length: +{}\r\n", ROW.len()),
            ROW.to_owned(),
        ),
        (
            "a length that is none",
            "Content-Length: many\r\n".to_owned(),
            ROW.to_owned(),
        ),
        ("a folded header", format!("{length}X: a\r\n b\r\n"), ROW.to_owned()),
        (
            "a space before the colon",
            format!("Content-Length : {}\r\n", ROW.len()),
            ROW.to_owned(),
        ),
        ("a NUL", format!("{length}X: a\0b\r\n"), ROW.to_owned()),
        (
            "another expectation",
            format!("{length}Expect: miracles\r\n"),
            ROW.to_owned(),
        ),
    ] {
        let answer = service.raw(row(&service, &headers, &body).as_bytes());
        assert_eq!(answer.status, 400, "{what}: {}", String::from_utf8_lossy(&answer.body));
        answer.refuses(400, "bad_request");
    }
    for line in [
        "GET /api/servers",
        "GET  /api/servers HTTP/1.1",
        "GET /api/servers HTTP/2.0",
        "GET /api/servers HTTP/1.1 x",
        "G@T / HTTP/1.1",
    ] {
        let text = format!(
            "{line}\r\nHost: {}\r\nX-API-Key: {}\r\n\r\n",
            service.address,
            service.key()
        );
        service.raw(text.as_bytes()).refuses(400, "bad_request");
    }
    assert_eq!(service.get("/api/servers").answers(200), json!([]));
    // The same without the mistake is understood.
    service.raw(row(&service, &length, ROW).as_bytes()).answers(201);
}

#[test]
fn only_the_first_request_of_a_connection_is_read() {
    let service = Service::start();
    let first = format!("GET /api/health HTTP/1.1\r\nHost: {}\r\n\r\n", service.address);
    let hidden = row(&service, &format!("Content-Length: {}\r\n", ROW.len()), ROW);
    let answer = service.raw(format!("{first}{hidden}").as_bytes());
    assert_eq!(answer.answers(200)["status"], "ok");
    assert_eq!(service.get("/api/servers").answers(200), json!([]));
}

#[test]
fn a_client_that_does_not_speak_http_gets_an_error_at_once() {
    let service = Service::start();
    // A browser that uses https.
    let answer = service.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    let error = answer.refuses(400, "bad_request");
    assert!(error["hint"].as_str().expect("a hint").contains("HTTPS"));
    service
        .raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .refuses(400, "bad_request");
    service.raw(b"\0\0\0\0").refuses(400, "bad_request");
}

#[test]
fn a_body_that_is_too_large_is_refused_before_and_while_it_is_sent() {
    let service = Service::start();
    let large = vec![b' '; 50_000_000];
    // The client sends all of it before it reads, and is answered nevertheless.
    let call = service
        .call("POST", "/api/servers")
        .header("Content-Type", "application/json")
        .body(large);
    call.send().refuses(413, "body_too_large");
    call.clone().without("X-API-Key").send().refuses(401, "unauthorized");
    call.header("Host", "evil.example")
        .send()
        .refuses(403, "host_not_allowed");
    for length in ["1048577", "18446744073709551615", "99999999999999999999999999"] {
        let text = row(&service, &format!("Content-Length: {length}\r\n"), ROW);
        service.raw(text.as_bytes()).refuses(413, "body_too_large");
    }
    // Who asks first saves the way.
    let asking = row(&service, "Content-Length: 50000000\r\nExpect: 100-continue\r\n", "");
    service.raw(asking.as_bytes()).refuses(413, "body_too_large");
    // The greatest that is allowed is read to its end.
    let padded = format!("{}{ROW}", " ".repeat(1024 * 1024 - ROW.len()));
    service
        .call("POST", "/api/servers")
        .header("Content-Type", "application/json")
        .body(padded)
        .send()
        .answers(201);
}

#[test]
fn expect_100_continue_is_answered() {
    let service = Service::start();
    let mut stream = service.connect();
    let head = row(
        &service,
        &format!("Content-Length: {}\r\nExpect: 100-continue\r\n", ROW.len()),
        "",
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut word = [0; 25];
    std::io::Read::read_exact(&mut stream, &mut word).expect("a word");
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(ROW.as_bytes()).expect("sent");
    Answer::read(stream).answers(201);
}

#[test]
fn a_head_that_is_too_large_or_never_ends_is_refused() {
    let service = Service::start();
    let huge = "x".repeat(20_000);
    service
        .call("GET", "/api/health")
        .header("X-Huge", &huge)
        .send()
        .refuses(431, "head_too_large");
    service
        .call("GET", &format!("/api/health?{huge}"))
        .send()
        .refuses(431, "head_too_large");
    let mut many = service.call("GET", "/api/health");
    for number in 0..100 {
        many = many.and_header(&format!("X-{number}"), "y");
    }
    many.send().refuses(431, "head_too_large");
    // Without end: the service does not wait for it.
    let mut stream = service.connect();
    let line = format!("X: {}\r\n", "y".repeat(1000));
    stream.write_all(b"GET / HTTP/1.1\r\n").expect("sent");
    for _ in 0..1000 {
        if stream.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    Answer::read(stream).refuses(431, "head_too_large");
    // What fits is read.
    let fits = "x".repeat(15_000);
    service
        .call("GET", "/api/health")
        .header("X-Large", &fits)
        .send()
        .answers(200);
}

#[test]
fn an_incomplete_request_times_out_and_changes_nothing() {
    let service = Service::start();
    let whole = row(&service, &format!("Content-Length: {}\r\n", ROW.len()), ROW);
    std::thread::scope(|scope| {
        let sent = |bytes: &[u8]| {
            let mut stream = service.connect();
            stream.write_all(bytes).expect("sent");
            stream
        };
        let (half_head, half_body) = (
            sent(&whole.as_bytes()[..40]),
            sent(&whole.as_bytes()[..whole.len() - 1]),
        );
        let silent = sent(b"");
        scope.spawn(|| Answer::read(half_head).refuses(408, "request_timeout"));
        scope.spawn(|| Answer::read(half_body).refuses(408, "request_timeout"));
        // Browsers open connections that they may need later: such a one is closed without a word.
        scope.spawn(|| assert_eq!(Answer::read(silent).status, 0));
        // Byte after byte is no way around the limit.
        scope.spawn(|| {
            let mut stream = service.connect();
            for byte in b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'y')) {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
    });
    // Who leaves in the middle changes nothing, either.
    for part in [40, whole.len() - 1] {
        let mut stream = service.connect();
        stream.write_all(&whole.as_bytes()[..part]).expect("sent");
        stream.shutdown(Shutdown::Write).expect("left");
        Answer::read(stream).refuses(400, "bad_request");
    }
    assert_eq!(service.get("/api/servers").answers(200), json!([]));
}

#[test]
fn an_incorrectly_encoded_path_is_refused() {
    let service = Service::start();
    for path in [
        "/api/servers/%",
        "/api/servers/%zz",
        "/api/servers/%ff",
        "/api/servers/%00",
        "/api/servers/a#b",
        "/api/servers/ü",
    ] {
        service.get(path).refuses(400, "bad_request");
    }
    service.get("/api/servers/a%2Fb").refuses(404, "unknown_server");
    service.get("/api/servers/").refuses(404, "unknown_route");
}
