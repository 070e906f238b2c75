//! Programs that a test makes and then starts.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes an executable file. Another process does so: while this one had the file open for writing, a process that
/// another test starts at that moment would inherit it, and the kernel refuses to start a program that is being written
/// (ETXTBSY, execve(2)).
pub fn write(path: &Path, bytes: &[u8]) {
    let mut install = Command::new("install")
        .args(["-m", "755", "/dev/stdin"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("install starts");
    let mut stdin = install.stdin.take().expect("a pipe");
    stdin.write_all(bytes).expect("the program is written");
    drop(stdin);
    assert!(install.wait().expect("install ends").success());
}
