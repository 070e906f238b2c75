//! An app of the inventory.

use crate::runtime::AppRecord;
use crate::store::{App, Deployment};
use schemars::JsonSchema;
use serde::Serialize;

/// An app with everything that is recorded of it, except the values of its variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppShown {
    #[serde(flatten)]
    pub app: App,
    /// Their names.
    pub variables: Vec<String>,
    pub depends_on: Vec<String>,
    pub deployments: Vec<Deployment>,
}

impl From<AppRecord> for AppShown {
    fn from(record: AppRecord) -> Self {
        let AppRecord {
            app,
            variables,
            depends_on,
            deployments,
        } = record;
        Self {
            app,
            variables,
            depends_on,
            deployments,
        }
    }
}
