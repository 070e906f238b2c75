//! Where an execution reports its events: the journal first, then the observer. It also makes the changes of the database that
//! steps ask for.

use crate::error::Result;
use crate::event::{RunEvent, StretchPosition};
use crate::executor::World;
use crate::plan::{LocalFile, Plan, StateChange};
use crate::runtime::plan::copied_files;
use crate::runtime::stop::Stop;
use crate::store::{Journal, Store};
use std::io::Read;

pub struct JournalledWorld<'a> {
    pub journal: &'a mut Journal,
    pub store: &'a Store,
    pub plan: &'a Plan,
    pub stop: &'a dyn Stop,
    pub report: &'a mut dyn FnMut(&RunEvent),
}

impl World for JournalledWorld<'_> {
    fn note(&mut self, events: &[RunEvent], position: Option<&StretchPosition>) -> Result<()> {
        self.journal.append(events, position)?;
        events.iter().for_each(|event| (self.report)(event));
        Ok(())
    }

    fn open(&self, file: &LocalFile) -> Result<Box<dyn Read>> {
        Ok(Box::new(copied_files::open(self.plan, file)?))
    }

    fn change(&mut self, change: &StateChange) -> Result<bool> {
        match change {
            StateChange::ForgetApps => {
                let forgotten = self.store.forget_apps(self.plan.server.id)?;
                Ok(forgotten.apps + forgotten.deployments + forgotten.env_files > 0)
            }
            StateChange::SetStatus(status) => {
                let before = self
                    .store
                    .servers()?
                    .into_iter()
                    .find(|server| server.id == self.plan.server.id);
                if before.and_then(|server| server.status).as_deref() == Some(status) {
                    return Ok(false);
                }
                self.store.set_status(self.plan.server.id, status)?;
                Ok(true)
            }
        }
    }

    fn interrupts(&self) -> usize {
        self.stop.asked()
    }

    fn why_interrupted(&self) -> String {
        self.stop.why()
    }
}
