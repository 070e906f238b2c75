//! What may stand in a path or a command of an SSH configuration for something else: `~`, `%h`, `${VARIABLE}`
//! (ssh_config(5), TOKENS and ENVIRONMENT VARIABLES). ssh -G prints most of them as they are.

use std::path::PathBuf;

/// The values that the tokens of ssh_config(5), TOKENS, stand for.
pub(super) struct Tokens<'a> {
    /// As it was asked for, before HostName.
    pub original: &'a str,
    pub host: &'a str,
    pub port: u16,
    pub user: &'a str,
    pub alias: Option<&'a str>,
}

impl Tokens<'_> {
    /// A path of the configuration with its `~`, tokens and `${VARIABLE}`s replaced.
    ///
    /// # Errors
    /// What could not be replaced.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, String> {
        let home = std::env::home_dir().unwrap_or_default();
        let expanded = self.expand(text)?;
        Ok(match expanded.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => PathBuf::from(expanded),
        })
    }

    /// # Errors
    /// What could not be replaced.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            expanded += &rest[..at];
            rest = &rest[at..];
            if let Some(variable) = rest.strip_prefix("${") {
                let (name, after) = variable
                    .split_once('}')
                    .ok_or_else(|| format!("'{text}' has a '${{' without its '}}'"))?;
                expanded += &std::env::var(name).map_err(|_| format!("the variable {name} in '{text}' is not set"))?;
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
                continue;
            }
            let mut chars = rest[1..].chars();
            let token = chars.next().unwrap_or_default();
            rest = chars.as_str();
            match token {
                '%' => expanded.push('%'),
                'd' => expanded += &std::env::home_dir().unwrap_or_default().to_string_lossy(),
                'h' => expanded += self.host,
                'n' => expanded += self.original,
                'p' => expanded += &self.port.to_string(),
                'r' => expanded += self.user,
                'k' => expanded += self.alias.unwrap_or(self.original),
                'i' => expanded += &rustix::process::getuid().as_raw().to_string(),
                'u' => {
                    expanded += &std::env::var("USER")
                        .or_else(|_| std::env::var("LOGNAME"))
                        .unwrap_or_default()
                }
                'l' => expanded += &rustix::system::uname().nodename().to_string_lossy(),
                other => return Err(format!("'{text}' holds %{other}, which is not supported here")),
            }
        }
        Ok(expanded + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::Tokens;

    #[test]
    fn tokens_and_variables_become_what_they_stand_for_and_unknown_ones_are_named() {
        let tokens = Tokens {
            original: "web1",
            host: "10.0.0.1",
            port: 2222,
            user: "deploy",
            alias: None,
        };
        assert_eq!(
            tokens.expand("nc %h %p 100%% %r@%n").unwrap(),
            "nc 10.0.0.1 2222 100% deploy@web1"
        );
        let home = std::env::home_dir().unwrap();
        assert_eq!(tokens.path("~/.ssh/%n").unwrap(), home.join(".ssh/web1"));
        assert_eq!(tokens.path("%d/key").unwrap(), home.join("key"));
        assert_eq!(tokens.path("${HOME}/key").unwrap(), home.join("key"));
        assert_eq!(tokens.expand("a$b").unwrap(), "a$b");
        assert!(tokens.expand("%C").unwrap_err().contains("%C"));
        assert!(tokens.expand("x%").is_err());
        assert!(tokens.expand("${UNSET_BY_ALL}").unwrap_err().contains("UNSET_BY_ALL"));
        assert!(tokens.expand("${HOME").is_err());
    }
}
