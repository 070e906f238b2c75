//! The options of `ssh::copy_folder`.

use crate::error::{Error, nearest};
use crate::local_files::Pattern;
use crate::plan::form;
use crate::recipe::data::kind;
use crate::recipe::draft::Problem;
use rhai::{Dynamic, Map};

const KEYS: [&str; 4] = ["excludes", "modes", "owner", "remove_others"];

pub struct FolderOptions {
    /// As they were written.
    pub excludes: Vec<String>,
    patterns: Vec<Pattern>,
    modes: Vec<(Pattern, String)>,
    pub owner: String,
    pub remove_others: bool,
}

impl FolderOptions {
    /// # Errors
    /// If a key is not known, or its value is of another kind.
    pub fn of(options: &Map) -> Result<Self, Problem> {
        if let Some(unknown) = options.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let help = match nearest(unknown, KEYS) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}", KEYS.join(", ")),
            };
            return Err(Problem::new(format!("ssh::copy_folder has no option '{unknown}'")).help(help));
        }
        let excludes = match options.get("excludes") {
            Some(list) => texts("excludes", list)?,
            None => Vec::new(),
        };
        let patterns = excludes.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?;
        let modes = match options.get("modes") {
            Some(modes) => modes_of(modes)?,
            None => Vec::new(),
        };
        let owner = match options.get("owner") {
            Some(owner) => text("owner", owner)?,
            None => "root:root".to_owned(),
        };
        if !form::is_owner(&owner) {
            return Err(Problem::new(format!("{owner:?} is not a valid owner")).help("write it as \"user:group\""));
        }
        let remove_others = match options.get("remove_others") {
            Some(answer) => answer
                .as_bool()
                .map_err(|_| other_kind("remove_others", answer, "true or false"))?,
            None => false,
        };
        Ok(Self {
            excludes,
            patterns,
            modes,
            owner,
            remove_others,
        })
    }

    /// The mode of a file, if a pattern is for it.
    pub fn mode_of(&self, file: &str) -> Option<&str> {
        let found = self.modes.iter().find(|(pattern, _)| pattern.is_for(file));
        found.map(|(_, mode)| mode.as_str())
    }

    /// Whether a file or folder of the server is left out.
    pub fn keeps(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.covers(path))
    }
}

fn modes_of(modes: &Dynamic) -> Result<Vec<(Pattern, String)>, Problem> {
    let map = modes
        .as_map_ref()
        .map_err(|_| other_kind("modes", modes, "a map of patterns and modes: #{ \"bin/*\": \"0755\" }"))?;
    map.iter()
        .map(|(name, mode)| {
            let mode = text("modes", mode)?;
            match form::is_mode(&mode) {
                true => Ok((pattern(name)?, format!("{mode:0>4}"))),
                false => Err(Problem::new(format!("{mode:?} is not a valid mode")).help("write it as \"0644\"")),
            }
        })
        .collect()
}

fn pattern(text: &str) -> Result<Pattern, Problem> {
    Pattern::new(text).map_err(|error: Error| Problem::new(error.to_string()))
}

fn texts(key: &str, list: &Dynamic) -> Result<Vec<String>, Problem> {
    let items = list
        .as_array_ref()
        .map_err(|_| other_kind(key, list, "a list of texts"))?;
    items.iter().map(|item| text(key, item)).collect()
}

fn text(key: &str, value: &Dynamic) -> Result<String, Problem> {
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.to_string()),
        Err(_) => Err(other_kind(key, value, "a text")),
    }
}

fn other_kind(key: &str, value: &Dynamic, wanted: &str) -> Problem {
    Problem::new(format!("the option '{key}' is {wanted}, and this is a {}", kind(value)))
}
