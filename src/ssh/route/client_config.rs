//! What the user's own SSH configuration says about one host. The answer is that of the installed client, `ssh -G`
//! (ssh(1)), so that Host, Match and Include mean here exactly what they mean there. Knows no connection, and nothing of
//! what the inventory says.

use crate::error::SshError;
use crate::plan::printable::one_line;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Names another configuration in place of ssh's own files, as `ssh -F` does; `none` reads none at all.
const VARIABLE: &str = "INFRAKT_SSH_CONFIG";
const SYSTEM_FILE: &str = "/etc/ssh/ssh_config";
const SYSTEM_FOLDER: &str = "/etc/ssh/ssh_config.d";

/// The settings that are used, as ssh_config(5) writes them. All others are left to ssh itself.
const SETTINGS: [&str; 21] = [
    "HostName",
    "Port",
    "User",
    "IdentityFile",
    "IdentitiesOnly",
    "IdentityAgent",
    "CertificateFile",
    "ProxyJump",
    "ProxyCommand",
    "HostKeyAlias",
    "UserKnownHostsFile",
    "GlobalKnownHostsFile",
    "RevokedHostKeys",
    "HostKeyAlgorithms",
    "StrictHostKeyChecking",
    "CheckHostIP",
    "KnownHostsCommand",
    "RequiredRSASize",
    "ConnectTimeout",
    "ServerAliveInterval",
    "ServerAliveCountMax",
];

/// Stands for "nobody said a user" in a question asked for that alone.
const UNSAID: &str = "infrakt-was-told-no-user";

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ConfigSource {
    /// Nothing that could speak about a host is there.
    Nowhere,
    /// ssh's own files; the one that made it worth asking.
    Usual(PathBuf),
    /// The file that the environment names.
    Named(PathBuf),
}

/// What there is to know about a host.
pub enum Knowledge {
    /// There is no configuration.
    Nothing,
    /// There is one, here, but no ssh client to read it.
    NoClient(PathBuf),
    Settings(HostSettings),
}

/// The answer about one host: each setting with its values, as they stand in the configuration where ssh does not
/// expand them by itself.
#[derive(Debug, Default, Clone)]
pub struct HostSettings {
    values: BTreeMap<String, Vec<String>>,
    /// What would be answered without any configuration.
    usual: BTreeMap<String, Vec<String>>,
    user_is_said: bool,
}

impl HostSettings {
    /// The first value of a setting, whether the configuration says it or ssh assumes it.
    pub fn value(&self, setting: &str) -> Option<&str> {
        self.values(setting).first().map(String::as_str)
    }

    pub fn values(&self, setting: &str) -> &[String] {
        self.values
            .get(&setting.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    /// The first value, if it is the configuration that says it.
    pub fn said(&self, setting: &str) -> Option<&str> {
        self.is_said(setting).then(|| self.value(setting)).flatten()
    }

    pub fn is_said(&self, setting: &str) -> bool {
        let key = setting.to_ascii_lowercase();
        if key == "user" {
            return self.user_is_said;
        }
        self.values.get(&key).is_some_and(|values| match key.as_str() {
            "hostname" => self.values.get("host").is_some_and(|host| host != values),
            _ => self.usual.get(&key) != Some(values),
        })
    }

    /// All that the configuration says, in the words of ssh_config(5).
    pub fn all_said(&self) -> Vec<(&'static str, String)> {
        SETTINGS
            .into_iter()
            .filter(|setting| self.is_said(setting))
            .map(|setting| (setting, self.values(setting).join(" ")))
            .collect()
    }
}

/// Asks the client about `host`, with the user and port that were said elsewhere: a Match line may depend on them.
/// `tell_users_apart`: whether it matters if the user is said, or is only what ssh assumes. Without a configuration
/// nothing is started.
///
/// # Errors
/// If ssh itself does not accept the configuration.
pub fn about(host: &str, user: Option<&str>, port: Option<u16>, tell_users_apart: bool) -> Result<Knowledge, SshError> {
    let source = source();
    let file = match &source {
        ConfigSource::Nowhere => return Ok(Knowledge::Nothing),
        ConfigSource::Usual(file) | ConfigSource::Named(file) => file.clone(),
    };
    let named = match &source {
        ConfigSource::Named(file) => Some(file.as_path()),
        _ => None,
    };
    let Some(values) = ask(host, user, port, named)? else {
        return Ok(Knowledge::NoClient(file));
    };
    let usual = usual()?;
    // ssh's own default is the local user's name, which the configuration may have said as well.
    let user_is_said = user.is_none()
        && (values.get("user") != usual.get("user")
            || (tell_users_apart && user_is_said(host, port, named, values.get("user"))?));
    Ok(Knowledge::Settings(HostSettings {
        values,
        usual,
        user_is_said,
    }))
}

/// What goes before the host when the system's own ssh is started, so that it reads the same configuration.
pub fn client_options() -> Vec<String> {
    match std::env::var(VARIABLE) {
        Ok(file) if !file.is_empty() => vec!["-F".to_owned(), file],
        _ => Vec::new(),
    }
}

fn source() -> ConfigSource {
    match std::env::var_os(VARIABLE).filter(|file| !file.is_empty()) {
        Some(file) if file == "none" => return ConfigSource::Nowhere,
        Some(file) => return ConfigSource::Named(file.into()),
        None => {}
    }
    let own = std::env::home_dir().unwrap_or_default().join(".ssh/config");
    if own.exists() {
        return ConfigSource::Usual(own);
    }
    system_files()
        .into_iter()
        .find(|file| std::fs::read_to_string(file).is_ok_and(|text| speaks(&text)))
        .map_or(ConfigSource::Nowhere, ConfigSource::Usual)
}

fn system_files() -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(SYSTEM_FILE)];
    // A folder that is not there holds nothing.
    if let Ok(entries) = std::fs::read_dir(SYSTEM_FOLDER) {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files
}

/// Whether a system-wide file says anything that is used here. What distributions ship does not.
fn speaks(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split(|char: char| char.is_ascii_whitespace() || char == '=');
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        let keyword = words.next().unwrap_or_default();
        if keyword.eq_ignore_ascii_case("include") {
            return words.any(|path| !path.starts_with(SYSTEM_FOLDER));
        }
        SETTINGS.iter().any(|setting| keyword.eq_ignore_ascii_case(setting))
            || ["Match", "CanonicalizeHostname"]
                .iter()
                .any(|setting| keyword.eq_ignore_ascii_case(setting))
    })
}

type Values = BTreeMap<String, Vec<String>>;

/// One question. `None` if there is no client.
fn ask(host: &str, user: Option<&str>, port: Option<u16>, file: Option<&Path>) -> Result<Option<Values>, SshError> {
    let mut command = Command::new("ssh");
    command.arg("-G");
    if let Some(file) = file {
        command.arg("-F").arg(file);
    }
    if let Some(user) = user {
        command.args(["-l", user]);
    }
    if let Some(port) = port {
        command.args(["-p", &port.to_string()]);
    }
    let failed = |reason: String| SshError::Configuration {
        host: host.to_owned(),
        reason,
    };
    let output = match command.arg("--").arg(host).stdin(std::process::Stdio::null()).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        output => output.map_err(|error| failed(format!("ssh cannot be started: {error}")))?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<String> = said
            .lines()
            .filter(|line| !line.starts_with("Pseudo-terminal"))
            .map(|line| one_line(line.trim()).into_owned())
            .collect();
        return Err(failed(said.join("; ")));
    }
    Ok(Some(parse(&String::from_utf8_lossy(&output.stdout))))
}

/// A line a value: the setting in small letters, a space, the value.
fn parse(text: &str) -> Values {
    let mut values = Values::new();
    for line in text.lines() {
        if let Some((setting, value)) = line.split_once(' ') {
            values
                .entry(setting.to_ascii_lowercase())
                .or_default()
                .push(value.to_owned());
        }
    }
    values
}

/// What ssh answers where no configuration says anything. The same for every host, so it is asked once a process.
fn usual() -> Result<Values, SshError> {
    static USUAL: OnceLock<Values> = OnceLock::new();
    if let Some(usual) = USUAL.get() {
        return Ok(usual.clone());
    }
    let answer = ask("localhost", None, None, Some(Path::new("none")))?.unwrap_or_default();
    Ok(USUAL.get_or_init(|| answer).clone())
}

/// Whether the configuration says the very name that ssh would assume. Asked with a user that counts only where no other
/// is said: of several values ssh takes the first.
fn user_is_said(
    host: &str,
    port: Option<u16>,
    named: Option<&Path>,
    user: Option<&Vec<String>>,
) -> Result<bool, SshError> {
    if user.is_some_and(|user| user[..] == ["root"]) {
        // Nothing depends on it: root is what is assumed here too.
        return Ok(false);
    }
    let files: Vec<PathBuf> = match named {
        Some(file) => vec![std::path::absolute(file).unwrap_or_else(|_| file.to_owned())],
        None => vec![
            std::env::home_dir().unwrap_or_default().join(".ssh/config"),
            SYSTEM_FILE.into(),
        ],
    };
    let includes: String = files
        .iter()
        .map(|file| format!("Include \"{}\"\n", file.display()))
        .collect();
    let failed = |error: std::io::Error| SshError::Configuration {
        host: host.to_owned(),
        reason: format!("cannot write the configuration for ssh -G: {error}"),
    };
    let mut question = tempfile::NamedTempFile::new().map_err(failed)?;
    writeln!(question, "{includes}Match all\n  User {UNSAID}").map_err(failed)?;
    let answer = ask(host, None, port, Some(question.path()))?.unwrap_or_default();
    Ok(answer.get("user").is_some_and(|user| user[..] != [UNSAID]))
}

#[cfg(test)]
mod tests {
    use super::{parse, speaks};

    #[test]
    fn what_debian_ships_system_wide_says_nothing_about_any_host() {
        let shipped = "Include /etc/ssh/ssh_config.d/*.conf\n\nHost *\n#   Port 22\n    SendEnv LANG LC_*\n    \
                       HashKnownHosts yes\n    GSSAPIAuthentication yes\n";
        assert!(!speaks(shipped));
        for line in [
            "ProxyJump bastion",
            "  port=2222",
            "user\tdeploy",
            "Match host web",
            "Include /opt/ssh/*",
        ] {
            assert!(speaks(&format!("{shipped}{line}\n")), "{line}");
        }
    }

    #[test]
    fn an_answer_keeps_every_value_of_a_setting_in_its_order() {
        let values = parse("user deploy\nidentityfile ~/.ssh/a\nidentityfile ~/.ssh/b c\nproxycommand nc %h %p\nodd\n");
        assert_eq!(values["identityfile"], ["~/.ssh/a", "~/.ssh/b c"]);
        assert_eq!(values["proxycommand"], ["nc %h %p"]);
        assert_eq!(values.len(), 3);
    }
}
