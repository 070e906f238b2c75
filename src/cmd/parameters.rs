//! `--set key=value`: the parameters of a recipe on the command line.

use crate::error::{Error, Result};
use crate::plan::shell::quote;
use crate::runtime::Parameters;
use clap::Args;

#[derive(Debug, Clone, Default, Args)]
pub struct SetArgs {
    /// Set a parameter of the recipe; can be repeated (`infrakt recipe show RECIPE` lists them)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl SetArgs {
    /// # Errors
    /// If one is not of the form `key=value`, or a key comes twice.
    pub fn parse(&self) -> Result<Parameters> {
        let mut parameters = Parameters::new();
        for pair in &self.set {
            let (key, value) = match pair.split_once('=') {
                Some(("", _)) => {
                    return Err(Error::usage_with(
                        format!("--set {pair} has no parameter name"),
                        "write it as: --set KEY=VALUE",
                    ));
                }
                None => {
                    return Err(Error::usage_with(
                        format!("--set {pair} has no value"),
                        format!("write it as: --set {}=VALUE", quote(pair)),
                    ));
                }
                Some(pair) => pair,
            };
            if parameters.insert(key.to_owned(), value.into()).is_some() {
                return Err(Error::usage(format!("the parameter '{key}' was given twice")));
            }
        }
        Ok(parameters)
    }
}
