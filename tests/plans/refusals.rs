//! Servers that can't be wiped or provisioned as people would expect: no plan is made, and the way out is said.

use crate::support::{Case, server, volume};
use infrakt::error::Exit;

fn refused(case: &Case, recipe: &str, message: &str, help: &str) {
    let error = case.evaluate(recipe).expect_err("a refusal");
    assert_eq!(error.exit(), Exit::Refused);
    let refusal = case.refusal(recipe);
    assert!(refusal.contains(message) && refusal.contains(help), "{refusal}");
}

/// As [`refused`], for what only a wipe refuses: with data kept, provisioning continues.
fn not_wiped(case: Case, message: &str, help: &str) {
    refused(&case, "wipe", message, help);
    refused(&case, "provision", message, help);
    case.set("keep_data", true).plan("provision");
}

#[test]
fn a_volume_with_data_outside_docker_is_refused() {
    for (driver, device) in [
        ("local", Some("nfs :/export")),
        ("local", Some("none /srv/data")),
        ("convoy", None),
    ] {
        let mut case = server("debian-13").used();
        let mut elsewhere = volume("media", None);
        elsewhere.driver = driver.to_owned();
        elsewhere.device = device.map(str::to_owned);
        case.facts.docker.volumes.push(elsewhere);
        not_wiped(case, "The volume 'media'", "docker volume rm media");
    }
}

#[test]
fn a_volume_in_memory_is_dockers_own() {
    let mut case = server("debian-13").used();
    for device in ["tmpfs tmpfs", " "] {
        let mut own = volume("cache", None);
        own.device = Some(device.to_owned());
        case.facts.docker.volumes.push(own);
    }
    case.plan("wipe");
}

#[test]
fn a_link_in_place_of_opt_infrakt_is_not_followed() {
    for kind in ["symlink", "other"] {
        let mut case = server("debian-13").used();
        case.facts.opt_infrakt.kind = kind.to_owned();
        not_wiped(
            case,
            "/opt/infrakt is a link or a file, not a directory",
            "ls -ld /opt/infrakt",
        );
    }
}

#[test]
fn a_file_system_mounted_below_opt_infrakt_is_not_entered() {
    let mut case = server("debian-13").used();
    case.facts.opt_infrakt.mounts = vec!["/opt/infrakt/backups".to_owned()];
    not_wiped(case, "mounted at /opt/infrakt/backups", "findmnt");
}

#[test]
fn a_docker_that_does_not_answer_can_not_be_wiped() {
    let mut case = server("debian-13").used();
    case.facts.docker.running = false;
    not_wiped(case, "does not answer", "systemctl start docker");
}

#[test]
fn a_docker_that_is_not_from_packages_is_refused() {
    let mut case = server("ubuntu-24.04").used();
    case.facts.docker.package_name = "other".to_owned();
    refused(
        &case,
        "provision",
        "was not installed from packages",
        "snap remove docker",
    );
}

#[test]
fn dockers_own_packages_are_not_replaced_by_older_ones() {
    let case = server("debian-12")
        .used()
        .set("docker_source", "distribution")
        .set("traefik", false);
    refused(
        &case,
        "provision",
        "Docker's own packages are installed here",
        "--set docker_source=docker",
    );
}

#[test]
fn debian_12_has_no_compose_of_its_own_for_traefik() {
    let case = server("debian-12").set("docker_source", "distribution");
    refused(&case, "provision", "no Compose v2", "--set docker_source=docker");
    let plan = case.set("traefik", false).plan("provision");
    assert!(
        plan.steps
            .iter()
            .any(|step| step.title.starts_with("Install docker.io, apparmor"))
    );
}

#[test]
fn an_untested_system_is_not_provisioned() {
    for (id, version, name) in [
        ("debian", "11", "Debian GNU/Linux 11 (bullseye)"),
        ("ubuntu", "20.04", "Ubuntu 20.04.6 LTS"),
        ("fedora", "42", "Fedora Linux 42"),
        ("debian", "", "Debian GNU/Linux forky/sid"),
    ] {
        let mut case = server("debian-13");
        case.facts.os.id = id.to_owned();
        case.facts.os.version = version.to_owned();
        case.facts.os.name = name.to_owned();
        refused(&case, "provision", name, "use a server");
        case.plan("wipe");
    }
}
