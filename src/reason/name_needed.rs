//! Why infrakt does something only after a server's name was typed.

use super::lock_holder::LockHolder;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Display};

/// What would happen, and to which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NameReason {
    /// The protection of the server is removed.
    RemovesProtection { server: String },
    /// A protected server gets another address.
    ChangesAddress { server: String },
    /// A protected server gets another host key.
    ChangesHostKey { server: String },
    /// The row of a protected server is removed.
    RemovesServer { server: String },
    /// infrakt forgets by which host key it recognises the server.
    ForgetsHostKey { server: String },
    /// A run that is in progress is ended.
    EndsRun { server: String, holder: LockHolder },
    /// The plan destroys data, and has no consent.
    NoConsent { server: String },
}

impl NameReason {
    /// The name that must be typed.
    pub fn server(&self) -> &str {
        match self {
            Self::RemovesProtection { server }
            | Self::ChangesAddress { server }
            | Self::ChangesHostKey { server }
            | Self::RemovesServer { server }
            | Self::ForgetsHostKey { server }
            | Self::EndsRun { server, .. }
            | Self::NoConsent { server } => server,
        }
    }
}

impl Display for NameReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server();
        let mut protected = |what| write!(f, "'{server}' is protected: {what} requires its name to be typed");
        match self {
            Self::RemovesProtection { .. } => protected("removing its protection"),
            Self::ChangesAddress { .. } => protected("changing its address"),
            Self::ChangesHostKey { .. } => protected("changing its host key"),
            Self::RemovesServer { .. } => protected("removing it"),
            Self::ForgetsHostKey { .. } => write!(
                f,
                "without its recorded host key, infrakt trusts whichever machine answers next for '{server}': removing \
                 it requires the server's name to be typed"
            ),
            Self::EndsRun { holder, .. } => write!(
                f,
                "{holder} is in progress on '{server}'; unlocking ends it in the middle of its work"
            ),
            Self::NoConsent { .. } => {
                write!(f, "nothing was changed: there is no consent to the plan for '{server}'")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NameReason;
    use crate::reason::LockHolder;
    use serde_json::json;

    #[test]
    fn the_codes_and_fields_of_why_a_name_is_typed_stay_the_same() {
        let server = || "prod-1".to_owned();
        let holder = LockHolder::SamePlan;
        for (reason, document) in [
            (
                NameReason::RemovesProtection { server: server() },
                json!({ "code": "removes_protection", "server": "prod-1" }),
            ),
            (
                NameReason::ChangesAddress { server: server() },
                json!({ "code": "changes_address", "server": "prod-1" }),
            ),
            (
                NameReason::ChangesHostKey { server: server() },
                json!({ "code": "changes_host_key", "server": "prod-1" }),
            ),
            (
                NameReason::RemovesServer { server: server() },
                json!({ "code": "removes_server", "server": "prod-1" }),
            ),
            (
                NameReason::ForgetsHostKey { server: server() },
                json!({ "code": "forgets_host_key", "server": "prod-1" }),
            ),
            (
                NameReason::EndsRun {
                    server: server(),
                    holder,
                },
                json!({ "code": "ends_run", "server": "prod-1", "holder": { "code": "same_plan" } }),
            ),
            (
                NameReason::NoConsent { server: server() },
                json!({ "code": "no_consent", "server": "prod-1" }),
            ),
        ] {
            assert_eq!(serde_json::to_value(&reason).unwrap(), document);
            assert!(reason.to_string().contains("'prod-1'"));
        }
    }
}
