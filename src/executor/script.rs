//! Builds the script that carries consecutive steps to a server. It runs as root, and begins with checks that can't be
//! skipped.

use crate::plan::digest::sha256;
use crate::plan::invocation::looks_for_a_program;
use crate::plan::secret::Secret;
use crate::plan::shell::{quote, without_comments};
use crate::plan::survey;
use crate::plan::{Action, Content, Effect, EnvValue, Plan, Step};
use base64::Engine as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The values of a plan's secrets, by name.
pub type Secrets = BTreeMap<String, Secret>;

/// Where runs keep their scripts and records on a server: root's own, and not below what a wipe removes.
pub const SPOOL: &str = "/var/lib/infrakt/spool";
/// What probes, queries, guards and steps find in their environment, whether they are asked while a plan is made or executed.
///
/// Nothing of what a server sets by itself (/etc/environment, a login's .bashrc) changes what they do, but for who root is
/// there, where the login came from, and proxies. Docker reads a configuration of infrakt's own, which is not there unless
/// someone makes one: in root's, a filter can keep `docker system prune` from removing anything.
///
/// Text is UTF-8 and everything else is C's. LC_ALL=C.UTF-8 means the same, and lets every program read a dozen files at its
/// start to find that out.
const ENVIRONMENT: &str = include_str!("environment.sh");
/// The script that sets it.
pub fn environment() -> String {
    without_comments(ENVIRONMENT)
}
/// What the runner on a server holds locked for as long as it lives.
pub const LOCK: &str = "/run/infrakt/lock";
/// How long a guard may take.
const GUARD_SECONDS: u64 = 60;
/// Bytes that the steps of a stretch may print, on both streams together, before the one at work is ended: all of it lies in
/// the spool until the end of the stretch.
const MOST_PRINTED: u64 = 1 << 30;
/// Days after which records are removed that infrakt has not fetched.
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
    /// Who is at work. Others see it when they find the server locked.
    pub holder: &'a str,
    /// The name of a thread of this process, by which the server's own processes are searched for it.
    pub thread_name: &'a str,
}

/// The folder of a run on the server.
pub fn spool_of(run: &str) -> String {
    format!("{SPOOL}/{run}")
}

impl Stretch<'_> {
    /// The whole script: checks, lock, the steps as files, the runner, and the follower. All of it but the definitions of
    /// functions is one command for the shell that reads it, so that one which arrives only in part does nothing.
    pub fn script(&self) -> Vec<u8> {
        let mut text = prelude(self.run, self.nonce);
        if self.surveyed() {
            let _ = writeln!(text, "IK_SURVEY={}", quote(&survey::checks()));
        }
        text.push_str(&without_comments(include_str!("launch.sh")));
        self.files(&mut text);
        text.push_str("ik_begin() {\n");
        self.checks(&mut text);
        let _ = write!(
            text,
            "ik_prepare {KEPT_DAYS} || return\n\
             ik_files 2>/dev/null || {{ ik_full; return; }}\n\
             ik_leave \"${{IK_DIR##*/}}\"{must} || return\n\
             ik_start\nik_listen\n}}\n{{ ik_begin | ik_follow 0 0 0; }} 3>&1\n",
            must = if self.must_be_detached() { " must" } else { "" },
        );
        text.into_bytes()
    }

    /// Its steps, with their places in the plan.
    fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.plan.steps.iter().enumerate().take(self.to).skip(self.from)
    }

    /// Whether it needs infrakt's own checks of what a wipe would reach.
    fn surveyed(&self) -> bool {
        let surveys = |step: &Step| matches!(step.action, Action::Survey { .. });
        self.plan.destroys() || self.steps().any(|(_, step)| surveys(step))
    }

    /// A function that makes everything that the run needs on the server, and stops at what it can't.
    fn files(&self, text: &mut String) {
        let _ = write!(
            text,
            "ik_files() {{\n\
             printf '%s\\n' {holder} >\"$IK_LOCK.holder\" && printf '%s\\n' \"$IK_DIR\" >\"$IK_LOCK.folder\" &&\n\
             ik_make_records{turn}",
            holder = quote(self.holder),
            turn = if self.waits() { " turn" } else { "" },
        );
        if self.surveyed() {
            text.push_str(" &&\nprintf %s \"$IK_SURVEY\" >\"$IK_DIR/survey\"");
        }
        for (index, step) in self.steps() {
            self.step_files(text, index, step);
        }
        self.runner(text);
        text.push_str("\n}\n");
    }

    fn checks(&self, text: &mut String) {
        if let Some(machine_id) = &self.plan.server.machine_id {
            // A machine without an identity is not known to be another one. That is enough if the plan destroys nothing.
            let none = match self.plan.destroys() {
                true => "",
                false => "'' | uninitialized | ",
            };
            let _ = write!(
                text,
                "ik_id=''\n\
                 if [ -e /etc/machine-id ]; then read -r ik_id </etc/machine-id; fi\n\
                 case $ik_id in {none}{}) ;; *) ik_refuse identity \"$ik_id\"; return ;; esac\n",
                quote(machine_id)
            );
        }
        if self.plan.destroys() {
            let _ = write!(
                text,
                "{{ [ ! -e /etc/infrakt/host ] && [ ! -L /etc/infrakt/host ]; }} || {{ ik_refuse marker; return; }}\n\
                 printf '%s\\0' /proc/[0-9]*/task/[0-9]*/comm | xargs -0 grep -shx -- {thread} | grep -q . && {{ \
                 ik_refuse runs_this_infrakt; return; }}\n",
                thread = quote(self.thread_name),
            );
            // Destructive steps may use Docker's socket, so the Docker that answers must be the server's own.
            text.push_str(
                "eval \"$IK_SURVEY\"\nik_proven=0\nik_prove_engine || ik_proven=$?\n\
                 [ $ik_proven != 1 ] || { ik_refuse unproven_engine \"$ik_reason\"; return; }\n",
            );
        }
        text.push_str("[ ! -e \"$IK_DIR\" ] || { ik_refuse folder \"$IK_DIR already exists\"; return; }\n");
    }

    /// Whether a step, of this stretch or of a later one, relies on the server to undo it alone.
    fn must_be_detached(&self) -> bool {
        self.plan.steps.iter().skip(self.from).any(|step| step.undo.is_some())
    }

    /// Whether the runner will have to wait for a word.
    fn waits(&self) -> bool {
        self.steps().any(|(_, step)| {
            step.undo.is_some()
                || matches!(
                    step.action,
                    Action::Reconnect { .. } | Action::Reach { .. } | Action::State { .. }
                )
        })
    }

    fn step_files(&self, text: &mut String, index: usize, step: &Step) {
        let env = self.exports(step);
        for (name, content) in self.parts(index, step) {
            match content {
                Part::Script(script) => write_file(text, &name, &format!("{env}{script}\n")),
                Part::Data(data) => write_file(text, &name, data),
            }
        }
    }

    /// The files of a step, by name.
    fn parts<'a>(&'a self, index: usize, step: &'a Step) -> Vec<(String, Part<'a>)> {
        let mut parts = Vec::new();
        // Conditions first: what `unless` asks may need the program that `only_if` asks for.
        for (number, guard) in step.only_if.iter().enumerate() {
            parts.push((
                format!("{index}.only_if.{number}"),
                Part::Script(step.invocation.guard(guard)),
            ));
        }
        match &step.action {
            Action::Run { command } => {
                parts.push((format!("{index}.sh"), Part::Script(step.invocation.command(command))));
                let undo = step.undo.iter();
                parts.extend(undo.map(|undo| (format!("{index}.undo"), Part::Script(undo.command.clone()))));
            }
            Action::Upload {
                path,
                content,
                mode,
                owner,
            } => {
                let content = self.content(content);
                let data = format!("{}/{index}.data", spool_of(self.run));
                parts.push((format!("{index}.data"), Part::Data(content)));
                parts.push((
                    format!("{index}.sh"),
                    Part::Script(place_file(&data, path, mode, owner)),
                ));
                parts.push((
                    format!("{index}.unless.content"),
                    Part::Script(holds_content(path, content, mode, owner)),
                ));
            }
            Action::Survey { check } => {
                let functions = format!("{}/survey", spool_of(self.run));
                let script = format!(". {}\n{}", quote(&functions), check.command());
                parts.push((format!("{index}.sh"), Part::Script(script)));
            }
            Action::Reconnect { .. } | Action::Reach { .. } | Action::State { .. } => {}
        }
        for (number, guard) in step.unless.iter().enumerate() {
            parts.push((
                format!("{index}.unless.{number}"),
                Part::Script(step.invocation.guard(guard)),
            ));
        }
        parts
    }

    fn runner(&self, text: &mut String) {
        let mut secret = Vec::new();
        let mut steps = String::new();
        // Hundredths of a second; what no step and no guard falls short of.
        let mut shortest = GUARD_SECONDS;
        for (index, step) in self.steps() {
            shortest = shortest.min(step.timeout_seconds.max(1));
            if let Some(undo) = &step.undo {
                shortest = shortest.min(undo.after_seconds.max(1));
            }
            let parts = self.parts(index, step);
            let _ = writeln!(steps, "ik_step {index}");
            let mut tests = Vec::new();
            let mut still = String::new();
            for (name, part) in &parts {
                let Part::Script(script) = part else { continue };
                let lookup = if looks_for_a_program(script) { " lookup" } else { "" };
                let held = format!("ik_held {index} {name} {}{lookup}", mode_of(script));
                if name.contains(".unless.") {
                    tests.push(held);
                    // A check changes nothing, and several destructive steps may delete the same data one after the other.
                    if !step.unless.is_empty() && step.effect == Effect::Change {
                        let _ = write!(still, " {name} {}", mode_of(script));
                    }
                } else if name.contains(".only_if.") {
                    tests.push(format!("! {held}"));
                }
            }
            let seconds = step.timeout_seconds;
            let act = match &step.action {
                Action::Run { command } => {
                    let undo = step
                        .undo
                        .as_ref()
                        .map_or(String::new(), |undo| format!(" {}", undo.after_seconds));
                    format!(
                        "ik_run {index} {seconds} {} {}{undo}",
                        mode_of(command),
                        mark_of(command)
                    )
                }
                Action::Upload { .. } | Action::Survey { .. } => format!("ik_run {index} {seconds} plain ik_mark"),
                Action::Reconnect { .. } | Action::Reach { .. } | Action::State { .. } => {
                    format!("ik_pause {index} {seconds}")
                }
            };
            let act = match still.is_empty() {
                true => act,
                false => format!("{act}; ik_still {index}{still}"),
            };
            let _ = match tests.is_empty() {
                true => writeln!(steps, "{act}"),
                false => writeln!(
                    steps,
                    "if {}; then ik_unchanged {index}; else {act}; fi",
                    tests.join(" || ")
                ),
            };
            if has_secret(step) {
                let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
                let _ = writeln!(steps, "ik_forget {}", names.join(" "));
                secret.extend(parts.into_iter().map(|(name, _)| name));
            }
        }
        let uploads = self
            .steps()
            .any(|(_, step)| matches!(step.action, Action::Upload { .. }));
        let place = if uploads { include_str!("place.sh") } else { "" };
        let runner = format!(
            "IK_DIR={} IK_SHORTEST={}00 IK_MOST={MOST_PRINTED} IK_SECRETS={}\n{}{}{steps}ik_finish done\n",
            quote(&spool_of(self.run)),
            shortest,
            quote(&secret.join(" ")),
            without_comments(include_str!("runner.sh")),
            without_comments(place),
        );
        write_file(text, "runner", &runner);
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

/// A file of a step.
enum Part<'a> {
    Script(String),
    Data(&'a str),
}

/// What every script begins with: the namespace that queries ran in is given up (see [`super::read_only`]); where the run
/// is, and the functions of the follower.
fn prelude(run: &str, nonce: &str) -> String {
    format!(
        "exec 8<&-\nunset ik_room\numask 077\n{environment}IK_DIR={spool} IK_LOCK={LOCK} IK_NONCE={nonce}\n{follow}",
        environment = environment(),
        spool = quote(&spool_of(run)),
        nonce = quote(nonce),
        follow = without_comments(include_str!("follow.sh")),
    )
}

/// Writes one more file into the run's folder, without a process for it wherever the shell itself can.
fn write_file(text: &mut String, name: &str, content: &str) {
    let _ = if content.contains('\0') {
        let data = base64::engine::general_purpose::STANDARD.encode(content);
        write!(text, " &&\nprintf %s {data} | base64 -d >\"$IK_DIR/{name}\"")
    } else {
        write!(text, " &&\nprintf %s {} >\"$IK_DIR/{name}\"", quote(content))
    };
}

/// Whether a shell script can run in a fork of the runner: not if it may tell that from a shell of its own, or end
/// the wrong one.
fn mode_of(script: &str) -> &'static str {
    const OWN: [&str; 6] = ["$$", "${$", "$0", "${0", "PPID", "kill"];
    match OWN.iter().any(|word| script.contains(word)) {
        true => "apart",
        false => "plain",
    }
}

/// How to tell where the output of a script ends: it may open it by its path.
fn mark_of(script: &str) -> &'static str {
    const PATHS: [&str; 3] = ["/dev/std", "/dev/fd", "/proc/self/fd"];
    match PATHS.iter().any(|path| script.contains(path)) {
        true => "ik_mark_exactly",
        false => "ik_mark",
    }
}

fn has_secret(step: &Step) -> bool {
    let content = matches!(
        step.action,
        Action::Upload {
            content: Content::Secret { .. },
            ..
        }
    );
    content || step.env.values().any(|value| matches!(value, EnvValue::Secret { .. }))
}

/// Calls what `place.sh` has for it.
fn place_file(data: &str, path: &str, mode: &str, owner: &str) -> String {
    let words = [data, path, mode, owner].map(quote);
    format!("ik_place {}", words.join(" "))
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
    let mut text = prelude(run, nonce);
    let _ = writeln!(
        text,
        "{{ {{ ik_find && ik_leave \"${{IK_DIR##*/}}-$IK_NONCE\" && ik_listen; }} | ik_follow {journal} {out} {err}; }} 3>&1"
    );
    text.into_bytes()
}
