//! The greeting: the first line of a command, which only a started shell can print. Anything else is a message of the
//! server: from a forced command, from a login shell that refuses, about an expired password.
//!
//! It must not know what the server's messages mean (`server_messages.rs`), nor how bytes are carried.

use crate::error::{Obstacle, Result};
use crate::ssh::random_word::word;
use crate::ssh::server_messages;
use crate::ssh::session::sudo_prompt::SudoPrompt;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long to wait for the greeting after other output. A start-up file may print something and then take a while.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait after a message that is clear. Cloud images sleep for ten seconds after it.
const AFTER_CLEAR_WORDS: Duration = Duration::from_secs(1);
/// The most bytes of each stream that are kept before the greeting.
const LONGEST: usize = 64 * 1024;
/// The most output that is accepted before the greeting.
const FLOOD: usize = 16 << 20;

/// A greeting that has not arrived yet.
pub struct Greeting {
    word: String,
    output: Vec<u8>,
    errors: Vec<u8>,
    /// The number of bytes that arrived, on both streams.
    count: usize,
    /// Input that is sent after the greeting.
    withheld: Option<Zeroizing<Vec<u8>>>,
    /// sudo's prompt for a password. If it appears twice, sudo wants something else.
    prompt: Option<SudoPrompt>,
    last_words: Option<Instant>,
    began: Instant,
}

/// What the output so far means.
pub enum GreetingProgress {
    Waiting,
    /// The greeting arrived. Holds the output after it, the other stream's output so far, and the input that can be
    /// sent now.
    Greeted(Vec<u8>, Vec<u8>, Option<Zeroizing<Vec<u8>>>),
    /// sudo asked for the password a second time.
    AskedAgain,
}

impl Greeting {
    pub fn new() -> Result<Self> {
        Ok(Self {
            word: word()?,
            output: Vec::new(),
            errors: Vec::new(),
            count: 0,
            withheld: None,
            prompt: None,
            last_words: None,
            began: Instant::now(),
        })
    }

    /// The script waits for the greeting, and begins with `separator`. `prompt` is sudo's prompt for the password.
    pub fn after_prompt(prompt: SudoPrompt, separator: &str) -> Result<Self> {
        Ok(Self {
            withheld: Some(Zeroizing::new(separator.as_bytes().to_vec())),
            prompt: Some(prompt),
            ..Self::new()?
        })
    }

    /// The command that prints the greeting, in any shell. Its text does not contain the greeting, so a forced command
    /// that prints its command line does not produce it.
    pub fn command(&self) -> String {
        let (first, rest) = self.word.split_at(self.word.len() / 2);
        format!("echo {first}\"{rest}\"")
    }

    /// Keeps input that has to wait. Returns it if it can be sent at once.
    pub fn withhold(&mut self, input: Vec<u8>) -> Option<Vec<u8>> {
        match &mut self.withheld {
            Some(withheld) => {
                let input = Zeroizing::new(input);
                withheld.extend_from_slice(&input);
                None
            }
            None => Some(input),
        }
    }

    pub fn take_output(&mut self, bytes: &[u8]) -> GreetingProgress {
        self.last_words = Some(Instant::now());
        self.count += bytes.len();
        self.output.extend_from_slice(bytes);
        let line = format!("{}\n", self.word);
        let line = line.as_bytes();
        match self.output.windows(line.len()).position(|window| window == line) {
            Some(at) => {
                let since = self.output.split_off(at + line.len());
                let mut errors = std::mem::take(&mut self.errors);
                if let Some(prompt) = &self.prompt {
                    errors = prompt.strip(&String::from_utf8_lossy(&errors)).into_bytes();
                }
                GreetingProgress::Greeted(since, errors, self.withheld.take())
            }
            None => {
                // Keeps the bytes that could be the beginning of the greeting.
                let too_much = self.output.len().saturating_sub(LONGEST);
                self.output.drain(..too_much);
                GreetingProgress::Waiting
            }
        }
    }

    pub fn take_errors(&mut self, bytes: &[u8]) -> GreetingProgress {
        self.last_words = Some(Instant::now());
        self.count += bytes.len();
        self.errors.extend_from_slice(bytes);
        let too_much = self.errors.len().saturating_sub(LONGEST);
        self.errors.drain(..too_much);
        let asked = self
            .prompt
            .as_ref()
            .map_or(0, |prompt| prompt.count(&String::from_utf8_lossy(&self.errors)));
        match asked {
            0 | 1 => GreetingProgress::Waiting,
            _ => GreetingProgress::AskedAgain,
        }
    }

    /// When to stop waiting. `None` without any output: the caller then decides.
    pub fn until(&self) -> Option<Instant> {
        let last_words = self.last_words?;
        if self.count > FLOOD {
            return Some(self.began);
        }
        Some(match self.meaning() {
            Obstacle::Unclear if !self.is_echoed() => self.began + PATIENCE,
            _ => last_words + AFTER_CLEAR_WORDS,
        })
    }

    /// The server's output instead of the greeting.
    pub fn said(&self) -> String {
        if self.count > FLOOD {
            return format!("instead of that it printed more than {} MiB", FLOOD >> 20);
        }
        if self.is_echoed() {
            // The output is an echo of the script, which may hold secrets.
            return "instead of a shell, something echoes its input".to_owned();
        }
        let words = self.words();
        server_messages::last_of(&words, "it ended without output")
    }

    pub fn meaning(&self) -> Obstacle {
        server_messages::obstacle(&self.words())
    }

    fn is_echoed(&self) -> bool {
        let command = self.command();
        [&self.output, &self.errors]
            .iter()
            .any(|bytes| String::from_utf8_lossy(bytes).contains(&command))
    }

    fn words(&self) -> String {
        let mut words = format!(
            "{}\n{}",
            String::from_utf8_lossy(&self.output),
            String::from_utf8_lossy(&self.errors)
        );
        if let Some(prompt) = &self.prompt {
            words = prompt.strip(&words);
        }
        words
    }
}
