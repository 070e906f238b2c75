//! Mounts and processes of a test's own, in namespaces (unshare(1)). Everything that was started in them ends with them.

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const OWN: [&str; 6] = [
    "--mount",
    "--propagation=private",
    "--pid",
    "--fork",
    "--kill-child=KILL",
    "--mount-proc",
];

pub struct World {
    /// unshare(1), whose only child is the first process of the world.
    process: Child,
}

impl World {
    /// Its first process is this script, with `directory` as `$1`; its errors go to the file `log` in `directory`. It ends
    /// with the thread that calls this, even if that is killed.
    pub fn begin(script: &str, directory: &Path) -> Self {
        assert!(rustix::process::geteuid().is_root(), "this test needs root");
        let log = std::fs::File::create(directory.join("log")).expect("a log");
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare"])
            .args(OWN)
            .args(["sh", "-c", script, "sh"])
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("setpriv starts");
        Self { process }
    }

    /// A program that will run in it.
    pub fn command(&self, program: &str) -> Command {
        let first = self.first_process().expect("the world is there");
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--pid", "--wd", "--target", &first.to_string(), program]);
        command
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("a process").is_some()
    }

    /// Nothing of it is left afterwards: no process, and so no listener.
    pub fn end(&mut self) {
        if self.has_ended() {
            // Its number may be another process's by now.
            return;
        }
        // unshare waits for the first process, which the kernel lets end after all others. Ended itself, it would only
        // begin all that.
        match self.first_process().and_then(Pid::from_raw) {
            // It may end by itself at this moment.
            Some(first) => drop(kill_process(first, Signal::KILL)),
            // It may not have begun.
            None => self.process.kill().expect("it can be ended"),
        }
        self.process.wait().expect("it ends");
    }

    fn first_process(&self) -> Option<i32> {
        let id = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end();
    }
}
