//! Replaces what ssh_config(5) calls TOKENS and ENVIRONMENT VARIABLES in paths and commands of an SSH configuration:
//! `~`, `%h`, `${VARIABLE}`. ssh -G prints most of them unreplaced.

use std::path::PathBuf;

/// The values of the tokens.
pub struct Tokens<'a> {
    /// The host as it was given, before HostName is applied.
    pub original: &'a str,
    pub host: &'a str,
    pub port: u16,
    pub user: &'a str,
    pub alias: Option<&'a str>,
}

impl Tokens<'_> {
    /// A path of the configuration, with `~`, tokens and `${VARIABLE}`s replaced.
    ///
    /// # Errors
    /// What could not be replaced.
    pub fn path(&self, text: &str) -> Result<PathBuf, String> {
        let home = std::env::home_dir().unwrap_or_default();
        let expanded = self.expand(text)?;
        Ok(match expanded.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => PathBuf::from(expanded),
        })
    }

    /// The path if it exists, either as it is written or after its tokens are replaced.
    fn existing(&self, text: &str) -> Option<PathBuf> {
        let is_there = |path: &PathBuf| !text.is_empty() && path.exists();
        let literal = Some(PathBuf::from(text)).filter(is_there);
        literal.or_else(|| self.path(text).ok().filter(is_there))
    }

    /// The paths in a setting with several values. ssh -G prints them with spaces between them and without quotes, so a
    /// path with spaces is recognised by the file that exists. Newer versions of ssh print them with their tokens
    /// replaced.
    ///
    /// # Errors
    /// What could not be replaced.
    pub fn paths(&self, text: &str) -> Result<Vec<PathBuf>, String> {
        let words: Vec<&str> = text.split(' ').collect();
        let mut paths = Vec::new();
        let mut rest = words.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let found = (1..=rest.len()).rev().find_map(|count| {
                let (path, after) = rest.split_at_checked(count)?;
                Some((self.existing(&path.join(" "))?, after))
            });
            rest = match found {
                Some((path, after)) => {
                    paths.push(path);
                    after
                }
                None => {
                    if !first.is_empty() {
                        paths.push(self.path(first)?);
                    }
                    after
                }
            };
        }
        Ok(paths)
    }

    /// # Errors
    /// What could not be replaced.
    pub fn expand(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, from)) = rest.find(['%', '$']).and_then(|at| rest.split_at_checked(at)) {
            expanded += before;
            rest = from;
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
            let mut chars = rest.chars();
            let (_percent, token) = (chars.next(), chars.next().unwrap_or_default());
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
                other => return Err(format!("'{text}' has %{other}, which is not supported here")),
            }
        }
        Ok(expanded + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::Tokens;

    #[test]
    fn lists_of_paths_may_contain_paths_with_spaces() {
        let tokens = Tokens {
            original: "web1",
            host: "10.0.0.1",
            port: 22,
            user: "root",
            alias: None,
        };
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display().to_string();
        let spaced = format!("{place}/my known hosts");
        std::fs::write(&spaced, "").unwrap();
        let paths = |text: &str| -> Vec<String> {
            let paths = tokens.paths(text).unwrap();
            paths.iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(paths("/a /b"), ["/a", "/b"]);
        assert_eq!(paths(&spaced), [spaced.as_str()]);
        assert_eq!(
            paths(&format!("/a {spaced} {place}/%n")),
            ["/a", spaced.as_str(), &format!("{place}/web1")]
        );
        assert!(tokens.paths("/a %C").is_err());
        let replaced = format!("{place}/100%");
        std::fs::write(&replaced, "").unwrap();
        assert_eq!(paths(&replaced), [replaced.as_str()]);
    }

    #[test]
    fn tokens_and_variables_are_replaced_and_unknown_ones_are_named() {
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
