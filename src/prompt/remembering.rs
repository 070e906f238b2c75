//! Several logins that need the same answer: a person is asked once.
//!
//! It must not know how a person is asked.

use crate::error::Result;
use crate::plan::secret::Secret;
use crate::ssh::AskSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Asks each question only once. When several logins need the same answer at the same time, one of them asks, and the
/// others get its answer.
pub struct Remembering<'a> {
    person: &'a dyn AskSecret,
    /// The answers to each question, in their order. Held while asking.
    given: Mutex<BTreeMap<String, Vec<Option<Secret>>>>,
    told: Mutex<BTreeSet<String>>,
}

impl<'a> Remembering<'a> {
    pub fn new(person: &'a dyn AskSecret) -> Self {
        Self {
            person,
            given: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// For one login. It is given the last answer to a question; asking the same once more means that this was wrong.
    pub fn one(&self) -> impl AskSecret {
        OneLogin {
            all: self,
            seen: Mutex::default(),
        }
    }
}

struct OneLogin<'a> {
    all: &'a Remembering<'a>,
    /// How many answers to each question there were when this login asked it last.
    seen: Mutex<BTreeMap<String, usize>>,
}

impl AskSecret for OneLogin<'_> {
    fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
        let mut given = self.all.given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = given.entry(prompt.to_owned()).or_default();
        let seen = seen.entry(prompt.to_owned()).or_default();
        if answers.len() <= *seen {
            answers.push(self.all.person.ask(prompt)?);
        }
        *seen = answers.len();
        Ok(answers.last().cloned().flatten())
    }

    fn tell(&self, remark: &str) {
        // The same remark is shown only once.
        let mut told = self.all.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(remark.to_owned()) {
            self.all.person.tell(remark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Remembering;
    use crate::error::Result;
    use crate::plan::secret::Secret;
    use crate::ssh::AskSecret;
    use std::sync::Mutex;

    /// Answers with the number of the question.
    #[derive(Default)]
    struct Person(Mutex<Vec<String>>);

    impl AskSecret for Person {
        fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
            let mut asked = self.0.lock().unwrap();
            asked.push(prompt.to_owned());
            let answer = Some(Secret::new(asked.len().to_string()));
            Ok(answer.filter(|_| prompt != "unknown"))
        }
    }

    fn answer(login: &impl AskSecret, prompt: &str) -> String {
        let answer = login.ask(prompt).unwrap();
        answer.map_or("none".to_owned(), |answer| answer.expose().to_owned())
    }

    #[test]
    fn many_logins_that_ask_the_same_ask_a_person_once() {
        let person = Person::default();
        let remembering = Remembering::new(&person);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(answer(&remembering.one(), "passphrase"), "1"));
            }
        });
        let one = remembering.one();
        assert_eq!(answer(&one, "another passphrase"), "2");
        assert_eq!(answer(&one, "unknown"), "none");
        assert_eq!(answer(&remembering.one(), "unknown"), "none");
        assert_eq!(person.0.lock().unwrap().len(), 3);
    }

    #[test]
    fn a_wrong_answer_is_asked_for_again_and_the_right_one_is_kept_for_the_next() {
        let person = Person::default();
        let remembering = Remembering::new(&person);
        let one = remembering.one();
        assert_eq!((answer(&one, "it"), answer(&one, "it")), ("1".into(), "2".into()));
        assert_eq!(answer(&remembering.one(), "it"), "2");
    }
}
