//! Decides from the head of a request whether to accept it: before its body is read, and before anything is done for
//! it.
//!
//! It must not know connections.

use super::head::{Head, Key};
use super::hosts::Hosts;
use super::key::ApiKey;
use super::limits::BODY_BYTES;
use super::problem::Problem;
use super::{page, routes};

pub struct Admission {
    pub hosts: Hosts,
    pub key: ApiKey,
}

impl Admission {
    /// In the order of docs/api.md: what is checked first, answers first.
    ///
    /// # Errors
    /// 403, 401, 404, 405, 413.
    pub fn check(&self, head: &Head) -> Result<(), Problem> {
        self.hosts.check(&head.host, head.origin.as_deref())?;
        let open_to_all = !head.target.is_call() || head.target.path == ["api", "health"];
        if !open_to_all {
            self.check_key(&head.key)?;
        }
        if head.target.is_call() {
            routes::find(head.method, &head.target.path)?;
        } else {
            page::find(head.method, &head.target.path)?;
        }
        // Without the key, no call may send a body, so a stranger can't fill the memory.
        let most = if open_to_all { 0 } else { BODY_BYTES };
        if head.length > most {
            let message = format!("the body has more than {most} bytes");
            return Err(Problem::new(413, "body_too_large", message));
        }
        Ok(())
    }

    fn check_key(&self, offered: &Key) -> Result<(), Problem> {
        let reason = match offered {
            Key::One(key) if self.key.fits(key.expose().as_bytes()) => return Ok(()),
            Key::One(_) => "the key in the header X-API-Key is wrong",
            Key::None => "the header X-API-Key is missing",
            Key::Unclear => "the header X-API-Key must be sent once and hold only the key",
        };
        Err(Problem::new(401, "unauthorized", reason).with_hint("print the key: infrakt serve --print-key"))
    }
}
