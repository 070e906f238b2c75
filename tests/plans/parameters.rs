//! The parameters of provisioning, and the errors for values that it doesn't take.

use crate::support::{server, text};
use infrakt::error::Exit;

#[test]
fn traefik_asks_for_certificates_only_with_an_email() {
    let without = text(&server("debian-13").plan("provision"));
    assert!(!without.contains("certificatesResolvers"), "{without}");
    let said = server("debian-13").printed("provision");
    assert!(said.contains("--set email="), "{said}");

    let case = server("debian-13").set("email", "ops@example.org");
    let with = text(&case.plan("provision"));
    for line in [
        "email: \"ops@example.org\"",
        "caServer: \"https://acme-v02.api.letsencrypt.org/directory\"",
        "storage: /letsencrypt/acme.json",
        "entryPoint: web\n",
    ] {
        assert!(with.contains(line), "{with}");
    }
    assert!(!case.printed("provision").contains("--set email="));
}

#[test]
fn certificates_come_from_the_acme_server_that_was_given() {
    let own = "https://acme.example.org:14000/dir";
    let case = server("debian-13")
        .set("email", "ops@example.org")
        .set("acme_server", own);
    let plan = text(&case.plan("provision"));
    assert!(plan.contains(&format!("caServer: \"{own}\"\n")), "{plan}");
    assert!(!plan.contains("letsencrypt.org"), "{plan}");
    assert!(plan.contains(&format!("acme_server = \"{own}\"")), "{plan}");
}

#[test]
fn an_acme_server_without_an_email_is_refused() {
    let refusal = server("debian-13")
        .set("acme_server", "https://acme.example.org/directory")
        .refusal("provision");
    assert!(
        refusal.contains("no email address") && refusal.contains("--set email=you@example.org"),
        "{refusal}"
    );
}

#[test]
fn an_acme_server_must_be_an_https_url() {
    for url in [
        "",
        "acme.example.org",
        "http://acme.example.org/directory",
        "https://",
        "https:///directory",
        "https://ops@acme.example.org/directory",
        "https://acme.example.org/a b",
        "https://acme.example.org/\"\nx: y",
    ] {
        let case = server("debian-13")
            .set("email", "ops@example.org")
            .set("acme_server", url);
        let refusal = case.refusal("provision");
        assert!(
            refusal.contains("is not an https URL.") && refusal.contains("--set acme_server=https://"),
            "{url}:\n{refusal}"
        );
    }
}

#[test]
fn a_changed_configuration_recreates_traefik() {
    let mark = |case: crate::support::Case| {
        let text = text(&case.plan("provision"));
        let line = text
            .lines()
            .find(|line| line.contains("infrakt.configuration: "))
            .expect("a mark");
        line.to_owned()
    };
    let plain = mark(server("debian-13"));
    assert_eq!(plain, mark(server("ubuntu-22.04")));
    assert_ne!(plain, mark(server("debian-13").set("email", "ops@example.org")));
    assert_ne!(plain, mark(server("debian-13").set("traefik_version", "v3.8")));
}

#[test]
fn invalid_parameters_are_refused_with_an_example() {
    for (name, value, message, help) in [
        (
            "email",
            "ops",
            "\"ops\" is not an email address.",
            "--set email=you@example.org",
        ),
        (
            "email",
            "a@b.c\"\nx: y",
            "is not an email address.",
            "--set email=you@example.org",
        ),
        (
            "traefik_version",
            "v3.7; reboot",
            "is not an image tag.",
            "--set traefik_version=v3.7",
        ),
        (
            "traefik_version",
            "",
            "is not an image tag.",
            "--set traefik_version=v3.7",
        ),
        (
            "extra_ports",
            "ssh",
            "\"ssh\" is not a TCP port.",
            "a number from 1 to 65535, like 8080",
        ),
        ("extra_ports", "0", "\"0\" is not a TCP port.", "from 1 to 65535"),
        (
            "extra_ports",
            "8080,65536",
            "\"65536\" is not a TCP port.",
            "from 1 to 65535",
        ),
        ("extra_ports", "-22", "\"-22\" is not a TCP port.", "from 1 to 65535"),
        (
            "docker_source",
            "snap",
            "'docker_source' can't be \"snap\"",
            "auto, distribution, docker",
        ),
        (
            "keep_data",
            "perhaps",
            "'keep_data' must be of type bool",
            "--set keep_data=true",
        ),
    ] {
        let case = server("debian-13").set(name, value);
        let error = case.evaluate("provision").expect_err("a refusal");
        assert_eq!(error.exit(), Exit::Usage, "{name}={value}");
        let refusal = case.refusal("provision");
        assert!(
            refusal.contains(message) && refusal.contains(help),
            "{name}={value}:\n{refusal}"
        );
    }
}

#[test]
fn a_misspelled_parameter_is_refused() {
    let error = server("debian-13")
        .set("keepdata", true)
        .evaluate("provision")
        .expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the recipe provision.rhai has no parameter 'keepdata'"
    );
    assert_eq!(error.hint().as_deref(), Some("did you mean 'keep_data'?"));
}
