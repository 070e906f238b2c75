//! A port that is opened from outside, written as `http:80`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A TCP port, and what is to answer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub port: u16,
    pub protocol: Protocol,
}

/// What answers at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Anything that accepts a connection.
    Tcp,
    /// A web server.
    Http,
    /// A server that answers TLS.
    Tls,
}

impl Protocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Tls => "tls",
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.protocol.as_str(), self.port)
    }
}

/// Reads `http:80`.
impl std::str::FromStr for Endpoint {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (protocol, port) = text.split_once(':').ok_or(())?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "http" => Protocol::Http,
            "tls" => Protocol::Tls,
            _ => return Err(()),
        };
        match port.parse() {
            Ok(0) | Err(_) => Err(()),
            Ok(port) => Ok(Self { port, protocol }),
        }
    }
}
