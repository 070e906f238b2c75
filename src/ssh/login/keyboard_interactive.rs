//! The questions of a server during a login (keyboard-interactive, RFC 4256), answered by a person or with the answers
//! of an earlier login. Does not check the answers.

use crate::error::Error;
use crate::plan::printable::one_line;
use crate::plan::secret::Secret;
use crate::ssh::ask_secret::AskSecret;
use crate::ssh::target::LoginTarget;
use ssh2::{KeyboardInteractivePrompt, Prompt};

/// Answers the server's questions by asking a person.
pub struct PersonAnswers<'a> {
    pub target: &'a LoginTarget,
    pub ask: &'a dyn AskSecret,
    /// Answers the first question with hidden input, which is the password.
    pub given: Option<Secret>,
    /// What stands above the first question.
    pub before: String,
    pub answers: Vec<Secret>,
    pub failed: Option<Error>,
}

impl KeyboardInteractivePrompt for PersonAnswers<'_> {
    fn prompt<'b>(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'b>]) -> Vec<String> {
        let mut replies = Vec::new();
        for prompt in prompts {
            let given = if prompt.echo { None } else { self.given.take() };
            let answer = match given {
                Some(given) => Ok(Some(given)),
                // The text comes from the server: it must not move the cursor or change colours.
                None => self.ask.ask(&format!(
                    "{}{}@{}: {} ",
                    std::mem::take(&mut self.before),
                    self.target.user,
                    self.target.name,
                    one_line(prompt.text.trim())
                )),
            };
            match answer {
                Ok(Some(answer)) => {
                    replies.push(answer.expose().to_owned());
                    self.answers.push(answer);
                }
                Ok(None) => replies.push(String::new()),
                Err(error) => {
                    self.failed = Some(error);
                    replies.push(String::new());
                }
            }
        }
        replies
    }
}

/// Answers the server's questions with the answers of an earlier login.
pub struct ReplayedAnswers<'a>(pub std::slice::Iter<'a, Secret>);

impl KeyboardInteractivePrompt for ReplayedAnswers<'_> {
    fn prompt<'b>(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'b>]) -> Vec<String> {
        let answers = prompts
            .iter()
            .map(|_| self.0.next().map(|answer| answer.expose().to_owned()));
        answers.map(Option::unwrap_or_default).collect()
    }
}
