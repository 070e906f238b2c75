//! A line to a server that can be made to fail: byte by byte as a test says, and in ways that a real network only
//! happens to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A direction, seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What befalls one connection. Bytes are counted from the connection's begin, in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends when exactly this number of bytes have gone this way.
    Cut(Way, u64),
    /// This direction ends after a number of bytes, and the other stays open.
    Truncate(Way, u64),
    /// After a number of bytes nothing passes this way any more, and neither side gets a message.
    Stall(Way, u64),
    /// One bit of the byte with this number arrives wrong.
    Corrupt(Way, u64),
    /// After a number of bytes, bytes arrive that neither side has sent, without end.
    Flood(Way, u64),
    /// Every byte comes alone.
    Dribble(Way),
    /// Everything takes so much longer this way.
    Delay(Way, Duration),
    /// The connection leads to another port of this computer.
    Elsewhere(u16),
    /// It is closed as soon as it was made.
    Refuse,
}

impl Fault {
    fn is_of(&self, way: Way) -> bool {
        match self {
            Self::Cut(of, _)
            | Self::Truncate(of, _)
            | Self::Stall(of, _)
            | Self::Corrupt(of, _)
            | Self::Flood(of, _)
            | Self::Dribble(of)
            | Self::Delay(of, _) => *of == way,
            Self::Elsewhere(_) | Self::Refuse => false,
        }
    }
}

/// A port that leads to a server, over connections that fail on command.
pub struct Line {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// What befalls the connections to come, one after the other; then nothing does.
    faults: Mutex<VecDeque<Vec<Fault>>>,
    connections: Mutex<Vec<Connection>>,
    /// No connection gets through at all.
    down: AtomicBool,
}

struct Connection {
    sockets: [TcpStream; 2],
    carried: [Arc<AtomicU64>; 2],
}

impl Line {
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State::default());
        let line = Self {
            port,
            state: Arc::clone(&state),
        };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                state.admit(client, server);
            }
        });
        line
    }

    /// What befalls the connections that are made from now on, one after the other.
    pub fn will(&self, faults: &[&[Fault]]) {
        let mut coming = locked(&self.state.faults);
        coming.clear();
        coming.extend(faults.iter().map(|faults| faults.to_vec()));
    }

    /// Ends all connections.
    pub fn cut(&self) {
        for connection in locked(&self.state.connections).iter() {
            connection.end();
        }
    }

    /// Ends all connections and closes every new one as soon as it is made, until [`Line::comes_back`].
    pub fn goes_down(&self) {
        self.state.down.store(true, Ordering::SeqCst);
        self.cut();
    }

    pub fn comes_back(&self) {
        self.state.down.store(false, Ordering::SeqCst);
    }

    /// How many connections were made so far, those that were refused among them.
    pub fn connections(&self) -> usize {
        locked(&self.state.connections).len()
    }

    /// How many bytes the connection with this number has carried.
    pub fn carried(&self, connection: usize, way: Way) -> u64 {
        locked(&self.state.connections)
            .get(connection)
            .map_or(0, |connection| connection.carried[way as usize].load(Ordering::SeqCst))
    }

    /// Forgets the connections that were made so far, and counts from zero.
    pub fn starts_afresh(&self) {
        self.cut();
        locked(&self.state.connections).clear();
        locked(&self.state.faults).clear();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.goes_down();
    }
}

impl Connection {
    fn end(&self) {
        for socket in &self.sockets {
            // It may have ended by itself.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl State {
    fn admit(&self, client: TcpStream, server: u16) {
        let faults = locked(&self.faults).pop_front().unwrap_or_default();
        let refused = self.down.load(Ordering::SeqCst) || faults.contains(&Fault::Refuse);
        let port = faults.iter().find_map(|fault| match fault {
            Fault::Elsewhere(port) => Some(*port),
            _ => None,
        });
        let mut connections = locked(&self.connections);
        let server = if refused {
            None
        } else {
            TcpStream::connect(("127.0.0.1", port.unwrap_or(server))).ok()
        };
        let Some(server) = server else {
            let sockets = [twin(&client), client];
            // Said by closing it, which dropping alone would not do while a twin is kept.
            let connection = Connection {
                sockets,
                carried: Default::default(),
            };
            connection.end();
            return connections.push(connection);
        };
        for socket in [&client, &server] {
            socket.set_nodelay(true).expect("a socket");
        }
        let carried: [Arc<AtomicU64>; 2] = Default::default();
        for way in [Way::Up, Way::Down] {
            let (from, to) = match way {
                Way::Up => (twin(&client), twin(&server)),
                Way::Down => (twin(&server), twin(&client)),
            };
            let carried = Arc::clone(&carried[way as usize]);
            let faults = faults.iter().filter(|fault| fault.is_of(way)).cloned().collect();
            std::thread::spawn(move || {
                Pump {
                    from,
                    to,
                    carried,
                    faults,
                }
                .run();
            });
        }
        connections.push(Connection {
            sockets: [client, server],
            carried,
        });
    }
}

fn twin(socket: &TcpStream) -> TcpStream {
    socket.try_clone().expect("a socket")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries one direction of one connection.
struct Pump {
    from: TcpStream,
    to: TcpStream,
    carried: Arc<AtomicU64>,
    faults: Vec<Fault>,
}

impl Pump {
    fn run(mut self) {
        let delay = self.faults.iter().find_map(|fault| match fault {
            Fault::Delay(_, delay) => Some(*delay),
            _ => None,
        });
        // Errors are ends of connections, which are what this is for.
        let _ = match delay {
            Some(delay) => self.carry_late(delay),
            None => self.carry(),
        };
        let _ = self.to.shutdown(Shutdown::Write);
    }

    fn carry(&mut self) -> std::io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = self.from.read(&mut buffer)?;
            if count == 0 || !self.pass(&mut buffer[..count])? {
                return Ok(());
            }
        }
    }

    /// As many bytes as come may be on their way at the same time: a long line, not a narrow one.
    fn carry_late(&mut self, delay: Duration) -> std::io::Result<()> {
        let (send, waiting) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
        let mut from = twin(&self.from);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if send.send((Instant::now() + delay, buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        for (due, mut bytes) in waiting {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if !self.pass(&mut bytes)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Hands bytes on, up to where a fault stands. `false`: this direction is over.
    fn pass(&mut self, bytes: &mut [u8]) -> std::io::Result<bool> {
        let before = self.carried.load(Ordering::SeqCst);
        let mut until = bytes.len();
        let mut ends = None;
        for fault in &self.faults {
            match *fault {
                Fault::Cut(_, at) | Fault::Truncate(_, at) | Fault::Stall(_, at) | Fault::Flood(_, at) => {
                    if let Some(left) = at.checked_sub(before)
                        && left as usize <= until
                    {
                        until = left as usize;
                        ends = Some(fault.clone());
                    }
                }
                Fault::Corrupt(_, at) => {
                    if let Some(byte) = at.checked_sub(before).and_then(|at| bytes.get_mut(at as usize)) {
                        *byte ^= 1;
                    }
                }
                _ => {}
            }
        }
        let dribbles = self.faults.iter().any(|fault| matches!(fault, Fault::Dribble(_)));
        for piece in bytes[..until].chunks(if dribbles { 1 } else { usize::MAX }) {
            self.to.write_all(piece)?;
            self.carried.fetch_add(piece.len() as u64, Ordering::SeqCst);
        }
        match ends {
            None => return Ok(true),
            Some(Fault::Cut(..)) => {
                self.to.shutdown(Shutdown::Both)?;
                self.from.shutdown(Shutdown::Both)?;
            }
            Some(Fault::Stall(..)) => {
                // What comes is still taken, as by a network that loses it further on.
                let mut lost = [0; 16 * 1024];
                while self.from.read(&mut lost)? > 0 {}
            }
            Some(Fault::Flood(..)) => loop {
                self.to.write_all(&[b'?'; 16 * 1024])?;
            },
            Some(_) => {}
        }
        Ok(false)
    }
}
