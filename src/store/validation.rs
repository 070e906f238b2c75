//! The rules for names, hosts, ports, users and the like. The rules are strict, so that no value can ever be read
//! as an option of a command, a word of a shell or a path, wherever it is used later.
//!
//! It must not know the database. Every value passes here before it enters the database.

use crate::error::StoreError;
use crate::host_key::{HostKey, InvalidHostKey};
use serde_json::Value;
use std::net::{Ipv4Addr, Ipv6Addr};

type Checked<T = ()> = Result<T, StoreError>;

const NAME_LENGTH: usize = 100;
/// The longest name in DNS (RFC 1035, 2.3.4).
const HOST_LENGTH: usize = 255;
/// useradd(8): user names may be up to 32 characters long.
const USER_LENGTH: usize = 32;
/// Bytes of a variable's value as JSON.
const LONGEST_VARIABLE: usize = 64 << 10;
const MOST_VARIABLES: usize = 200;

fn invalid(what: &'static str, value: &str, reason: &str, hint: Option<&str>) -> StoreError {
    StoreError::Invalid {
        what,
        value: value.to_owned(),
        reason: reason.to_owned(),
        hint: hint.map(str::to_owned),
    }
}

/// The rule for names of servers and apps, and for tags; `what` names the value in the error.
pub(super) fn name(what: &'static str, value: &str) -> Checked {
    let hint = Some("use letters, digits, '.', '_' and '-', at most 100 of them, for example prod-2");
    let fits = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if value.is_empty() {
        Err(invalid(what, value, "it is empty", hint))
    } else if value.len() > NAME_LENGTH {
        Err(invalid(what, value, "it is longer than 100 characters", hint))
    } else if value.starts_with(['-', '.']) {
        Err(invalid(
            what,
            value,
            "it must begin with a letter, a digit or '_'",
            hint,
        ))
    } else if let Some(stranger) = value.chars().find(|character| !fits(*character)) {
        let reason = format!("'{}' is not allowed in it", stranger.escape_debug());
        Err(invalid(what, value, &reason, hint))
    } else {
        Ok(())
    }
}

/// A host key as a person gives it: a fingerprint, or a line of a public key file.
pub(super) fn host_key(value: &str) -> Checked<HostKey> {
    let hint = Some("on the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    value
        .parse()
        .map_err(|error: InvalidHostKey| invalid("host key", value.trim(), &error.to_string(), hint))
}

pub(super) fn port(value: u16) -> Checked {
    if value == 0 {
        return Err(invalid(
            "port",
            "0",
            "ports are 1 to 65535",
            Some("the usual one for SSH is 22"),
        ));
    }
    Ok(())
}

/// Checks the name or address of a computer and returns the stored form: IPv6 without brackets.
pub(super) fn host(value: &str) -> Checked<String> {
    let refuse = |reason: &str, hint: &str| Err(invalid("host", value, reason, Some(hint)));
    let example = "give a host name or an address: prod-2.example.org, 192.0.2.7 or 2001:db8::7";
    if value.is_empty() {
        return refuse("it is empty", example);
    }
    if value.len() > HOST_LENGTH {
        return refuse("it is longer than 255 characters", example);
    }
    if value.contains('@') {
        return refuse(
            "'@' can't stand in it",
            "the user has an option of its own: --user USER",
        );
    }
    let bare = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(value);
    if is_ipv6(bare) {
        return Ok(bare.to_owned());
    }
    if let Some((before, after)) = value.rsplit_once(':')
        && !after.is_empty()
        && after.bytes().all(|byte| byte.is_ascii_digit())
        && (is_host_name(before) || before.ends_with(']'))
    {
        return refuse("it holds a port", "the port has an option of its own: --port PORT");
    }
    if is_host_name(value) {
        return Ok(value.to_owned());
    }
    refuse("it is neither a host name nor an address", example)
}

/// An address, with the zone that link-local ones need (RFC 4007): `fe80::1%eth0`.
fn is_ipv6(value: &str) -> bool {
    let (address, zone) = match value.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (value, None),
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(|zone| !zone.is_empty() && zone.bytes().all(fits))
}

/// A host name (RFC 1123, 2.1; with `_`, which real networks have) or an IPv4 address. A name that ends in a number
/// but is not an address is refused, since programs disagree on what `10.1` or `0x7f.1` means.
fn is_host_name(value: &str) -> bool {
    let labels: Vec<&str> = value.strip_suffix('.').unwrap_or(value).split('.').collect();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let ends_in_number = labels
        .last()
        .is_some_and(|label| label.starts_with(|first: char| first.is_ascii_digit()) && label.parse::<u128>().is_ok());
    let hexadecimal = labels
        .last()
        .is_some_and(|label| label.to_ascii_lowercase().starts_with("0x"));
    if ends_in_number || hexadecimal {
        return value.parse::<Ipv4Addr>().is_ok();
    }
    labels.iter().all(|label| {
        (1..=63).contains(&label.len()) && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    })
}

/// The rule of useradd(8), and capitals, which directories like LDAP allow.
pub(super) fn user(value: &str) -> Checked {
    let hint = Some("use a login name, for example root or debian");
    let body = value.strip_suffix('$').unwrap_or(value);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let begins_well = body.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if value.len() > USER_LENGTH {
        Err(invalid("user", value, "it is longer than 32 characters", hint))
    } else if begins_well && body.bytes().all(fits) {
        Ok(())
    } else {
        let reason = "it must be letters, digits, '_', '.' and '-', and begin with a letter or '_'";
        Err(invalid("user", value, reason, hint))
    }
}

/// The path of a private key on this computer.
pub(super) fn key_path(value: &str) -> Checked {
    let what = "path of a key";
    if !value.starts_with('/') && !value.starts_with("~/") {
        return Err(invalid(what, value, "it must begin with '/' or '~/'", None));
    }
    printable(what, value, 4096)
}

/// A remark for people, such as a provider or a status: one line of anything that can be read.
pub(super) fn remark(what: &'static str, value: &str) -> Checked {
    if value.trim().is_empty() {
        return Err(invalid(what, value, "it is empty", None));
    }
    printable(what, value, 100)
}

fn printable(what: &'static str, value: &str, longest: usize) -> Checked {
    if value.len() > longest {
        let reason = format!("it is longer than {longest} bytes");
        return Err(invalid(what, value, &reason, None));
    }
    if value.chars().any(char::is_control) {
        return Err(invalid(what, value, "it holds a control character", None));
    }
    Ok(())
}

/// The name of a container image: `registry.example.org:5000/team/web:1.2@sha256:…`.
pub(super) fn image(value: &str) -> Checked {
    let hint = Some("give it as docker pull takes it, for example nginx:1.27");
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte);
    if value.len() > 512 || !value.starts_with(|first: char| first.is_ascii_alphanumeric()) || !value.bytes().all(fits)
    {
        let reason = "it must be letters, digits and '._-/:@', and begin with a letter or a digit";
        return Err(invalid("image", value, reason, hint));
    }
    Ok(())
}

/// The name of an environment variable (POSIX.1-2017, Base Definitions, 8.1; small letters too).
pub(super) fn variable(value: &str) -> Checked {
    let begins_well = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if begins_well && value.len() <= 255 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    let reason = "it must be letters, digits and '_', and begin with a letter or '_'";
    Err(invalid(
        "variable name",
        value,
        reason,
        Some("for example DATABASE_URL"),
    ))
}

/// The name of a variable of a server or a tag: what a recipe can write after `server.vars.`.
pub(super) fn server_variable(value: &str) -> Checked {
    let begins_well = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if begins_well && value.len() <= NAME_LENGTH && value.bytes().all(fits) {
        return Ok(());
    }
    let reason = "it must be letters, digits and '_', at most 100 of them, and begin with a letter or '_'";
    Err(invalid("variable name", value, reason, Some("for example backup_hour")))
}

/// The value of such a variable.
pub(super) fn variable_value(name: &str, value: &Value) -> Checked {
    let text = value.to_string();
    let reason = match () {
        () if value.is_null() => "null is no value; a variable without a value is not set",
        // JSON writes NUL in no other way.
        () if text.contains("\\u0000") => "it holds a NUL character, which a command can't take",
        () if text.len() > LONGEST_VARIABLE => "it is longer than 64 KiB as JSON",
        () => return Ok(()),
    };
    Err(invalid("value", &format!("{name}={text}"), reason, None))
}

/// How many variables a server or a tag has.
pub(super) fn variable_count(count: usize) -> Checked {
    match count > MOST_VARIABLES {
        true => Err(invalid(
            "number of variables",
            &count.to_string(),
            "a server or a tag has at most 200",
            Some("a map in one variable can hold more"),
        )),
        false => Ok(()),
    }
}

/// A machine-id: 32 lower-case hexadecimal digits (machine-id(5)).
pub(super) fn machine_id(value: &str) -> Checked {
    let fits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if value.len() == 32 && value.bytes().all(fits) {
        return Ok(());
    }
    let reason = "a machine-id is 32 lower-case hexadecimal digits";
    Err(invalid(
        "machine-id",
        value,
        reason,
        Some("on the server, as root: systemd-machine-id-setup"),
    ))
}

/// The id of a Docker engine: a UUID, or twelve groups of letters and digits before Docker 25.
pub(super) fn engine_id(value: &str) -> Checked {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b':';
    if (1..=128).contains(&value.len()) && value.bytes().all(fits) {
        return Ok(());
    }
    let reason = "the id of a Docker engine has letters, digits, hyphens and colons";
    Err(invalid(
        "engine id",
        value,
        reason,
        Some("on the server: docker info --format '{{.ID}}'"),
    ))
}

#[cfg(test)]
mod tests {
    use super::{host, image, name, user, variable};

    #[test]
    fn ordinary_names_pass() {
        for value in ["prod-2", "a", "_x", "2nd.web_server-1", &"n".repeat(100)] {
            assert!(name("server name", value).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_name_is_never_an_option_a_path_or_a_shell_word() {
        let tries = [
            "",
            "-rf",
            "--all",
            ".",
            "..",
            ".hidden",
            "../prod",
            "a/b",
            "/etc/passwd",
            "~",
            "~root",
            "a b",
            "a;b",
            "$(id)",
            "`id`",
            "a|b",
            "a&b",
            "a>b",
            "a'b",
            "a\"b",
            "a\\b",
            "a*b",
            "a?b",
            "a\nb",
            "a\0b",
            "a\tb",
            "ü",
            "a%b",
            "a=b",
            "a:b",
            "a@b",
            "\u{202e}abc",
            &"n".repeat(101),
        ];
        for value in tries {
            assert!(name("server name", value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_and_lose_their_brackets() {
        for value in [
            "prod-2",
            "prod-2.example.org",
            "example.org.",
            "192.0.2.7",
            "my_host",
            "xn--bcher-kva.example",
            "1host",
        ] {
            assert_eq!(host(value).unwrap(), value);
        }
        assert_eq!(host("[2001:db8::7]").unwrap(), "2001:db8::7");
        assert_eq!(host("2001:db8::7").unwrap(), "2001:db8::7");
        assert_eq!(host("::1").unwrap(), "::1");
        assert_eq!(host("fe80::1%eth0").unwrap(), "fe80::1%eth0");
    }

    #[test]
    fn a_host_is_never_an_option_or_a_shell_word() {
        let tries = [
            "",
            "-oProxyCommand=id",
            "-lroot",
            "a b",
            "a;b",
            "$(id)",
            "`id`",
            "a/b",
            "a,b",
            "..",
            "a..b",
            "-a.b",
            "a-.b",
            "256.1.1.1",
            "10.1",
            "0x7f.1",
            "127.1",
            "1",
            "0x7f000001",
            "a\nb",
            "a\0b",
            "[::1",
            "::1]",
            "[a]",
            "fe80::1%",
            "fe80::1%a b",
            "fe80::1%$(id)",
            "bücher.example",
            "*",
            "%h",
            "#",
            &"a.".repeat(130),
            &"a".repeat(64),
        ];
        for value in tries {
            assert!(host(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_host_with_a_user_or_a_port_says_which_option_takes_it() {
        let hint = |value: &str| {
            crate::error::Error::from(host(value).unwrap_err())
                .hint()
                .unwrap_or_default()
        };
        assert!(hint("root@example.org").contains("--user"));
        assert!(hint("example.org:2222").contains("--port"));
        assert!(hint("[::1]:2222").contains("--port"));
    }

    #[test]
    fn users_images_and_variables() {
        for value in ["root", "debian", "_apt", "svc$", "first.last", "u-1"] {
            assert!(user(value).is_ok(), "{value}");
        }
        for value in [
            "",
            "-l",
            "1st",
            "a b",
            "a;b",
            "$",
            "a$b",
            "root@host",
            "a/b",
            "a\n",
            &"u".repeat(33),
        ] {
            assert!(user(value).is_err(), "{value:?}");
        }
        assert!(image("registry.example.org:5000/team/web:1.2@sha256:abc").is_ok());
        for value in ["", "-it", "a b", "a;b", "$(id)", "a\nb", ":tag"] {
            assert!(image(value).is_err(), "{value:?}");
        }
        assert!(variable("DATABASE_URL").is_ok() && variable("_x1").is_ok());
        for value in ["", "1A", "A-B", "A B", "A=B", "A;B", "é", "A\0"] {
            assert!(variable(value).is_err(), "{value:?}");
        }
    }
}
