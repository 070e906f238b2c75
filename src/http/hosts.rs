//! The host names under which the service may be reached. Another site can point its own name at the address of this
//! service (DNS rebinding), and a browser would then let its page send requests here. So only configured names are
//! accepted.
//!
//! It must not know requests beyond these two headers.

use super::problem::Problem;
use crate::error::{Error, Result};
use std::net::{IpAddr, Ipv6Addr};

/// The names and addresses that are the service's own.
#[derive(Debug, Clone)]
pub struct Hosts {
    addresses: Vec<IpAddr>,
    /// In lower case, without a port.
    names: Vec<String>,
}

/// A host with its port, if one was written.
#[derive(Debug, PartialEq, Eq)]
struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

impl Hosts {
    /// `addresses` are those that the service is bound to, `names` those by which others reach it.
    ///
    /// # Errors
    /// A name that is none.
    pub fn new(addresses: Vec<IpAddr>, names: &[String]) -> Result<Self> {
        let names = names.iter().map(|name| public_name(name)).collect::<Result<_>>()?;
        Ok(Self { addresses, names })
    }

    /// Whether others than this computer itself can reach it.
    pub fn reachable_by_others(&self) -> bool {
        self.addresses.iter().any(|address| !address.is_loopback())
    }

    /// Checks `Host` and `Origin`, both in lower case.
    ///
    /// # Errors
    /// 403 `host_not_allowed` or `origin_not_allowed`; 400 for a host that is none.
    pub fn check(&self, host: &str, origin: Option<&str>) -> std::result::Result<(), Problem> {
        let own =
            authority(host).ok_or_else(|| Problem::bad_request("its Host is not a name or address with a port"))?;
        if !self.knows(own.host) {
            return Err(Problem::new(
                403,
                "host_not_allowed",
                format!("'{}' is not a host of this service", own.host),
            )
            .with_hint("to allow it: infrakt serve --public-host NAME"));
        }
        if origin.is_some_and(|origin| !self.is_own_origin(origin, &own)) {
            return Err(Problem::new(
                403,
                "origin_not_allowed",
                "the request comes from a page of another site",
            ));
        }
        Ok(())
    }

    /// The port does not matter: a tunnel may lead from another one, and it is names that others can take.
    fn knows(&self, host: &str) -> bool {
        let told = host == "localhost" || self.names.iter().any(|name| name == host);
        // Unlike a name, an address can't be pointed elsewhere. If the service listens on all addresses, or is behind address
        // translation, it can't know by which address it was reached.
        told || address(host).is_some_and(|address| self.reachable_by_others() || self.addresses.contains(&address))
    }

    /// The page's own origin is where it was called; behind a proxy that speaks TLS, the public name with https.
    fn is_own_origin(&self, origin: &str, own: &Authority<'_>) -> bool {
        let Some((scheme, rest)) = origin.split_once("://") else {
            return false;
        };
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return false,
        };
        let Some(from) = authority(rest) else {
            return false;
        };
        let same = from.host == own.host && from.port.unwrap_or(usual) == own.port.unwrap_or(usual);
        let public = scheme == "https" && self.names.iter().any(|name| name == from.host);
        same || public
    }
}

/// Checks a public name: a name or an address, without scheme, port or path.
fn public_name(name: &str) -> Result<String> {
    let lower = name.to_ascii_lowercase();
    match authority(&lower) {
        Some(Authority { host, port: None }) => Ok(host.to_owned()),
        _ => Err(Error::usage_with(
            format!("'{}' is not the name of a host", name.escape_debug()),
            "write it without scheme, port and path: infrakt serve --public-host infrakt.example.com",
        )),
    }
}

/// Reads `name`, `name:80`, `192.0.2.1:80` or `[::1]:80`.
fn authority(text: &str) -> Option<Authority<'_>> {
    let (host, port) = match text.find(']') {
        Some(end) => text.split_at(end + 1),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        Some(_) => return None,
        None if port.is_empty() => None,
        None => return None,
    };
    let name = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    (name || address(host).is_some()).then_some(Authority { host, port })
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok().filter(IpAddr::is_ipv4),
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    fn hosts(address: &str, names: &[&str]) -> Hosts {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Hosts::new(vec![address.parse().unwrap()], &names).unwrap()
    }

    fn check(hosts: &Hosts, host: &str, origin: Option<&str>) -> u16 {
        hosts
            .check(host, origin)
            .map_or_else(|problem| problem.status, |()| 200)
    }

    #[test]
    fn on_this_computer_alone_it_answers_to_its_address_and_to_localhost() {
        let hosts = hosts("127.0.0.1", &[]);
        for host in ["127.0.0.1:8000", "127.0.0.1", "localhost:8000", "localhost:9000"] {
            assert_eq!(check(&hosts, host, None), 200, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1",
            "[::1]",
            "2130706433",
        ] {
            assert_eq!(check(&hosts, host, None), 403, "{host}");
        }
        for host in [
            ":8000",
            "a b",
            "localhost:",
            "localhost:99999",
            "localhost:8o",
            "a@localhost",
            "[::1",
            "::1",
            "[127.0.0.1]",
        ] {
            assert_eq!(check(&hosts, host, None), 400, "{host}");
        }
    }

    #[test]
    fn where_others_reach_it_any_address_will_do_but_no_name() {
        let hosts = hosts("0.0.0.0", &[]);
        for host in ["192.0.2.7:8000", "[2001:db8::1]:8000", "localhost"] {
            assert_eq!(check(&hosts, host, None), 200, "{host}");
        }
        assert_eq!(check(&hosts, "evil.example:8000", None), 403);
    }

    #[test]
    fn an_origin_is_where_the_page_was_called() {
        let hosts = hosts("127.0.0.1", &["infrakt.example.com"]);
        for (host, origin) in [
            ("127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("localhost:9000", "http://localhost:9000"),
            ("localhost", "http://localhost"),
            ("localhost:80", "http://localhost"),
            ("infrakt.example.com", "https://infrakt.example.com"),
            ("infrakt.example.com:8000", "http://infrakt.example.com:8000"),
            // A proxy that calls the service by its address.
            ("127.0.0.1:8000", "https://infrakt.example.com"),
        ] {
            assert_eq!(check(&hosts, host, Some(origin)), 200, "{host} {origin}");
        }
        for (host, origin) in [
            ("127.0.0.1:8000", "http://127.0.0.1:8001"),
            ("127.0.0.1:8000", "http://localhost:8000"),
            ("127.0.0.1:8000", "https://evil.example"),
            ("127.0.0.1:8000", "http://infrakt.example.com"),
            ("127.0.0.1:8000", "null"),
            ("127.0.0.1:8000", ""),
            ("127.0.0.1:8000", "file://"),
            ("infrakt.example.com", "https://infrakt.example.com.evil.example"),
            ("infrakt.example.com", "https://infrakt.example.com/path"),
        ] {
            assert_eq!(check(&hosts, host, Some(origin)), 403, "{host} {origin}");
        }
    }

    #[test]
    fn a_public_host_is_a_name_and_nothing_else() {
        for name in ["https://a.example", "a.example:8000", "a.example/", "", "a b", "*"] {
            assert!(Hosts::new(Vec::new(), &[name.to_owned()]).is_err(), "{name}");
        }
    }
}
