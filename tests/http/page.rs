//! The page, as a browser meets it.

use crate::fixture::Service;
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn every_page_of_the_dashboard_is_served_and_others_are_not_found() {
    let service = Service::start();
    let page = service.call("GET", "/").without("X-API-Key").send();
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let text = String::from_utf8(page.body.clone()).expect("UTF-8");
    assert!(text.to_lowercase().starts_with("<!doctype html>"), "{text}");
    for place in [
        "/servers/web.example.com",
        "/runs/12",
        "/recipes/provision.rhai",
        "/servers?tag=web",
    ] {
        let answer = service.get(place);
        assert_eq!((answer.status, &answer.body), (200, &page.body), "{place}");
    }
    for missing in [
        "/assets/index-0000.js",
        "/robots.txt",
        "/assets",
        "/metrics",
        "/healthz",
        "/health",
        "/.env",
        "/servers/web/logs",
        "/Servers",
        "/servers%2Fweb",
        "/index.php",
        "//servers",
        "/runs/1/2?x=y",
    ] {
        service.get(missing).refuses(404, "unknown_route");
        let head = service.call("HEAD", missing).send();
        assert_eq!((head.status, head.body.len()), (404, 0), "{missing}");
        service.call("POST", missing).send().refuses(404, "unknown_route");
    }
    // What looks for files finds none.
    for hostile in [
        "/../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
    ] {
        let answer = service.get(hostile);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(
            matches!(answer.status, 200 | 404) && !text.contains("root:"),
            "{hostile}: {text}"
        );
    }
}

#[test]
fn files_are_compressed_if_the_client_accepts_gzip() {
    let service = Service::start();
    let plain = service.get("/");
    assert_eq!(plain.header("content-encoding"), None);
    for refused in ["identity", "gzip;q=0"] {
        let answer = service.call("GET", "/").header("Accept-Encoding", refused).send();
        assert_eq!(
            (answer.header("content-encoding"), &answer.body),
            (None, &plain.body),
            "{refused}"
        );
    }
    let taken = service.call("GET", "/").header("Accept-Encoding", "br, gzip").send();
    assert_eq!(taken.header("vary"), plain.header("vary"));
    // A dashboard that was not built is one short page.
    if plain.header("vary").is_some() {
        assert_eq!(plain.header("vary"), Some("Accept-Encoding"));
        assert_eq!(taken.header("content-encoding"), Some("gzip"));
        assert_eq!(gunzip(&taken.body), plain.body);
        assert_eq!(
            taken.header("content-length"),
            Some(taken.body.len().to_string().as_str())
        );
    } else {
        assert_eq!(taken.body, plain.body);
    }
    // What is answered to calls may hold what a stranger has written beside what is secret.
    let call = service
        .call("GET", "/api/servers")
        .header("Accept-Encoding", "gzip")
        .send();
    assert_eq!((call.header("content-encoding"), call.header("vary")), (None, None));
}

/// gzip(1) is on every Debian.
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().expect("its end");
    writer.join().expect("no panic").expect("all is written");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn the_page_only_answers_get_and_head() {
    let service = Service::start();
    let (page, head) = (service.get("/"), service.call("HEAD", "/").send());
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(
        head.header("content-length"),
        Some(page.body.len().to_string().as_str())
    );
    let refused = service.call("HEAD", "/api/servers").send();
    assert_eq!((refused.status, refused.body.len()), (405, 0));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let answer = service.call(method, "/").send();
        answer.refuses(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
    }
    service
        .call("POST", "/")
        .body("x")
        .send()
        .refuses(405, "method_not_allowed");
    service.call("GET", "/").body("x").send().refuses(413, "body_too_large");
}

#[test]
fn every_answer_has_the_security_headers() {
    let service = Service::start();
    let answers = [
        ("the page", service.get("/")),
        ("a call", service.get("/api/servers")),
        ("health", service.get("/api/health")),
        (
            "without a key",
            service.call("GET", "/api/servers").without("X-API-Key").send(),
        ),
        ("no such path", service.get("/api/nothing")),
        ("not HTTP", service.raw(b"hello\r\n\r\n")),
        ("no such file", service.get("/assets/x.js")),
    ];
    for (what, answer) in answers {
        let header = |name| {
            answer
                .header(name)
                .unwrap_or_else(|| panic!("{what} has no {name}: {:?}", answer.headers))
        };
        let policy = header("content-security-policy");
        for part in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{what}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
        assert_eq!(header("connection"), "close", "{what}");
        assert_eq!(
            answer
                .headers
                .iter()
                .filter(|(name, _)| name == "content-length")
                .count(),
            1,
            "{what}"
        );
        let kept = if what == "the page" { "no-cache" } else { "no-store" };
        assert_eq!(header("cache-control"), kept, "{what}");
    }
}

#[test]
fn requests_are_logged_with_verbose_and_without_secrets() {
    let mut service = Service::start_in(crate::support::infrakt::Infrakt::new(), &["-v"]);
    service.call("GET", "/api/servers?tag=hush").send().answers(200);
    service
        .call("GET", "/api/servers")
        .header("X-API-Key", "guess")
        .send()
        .refuses(401, "unauthorized");
    let key = service.key();
    service.signal("TERM");
    let ended = service
        .ends()
        .exits(0)
        .says("GET /api/servers 200 ")
        .says("GET /api/servers 401 ");
    ended
        .keeps_silent_about("hush")
        .keeps_silent_about("guess")
        .keeps_silent_about(&key);
}
