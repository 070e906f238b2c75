//! What the shipped recipes promise, on every supported system.

use crate::support::{Case, SYSTEMS, command, destroying, place, server, text, titles};
use infrakt::plan::{Action, Effect, Piece, Plan, StateChange, lint};
use std::collections::BTreeSet;
use std::process::Command;

/// Every system, fresh and used, ordinary and protected.
fn everywhere() -> Vec<Case> {
    SYSTEMS
        .iter()
        .flat_map(|system| {
            let fresh = server(system);
            [
                fresh.clone(),
                fresh.clone().used(),
                fresh.clone().host(),
                fresh.used().host(),
            ]
        })
        .collect()
}

#[test]
fn a_wipe_checks_then_destroys_in_order_then_proves_it_then_forgets() {
    for case in everywhere() {
        let plan = case.plan("wipe");
        let order = [
            place(&plan, "docker volume inspect"),
            place(&plan, "/proc/self/mountinfo"),
            place(&plan, "docker swarm leave --force"),
            place(&plan, "docker stop"),
            place(&plan, "docker system prune -af --volumes"),
            place(&plan, "docker volume rm"),
            place(&plan, "rm -rf --one-file-system /opt/infrakt/"),
            place(&plan, "still there:"),
            plan.steps
                .iter()
                .position(|step| {
                    matches!(
                        &step.action,
                        Action::State {
                            change: StateChange::ForgetApps
                        }
                    )
                })
                .expect("the apps are forgotten"),
        ];
        assert!(order.is_sorted(), "{order:?}\n{}", text(&plan));
        let first = plan.steps.iter().position(|step| step.effect == Effect::Destroy);
        assert_eq!(first, Some(order[2]), "something is destroyed before it was looked at");
    }
}

#[test]
fn consent_is_asked_where_the_wipe_begins() {
    for recipe in ["wipe", "provision"] {
        let plan = server("debian-13").used().plan(recipe);
        let wipe = plan
            .steps
            .iter()
            .position(|step| step.section.as_deref() == Some("Wipe"));
        assert_eq!(plan.consent_before, wipe);
        assert!(
            plan.steps[..wipe.expect("a wipe")]
                .iter()
                .all(|step| step.effect == Effect::Check)
        );
    }
}

#[test]
fn the_wipe_within_provisioning_is_the_same_as_the_wipe_alone() {
    let case = server("debian-13").used();
    let wipe = |recipe| -> Vec<_> {
        let steps = case.plan(recipe).steps.into_iter();
        steps
            .filter(|step| step.section.as_deref() == Some("Wipe") && step.title != "Note that the server is wiped")
            .collect()
    };
    assert_eq!(wipe("wipe"), wipe("provision"));
}

#[test]
fn provisioning_destroys_nothing_on_a_protected_server_or_when_data_is_kept() {
    for system in SYSTEMS {
        let used = server(system).used();
        assert!(!destroying(&used.plan("provision")).is_empty());
        for case in [
            used.clone().host(),
            used.clone().set("keep_data", true),
            used.host().set("keep_data", true),
        ] {
            let plan = case.plan("provision");
            assert!(destroying(&plan).is_empty(), "{}", text(&plan));
            assert!(!plan.needs_consent());
        }
    }
    let said = server("debian-13").host().printed("provision");
    assert!(
        said.contains("'prod-2' is protected: it is provisioned, but nothing is wiped."),
        "{said}"
    );
}

/// Local changes are the database's own to find unchanged.
#[test]
fn every_step_that_changes_the_server_has_a_guard() {
    for case in everywhere() {
        let plan = case.plan("provision");
        for step in plan.steps.iter().filter(|step| step.effect == Effect::Change) {
            let local = matches!(step.action, Action::State { .. });
            assert!(local || step.is_guarded(), "'{}' has no guard", step.title);
        }
    }
}

#[test]
fn the_lint_finds_nothing() {
    for case in everywhere() {
        for recipe in ["wipe", "provision"] {
            assert_eq!(lint::findings(&case.plan(recipe)), []);
        }
    }
}

#[test]
fn no_exit_status_is_swallowed() {
    for case in everywhere() {
        for step in &case.plan("provision").steps {
            let command = command(step);
            assert!(!command.contains("|| true"), "{}: {command}", step.title);
            assert!(!command.contains("| xargs"), "{}: {command}", step.title);
            assert!(!command.contains("&>"), "'{}' is no POSIX shell: {command}", step.title);
        }
    }
}

/// Debian's and Ubuntu's `sh` is dash; whatever `sh` is here, it must at least understand every word.
#[test]
fn every_command_and_guard_is_understood_by_sh() {
    let mut texts = BTreeSet::new();
    for case in everywhere() {
        for recipe in ["wipe", "provision"] {
            for step in case.plan(recipe).steps {
                texts.insert(command(&step).to_owned());
                texts.extend(step.unless.into_iter().chain(step.only_if));
            }
        }
    }
    assert!(texts.len() > 50, "only {} texts", texts.len());
    for text in texts {
        let output = Command::new("sh").args(["-n", "-c", &text]).output().expect("sh runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaint.is_empty(), "{complaint}\n{text}");
    }
}

#[test]
fn every_docker_step_uses_the_servers_own_docker() {
    let commands = [
        "ps", "images", "volume", "network", "stop", "system", "swarm", "inspect", "compose", "logs", "version",
    ];
    let speaks = |shell: &str| {
        commands
            .iter()
            .any(|command| shell.contains(&format!("docker {command}")))
    };
    for case in everywhere() {
        let plan = case.plan("provision");
        for step in plan.steps.iter().filter(|step| speaks(command(step))) {
            let host = Piece::Text("unix:///var/run/docker.sock".to_owned());
            assert_eq!(
                step.env.get("DOCKER_HOST"),
                Some(&host),
                "{}: {}",
                step.title,
                command(step)
            );
        }
    }
}

#[test]
fn all_packages_are_installed_in_one_transaction() {
    for (system, packages) in [
        (
            "debian-13",
            "docker.io docker-cli docker-compose apparmor ca-certificates fail2ban nftables python3-systemd ufw",
        ),
        (
            "ubuntu-22.04",
            "docker.io docker-compose-v2 apparmor ca-certificates fail2ban nftables python3-systemd ufw",
        ),
        (
            "ubuntu-24.04",
            "docker.io docker-compose-v2 apparmor ca-certificates fail2ban nftables python3-systemd ufw",
        ),
    ] {
        let plan = server(system).plan("provision");
        let installing = plan
            .steps
            .iter()
            .filter(|step| command(step).contains("apt-get install"));
        assert_eq!(installing.count(), 1, "{}", text(&plan));
        let install = command(&plan.steps[place(&plan, "apt-get install")]);
        assert!(install.contains(&format!(" {packages}\n")), "{install}");
    }
}

#[test]
fn debian_12_gets_dockers_own_packages_after_removing_the_old_ones() {
    let plan = server("debian-12").plan("provision");
    let order = [
        place(&plan, "https://download.docker.com/linux/debian/gpg"),
        plan.steps
            .iter()
            .position(|step| matches!(&step.action, Action::Upload { path, .. } if path == "/etc/apt/sources.list.d/docker.sources"))
            .expect("the repository is added"),
        place(&plan, "apt-get remove"),
        place(&plan, "docker-ce docker-ce-cli containerd.io docker-compose-plugin"),
    ];
    assert!(order.is_sorted(), "{order:?}\n{}", text(&plan));
}

#[test]
fn dockers_own_packages_are_used_if_requested() {
    for (system, repository, codename) in [
        ("debian-13", "https://download.docker.com/linux/debian", "trixie"),
        ("ubuntu-22.04", "https://download.docker.com/linux/ubuntu", "jammy"),
        ("ubuntu-24.04", "https://download.docker.com/linux/ubuntu", "noble"),
    ] {
        let plan = text(&server(system).set("docker_source", "docker").plan("provision"));
        for line in [
            format!("URIs: {repository}\n"),
            format!("Suites: {codename}\n"),
            format!("/etc/apt/keyrings/docker.asc.part {repository}/gpg\n"),
        ] {
            assert!(plan.contains(&line), "{plan}");
        }
    }
}

#[test]
fn the_installed_engine_is_kept() {
    let mut case = server("debian-13").used();
    case.facts.docker.package_name = "docker-ce".to_owned();
    let plan = case.plan("provision");
    place(&plan, "docker-ce-cli");
    assert!(
        plan.steps
            .iter()
            .all(|step| !command(step).contains("docker-cli docker-compose fail2ban"))
    );
}

#[test]
fn replacing_the_engine_under_running_containers_is_announced() {
    let mut case = server("debian-12").used().set("keep_data", true);
    assert!(!case.printed("provision").contains("replace the distribution's"));
    case.facts.docker.package_name = "docker.io".to_owned();
    assert!(case.printed("provision").contains("replace the distribution's"));
}

/// Where the firewall is closed, and what must have been let in by then.
fn let_in_before_closing(plan: &Plan, port: u16) -> bool {
    let closing = place(plan, "ufw --force enable");
    plan.steps[..closing]
        .iter()
        .any(|step| command(step) == format!("ufw allow {port}/tcp"))
}

#[test]
fn every_ssh_port_is_allowed_before_the_firewall_is_turned_on() {
    for system in SYSTEMS {
        let plan = server(system).port(2200).sshd_on(&[2222, 22]).plan("provision");
        for port in [22, 2200, 2222, 80, 443] {
            assert!(let_in_before_closing(&plan, port), "{port}\n{}", text(&plan));
        }
        let found_there = place(&plan, "/usr/sbin/sshd -T");
        assert!(found_there < place(&plan, "ufw --force enable"));
    }
}

#[test]
fn the_firewall_is_turned_off_by_itself_unless_a_new_login_works() {
    let plan = server("debian-13").plan("provision");
    let closed = &plan.steps[place(&plan, "ufw --force enable")];
    let undo = closed.undo.as_ref().expect("a way back");
    assert_eq!(
        (undo.command.as_str(), undo.after_seconds),
        ("ufw --force disable", 120)
    );
}

#[test]
fn extra_ports_are_allowed() {
    let plan = server("debian-13").set("extra_ports", "8443, 9000").plan("provision");
    assert!(let_in_before_closing(&plan, 8443) && let_in_before_closing(&plan, 9000));
    let plan = server("debian-13")
        .set("extra_ports", serde_json::json!([8443]))
        .plan("provision");
    assert!(let_in_before_closing(&plan, 8443));
    for no_ports in [
        serde_json::json!([8443, null]),
        serde_json::json!([[8443]]),
        serde_json::json!([0.5]),
    ] {
        let refused = server("debian-13").set("extra_ports", no_ports).evaluate("provision");
        assert!(refused.is_err());
    }
}

#[test]
fn fail2ban_reads_the_journal_on_the_ports_of_ssh() {
    let plan = server("debian-12").port(2222).plan("provision");
    let jail = text(&plan);
    assert!(
        jail.contains("backend = systemd") && jail.contains("port = 22,2222"),
        "{jail}"
    );
}

#[test]
fn the_last_step_sets_the_status() {
    for (recipe, status) in [("wipe", "wiped"), ("provision", "provisioned")] {
        let plan = server("debian-13").plan(recipe);
        let last = plan.steps.last().expect("a step");
        let change = StateChange::SetStatus(status.to_owned());
        assert_eq!(last.action, Action::State { change });
    }
}

#[test]
fn disabled_parts_are_not_planned() {
    let everything = server("debian-13");
    for (parameter, word) in [("firewall", "ufw"), ("traefik", "/opt/infrakt/traefik/compose.yaml")] {
        assert!(text(&everything.plan("provision")).contains(word));
        let without = everything.clone().set(parameter, false).plan("provision");
        assert!(!text(&without).contains(word), "{}", text(&without));
    }
    assert!(
        !titles(&everything.set("firewall", false).plan("provision"))
            .iter()
            .any(|title| title.contains("login"))
    );
}

#[test]
fn ports_that_bypass_the_firewall_are_announced() {
    assert!(server("debian-13").printed("provision").contains("127.0.0.1"));
    assert!(
        !server("debian-13")
            .set("firewall", false)
            .printed("provision")
            .contains("127.0.0.1")
    );
}

#[test]
fn a_required_reboot_is_announced() {
    let mut case = server("debian-13");
    assert!(!case.printed("provision").contains("reboot"));
    case.facts.reboot_required = true;
    assert!(case.printed("provision").contains("reboot"));
}

#[test]
fn the_same_inputs_give_the_same_plan() {
    let case = server("ubuntu-24.04").used();
    assert_eq!(case.plan("provision"), case.plan("provision"));
}
