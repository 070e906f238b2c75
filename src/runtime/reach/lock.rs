//! The lock on the server itself, which every installation of infrakt respects: who holds it, and how to end a run
//! whose own infrakt can't be reached.

use super::live::Live;
use crate::error::{Refusal, Result, ServerError};
use crate::executor::script::LOCK;
use crate::plan::shell::quote;
use crate::reason::{LockHolder, NameReason};
use crate::runtime::open::Runtime;
use crate::store::NameTyped;
use schemars::JsonSchema;
use serde::Serialize;

/// Who is at work on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Holder {
    /// As the infrakt that began the run describes it: its number there, its recipe, its operator.
    pub run: String,
    /// For how long, by the server's own clock.
    pub seconds: u64,
    /// The number of the step at work, counted from 1, if one has begun.
    pub step: Option<usize>,
    /// Where the server keeps the run's records, which tells it from any other.
    pub folder: String,
}

impl Holder {
    /// As the reason for which no other run may begin.
    pub fn as_reason(&self) -> LockHolder {
        LockHolder::RunOnServer {
            run: self.run.clone(),
            seconds: Some(self.seconds),
            step: self.step,
        }
    }
}

impl Runtime {
    /// Who holds the server's lock. A holder that has died holds nothing: the kernel lets go with its last process.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn lock_holder(&self, live: &Live) -> Result<Option<Holder>> {
        let said = self.ask_about_lock(live, &["look"])?;
        let unexpected = || ServerError::Lock {
            server: live.server.name.clone(),
            said: format!("it answered {said:?}"),
        };
        let (first, run) = said.split_once('\n').unwrap_or((&said, ""));
        let mut words = first.split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("free"), None, None, None) => Ok(None),
            (Some("held"), Some(seconds), Some(step), folder) => Ok(Some(Holder {
                run: match run.trim() {
                    "" => "a run that has not recorded its owner".to_owned(),
                    run => run.to_owned(),
                },
                // A clock that was set back makes it negative.
                seconds: seconds.parse::<i64>().map_err(|_| unexpected())?.max(0) as u64,
                step: Some(step.parse().map_err(|_| unexpected())?).filter(|step| *step > 0),
                folder: folder.unwrap_or_default().to_owned(),
            })),
            _ => Err(unexpected().into()),
        }
    }

    /// Ends the run that was seen at work on a server, whichever infrakt began it: the current step, then the run. Its own
    /// infrakt, if it still follows, sees it stopped. It is no error if the run has ended by itself meanwhile.
    ///
    /// # Errors
    /// [`Refusal::NeedsName`] without `typed`; [`Refusal::Locked`] if another run has begun meanwhile; or if the run can't
    /// be ended.
    pub fn unlock(&self, live: &Live, holder: &Holder, typed: Option<&NameTyped>) -> Result<()> {
        let server = live.server.name.clone();
        if typed.is_none() {
            let holder = holder.as_reason();
            let reason = Box::new(NameReason::EndsRun { server, holder });
            return Err(Refusal::NeedsName { reason }.into());
        }
        match self.ask_about_lock(live, &["end", &holder.folder])?.trim() {
            "ended" | "free" => Ok(()),
            "another" => {
                let holder = Box::new(LockHolder::LaterRun);
                Err(Refusal::Locked { server, holder }.into())
            }
            "undoing" => {
                let run = holder.as_reason().to_string();
                Err(ServerError::Undoing { server, run }.into())
            }
            _ => {
                let (run, lock) = (holder.as_reason().to_string(), LOCK);
                Err(ServerError::NotEnded { server, run, lock }.into())
            }
        }
    }

    fn ask_about_lock(&self, live: &Live, words: &[&str]) -> Result<String> {
        let words: Vec<String> = words.iter().map(|word| quote(word).into_owned()).collect();
        let script = format!(
            "IK_LOCK={LOCK}\nset -- {}\n{}",
            words.join(" "),
            include_str!("lock.sh")
        );
        live.succeed(&script, |server, said| ServerError::Lock { server, said })
    }
}
