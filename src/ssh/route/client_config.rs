//! The user's SSH configuration for one host, as the installed ssh understands it: `ssh -G` (ssh(1)) is asked, so Host,
//! Match and Include mean the same as for ssh. Knows no connection and no inventory.

use crate::error::SshError;
use crate::plan::printable::one_line;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Names a configuration to use instead of ssh's own files, like `ssh -F`. With `none`, no configuration is read.
const VARIABLE: &str = "INFRAKT_SSH_CONFIG";
const SYSTEM_FILE: &str = "/etc/ssh/ssh_config";
const SYSTEM_FOLDER: &str = "/etc/ssh/ssh_config.d";

/// The settings that infrakt uses, as ssh_config(5) writes them. ssh handles the others by itself.
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

/// A user name that no configuration contains, to find out whether the configuration sets a user.
const UNSAID: &str = "infrakt-was-told-no-user";

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ConfigSource {
    /// There is no configuration that says anything about a host.
    Nowhere,
    /// ssh's own files. Holds the first one that says something about hosts.
    Usual(PathBuf),
    /// The file that the environment names.
    Named(PathBuf),
}

/// The configuration for a host.
pub enum Knowledge {
    /// There is no configuration.
    Nothing,
    /// There is a configuration, in this file, but no ssh client to read it.
    NoClient(PathBuf),
    Settings(HostSettings),
}

/// The settings for one host, each with its values. Values that ssh does not expand are as they stand in the
/// configuration.
#[derive(Debug, Default, Clone)]
pub struct HostSettings {
    values: BTreeMap<String, Vec<String>>,
    /// ssh's defaults, without any configuration.
    usual: BTreeMap<String, Vec<String>>,
    user_is_said: bool,
}

impl HostSettings {
    /// The first value of a setting, from the configuration or from ssh's defaults.
    pub fn value(&self, setting: &str) -> Option<&str> {
        self.values(setting).first().map(String::as_str)
    }

    pub fn values(&self, setting: &str) -> &[String] {
        self.values
            .get(&setting.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    /// The first value, if it comes from the configuration.
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

    /// All settings that come from the configuration, by their names in ssh_config(5).
    pub fn all_said(&self) -> Vec<(&'static str, String)> {
        SETTINGS
            .into_iter()
            .filter(|setting| self.is_said(setting))
            .map(|setting| (setting, self.values(setting).join(" ")))
            .collect()
    }
}

/// Asks ssh for the settings of `host`. `user` and `port` are those of the inventory: a Match may depend on them.
/// `tell_users_apart`: whether it matters if the user comes from the configuration or is ssh's default. Without a
/// configuration, ssh is not started.
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
        ConfigSource::Nowhere | ConfigSource::Usual(_) => None,
    };
    let Some(values) = ask(host, user, port, named)? else {
        return Ok(Knowledge::NoClient(file));
    };
    let usual = usual()?;
    // ssh's default is the local user's name, and the configuration may set the same name.
    let user_is_said = user.is_none()
        && (values.get("user") != usual.get("user")
            || (tell_users_apart && user_is_said(host, port, named, values.get("user"))?));
    Ok(Knowledge::Settings(HostSettings {
        values,
        usual,
        user_is_said,
    }))
}

/// The options that make the system's own ssh read the same configuration.
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
    // A folder that does not exist has no files.
    if let Ok(entries) = std::fs::read_dir(SYSTEM_FOLDER) {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files
}

/// Whether a system-wide file sets anything that infrakt uses. The files that distributions ship do not.
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

/// Runs `ssh -G` once. `None` if there is no ssh client.
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

/// Each line is one value: the setting in lower case, a space, the value.
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

/// ssh's defaults. They are the same for every host, so ssh is asked once per process.
fn usual() -> Result<Values, SshError> {
    static USUAL: OnceLock<Values> = OnceLock::new();
    if let Some(usual) = USUAL.get() {
        return Ok(usual.clone());
    }
    let answer = ask("localhost", None, None, Some(Path::new("none")))?.unwrap_or_default();
    Ok(USUAL.get_or_init(|| answer).clone())
}

/// Whether the configuration sets the user to the name that is also ssh's default. ssh is asked with a last line that
/// sets another user: of several values ssh takes the first.
fn user_is_said(
    host: &str,
    port: Option<u16>,
    named: Option<&Path>,
    user: Option<&Vec<String>>,
) -> Result<bool, SshError> {
    if user.is_some_and(|user| user[..] == ["root"]) {
        // It makes no difference: root is infrakt's default too.
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
    fn the_system_wide_configuration_of_debian_sets_nothing() {
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
    fn all_values_of_a_setting_are_kept_in_their_order() {
        let values = parse("user deploy\nidentityfile ~/.ssh/a\nidentityfile ~/.ssh/b c\nproxycommand nc %h %p\nodd\n");
        assert_eq!(values["identityfile"], ["~/.ssh/a", "~/.ssh/b c"]);
        assert_eq!(values["proxycommand"], ["nc %h %p"]);
        assert_eq!(values.len(), 3);
    }
}
