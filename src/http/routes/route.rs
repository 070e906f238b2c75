//! The description of a route: method, path, parameters, answer.

use super::call::Call;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Method;
use schemars::{Schema, SchemaGenerator};

/// Makes the schema of one type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A call that the API answers.
pub struct Route {
    pub method: Method,
    /// With `{…}` for a name or a number in the path.
    pub path: &'static str,
    /// Its name in programs that are generated from the OpenAPI document.
    pub name: &'static str,
    pub summary: &'static str,
    pub query: Option<SchemaOf>,
    pub body: Option<Body>,
    pub answer: Good,
    /// Its refusals, besides those of every call.
    pub refusals: &'static [u16],
    pub handler: fn(&Call<'_>) -> Result<Answer, Problem>,
}

/// What a call takes.
pub struct Body {
    pub schema: SchemaOf,
    pub required: bool,
}

/// What a call answers on success.
pub enum Good {
    Json(u16, SchemaOf),
    /// 204.
    Nothing,
    /// An event stream, with what the data of an event is.
    Events(SchemaOf),
}

impl Route {
    /// Whether it asks servers. Changing a row also looks at the machine, and continues if the machine can't be reached.
    pub fn asks_servers(&self) -> bool {
        self.refusals.contains(&502) || (self.method != Method::Get && self.path.starts_with("/api/servers"))
    }

    /// The values in `path` for this route's `{…}`; `None` if `path` is another one.
    pub fn captures<'a>(&self, path: &'a [String]) -> Option<Vec<&'a str>> {
        let mut template = self.path.split('/').skip(1);
        let mut captured = Vec::new();
        for segment in path {
            match template.next()? {
                name if name.starts_with('{') && !segment.is_empty() => captured.push(segment.as_str()),
                same if same == segment => {}
                _ => return None,
            }
        }
        template.next().is_none().then_some(captured)
    }
}
