//! A connection that is no network: `sh -s` as a child process. And a world that remembers.

use crate::support::wait::until;
use crate::support::world;
use infrakt::consent::ConsentedPlan;
use infrakt::error::{Error, Result, SshError};
use infrakt::event::{Outcome, RunEvent, Stream, StretchPosition};
use infrakt::executor::connection::{Channel, Connection, Incoming, Opened, Way};
use infrakt::executor::{Ended, Execution, World, nonce};
use infrakt::facts::Facts;
use infrakt::plan::secret::Secrets;
use infrakt::plan::{LocalFile, Losses, ServerIdentity, StateChange};
use infrakt::recipe::{Answers, Inputs, KnownServer, Library, ServerView, evaluate};
use std::cell::Cell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

thread_local! {
    /// Each test has a thread, and so a lock, a spool and processes that no other test and no other checkout sees.
    static SERVER: (world::World, tempfile::TempDir) = {
        let directory = tempfile::tempdir().expect("a directory");
        let script = "set -e
            mkdir -p /var/lib/infrakt
            mount -t tmpfs tmpfs /var/lib/infrakt
            mount -t tmpfs tmpfs /run
            touch \"$1/ready\"
            # The shell waits for processes that have lost their parents too.
            sleep infinity & wait";
        let mut world = world::World::begin(script, directory.path());
        let log = || std::fs::read_to_string(directory.path().join("log")).unwrap_or_default();
        until("the world is ready", || {
            assert!(!world.has_ended(), "it ended: {}", log());
            directory.path().join("ready").exists()
        });
        (world, directory)
    };
}

thread_local! {
    /// What reads the scripts of this test.
    static SHELL: Cell<&'static [&'static str]> = const { Cell::new(&["sh", "-s"]) };
}

/// From now on, processes are slow to continue after they have started another one.
pub fn be_slow_after_each_fork() {
    SHELL.set(&[
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=clone",
        "-e",
        "inject=clone:delay_exit=300000",
        "sh",
        "-s",
    ]);
}

/// A program that will run where the steps of this test do.
pub fn on_the_server(program: &str) -> Command {
    SERVER.with(|(world, _)| world.command(program))
}

/// Whether a script succeeds there.
pub fn holds(script: &str) -> bool {
    let status = on_the_server("sh").args(["-c", script]).stdout(Stdio::null()).status();
    status.expect("sh").success()
}

pub struct Local;

/// A connection whose scripts are changed on the way, so that something happens at a certain moment.
pub struct Changed {
    pub from: &'static str,
    pub to: &'static str,
}

impl Connection for Changed {
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        let script = String::from_utf8_lossy(script);
        assert!(script.contains(self.from), "{script}");
        Local.start_here(script.replacen(self.from, self.to, 1).as_bytes())
    }

    fn reconnect_unless(&mut self, _stop: &dyn Fn() -> bool, _patience: Duration) -> Result<()> {
        Ok(())
    }

    fn way(&self) -> Box<dyn Way> {
        Box::new(Loopback)
    }
}

/// A connection that is lost once.
pub struct LostOnce {
    on: Option<Loss>,
    /// As with a real one: a caller that abandons a running script cuts the connection.
    cut: bool,
}

/// When a connection is lost.
#[derive(Clone, Copy)]
pub enum Loss {
    /// With the first word of this kind that should reach a running script.
    Word(&'static str),
    /// After this number of bytes to a running script.
    Bytes(usize),
    /// With the first bytes that a script prints, from where this text would have been among them.
    Answer(&'static str),
}

impl LostOnce {
    pub fn on(loss: Loss) -> Self {
        Self {
            on: Some(loss),
            cut: false,
        }
    }
}

struct LosingChannel<'a> {
    channel: Box<dyn Channel + 'a>,
    connection: &'a mut LostOnce,
    brought: Vec<u8>,
    closed: bool,
}

/// A connection that is lost with its first script, which stays somewhere on the way and arrives when it is let go.
#[derive(Default)]
pub struct HoldsBack {
    pub held: Option<Vec<u8>>,
    cut: bool,
}

/// The channel of a connection that is gone.
struct Gone;

impl Connection for HoldsBack {
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        if self.held.is_none() {
            self.held = Some(script.to_vec());
            self.cut = true;
            return Ok(Box::new(Gone));
        }
        if self.cut {
            return Err(broken());
        }
        Local.start_here(script)
    }

    fn reconnect_unless(&mut self, _stop: &dyn Fn() -> bool, _patience: Duration) -> Result<()> {
        self.cut = false;
        Ok(())
    }

    fn way(&self) -> Box<dyn Way> {
        Box::new(Loopback)
    }
}

impl Channel for Gone {
    fn receive(&mut self, _wait: Duration) -> Result<Incoming> {
        Err(broken())
    }

    fn send(&mut self, _bytes: &[u8]) -> Result<()> {
        Err(broken())
    }

    fn release(&mut self) {}
}

/// A connection that can't be opened again while this file is there.
pub struct LockedOutBy(pub std::path::PathBuf);

impl Connection for LockedOutBy {
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        Local.start_here(script)
    }

    fn reconnect_unless(&mut self, _stop: &dyn Fn() -> bool, patience: Duration) -> Result<()> {
        let until = std::time::Instant::now() + patience;
        while self.0.exists() {
            if std::time::Instant::now() >= until {
                return Err(SshError::Unreachable {
                    server: "local".to_owned(),
                    address: "127.0.0.1:22".to_owned(),
                    reason: "locked out".to_owned(),
                }
                .into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn way(&self) -> Box<dyn Way> {
        Box::new(Loopback)
    }
}

impl Connection for LostOnce {
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        if self.cut {
            return Err(broken());
        }
        Ok(Box::new(LosingChannel {
            channel: Local.start_here(script)?,
            connection: self,
            brought: Vec::new(),
            closed: false,
        }))
    }

    fn reconnect_unless(&mut self, _stop: &dyn Fn() -> bool, _patience: Duration) -> Result<()> {
        self.cut = false;
        Ok(())
    }

    fn way(&self) -> Box<dyn Way> {
        Box::new(Loopback)
    }
}

impl Channel for LosingChannel<'_> {
    fn receive(&mut self, wait: Duration) -> Result<Incoming> {
        if self.connection.cut {
            return Err(broken());
        }
        let mut incoming = self.channel.receive(wait)?;
        self.closed = incoming == Incoming::Closed;
        while let Some(Loss::Answer(text)) = self.connection.on {
            if let Incoming::Stdout(bytes) = incoming {
                self.brought.extend(bytes);
            }
            if String::from_utf8_lossy(&self.brought).contains(text) {
                self.connection.on = None;
                self.connection.cut = true;
                return Err(broken());
            }
            incoming = self.channel.receive(wait)?;
        }
        Ok(incoming)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if self.connection.cut {
            return Ok(());
        }
        match self.connection.on {
            Some(Loss::Word(word)) if bytes.starts_with(word.as_bytes()) => {
                // Whether it arrived shows only later.
                self.connection.on = None;
                self.connection.cut = true;
                Ok(())
            }
            Some(Loss::Bytes(left)) if bytes.len() > left => {
                self.channel.send(bytes.split_at(left).0)?;
                self.connection.on = None;
                self.connection.cut = true;
                Ok(())
            }
            Some(Loss::Bytes(left)) => {
                self.connection.on = Some(Loss::Bytes(left - bytes.len()));
                self.channel.send(bytes)
            }
            _ => self.channel.send(bytes),
        }
    }

    fn release(&mut self) {
        self.closed = true;
    }
}

impl Drop for LosingChannel<'_> {
    fn drop(&mut self) {
        self.connection.cut |= !self.closed;
    }
}

fn broken() -> Error {
    lost(&std::io::ErrorKind::ConnectionReset.into())
}

struct LocalChannel {
    child: Child,
    incoming: Receiver<Incoming>,
    closed: usize,
}

impl Local {
    #[allow(clippy::zombie_processes, reason = "dropping the channel waits for the child")]
    fn start_here<'a>(&self, script: &[u8]) -> Result<Box<dyn Channel + 'a>> {
        let [shell, arguments @ ..] = SHELL.get() else {
            panic!("a shell has a name")
        };
        let mut child = on_the_server(shell)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let (tell, incoming) = channel();
        let mut stdout = child.stdout.take().expect("stdout");
        let mut stderr = child.stderr.take().expect("stderr");
        let tell_error = tell.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                let _ = tell.send(Incoming::Stdout(buffer[..count].to_vec()));
            }
            let _ = tell.send(Incoming::Closed);
        });
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                let _ = tell_error.send(Incoming::Stderr(buffer[..count].to_vec()));
            }
            let _ = tell_error.send(Incoming::Closed);
        });
        child
            .stdin
            .as_mut()
            .expect("stdin")
            .write_all(script)
            .map_err(|error| lost(&error))?;
        Ok(Box::new(LocalChannel {
            child,
            incoming,
            closed: 0,
        }))
    }
}

impl Connection for Local {
    fn start(&mut self, script: &[u8]) -> Result<Box<dyn Channel + '_>> {
        self.start_here(script)
    }

    fn reconnect_unless(&mut self, _stop: &dyn Fn() -> bool, _patience: Duration) -> Result<()> {
        Ok(())
    }

    fn way(&self) -> Box<dyn Way> {
        Box::new(Loopback)
    }
}

/// The ports of this computer.
struct Loopback;

impl Way for Loopback {
    fn host(&self) -> String {
        "127.0.0.1".to_owned()
    }

    fn open(&self, port: u16, patience: Duration) -> Opened {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let stream = std::net::TcpStream::connect_timeout(&address, patience).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(patience))
            .map_err(|error| error.to_string())?;
        Ok(Box::new(stream))
    }

    fn leads_nowhere(&self) -> Option<String> {
        None
    }
}

fn lost(error: &std::io::Error) -> Error {
    SshError::Lost {
        server: "local".to_owned(),
        reason: error.to_string(),
    }
    .into()
}

impl Channel for LocalChannel {
    fn receive(&mut self, wait: Duration) -> Result<Incoming> {
        if self.closed == 2 {
            return Ok(Incoming::Closed);
        }
        match self.incoming.recv_timeout(wait) {
            Ok(Incoming::Closed) => {
                self.closed += 1;
                if self.closed == 2 {
                    Ok(Incoming::Closed)
                } else {
                    Ok(Incoming::Quiet)
                }
            }
            Ok(incoming) => Ok(incoming),
            Err(RecvTimeoutError::Timeout) => Ok(Incoming::Quiet),
            Err(RecvTimeoutError::Disconnected) => Ok(Incoming::Closed),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let stdin = self.child.stdin.as_mut().expect("stdin");
        stdin
            .write_all(bytes)
            .and_then(|()| stdin.flush())
            .map_err(|error| lost(&error))
    }

    // Each script has a shell of its own here.
    fn release(&mut self) {}
}

impl Drop for LocalChannel {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // As a connection that is closed: what still follows a run on the other side notices, and ends.
        let _ = self.child.wait();
    }
}

/// What happened, for assertions.
#[derive(Default)]
pub struct Memory {
    pub events: Vec<RunEvent>,
    pub changes: Vec<StateChange>,
    /// How far the server's records were read.
    pub position: Option<StretchPosition>,
    /// Asks to stop as soon as this text was printed.
    pub stop_at: Option<&'static str>,
    /// How many times it asks; none is one.
    pub stops: usize,
    /// The database can't be written.
    pub refuses_changes: bool,
    /// Files beside the recipe.
    pub beside: Vec<(&'static str, Vec<u8>)>,
    /// What they become between the plan and the run.
    pub later: Vec<(&'static str, Vec<u8>)>,
    pub folder: PathBuf,
    /// Asks to stop as soon as a file is opened to be sent.
    pub stop_at_file: bool,
    /// How many files were opened to be sent.
    pub opened: Cell<usize>,
}

impl Memory {
    pub fn output(&self, wanted: Stream) -> String {
        let bytes = self.events.iter().filter_map(|event| match event {
            RunEvent::Output { stream, bytes, .. } if *stream == wanted => Some(bytes.as_slice()),
            _ => None,
        });
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>().concat()).into_owned()
    }

    /// With which exit status a step ended, and for what reason if one was given.
    pub fn end_of(&self, wanted: usize) -> (Option<i32>, String) {
        let ended = self.events.iter().find_map(|event| match event {
            RunEvent::StepEnded {
                step,
                exit_status,
                reason,
                ..
            } if *step == wanted => Some((*exit_status, reason.clone().unwrap_or_default())),
            _ => None,
        });
        ended.expect("the step has ended")
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.events
            .iter()
            .filter_map(|event| match event {
                RunEvent::StepEnded { outcome, .. } => Some(*outcome),
                _ => None,
            })
            .collect()
    }
}

impl World for Memory {
    fn open(&self, file: &LocalFile) -> Result<Box<dyn Read>> {
        self.opened.set(self.opened.get() + 1);
        let path = self.folder.join(&file.file);
        Ok(Box::new(
            std::fs::File::open(&path).map_err(Error::file("read", &path))?,
        ))
    }

    fn note(&mut self, events: &[RunEvent], position: Option<&StretchPosition>) -> Result<()> {
        if let Some(position) = position {
            self.position = Some(*position);
        }
        self.events.extend_from_slice(events);
        Ok(())
    }

    fn change(&mut self, change: &StateChange) -> Result<bool> {
        if self.refuses_changes {
            return Err(Error::usage("the database can't be written"));
        }
        self.changes.push(change.clone());
        Ok(true)
    }

    fn interrupts(&self) -> usize {
        if self.stop_at_file && self.opened.get() > 0 {
            return 1;
        }
        match self.stop_at {
            Some(text) if self.output(Stream::Stdout).contains(text) => self.stops.max(1),
            _ => 0,
        }
    }
}

struct NoAnswers;

impl Answers for NoAnswers {
    fn facts(&mut self) -> Result<KnownServer> {
        panic!("the facts were given beforehand")
    }

    fn query(&mut self, _command: &str) -> Result<String> {
        Ok(String::new())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn servers(&mut self, _tag: &str) -> Result<Vec<ServerView>> {
        Ok(Vec::new())
    }
}

/// Evaluates a recipe text, consents if need be, and executes it over this connection.
pub fn run_over(connection: &mut dyn Connection, text: &str, secrets: &Secrets, memory: &mut Memory) -> Result<Ended> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("test.rhai");
    std::fs::write(&path, text).expect("the recipe is written");
    memory.folder = folder.path().to_owned();
    write_all(folder.path(), &memory.beside);
    let recipe = Library::new(folder.path()).find(path.to_str().expect("UTF-8"))?;
    let facts = Facts::by_name_or_path("debian-13")?;
    let server = ServerView {
        name: "local".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 22,
        user: "root".to_owned(),
        provider: String::new(),
        tags: Vec::new(),
        is_infrakt_host: false,
        vars: Default::default(),
    };
    let inputs = Inputs {
        server,
        known: Some(KnownServer {
            facts,
            protected: false,
        }),
        parameters: Default::default(),
        answers: Box::new(NoAnswers),
    };
    let machine_id = std::fs::read_to_string("/etc/machine-id")
        .ok()
        .map(|id| id.trim().to_owned());
    let identity = ServerIdentity {
        id: 1,
        name: "local".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 22,
        user: "root".to_owned(),
        host_key: None,
        machine_id: machine_id.filter(|id| !id.is_empty()),
        protected: Vec::new(),
    };
    let plan = evaluate(&recipe, inputs)?.into_plan(identity, Losses::default(), false);
    write_all(folder.path(), &memory.later);
    let consented = ConsentedPlan::admit(plan, None, "test@here")?;
    Execution {
        consented: &consented,
        from: 0,
        stretches: 0,
        kept: 0,
        resumed: false,
        settled: Default::default(),
        winding_up: false,
        secrets,
        run: &nonce()?,
        holder: "test@here",
        thread_name: "ik-000000000000",
        connection,
        world: memory,
    }
    .execute()
}

fn write_all(folder: &Path, files: &[(&str, Vec<u8>)]) {
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, content).expect("the file");
    }
}

pub fn executed(text: &str) -> (Ended, Memory) {
    executed_with(text, &Secrets::new(), Memory::default())
}

pub fn executed_with(text: &str, secrets: &Secrets, mut memory: Memory) -> (Ended, Memory) {
    let ended = run_over(&mut Local, text, secrets, &mut memory).expect("the run");
    (ended, memory)
}
