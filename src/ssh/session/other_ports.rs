//! Opens other ports of a server than its SSH port, through the same jump hosts and with the same logins.

use crate::executor::connection::{Opened, Way};
use crate::ssh::connect::host_socket::Carrier;
use crate::ssh::login::login_chain::{LoginChain, Logins, NoQuestions};
use crate::ssh::route::server_route::ServerRoute;
use crate::ssh::trust::first_contact::FirstContact;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub struct OtherPorts {
    route: ServerRoute,
    logins: Logins,
}

impl OtherPorts {
    pub fn new(route: &ServerRoute, logins: &Logins) -> Self {
        Self {
            route: route.clone(),
            logins: logins.clone(),
        }
    }
}

impl Way for OtherPorts {
    fn host(&self) -> String {
        self.route.target().host.clone()
    }

    fn open(&self, port: u16, patience: Duration) -> Opened {
        let mut route = self.route.clone();
        route.target.target.port = port;
        route.target.connect_timeout = patience;
        let line = LoginChain::new(&route, &mut self.logins.clone(), &NoQuestions, FirstContact::Refuse)
            .reach_port()
            .map_err(|error| error.to_string())?;
        // Reading and writing work in the same way for every kind of socket.
        let stream = TcpStream::from(line.socket);
        let failed = |error: std::io::Error| error.to_string();
        stream.set_read_timeout(Some(patience)).map_err(failed)?;
        stream.set_write_timeout(Some(patience)).map_err(failed)?;
        Ok(Box::new(Port {
            stream,
            _carrier: line.carrier,
        }))
    }

    fn leads_nowhere(&self) -> Option<String> {
        // It was made for the SSH port. What it does for other ports is not known.
        let command = self.route.target.proxy_command.as_ref()?;
        Some(format!("the ProxyCommand `{command}` only reaches SSH"))
    }
}

/// A connection and its carrier. The socket is closed first, which ends the carrier.
struct Port {
    stream: TcpStream,
    _carrier: Option<Box<dyn Carrier>>,
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}
