//! Variables that recipes read of a server: its own, and those of its tags. A server's own value counts before those of
//! its tags. Tags have no order, so if two of them give a variable different values, it has none.
//!
//! It must not know where variables are kept, nor who reads them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Values by the variables' names.
pub type Variables = BTreeMap<String, Value>;

/// Variables to set, and those to remove, which have no value.
pub type VariableChanges = BTreeMap<String, Option<Value>>;

/// A variable as it holds for one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// What recipes read; null if its tags disagree, and the server has no value of its own.
    pub value: Option<Value>,
    /// Whether the value is the server's own.
    pub own: bool,
    /// What the server's tags say.
    pub tags: BTreeMap<String, Value>,
}

/// The variables that a server has with those of its tags.
pub fn in_effect(own: &Variables, tags: &BTreeMap<String, Variables>) -> BTreeMap<String, Variable> {
    let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
    let unset = || Variable {
        value: None,
        own: false,
        tags: BTreeMap::new(),
    };
    for (tag, values) in tags {
        for (name, value) in values {
            let variable = variables.entry(name.clone()).or_insert_with(unset);
            variable.tags.insert(tag.clone(), value.clone());
        }
    }
    for variable in variables.values_mut() {
        let mut values = variable.tags.values();
        let first = values.next();
        variable.value = first.filter(|first| values.all(|other| other == *first)).cloned();
    }
    for (name, value) in own {
        let variable = variables.entry(name.clone()).or_insert_with(unset);
        variable.value = Some(value.clone());
        variable.own = true;
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::{Variables, in_effect};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn variables(values: &serde_json::Value) -> Variables {
        serde_json::from_value(values.clone()).unwrap()
    }

    #[test]
    fn a_servers_own_value_counts_before_those_of_its_tags_and_tags_must_agree() {
        let own = variables(&json!({ "region": "eu", "id": 7 }));
        let tags = BTreeMap::from([
            (
                "web".to_owned(),
                variables(&json!({ "region": "us", "port": 80, "size": "s" })),
            ),
            ("green".to_owned(), variables(&json!({ "port": 80, "size": "l" }))),
        ]);
        let found = in_effect(&own, &tags);
        let value = |name: &str| found.get(name).and_then(|variable| variable.value.clone());
        assert_eq!(value("region"), Some("eu".into()));
        assert_eq!(value("id"), Some(7.into()));
        assert_eq!(value("port"), Some(80.into()));
        assert_eq!(value("size"), None);
        assert_eq!(found["size"].tags.len(), 2);
        assert!(found["region"].own && !found["port"].own);
    }
}
