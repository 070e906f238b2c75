//! Bytes that strangers may send in place of a request. infrakt understands or refuses them. It hands on only what it
//! understood, written again, so that no later parser can read anything else in it.
#![no_main]

use httparse::{EMPTY_HEADER, Status};
use infrakt::http::head::{self, Head, Key};
use infrakt::http::hosts::Hosts;
use infrakt::http::request::Request;
use infrakt::http::target::Target;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let Some(end) = head::end(data, 0) else {
        assert!(!data.windows(4).any(|window| window == b"\r\n\r\n"));
        return;
    };
    // However the network cut it, it ends at the same place.
    for known in [end / 2, end - 1] {
        assert_eq!(head::end(data, known), Some(end));
    }
    let (head, body) = data.split_at(end);
    let Ok(head) = Head::parse(head) else { return };

    let names = ["infrakt.example.com".to_owned()];
    let hosts = Hosts::new(vec!["127.0.0.1".parse().expect("an address")], &names).expect("a name");
    if hosts.check(&head.host, head.origin.as_deref()).is_ok() {
        let name = head.host.rsplit_once(':').map_or(head.host.as_str(), |(name, _)| name);
        assert!(
            ["127.0.0.1", "localhost", "infrakt.example.com"].contains(&name),
            "{name}"
        );
    }

    let canonical = head.canonical();
    assert_eq!(head::end(&canonical, 0), Some(canonical.len()));
    // The key is for infrakt's own door and goes no further, whatever else it may look like.
    let without_key = Head {
        key: Key::None,
        ..head.clone()
    };
    assert_eq!(without_key.canonical(), canonical);
    let mut headers = [EMPTY_HEADER; 8];
    let mut again = httparse::Request::new(&mut headers);
    assert_eq!(again.parse(&canonical), Ok(Status::Complete(canonical.len())));
    assert_eq!(again.path, Some(head.target.raw.as_str()));
    assert_eq!(
        Target::parse(&head.target.raw).expect("it was read before"),
        head.target
    );
    for name in ["Content-Length", "Connection"] {
        assert_eq!(again.headers.iter().filter(|header| header.name == name).count(), 1);
    }
    assert!(again.headers.len() <= 5);

    let request = Request {
        method: head.method,
        path: head.target.path,
        raw_query: head.target.query,
        content_type: head.content_type,
        last_event_id: head.last_event_id,
        takes_gzip: head.takes_gzip,
        body: body.to_vec(),
    };
    let _ = request.query::<BTreeMap<String, String>>();
    if let Ok(object) = request.json::<Map<String, Value>>() {
        let whole: Value = serde_json::from_slice(body).expect("it is JSON");
        assert_eq!(whole, Value::Object(object));
    }
});
