//! The target of a request, split and decoded.
//!
//! It must not know which paths exist.

use super::problem::Problem;
use percent_encoding::percent_decode_str;

/// The target of a request in origin form: `/api/runs?limit=5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As it came: printable ASCII without spaces.
    pub raw: String,
    /// The segments after the first `/`, percent-decoded. `/` has none.
    pub path: Vec<String>,
    /// What stands after `?`, as it came.
    pub query: String,
}

impl Target {
    /// Reads a target in origin form.
    ///
    /// # Errors
    /// 400, if it is anything else.
    pub fn parse(raw: &str) -> Result<Self, Problem> {
        if !raw.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(Problem::bad_request(
                "its target has bytes that must be percent-encoded",
            ));
        }
        let Some(below) = raw.strip_prefix('/') else {
            return Err(Problem::bad_request("its target is not a path: it must begin with /"));
        };
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        let path = if path.is_empty() {
            Vec::new()
        } else {
            path.split('/').map(decode).collect::<Result<_, _>>()?
        };
        Ok(Self {
            raw: raw.to_owned(),
            path,
            query: query.to_owned(),
        })
    }

    /// Whether it is a call of the API, and not a part of the page.
    pub fn is_call(&self) -> bool {
        self.path.first().is_some_and(|first| first == "api")
    }

    /// The path as it came, without the query.
    pub fn raw_path(&self) -> &str {
        self.raw.split('?').next().unwrap_or_default()
    }
}

fn decode(segment: &str) -> Result<String, Problem> {
    let broken = || Problem::bad_request("its path is not correctly percent-encoded");
    // The decoder leaves as they are what look like escapes and are none.
    let escapes = segment.split('%').skip(1);
    for escape in escapes {
        let digits = escape.as_bytes().get(..2).ok_or_else(broken)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(broken());
        }
    }
    let decoded = percent_decode_str(segment).decode_utf8().map_err(|_| broken())?;
    if decoded.chars().any(char::is_control) {
        return Err(broken());
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_path_is_decoded_segment_by_segment() {
        let target = Target::parse("/api/servers/a%2Fb%C3%BC?x=%2F").unwrap();
        assert_eq!(target.path, ["api", "servers", "a/bü"]);
        assert_eq!(target.query, "x=%2F");
        assert_eq!(target.raw_path(), "/api/servers/a%2Fb%C3%BC");
        assert!(target.is_call() && Target::parse("/%61pi").unwrap().is_call());
        assert!(Target::parse("/").unwrap().path.is_empty());
        assert_eq!(Target::parse("//api").unwrap().path, ["", "api"]);
    }

    #[test]
    fn a_target_that_is_not_a_path_is_refused() {
        for raw in [
            "", "*", "api", "/%", "/%4", "/%zz", "/%+1", "/%ff", "/%00", "/a#b", "/ü", "/a b", "/%0d%0a",
        ] {
            assert_eq!(Target::parse(raw).map_err(|problem| problem.status), Err(400), "{raw}");
        }
    }
}
