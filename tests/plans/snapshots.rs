//! The plans of the shipped recipes, as people read them: for each system, login, kind of server and state.
//!
//! Many of these cases get the same plan. Each plan is one snapshot, named after the first case that gets it. The snapshot
//! `cases` says which case gets which plan, with the plan's first line, which names the login.

use crate::support::{SYSTEMS, server, text};
use insta::{Settings, assert_snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

struct Planned {
    recipe: &'static str,
    /// `debian-13_sudo_host_used`: Debian 13, reached as a user with sudo, hosting infrakt, with Docker and what it holds.
    case: String,
    first_line: String,
    rest: String,
}

static PLANNED: LazyLock<Vec<Planned>> = LazyLock::new(|| {
    let mut planned = Vec::new();
    for recipe in ["wipe", "provision"] {
        for system in SYSTEMS {
            for login in ["root", "sudo"] {
                for kind in ["other", "host"] {
                    for state in ["fresh", "used"] {
                        planned.push(plan(recipe, [system, login, kind, state]));
                    }
                }
            }
        }
    }
    planned
});

fn plan(recipe: &'static str, words: [&str; 4]) -> Planned {
    let [system, login, kind, state] = words;
    let mut case = server(system);
    if login == "sudo" {
        case = case.user("deploy");
    }
    if kind == "host" {
        case = case.host();
    }
    if state == "used" {
        case = case.used();
    }
    let text = text(&case.plan(recipe));
    let (first_line, rest) = text.split_once('\n').expect("a plan has several lines");
    Planned {
        recipe,
        case: words.join("_"),
        first_line: first_line.to_owned(),
        rest: rest.to_owned(),
    }
}

/// The plans of a recipe without their first lines, each with the name of the first case that gets it.
fn plans(recipe: &str) -> BTreeMap<&'static str, &'static str> {
    let mut names = BTreeMap::new();
    for planned in PLANNED.iter().filter(|planned| planned.recipe == recipe) {
        names.entry(planned.rest.as_str()).or_insert(planned.case.as_str());
    }
    names
}

fn settings(folder: &str) -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(Path::new("snapshots").join(folder));
    settings
}

/// Compares the plans with their snapshots. A snapshot that no case needs is an error too.
fn every_plan(recipe: &str) {
    let plans = plans(recipe);
    for (text, name) in &plans {
        settings(recipe).bind(|| assert_snapshot!(*name, text));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans/snapshots");
    let files = std::fs::read_dir(folder.join(recipe)).expect("snapshots");
    let files: BTreeSet<String> = files
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
        .collect();
    let expected: BTreeSet<String> = plans.values().map(|name| format!("{name}.snap")).collect();
    assert_eq!(files, expected);
}

#[test]
fn wipe() {
    every_plan("wipe");
}

#[test]
fn provision() {
    every_plan("provision");
}

#[test]
fn which_case_gets_which_plan() {
    let names = BTreeMap::from(["wipe", "provision"].map(|recipe| (recipe, plans(recipe))));
    let mut table = String::new();
    for planned in &*PLANNED {
        let Planned {
            recipe,
            case,
            first_line,
            rest,
        } = planned;
        let name = names[recipe][rest.as_str()];
        writeln!(table, "{case:29} gets {recipe}/{name:29} after: {first_line}").expect("memory");
    }
    settings("").bind(|| assert_snapshot!("cases", table));
}
