//! The prompt that infrakt gives to sudo (sudo(8), `-p`), and what its appearances mean, in any language. sudo prints
//! it unchanged, `WORD/deploy/`; sudo-rs prints `[sudo: WORD/deploy/] Password: `.

use crate::error::Result;
use crate::ssh::random_word::word;

pub struct SudoPrompt {
    word: String,
}

/// What a second appearance of the prompt means.
#[derive(Debug, PartialEq, Eq)]
pub enum Again {
    /// There was a message after the first answer: it was wrong.
    WrongPassword,
    /// There was no message: PAM asks for something else too. Holds the question, if it is shown.
    AnotherQuestion(String),
}

impl SudoPrompt {
    pub fn new() -> Result<Self> {
        Ok(Self { word: word()? })
    }

    /// The option for sudo's command line, in any shell. sudo replaces `%p` by the user whose password it asks for.
    pub fn option(&self) -> String {
        format!("-p {}/%p/", self.word)
    }

    /// The number of appearances.
    pub fn count(&self, words: &str) -> usize {
        words.matches(self.word.as_str()).count()
    }

    /// Whose password was asked for, if not that of `user`: with `rootpw`, `runaspw` and `targetpw`.
    pub fn other_account(&self, words: &str, user: &str) -> Option<String> {
        let (_, rest) = words.split_once(self.word.as_str())?;
        let (account, _) = rest.strip_prefix('/')?.split_once('/')?;
        (account != user && account != "%p").then(|| account.to_owned())
    }

    /// The output without the prompts.
    pub fn strip(&self, words: &str) -> String {
        let mut parts = self.parts(words).into_iter();
        let mut stripped = parts.next().unwrap_or_default();
        for part in parts {
            stripped.push_str(answered(&part));
        }
        stripped
    }

    /// What the second appearance means, if there was one.
    pub fn again(&self, words: &str) -> Option<Again> {
        let parts = self.parts(words);
        let (between, question) = (parts.get(1)?, parts.get(2)?);
        Some(match answered(between).trim() {
            "" => Again::AnotherQuestion(label(question).to_owned()),
            _ => Again::WrongPassword,
        })
    }

    /// The text before, between and after the prompts.
    fn parts(&self, words: &str) -> Vec<String> {
        let mut parts = words.split(self.word.as_str());
        let mut all: Vec<String> = parts.next().map(str::to_owned).into_iter().collect();
        for part in parts {
            if let Some(last) = all.last_mut()
                && let Some(before) = last.strip_suffix("[sudo: ")
            {
                *last = before.to_owned();
            }
            let account_and_rest = part.strip_prefix('/').and_then(|part| part.split_once('/'));
            all.push(account_and_rest.map_or(part, |(_, rest)| rest).to_owned());
        }
        all
    }
}

/// PAM's own question, which sudo-rs prints after its prompt on the same line.
fn label(part: &str) -> &str {
    let line = part.lines().next().unwrap_or_default();
    line.strip_prefix("] ").unwrap_or_default().trim()
}

/// The text after the prompt, without its label.
fn answered(part: &str) -> &str {
    match part.strip_prefix("] ") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => part,
    }
}

#[cfg(test)]
mod tests {
    use super::{Again, SudoPrompt};

    /// The output of sudo 1.9.16 and sudo-rs 0.2.5.
    fn again(words: &str) -> Option<Again> {
        let prompt = SudoPrompt::new().unwrap();
        prompt.again(&words.replace("PROMPT", &format!("{}/deploy/", prompt.word)))
    }

    #[test]
    fn a_wrong_password_is_distinguished_from_another_question() {
        for wrong in [
            "PROMPTSorry, try again.\nPROMPT",
            "PROMPTDas hat nicht funktioniert, bitte nochmal probieren.\nPROMPT\nsudo: 1",
            "[sudo: PROMPT] Password: \nsudo: Authentication failed, try again.\n[sudo: PROMPT] Password: ",
        ] {
            assert_eq!(again(wrong), Some(Again::WrongPassword), "{wrong}");
        }
        for (more, question) in [
            ("PROMPTPROMPT\nsudo: no password was provided\n", ""),
            (
                "lecture:\n[sudo: PROMPT] Password: \n[sudo: PROMPT] One-time password for `deploy': ",
                "One-time password for `deploy':",
            ),
        ] {
            assert_eq!(again(more), Some(Again::AnotherQuestion(question.to_owned())), "{more}");
        }
        for once in ["", "PROMPT", "[sudo: PROMPT] Password: \n", "lecture\n\nPROMPTwords\n"] {
            assert_eq!(again(once), None, "{once}");
        }
    }

    #[test]
    fn the_account_is_read_from_the_prompts_and_the_prompts_are_removed() {
        let prompt = SudoPrompt::new().unwrap();
        let asked = format!("We trust you\n{0}/root/Sorry\n{0}/root/\n", prompt.word);
        assert_eq!(prompt.other_account(&asked, "deploy").as_deref(), Some("root"));
        assert_eq!(prompt.other_account(&asked, "root"), None);
        assert_eq!(prompt.strip(&asked), "We trust you\nSorry\n\n");
        let asked = format!("note\n[sudo: {}/deploy/] Password: \nsudo: no\n", prompt.word);
        assert_eq!(prompt.strip(&asked), "note\nsudo: no\n");
        assert_eq!(prompt.count(&asked), 1);
        assert_eq!(prompt.strip("no prompt"), "no prompt");
    }
}
