//! The dashboard: the files built from `frontend/`, which are embedded in this program. Without them, it serves a page
//! that says how to build them.
//!
//! It must not know the API.

use super::answer::Answer;
use super::headers::{ASKED_AGAIN, KEPT_FOR_GOOD};
use super::problem::Problem;
use super::request::Method;
use include_dir::{Dir, File, include_dir};

/// What build.rs found in `frontend/dist`; maybe nothing.
static BUILT: Dir<'_> = include_dir!("$OUT_DIR/page");

/// What the name of a file ends with that holds the compressed form of another.
const GZIPPED: &str = ".gz";

const NOT_BUILT: &str = include_str!("page.html");

/// The addresses of the dashboard's pages, as `frontend/src/app.tsx` lists them; a name after a colon stands for anything.
const PAGES: [&[&str]; 10] = [
    &[],
    &["login"],
    &["servers"],
    &["servers", ":name"],
    &["runs"],
    &["runs", ":id"],
    &["groups", ":id"],
    &["recipes"],
    &["recipes", ":name"],
    &["apps"],
];

/// Whether there is such a page or file, and it answers to this method: asked before the body is read.
///
/// # Errors
/// 404, 405.
pub fn find(method: Method, path: &[String]) -> Result<(), Problem> {
    find_in(&BUILT, method, path)
}

fn find_in(built: &Dir<'_>, method: Method, path: &[String]) -> Result<(), Problem> {
    if file(built, path).is_none() && !is_page(path) {
        return Err(Problem::unknown_route());
    }
    match method {
        Method::Get | Method::Head => Ok(()),
        _ => Err(Problem::method_not_allowed("GET, HEAD")),
    }
}

/// Gives a file of the dashboard; for its pages, such as `/servers/web.example.com`, the one document that they all are.
///
/// # Errors
/// 404 for what is neither.
pub fn answer(path: &[String]) -> Result<Answer, Problem> {
    answer_from(&BUILT, path)
}

fn answer_from(built: &'static Dir<'static>, path: &[String]) -> Result<Answer, Problem> {
    if let Some(file) = file(built, path) {
        return Ok(Answer::File {
            content_type: content_type(&path.join("/")),
            caching: caching(path),
            bytes: file.contents(),
            gzipped: gzipped(built, &path.join("/")),
        });
    }
    if !is_page(path) {
        return Err(Problem::unknown_route());
    }
    let page = built.get_file("index.html").map(include_dir::File::contents);
    Ok(Answer::File {
        content_type: content_type("index.html"),
        caching: ASKED_AGAIN,
        bytes: page.unwrap_or(NOT_BUILT.as_bytes()),
        gzipped: gzipped(built, "index.html"),
    })
}

/// The compressed form of a file: the build of the dashboard has put it beside the file.
fn gzipped(built: &'static Dir<'static>, name: &str) -> Option<&'static [u8]> {
    built.get_file(format!("{name}{GZIPPED}")).map(File::contents)
}

/// The file of the dashboard at this path, where each segment of the path is a plain name.
fn file<'a>(built: &'a Dir<'a>, path: &[String]) -> Option<&'a File<'a>> {
    let plain = |segment: &String| !segment.is_empty() && !segment.contains('/') && segment != "." && segment != "..";
    // A compressed form has no address of its own.
    let own = path.last().is_some_and(|name| !name.ends_with(GZIPPED));
    (own && path.iter().all(plain))
        .then(|| built.get_file(path.join("/")))
        .flatten()
}

/// Whether the dashboard has a page there; a slash at the end makes no difference.
fn is_page(path: &[String]) -> bool {
    let path = match path {
        [before @ .., last] if last.is_empty() => before,
        path => path,
    };
    let fits = |(expected, segment): (&&str, &String)| match expected.starts_with(':') {
        true => !segment.is_empty(),
        false => expected == segment,
    };
    PAGES
        .iter()
        .any(|page| page.len() == path.len() && page.iter().zip(path).all(fits))
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
    use super::{Answer, Method, NOT_BUILT, PAGES, answer_from, find_in};
    use include_dir::{Dir, DirEntry, File};
    use std::collections::BTreeSet;

    static FILES: Dir<'_> = Dir::new(
        "",
        &[
            DirEntry::File(File::new("index.html", b"page")),
            DirEntry::File(File::new("favicon.svg", b"icon")),
            DirEntry::Dir(Dir::new(
                "assets",
                &[
                    DirEntry::File(File::new("assets/index-1a2b.js", b"script")),
                    DirEntry::File(File::new("assets/index-1a2b.js.gz", b"short")),
                ],
            )),
        ],
    );
    static NOTHING: Dir<'_> = Dir::new("", &[]);

    fn answer(built: &'static Dir<'static>, path: &str) -> Result<(&'static str, &'static str, &'static [u8]), u16> {
        let path: Vec<String> = path.split('/').filter(|part| *part != "-").map(str::to_owned).collect();
        let found = find_in(built, Method::Get, &path).map_err(|problem| problem.status);
        let answer = answer_from(built, &path);
        assert_eq!(found, answer.as_ref().map(drop).map_err(|problem| problem.status));
        match answer {
            Ok(Answer::File {
                content_type,
                caching,
                bytes,
                ..
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
            "login",
            "apps",
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
            "assets/index-1a2b.js.gz",
            "assets",
            "assets/../favicon.svg",
            "robots.txt",
            "./favicon.svg/..",
            "metrics",
            "healthz",
            "login/x",
            "servers/web/logs",
            "servers//web",
            "runs/12/output",
            "Servers",
            "apps/shop",
            "/",
            "index.html/servers",
            "../etc/passwd",
        ] {
            assert_eq!(answer(&FILES, missing), Err(404), "{missing}");
        }
    }

    #[test]
    fn a_file_comes_with_its_compressed_form() {
        let gzipped = |place: &str| {
            let path: Vec<String> = place.split('/').map(str::to_owned).collect();
            match answer_from(&FILES, &path) {
                Ok(Answer::File { gzipped, .. }) => gzipped,
                _ => panic!("{place}"),
            }
        };
        assert_eq!(gzipped("assets/index-1a2b.js"), Some(&b"short"[..]));
        assert_eq!((gzipped("favicon.svg"), gzipped("servers")), (None, None));
    }

    #[test]
    fn the_pages_are_those_of_the_dashboard() {
        let routes = include_str!("../../frontend/src/app.tsx");
        let mut of_dashboard: BTreeSet<String> = routes
            .split("path=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| *path != "*")
            .map(str::to_owned)
            .collect();
        // The index route has no path of its own.
        of_dashboard.insert("/".to_owned());
        let known: BTreeSet<String> = PAGES.iter().map(|page| format!("/{}", page.join("/"))).collect();
        assert_eq!(known, of_dashboard);
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
