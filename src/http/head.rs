//! Parses the head of a request, and rejects what this service does not support. Everything later uses the parsed
//! values, never the received bytes.
//!
//! It must not know connections, nor who has access.

use super::limits::HEADERS;
use super::problem::Problem;
use super::request::Method;
use super::target::Target;
use crate::plan::secret::Secret;
use httparse::{EMPTY_HEADER, Status};

/// The head of a request, as far as this service cares.
#[derive(Debug, Clone)]
pub struct Head {
    pub method: Method,
    pub target: Target,
    /// `Host`, in lower case: `localhost:8000`.
    pub host: String,
    /// `Origin`, in lower case.
    pub origin: Option<String>,
    pub key: Key,
    /// Of the body, in bytes. What no number can hold is the greatest one.
    pub length: u64,
    pub content_type: Option<String>,
    pub last_event_id: Option<String>,
    /// Whether the client takes answers that are compressed with gzip.
    pub takes_gzip: bool,
    /// Whether the client waits for a word before it sends the body.
    pub expects_continue: bool,
}

/// What was offered as the key.
#[derive(Debug, Clone)]
pub enum Key {
    None,
    One(Secret),
    /// More than one, or one that is no text: none of them counts.
    Unclear,
}

/// Where the head ends among the bytes that came: after its first empty line. Of the bytes, `known` are known to hold no
/// end.
pub fn end(bytes: &[u8], known: usize) -> Option<usize> {
    // The line end before the empty line may be among them, and the first half of its own.
    let mut rest = bytes.iter().enumerate().skip(known.saturating_sub(2));
    rest.find_map(|(at, byte)| match (byte, bytes.get(at + 1..)?) {
        (b'\n', [b'\n', ..]) => Some(at + 2),
        (b'\n', [b'\r', b'\n', ..]) => Some(at + 3),
        _ => None,
    })
}

/// Whether a request may begin so. A browser that uses https sends something else first, and would wait.
pub fn may_begin(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_none_or(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'\r' | b'\n'))
}

impl Head {
    /// Reads a whole head, with the empty line at its end.
    ///
    /// # Errors
    /// 400 `bad_request` or 431 `head_too_large`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(bytes) {
            Ok(Status::Complete(_)) => {}
            Ok(Status::Partial) => return Err(Problem::bad_request("it is cut off")),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Problem::head_too_large(format!("it has more than {HEADERS} headers")));
            }
            Err(error) => return Err(Problem::bad_request(error.to_string())),
        }
        let headers = Headers(request.headers);
        if headers.all("transfer-encoding").next().is_some() {
            return Err(Problem::bad_request("Transfer-Encoding is not supported")
                .with_hint("send the body with a Content-Length"));
        }
        let host = headers
            .text("host")?
            .filter(|host| !host.is_empty())
            .ok_or_else(|| Problem::bad_request("the header Host is missing"))?
            .to_ascii_lowercase();
        let target = origin_form(request.path.unwrap_or_default(), &host)?;
        let expects_continue = match headers.text("expect")? {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("100-continue") => true,
            Some(_) => return Err(Problem::bad_request("its Expect is not 100-continue")),
        };
        Ok(Self {
            method: Method::from_name(request.method.unwrap_or_default()),
            target,
            host,
            origin: headers.text("origin")?.map(str::to_ascii_lowercase),
            key: headers.key(),
            length: headers.length()?,
            content_type: headers.text("content-type")?.map(str::to_owned),
            last_event_id: headers.text("last-event-id")?.map(str::to_owned),
            takes_gzip: headers.take_gzip(),
            expects_continue,
        })
    }

    /// The same head in its shortest form, for the next parser. It contains neither the key nor the origin.
    pub fn canonical(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method.name(), self.target.raw);
        let kept = [
            ("Content-Type", self.content_type.as_deref()),
            ("Last-Event-ID", self.last_event_id.as_deref()),
            ("Accept-Encoding", self.takes_gzip.then_some("gzip")),
        ];
        for (name, value) in kept {
            if let Some(value) = value {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", self.length));
        head.into_bytes()
    }
}

/// A target may also be a whole address (RFC 9112, section 3.2.2). Then it must say the same as `Host`.
fn origin_form(target: &str, host: &str) -> Result<Target, Problem> {
    let scheme = target.split("://").next().unwrap_or_default();
    if target.starts_with('/') || !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return Target::parse(target);
    }
    let rest = target.get(scheme.len() + "://".len()..).unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if !authority.eq_ignore_ascii_case(host) {
        return Err(Problem::bad_request(
            "its target names a different host than its Host header",
        ));
    }
    match path.strip_prefix('/') {
        Some(_) => Target::parse(path),
        None => Target::parse(&format!("/{path}")),
    }
}

struct Headers<'h, 'b>(&'h [httparse::Header<'b>]);

impl<'b> Headers<'_, 'b> {
    /// `name` in lower case.
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'b [u8]> {
        let found = self
            .0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value)
    }

    /// A header that may be there once, in printable ASCII.
    fn text(&self, name: &'static str) -> Result<Option<&'b str>, Problem> {
        let mut all = self.all(name);
        let Some(value) = all.next() else {
            return Ok(None);
        };
        if all.next().is_some() {
            return Err(Problem::bad_request(format!(
                "the header {name} is sent more than once"
            )));
        }
        match std::str::from_utf8(value) {
            Ok(text) if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => Ok(Some(text.trim())),
            _ => Err(Problem::bad_request(format!(
                "the header {name} is not printable ASCII"
            ))),
        }
    }

    fn length(&self) -> Result<u64, Problem> {
        match self.text("content-length")? {
            None => Ok(0),
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(digits.parse().unwrap_or(u64::MAX))
            }
            Some(_) => Err(Problem::bad_request("its Content-Length is not a number of bytes")),
        }
    }

    /// Whether `Accept-Encoding` takes gzip (RFC 9110, section 12.5.3). What is not understood takes nothing.
    fn take_gzip(&self) -> bool {
        let mut by_star = false;
        for value in self.all("accept-encoding") {
            let Ok(value) = std::str::from_utf8(value) else {
                continue;
            };
            for coding in value.split(',') {
                let mut parts = coding.split(';').map(str::trim);
                let name = parts.next().unwrap_or_default();
                let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
                let taken = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
                if name.eq_ignore_ascii_case("gzip") {
                    return taken;
                }
                by_star |= name == "*" && taken;
            }
        }
        by_star
    }

    fn key(&self) -> Key {
        let mut all = self.all("x-api-key");
        match (all.next(), all.next()) {
            (None, _) => Key::None,
            (Some(key), None) => match std::str::from_utf8(key) {
                Ok(key) => Key::One(Secret::new(key)),
                Err(_) => Key::Unclear,
            },
            (Some(_), Some(_)) => Key::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Key, end};
    use crate::http::request::Method;

    fn parse(text: &str) -> Result<Head, u16> {
        Head::parse(text.as_bytes()).map_err(|problem| problem.status)
    }

    #[test]
    fn a_head_ends_at_its_first_empty_line() {
        assert_eq!(end(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\r\n\r\n", 0), Some(27));
        assert_eq!(end(b"GET / HTTP/1.0\n\nbody", 0), Some(16));
        assert_eq!(end(b"GET / HTTP/1.1\r\nHost: a\r\n\r", 0), None);
        assert_eq!(end(b"", 0), None);
        let head = b"GET / HTTP/1.1\r\n\r\n";
        for known in 0..head.len() {
            assert_eq!(end(head, known), Some(head.len()), "{known}");
        }
    }

    #[test]
    fn what_is_handed_on_holds_neither_the_key_nor_anything_that_was_not_understood() {
        let head = parse(
            "POST /api/runs?x=1 HTTP/1.1\r\nHost: LocalHost:80\r\nX-API-Key: sesame\r\nContent-Length: 2\r\n\
             content-type: application/json\r\nUpgrade: h2c\r\nConnection: upgrade\r\nX: y\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            (head.method, head.host.as_str(), head.length),
            (Method::Post, "localhost:80", 2)
        );
        assert!(matches!(&head.key, Key::One(key) if key.expose() == "sesame"));
        assert_eq!(
            String::from_utf8(head.canonical()).unwrap(),
            "POST /api/runs?x=1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_whole_address_as_target_must_name_the_host() {
        let with =
            |target: &str| parse(&format!("GET {target} HTTP/1.1\r\nHost: a:1\r\n\r\n")).map(|head| head.target.raw);
        assert_eq!(with("http://A:1/x?y"), Ok("/x?y".to_owned()));
        assert_eq!(with("http://a:1"), Ok("/".to_owned()));
        assert_eq!(with("http://a:1?y"), Ok("/?y".to_owned()));
        assert_eq!(with("http://b:1/x"), Err(400));
        assert_eq!(with("ftp://a:1/x"), Err(400));
        assert_eq!(with("http://"), Err(400));
        assert_eq!(with("*"), Err(400));
        assert_eq!(with("a:1"), Err(400));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for headers in [
            "",
            "Host:\r\n",
            "Host: a\r\nHost: a\r\n",
            "Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            "Host: a\r\nContent-Length: 1, 1\r\n",
            "Host: a\r\nContent-Length: -1\r\n",
            "Host: a\r\nContent-Length: +1\r\n",
            "Host: a\r\nContent-Length: 0x1\r\n",
            "Host: a\r\nContent-Length:\r\n",
            "Host: a\r\nTransfer-Encoding: chunked\r\n",
            "Host: a\r\ntransfer-encoding: identity\r\n",
            "Host: a\r\nExpect: everything\r\n",
            "Host: a\r\n folded\r\n",
            "Host : a\r\n",
            "Host: a\r\nOrigin: b\r\nOrigin: b\r\n",
            "Host: ä\r\n",
        ] {
            let text = format!("POST / HTTP/1.1\r\n{headers}\r\n");
            assert_eq!(parse(&text).map(drop), Err(400), "{headers:?}");
        }
        for line in [
            "GET /",
            "GET / HTTP/2.0",
            "GET  / HTTP/1.1",
            "/ HTTP/1.1",
            "G\u{e9}T / HTTP/1.1",
        ] {
            assert_eq!(
                parse(&format!("{line}\r\nHost: a\r\n\r\n")).map(drop),
                Err(400),
                "{line:?}"
            );
        }
    }

    #[test]
    fn gzip_is_taken_where_the_client_says_so() {
        let takes = |headers: &str| {
            let head = parse(&format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n")).unwrap();
            let handed_on = String::from_utf8(head.canonical()).unwrap();
            assert_eq!(handed_on.contains("Accept-Encoding: gzip\r\n"), head.takes_gzip);
            head.takes_gzip
        };
        for taken in [
            "gzip",
            "br, GZIP;q=0.5",
            "deflate,gzip",
            "*",
            "gzip;q=1, *;q=0",
            "br\r\nAccept-Encoding: gzip",
        ] {
            assert!(takes(&format!("Accept-Encoding: {taken}\r\n")), "{taken}");
        }
        for other in [
            "",
            "identity",
            "gzip;q=0",
            "gzip; q=0.000, *",
            "*;q=0",
            "br, xgzip",
            "gzip;q=x",
        ] {
            assert!(!takes(&format!("Accept-Encoding: {other}\r\n")), "{other}");
        }
        assert!(!takes(""));
    }

    #[test]
    fn a_length_beyond_all_numbers_is_a_large_one() {
        let head = parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n").unwrap();
        assert_eq!(head.length, u64::MAX);
    }

    #[test]
    fn headers_without_end_are_too_large() {
        let many = "X: y\r\n".repeat(100);
        assert_eq!(
            parse(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")).map(drop),
            Err(431)
        );
    }
}
