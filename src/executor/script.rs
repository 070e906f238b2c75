//! Makes the one script that carries consecutive steps to a server. It runs as root, and begins with the checks that
//! nothing may get round.

use crate::plan::digest::sha256;
use crate::plan::secret::Secret;
use crate::plan::shell::quote;
use crate::plan::{Action, Content, EnvValue, Plan, Step};
use base64::Engine as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The values of a plan's secrets, by name.
pub type Secrets = BTreeMap<String, Secret>;

/// Where runs keep their scripts and records on a server: root's own, and not below what a wipe removes.
pub const SPOOL: &str = "/var/lib/infrakt/spool";
/// What guards and steps find in their environment, whether they are asked while a plan is made or executed.
pub const ENVIRONMENT: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8\n\
                               export PATH LC_ALL\n";
/// What the runner on a server holds locked for as long as it lives.
pub const LOCK: &str = "/run/infrakt/lock";
/// Days after which records that nobody has fetched are removed.
pub const KEPT_DAYS: u32 = 7;

/// What the script of one stretch of a plan needs to know beside the plan.
pub struct Stretch<'a> {
    pub plan: &'a Plan,
    /// The first step that is not done yet, and the one before which the stretch ends.
    pub from: usize,
    pub to: usize,
    pub secrets: &'a Secrets,
    /// Unguessable; the follower's greeting, and the end of every here-document.
    pub nonce: &'a str,
    /// Names the run's folder in the spool; letters and digits.
    pub run: &'a str,
    /// Who is at work, for whoever finds the server locked.
    pub holder: &'a str,
    /// The name of a thread of this process, by which the server's own processes are searched for it.
    pub thread_name: &'a str,
}

/// The folder of a run on the server.
pub fn spool_of(run: &str) -> String {
    format!("{SPOOL}/{run}")
}

impl Stretch<'_> {
    /// The whole script: checks, lock, the steps as files, the runner, and the follower.
    pub fn script(&self) -> Vec<u8> {
        let mut text = String::new();
        self.begin(&mut text);
        for index in self.from..self.to {
            self.step_files(&mut text, index);
        }
        self.runner(&mut text);
        text.push_str(include_str!("follow.sh"));
        text.push_str("ik_follow 0 0 0\n");
        text.into_bytes()
    }

    fn begin(&self, text: &mut String) {
        let spool = spool_of(self.run);
        let _ = write!(
            text,
            "umask 077\n\
             {ENVIRONMENT}\
             printf 'infrakt %s\\n' {nonce}\n\
             ik_refuse() {{ printf 'x %s\\n' \"$*\"; [ -z \"$IK_MADE\" ] || rm -rf -- \"$IK_DIR\"; exit 0; }}\n\
             IK_DIR={spool} IK_LOCK={LOCK} IK_MADE=''\n\
             export IK_DIR IK_LOCK\n",
            nonce = quote(self.nonce),
            spool = quote(&spool),
        );
        if let Some(machine_id) = &self.plan.server.machine_id {
            let _ = writeln!(
                text,
                "[ \"$(cat /etc/machine-id 2>&1)\" = {} ] || ik_refuse identity \"its machine-id is $(cat /etc/machine-id 2>&1)\"",
                quote(machine_id)
            );
        }
        if self.plan.destroys() {
            let _ = write!(
                text,
                "{{ [ ! -e /etc/infrakt/host ] && [ ! -L /etc/infrakt/host ]; }} || ik_refuse protected 'it has the marker /etc/infrakt/host'\n\
                 printf '%s\\0' /proc/[0-9]*/task/[0-9]*/comm | xargs -0 grep -shx -- {thread} | grep -q . && \
                 ik_refuse protected 'this very infrakt runs on it'\n",
                thread = quote(self.thread_name),
            );
        }
        let _ = write!(
            text,
            "mkdir -p /run/infrakt {SPOOL} && chmod 700 /run/infrakt /var/lib/infrakt {SPOOL} || \
             ik_refuse spool \"the folder for its records can't be made\"\n\
             find {SPOOL} -mindepth 1 -maxdepth 1 -mtime +{KEPT_DAYS} -exec rm -rf -- {{}} +\n\
             [ ! -e \"$IK_DIR\" ] || ik_refuse folder \"$IK_DIR is there already\"\n\
             mkdir \"$IK_DIR\" || ik_refuse spool \"the folder $IK_DIR can't be made\"\n\
             IK_MADE=yes\n\
             flock -n -o {LOCK} true || ik_refuse locked \"$(cat {LOCK}.holder 2>&1)\"\n",
        );
        self.file(text, "holder", self.holder);
    }

    fn step_files(&self, text: &mut String, index: usize) {
        let step = &self.plan.steps[index];
        let env = self.exports(step);
        match &step.action {
            Action::Run { command } => {
                self.file(text, &format!("{index}.sh"), &format!("{env}{command}"));
                if let Some(undo) = &step.undo {
                    self.file(text, &format!("{index}.undo"), &format!("{env}{}", undo.command));
                }
            }
            Action::Upload {
                path,
                content,
                mode,
                owner,
            } => {
                let content = self.content(content);
                let data = base64::engine::general_purpose::STANDARD.encode(content);
                let _ = writeln!(
                    text,
                    "base64 -d >\"$IK_DIR/{index}.data\" <<'{0}' || ik_refuse spool 'its disk is full'\n{data}\n{0}",
                    self.nonce
                );
                self.file(
                    text,
                    &format!("{index}.sh"),
                    &place_file(&format!("{}/{index}.data", spool_of(self.run)), path, mode, owner),
                );
                self.file(
                    text,
                    &format!("{index}.unless.content"),
                    &holds_content(path, content, mode, owner),
                );
            }
            Action::Reconnect { .. } | Action::State { .. } => {}
        }
        for (number, guard) in step.unless.iter().enumerate() {
            self.file(text, &format!("{index}.unless.{number}"), &format!("{env}{guard}"));
        }
        for (number, guard) in step.only_if.iter().enumerate() {
            self.file(text, &format!("{index}.only_if.{number}"), &format!("{env}{guard}"));
        }
    }

    fn runner(&self, text: &mut String) {
        let mut runner = String::from(include_str!("runner.sh"));
        // Only now is the lock ours.
        runner.push_str("cp \"$IK_DIR/holder\" \"$IK_LOCK.holder\"\nprintf '%s\\n' \"$IK_DIR\" >\"$IK_LOCK.folder\"\n");
        for (index, step) in self.plan.steps.iter().enumerate().take(self.to).skip(self.from) {
            let kind = match step.action {
                Action::Run { .. } | Action::Upload { .. } => "run",
                Action::Reconnect { .. } | Action::State { .. } => "pause",
            };
            let undo = step
                .undo
                .as_ref()
                .map_or(String::new(), |undo| format!(" {}", undo.after_seconds));
            let _ = writeln!(runner, "step {index} {kind} {}{undo}", step.timeout_seconds);
        }
        runner.push_str("finish done\n");
        self.file(text, "runner", &runner);
        let _ = write!(
            text,
            "{{ : >\"$IK_DIR/out\" && : >\"$IK_DIR/err\" && : >\"$IK_DIR/journal\"; }} || ik_refuse spool 'its disk is full'\n\
             setsid flock -n -o {LOCK} sh \"$IK_DIR/runner\" </dev/null >/dev/null 2>\"$IK_DIR/runner.err\" &\n\
             ik_pid=$! && read -r ik_stat <\"/proc/$ik_pid/stat\" && set -- ${{ik_stat##*) }} && \
             echo \"$ik_pid ${{20}}\" >\"$IK_DIR/pid\" || ik_refuse spool 'its disk is full'\n",
        );
    }

    /// Writes a text file into the run's folder. No line of it can equal the nonce, since that was drawn afterwards.
    fn file(&self, text: &mut String, name: &str, content: &str) {
        let _ = writeln!(
            text,
            "cat >\"$IK_DIR/{name}\" <<'{0}' || ik_refuse spool 'its disk is full'\n{content}\n{0}",
            self.nonce
        );
    }

    fn exports(&self, step: &Step) -> String {
        let mut exports = String::new();
        for (name, value) in &step.env {
            let value = match value {
                EnvValue::Plain(value) => value.as_str(),
                EnvValue::Secret { secret } => self.secret(secret),
            };
            let _ = writeln!(exports, "export {name}={}", quote(value));
        }
        exports
    }

    fn content<'s>(&'s self, content: &'s Content) -> &'s str {
        match content {
            Content::Text(text) => text,
            Content::Secret { secret } => self.secret(secret),
        }
    }

    /// Every secret of the plan has a value before a script is made; see [`super::Execution::execute`].
    fn secret(&self, name: &str) -> &str {
        self.secrets.get(name).map_or("", Secret::expose)
    }
}

/// Replaces the file at once, or not at all. A link is followed, as an editor would.
fn place_file(data: &str, path: &str, mode: &str, owner: &str) -> String {
    format!(
        "target=$(readlink -f -- {path})\n\
         [ ! -d \"$target\" ] || {{ echo \"$target is a directory\" >&2; exit 1; }}\n\
         new=$(mktemp -- \"$target.XXXXXX\")\n\
         trap 'rm -f -- \"$new\"' EXIT\n\
         trap 'exit 1' HUP INT TERM\n\
         cat {data} >\"$new\"\n\
         chown -- {owner} \"$new\"\n\
         chmod -- {mode} \"$new\"\n\
         mv -fT -- \"$new\" \"$target\"",
        data = quote(data),
        path = quote(path),
        owner = quote(owner),
        mode = quote(mode),
    )
}

/// A read-only command that succeeds if the file already is as it should be.
pub fn holds_content(path: &str, content: &str, mode: &str, owner: &str) -> String {
    let path = quote(path);
    let mode = mode.trim_start_matches('0');
    let mode = if mode.is_empty() { "0" } else { mode };
    let owner = if owner.contains(':') {
        owner.to_owned()
    } else {
        format!("{owner}:")
    };
    let format = if owner.ends_with(':') { "%a %U:" } else { "%a %U:%G" };
    format!(
        "[ -f {path} ] && [ \"$(stat -L -c '{format}' -- {path})\" = {} ] && [ \"$(sha256sum <{path})\" = '{}  -' ]",
        quote(&format!("{mode} {owner}")),
        sha256(content.as_bytes()),
    )
}

/// A script that goes on following a run whose connection was lost, from where the client has got to.
pub fn follow_again(run: &str, nonce: &str, journal: u64, out: u64, err: u64) -> Vec<u8> {
    let spool = spool_of(run);
    format!(
        "umask 077\nIK_DIR={spool} IK_LOCK={LOCK}\nprintf 'infrakt %s\\n' {nonce}\n\
         {follow}ik_find\nik_follow {journal} {out} {err}\n",
        spool = quote(&spool),
        nonce = quote(nonce),
        follow = include_str!("follow.sh"),
    )
    .into_bytes()
}
