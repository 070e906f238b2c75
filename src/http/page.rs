//! The dashboard: the files that were built of `frontend/`, which are a part of this program; without them, a page that
//! says how to build them.
//!
//! It must not know the API.

use super::answer::Answer;
use super::headers::{ASKED_AGAIN, KEPT_FOR_GOOD};
use super::problem::Problem;
use super::request::Method;
use include_dir::{Dir, include_dir};

/// What build.rs found in `frontend/dist`; maybe nothing.
static BUILT: Dir<'_> = include_dir!("$OUT_DIR/page");

const NOT_BUILT: &str = include_str!("page.html");

/// Whether the page answers to this method: asked before the body is read.
///
/// # Errors
/// 405.
pub fn find(method: Method) -> Result<(), Problem> {
    match method {
        Method::Get | Method::Head => Ok(()),
        _ => Err(Problem::method_not_allowed("GET, HEAD")),
    }
}

/// Gives a file of the page; for its own places, such as `/servers/web.example.com`, the page itself.
///
/// # Errors
/// 404 for a file that isn't there.
pub fn answer(path: &[String]) -> Result<Answer, Problem> {
    answer_from(&BUILT, path)
}

fn answer_from(built: &'static Dir<'static>, path: &[String]) -> Result<Answer, Problem> {
    let name = path.join("/");
    if let Some(file) = built.get_file(&name).filter(|_| is_plain(path)) {
        return Ok(Answer::File {
            content_type: content_type(&name),
            caching: caching(path),
            bytes: file.contents(),
        });
    }
    if is_file(path) {
        return Err(Problem::new(404, "unknown_route", "the page has no such file"));
    }
    let page = built.get_file("index.html").map(include_dir::File::contents);
    Ok(Answer::File {
        content_type: content_type("index.html"),
        caching: ASKED_AGAIN,
        bytes: page.unwrap_or(NOT_BUILT.as_bytes()),
    })
}

/// Whether each segment is a name, and the path therefore one that was written down.
fn is_plain(path: &[String]) -> bool {
    path.iter()
        .all(|segment| !segment.is_empty() && !segment.contains('/') && !matches!(segment.as_str(), "." | ".."))
}

/// Whether a path can only mean a file. Names of servers and recipes have dots too, but stand below others.
fn is_file(path: &[String]) -> bool {
    match path {
        [first, _, ..] => first == "assets",
        [only] => only == "assets" || only.contains('.'),
        [] => false,
    }
}

/// Files below `assets` have a digest of their content in their names.
fn caching(path: &[String]) -> &'static str {
    if path.first().is_some_and(|first| first == "assets") {
        KEPT_FOR_GOOD
    } else {
        ASKED_AGAIN
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, NOT_BUILT, answer_from};
    use include_dir::{Dir, DirEntry, File};

    static FILES: Dir<'_> = Dir::new(
        "",
        &[
            DirEntry::File(File::new("index.html", b"page")),
            DirEntry::File(File::new("favicon.svg", b"icon")),
            DirEntry::Dir(Dir::new(
                "assets",
                &[DirEntry::File(File::new("assets/index-1a2b.js", b"script"))],
            )),
        ],
    );
    static NOTHING: Dir<'_> = Dir::new("", &[]);

    fn answer(built: &'static Dir<'static>, path: &str) -> Result<(&'static str, &'static str, &'static [u8]), u16> {
        let path: Vec<String> = path.split('/').filter(|part| *part != "-").map(str::to_owned).collect();
        match answer_from(built, &path) {
            Ok(Answer::File {
                content_type,
                caching,
                bytes,
            }) => Ok((content_type, caching, bytes)),
            Ok(_) => Err(0),
            Err(problem) => Err(problem.status),
        }
    }

    #[test]
    fn each_place_of_the_page_is_the_page_and_each_file_is_itself() {
        for place in [
            "-",
            "",
            "servers",
            "servers/web.example.com",
            "recipes/provision.rhai",
            "runs/12",
            "runs/",
        ] {
            assert_eq!(
                answer(&FILES, place).map(|(.., bytes)| bytes),
                Ok(&b"page"[..]),
                "{place}"
            );
        }
        assert_eq!(
            answer(&FILES, "assets/index-1a2b.js"),
            Ok((
                "text/javascript; charset=utf-8",
                "public, max-age=31536000, immutable",
                &b"script"[..]
            ))
        );
        assert_eq!(
            answer(&FILES, "favicon.svg"),
            Ok(("image/svg+xml", "no-cache", &b"icon"[..]))
        );
        for missing in [
            "assets/index-old.js",
            "assets",
            "assets/../favicon.svg",
            "robots.txt",
            "./favicon.svg/..",
        ] {
            let given = answer(&FILES, missing).map(|(.., bytes)| bytes);
            assert!(given == Err(404) || given == Ok(b"page"), "{missing}: {given:?}");
        }
    }

    #[test]
    fn a_page_that_was_not_built_says_how() {
        let (content_type, _, bytes) = answer(&NOTHING, "servers").unwrap();
        assert_eq!(
            (content_type, bytes),
            ("text/html; charset=utf-8", NOT_BUILT.as_bytes())
        );
        assert!(NOT_BUILT.contains("npm run build"));
    }
}
