//! A machine of `scripts/lab` for one test, and what can be seen of it from outside.

use crate::support::ended::Ended;
use crate::support::wait::until;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

/// More at once would only wait for each other's processor time.
const MOST: usize = 3;
const PREFIX: &str = "e2e-";

/// The password of every `--user` of the lab.
pub const PASSWORD: &str = "lab-password";

/// Starts Docker, or starts it again, however often it has failed: systemd refuses a unit that failed too often in a short time
/// (`StartLimitBurst=` in systemd.unit(5)).
pub const RESTART_DOCKER: &str =
    "systemctl reset-failed docker.service docker.socket; systemctl restart docker.service";

/// A machine that is gone at the end of the test, however it ends.
pub struct Machine {
    name: String,
    pub ip: String,
    pub port: u16,
    _turn: Turn,
}

impl Machine {
    /// Boots one with these options of `scripts/lab up`.
    pub fn up(options: &[&str]) -> Self {
        let [machine] = Self::up_together([options]);
        machine
    }

    /// Boots several, side by side. Their turns are taken at once: two tests that each hold a machine and wait for
    /// another would wait for ever.
    pub fn up_together<const N: usize>(options: [&[&str]; N]) -> [Self; N] {
        require_lab();
        let turns = Turn::wait_for::<N>();
        std::thread::scope(|scope| {
            let booting =
                std::iter::zip(options, turns).map(|(options, turn)| scope.spawn(|| Self::boot(options, turn)));
            let booting: Vec<_> = booting.collect();
            let machines = booting.into_iter().map(|machine| machine.join().expect("it boots"));
            let machines: Result<[Self; N], _> = machines.collect::<Vec<_>>().try_into();
            machines.unwrap_or_else(|machines| panic!("{} of {N} machines", machines.len()))
        })
    }

    fn boot(options: &[&str], turn: Turn) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!(
            "{PREFIX}{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let ip = said(&lab([&["up", &name], options].concat()));
        let mut machine = Self {
            name,
            ip,
            port: 22,
            _turn: turn,
        };
        machine.port = said(&machine.lab("port", &[])).parse().expect("a port");
        machine
    }

    /// Runs a script in it as root, without SSH. It must succeed; gives what it printed.
    #[track_caller]
    pub fn root(&self, script: &str) -> String {
        let output = self.lab("exec", &["--", "sh", "-euc", script]);
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// Runs a script in it as root, however it ends.
    pub fn tries(&self, script: &str) -> Ended {
        self.lab("exec", &["--", "sh", "-euc", script]).into()
    }

    /// Whether a script succeeds in it.
    pub fn holds(&self, script: &str) -> bool {
        self.lab("exec", &["--", "sh", "-euc", script]).status.success()
    }

    /// Waits until a script succeeds in it.
    #[track_caller]
    pub fn awaits(&self, script: &str) {
        until(script, || self.holds(script));
    }

    pub fn copy(&self, source: &Path, target: &str) {
        said(&self.lab("copy", &[source.to_str().expect("UTF-8"), target]));
    }

    pub fn reset_host_key(&self) -> String {
        said(&self.lab("reset-host-key", &[]))
    }

    /// Restarts it, and returns once a login works again.
    pub fn reboot(&self) {
        said(&self.lab("reboot", &[]));
    }

    /// From now on all its traffic is lost, as with a broken cable.
    pub fn cut(&self) {
        said(&self.lab("cut", &[]));
    }

    /// The end of that.
    pub fn restore(&self) {
        said(&self.lab("restore", &[]));
    }

    /// Runs a command over a login of its own, which ends with it.
    #[track_caller]
    pub fn ssh(&self, user: &str, command: &str) -> String {
        said(&self.lab("ssh", &["--user", user, command]))
    }

    /// Whether a login over a new connection works now.
    pub fn lets_root_in(&self) -> bool {
        self.lab("ssh", &["true"]).status.success()
    }

    /// Everything that a run could take away or alter: what Docker has, what its volumes and /opt/infrakt hold, the
    /// configuration and the packages.
    pub fn state(&self) -> String {
        self.root(
            "if command -v docker >/dev/null; then
                docker ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' | sort
                docker images --all --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | sort
                docker volume ls --format '{{.Driver}} {{.Name}}' | sort
                docker network ls --no-trunc --format '{{.ID}} {{.Name}}' | sort
             fi
             for place in /opt /etc /srv /var/lib/docker/volumes; do
                [ ! -d $place ] || find $place -type f ! -name metadata.db -exec sha256sum {} + | sort -k 2
                [ ! -d $place ] || find $place ! -type f -printf '%y %p %l\\n' | sort
             done
             dpkg-query --show",
        )
    }

    /// `docker …` in it, as sorted lines.
    #[track_caller]
    pub fn docker(&self, words: &str) -> Vec<String> {
        let mut lines: Vec<String> = self
            .root(&format!("docker {words}"))
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }

    /// The names of everything that Docker has here, apart from its three standing networks.
    #[track_caller]
    pub fn held_by_docker(&self) -> Vec<String> {
        [
            "ps --all --format 'container {{.Names}}'",
            "images --all --format 'image {{.Repository}}:{{.Tag}}'",
            "volume ls --format 'volume {{.Name}}'",
            "network ls --filter type=custom --format 'network {{.Name}}'",
        ]
        .iter()
        .flat_map(|words| self.docker(words))
        .collect()
    }

    fn lab(&self, command: &str, words: &[&str]) -> Output {
        lab([&[command, &self.name], words].concat())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let output = lab(["down", &self.name]);
        if !output.status.success() {
            // No panic: the test may be on its way out with one already.
            let _ = writeln!(std::io::stderr().lock(), "{}: {}", self.name, text(&output.stderr));
        }
    }
}

/// The private key that every machine lets in.
pub fn key() -> String {
    said(&lab(["key"]))
}

/// Fails with the reason where no lab can run. The first call also takes down what a killed test run left behind.
fn require_lab() {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    let answer = ANSWER.get_or_init(|| {
        let check = lab(["check"]);
        if !check.status.success() {
            return Err(text(&[check.stdout, check.stderr].concat()).trim().replace('\n', "; "));
        }
        for name in left_behind() {
            lab(["down", &name]);
        }
        Ok(())
    });
    if let Err(reason) = answer {
        panic!("this test needs a machine of scripts/lab: {reason}");
    }
}

/// Machines of test processes that are no more.
fn left_behind() -> Vec<String> {
    said(&lab(["list"]))
        .lines()
        .filter_map(|line| line.split('\t').next())
        .filter(|name| {
            let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-'));
            process.is_some_and(|(id, _)| id.parse::<u32>().is_ok() && !Path::new("/proc").join(id).exists())
        })
        .map(str::to_owned)
        .collect()
}

fn lab<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Output {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab"))
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("scripts/lab starts")
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "scripts/lab: {}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// One of the places for machines that are up at the same time.
struct Turn;

static UP: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

impl Turn {
    /// This number of places, all at once.
    fn wait_for<const N: usize>() -> [Self; N] {
        assert!(N <= MOST, "there are never {N} places");
        let up = UP.lock().unwrap_or_else(PoisonError::into_inner);
        let mut up = FREED
            .wait_while(up, |up| *up + N > MOST)
            .unwrap_or_else(PoisonError::into_inner);
        *up += N;
        [(); N].map(|()| Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *UP.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_all();
    }
}
