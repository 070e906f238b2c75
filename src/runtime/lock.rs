//! The lock that a server keeps itself, and that every installation of infrakt respects: who holds it, and how to end a
//! run whose own infrakt can't be reached any more.

use super::{Live, Runtime};
use crate::error::{Error, Refusal, Result};
use crate::executor::script::LOCK;
use crate::plan::shell::quote;
use crate::store::NameTyped;
use jiff::SignedDuration;
use serde::Serialize;

/// Who is at work on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// In the words of whoever began the run: its number there, its recipe, its operator.
    pub run: String,
    /// For how long, by the server's own clock.
    pub seconds: u64,
    /// The number of the step at work, counted from 1, if one has begun.
    pub step: Option<usize>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let held = SignedDuration::from_secs(i64::try_from(self.seconds).unwrap_or(i64::MAX));
        write!(f, "{}, for {held:#}", self.run)?;
        match self.step {
            Some(step) => write!(f, ", now in step {step}"),
            None => Ok(()),
        }
    }
}

impl Runtime {
    /// Who holds the server's lock. A holder that has died holds nothing: the kernel lets go with its last process.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn lock_holder(&self, live: &Live) -> Result<Option<Holder>> {
        let said = self.ask_about_lock(live, "look")?;
        let unexpected = || Error::Facts {
            server: live.server.name.clone(),
            reason: format!("its lock could not be understood: {said:?}"),
            hint: None,
        };
        let (first, run) = said.split_once('\n').unwrap_or((&said, ""));
        let mut words = first.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("free"), None, None) => Ok(None),
            (Some("held"), Some(seconds), Some(step)) => Ok(Some(Holder {
                run: match run.trim() {
                    "" => "a run that has not said whose it is".to_owned(),
                    run => run.to_owned(),
                },
                // A clock that was set back makes it negative.
                seconds: seconds.parse::<i64>().map_err(|_| unexpected())?.max(0) as u64,
                step: Some(step.parse().map_err(|_| unexpected())?).filter(|step| *step > 0),
            })),
            _ => Err(unexpected()),
        }
    }

    /// Ends the run that is at work on a server, whoever began it: its step at work, then the run. Its own infrakt, if it
    /// is still there, sees it stopped. `None`: nobody was at work.
    ///
    /// # Errors
    /// [`Refusal::NeedsName`] without `typed`, if somebody is at work; or if the run can't be ended.
    pub fn unlock(&self, live: &Live, typed: Option<&NameTyped>) -> Result<Option<Holder>> {
        let Some(holder) = self.lock_holder(live)? else {
            return Ok(None);
        };
        let server = live.server.name.clone();
        if typed.is_none() {
            let message =
                format!("{holder} is at work on '{server}'; unlocking ends it, in the middle of what it does");
            return Err(Refusal::NeedsName { server, message }.into());
        }
        match self.ask_about_lock(live, "end")?.trim() {
            "ended" | "free" => Ok(Some(holder)),
            _ => Err(Error::Facts {
                reason: format!("{holder} could not be ended"),
                hint: Some(format!("see what holds {LOCK} there: infrakt server ssh {server}")),
                server,
            }),
        }
    }

    fn ask_about_lock(&self, live: &Live, wanted: &str) -> Result<String> {
        let script = format!("IK_LOCK={LOCK}\nset -- {}\n{}", quote(wanted), include_str!("lock.sh"));
        self.succeed(live, &script, "look at its lock")
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn a_holder_is_told_with_the_time_it_has_been_at_work() {
        let mut holder = Holder {
            run: "run 4 of wipe by ops@laptop".to_owned(),
            seconds: 3725,
            step: Some(3),
        };
        assert_eq!(
            holder.to_string(),
            "run 4 of wipe by ops@laptop, for 1h 2m 5s, now in step 3"
        );
        holder.seconds = u64::MAX;
        holder.step = None;
        assert!(holder.to_string().starts_with("run 4 of wipe by ops@laptop, for "));
    }
}
