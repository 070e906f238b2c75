//! The actions of a plan that infrakt carries out itself. The runner on the server waits meanwhile.

use crate::plan::{Action, Endpoint, StateChange, Step};

/// An action that needs infrakt, its connection or its database.
#[derive(Clone, Copy)]
pub(super) enum OwnAction<'a> {
    /// A new login.
    Reconnect,
    /// A restart of the server, and then a new login. The runner ends with it.
    Reboot,
    /// Opening ports of the server from here.
    Reach {
        endpoints: &'a [Endpoint],
        otherwise: &'a str,
    },
    /// A change of the local database.
    Change(&'a StateChange),
}

impl<'a> OwnAction<'a> {
    /// `None`: the server executes the step.
    pub fn of(step: &'a Step) -> Option<Self> {
        match &step.action {
            Action::Run { .. } | Action::Upload { .. } | Action::Survey { .. } => None,
            Action::Reconnect { reboot: false } => Some(Self::Reconnect),
            Action::Reconnect { reboot: true } => Some(Self::Reboot),
            Action::Reach { endpoints, otherwise } => Some(Self::Reach { endpoints, otherwise }),
            Action::State { change } => Some(Self::Change(change)),
        }
    }

    /// As [`Self::of`], if the server need not be asked whether there is something to do.
    pub fn unguarded(step: &'a Step) -> Option<Self> {
        Self::of(step).filter(|_| !step.is_guarded() && step.when_changed.is_empty())
    }
}
