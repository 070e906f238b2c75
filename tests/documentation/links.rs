//! Every link on a page leads to an existing file and heading.

use crate::markdown::{Page, pages, root};

/// The targets of `[text](target)` in a page, with their lines. Code spans are no links.
fn targets(page: &Page) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    for (number, line) in page.prose() {
        let outside_of_code: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for rest in outside_of_code.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            targets.push((number, target.to_owned()));
        }
    }
    targets
}

/// How a heading is named in a link to it: small letters, digits, `-` and `_`; blanks become `-`.
fn anchors(page: &Page) -> Vec<String> {
    let headings = page.prose().filter_map(|(_, line)| line.strip_prefix('#'));
    headings
        .map(|heading| {
            heading
                .trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading_that_are_there() {
    let pages = pages();
    let mut count = 0;
    for page in &pages {
        for (line, target) in targets(page) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let place = format!("{}:{line}: the link to {target}", page.name);
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => page.path.clone(),
                file => page.path.parent().expect("a folder").join(file),
            };
            let real = path.canonicalize().unwrap_or_else(|_| panic!("{place} leads nowhere"));
            assert!(real.starts_with(root()), "{place} leads out of the project");
            if anchor.is_empty() {
                continue;
            }
            let led_to = pages
                .iter()
                .find(|page| page.path.canonicalize().is_ok_and(|path| path == real))
                .unwrap_or_else(|| panic!("{place} names a heading of a file that is not a page"));
            assert!(
                anchors(led_to).iter().any(|known| known == anchor),
                "{place} names no heading there"
            );
        }
    }
    assert!(count > 10, "only {count} links were found");
}

/// Folders of the project that a page names files in.
const FOLDERS: [&str; 8] = [
    "docs/",
    "frontend/",
    "fuzz/",
    "migrations/",
    "recipes/",
    "scripts/",
    "src/",
    "tests/",
];

/// Made by a build or a test.
const MADE: [&str; 2] = ["frontend/dist", "fuzz/artifacts"];

#[test]
fn every_file_of_the_project_that_a_page_names_exists() {
    let mut count = 0;
    for page in pages() {
        for (line, text) in page.prose() {
            for span in text.split('`').skip(1).step_by(2) {
                let is_path = FOLDERS.iter().any(|folder| span.starts_with(folder))
                    && span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
                if !is_path || MADE.contains(&span) {
                    continue;
                }
                count += 1;
                // Text about the dashboard names its files from there.
                let exists = ["", "frontend"]
                    .iter()
                    .any(|from| root().join(from).join(span).exists());
                assert!(exists, "{}:{line}: there is no {span}", page.name);
            }
        }
    }
    assert!(count > 20, "only {count} files were found");
}
