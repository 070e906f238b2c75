//! The plans of the shipped recipes, as people read them: one snapshot for each system, login, kind of server and state.

use crate::support::{SYSTEMS, server, text};
use insta::{Settings, assert_snapshot};

/// `debian-13_sudo_host_used`: Debian 13, reached as a user with sudo, hosting infrakt, with Docker and what it holds.
fn every_combination(recipe: &str) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(format!("snapshots/{recipe}"));
    for system in SYSTEMS {
        for login in ["root", "sudo"] {
            for kind in ["other", "host"] {
                for state in ["fresh", "used"] {
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
                    let name = format!("{system}_{login}_{kind}_{state}");
                    settings.bind(|| assert_snapshot!(name, text(&case.plan(recipe))));
                }
            }
        }
    }
}

#[test]
fn wipe() {
    every_combination("wipe");
}

#[test]
fn provision() {
    every_combination("provision");
}
