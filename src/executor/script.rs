//! Builds the script that carries consecutive steps to a server. It runs as root, and begins with checks that can't be
//! skipped.

use super::environment::environment;
use super::handlers;
use super::own_action::OwnAction;
use super::runner;
use super::staging;
use super::step_files::StepFiles;
use super::step_outputs;
use super::uploads;
use crate::plan::secret::Secrets;
use crate::plan::shell::{quote, without_comments};
use crate::plan::survey;
use crate::plan::{Action, Plan, Step};
use base64::Engine as _;
use std::fmt::Write as _;

/// Where runs keep their scripts and records on a server: root's own, and not below what a wipe removes.
pub const SPOOL: &str = "/var/lib/infrakt/spool";
/// What the runner on a server holds locked for as long as it lives.
pub const LOCK: &str = "/run/infrakt/lock";
/// Days after which records are removed that infrakt has not fetched.
pub const KEPT_DAYS: u32 = 7;

/// What the script of one stretch of a plan needs to know beside the plan.
pub struct Stretch<'a> {
    pub plan: &'a Plan,
    /// The first step that is not done yet, and the one before which the stretch ends.
    pub from: usize,
    pub to: usize,
    /// Only the steps that always run are left.
    pub winding_up: bool,
    pub secrets: &'a Secrets,
    /// Unguessable; the follower's greeting, and the end of every here-document.
    pub nonce: &'a str,
    /// Names the run's folder in the spool; letters and digits.
    pub run: &'a str,
    /// The folder on the server for the content of files that steps copy.
    pub files: &'a str,
    /// Who is at work. Others see it when they find the server locked.
    pub holder: &'a str,
    /// The name of a thread of this process, by which the server's own processes are searched for it.
    pub thread_name: &'a str,
}

/// A script for the shell of a connection.
pub struct ShellScript {
    pub text: Vec<u8>,
    /// It first lists the files whose content it waits for.
    pub stages: bool,
}

/// The folder of a run on the server.
pub fn spool_of(run: &str) -> String {
    format!("{SPOOL}/{run}")
}

impl Stretch<'_> {
    /// The whole script: checks, lock, the steps as files, the runner, and the follower. All of it but the definitions of
    /// functions is one command for the shell that reads it, so that one which arrives only in part does nothing.
    pub fn script(&self) -> ShellScript {
        let mut text = prelude(self.run, self.nonce);
        let staging = staging::script(self.steps().map(|(_, step)| step), self.files);
        self.planned_machine(&mut text);
        text.push_str(&staging);
        if self.surveyed() {
            let _ = writeln!(text, "IK_SURVEY={}", quote(&survey::checks()));
        }
        text.push_str(&without_comments(include_str!("launch.sh")));
        self.files(&mut text);
        text.push_str("ik_begin() {\n");
        self.checks(&mut text);
        let _ = write!(
            text,
            "ik_prepare {KEPT_DAYS} || return\n{staged}\
             ik_files 2>/dev/null || {{ ik_full; return; }}\n\
             ik_leave \"${{IK_DIR##*/}}\"{must} || return\n\
             ik_start\nik_listen\n}}\n{{ {stage}ik_begin | ik_follow 0 0 0; }} 3>&1\n",
            staged = if staging.is_empty() {
                ""
            } else {
                "ik_is_staged || return\n"
            },
            stage = if staging.is_empty() { "" } else { "ik_stage; " },
            must = if self.must_be_detached() { " must" } else { "" },
        );
        ShellScript {
            text: text.into_bytes(),
            stages: !staging.is_empty(),
        }
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
        let mut folders = Vec::new();
        if self.steps().any(|(_, step)| !step.when_changed.is_empty()) {
            folders.extend(handlers::FOLDERS);
        }
        if self.steps().any(|(_, step)| step.may_be_put_back()) {
            folders.push(uploads::KEPT);
        }
        let outputs = step_outputs::folder(&spool_of(self.run));
        if step_outputs::has_any(self.plan) {
            folders.push(&outputs);
        }
        if !folders.is_empty() {
            let folders = folders.join(" ");
            let _ = write!(text, " &&\nmkdir -p {folders} && chmod 700 {folders}");
        }
        let folder = spool_of(self.run);
        let steps: Vec<StepFiles<'_>> = self
            .steps()
            .map(|(index, step)| StepFiles::new(index, step, &folder, self.files, self.secrets))
            .collect();
        for step in &steps {
            for file in &step.files {
                write_file(text, &file.name, &step.content_of(file));
            }
        }
        write_file(
            text,
            "runner",
            &runner::script(self.plan, &steps, &folder, self.files, self.winding_up),
        );
        text.push_str("\n}\n");
    }

    /// A function that succeeds on the machine that the plan is for.
    fn planned_machine(&self, text: &mut String) {
        let Some(machine_id) = &self.plan.server.machine_id else {
            text.push_str("ik_is_planned_machine() { :; }\n");
            return;
        };
        // A machine without an identity is not known to be another one. That is enough if the plan destroys nothing.
        let none = match self.plan.destroys() {
            true => "",
            false => "'' | uninitialized | ",
        };
        let _ = write!(
            text,
            "ik_is_planned_machine() {{\n\
             ik_id=''\n\
             if [ -e /etc/machine-id ]; then read -r ik_id </etc/machine-id; fi\n\
             case $ik_id in {none}{}) ;; *) return 1 ;; esac\n}}\n",
            quote(machine_id)
        );
    }

    fn checks(&self, text: &mut String) {
        text.push_str("ik_is_planned_machine || { ik_refuse identity \"$ik_id\"; return; }\n");
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
        self.steps()
            .any(|(_, step)| step.undo.is_some() || OwnAction::of(step).is_some())
    }
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

/// A script that continues to follow a run whose connection was lost, from where the client has got to.
pub(super) fn follow_again(run: &str, nonce: &str, journal: u64, out: u64, err: u64) -> ShellScript {
    let mut text = prelude(run, nonce);
    let _ = writeln!(
        text,
        "{{ {{ ik_find && ik_leave \"${{IK_DIR##*/}}-$IK_NONCE\" && ik_listen; }} | ik_follow {journal} {out} {err}; }} 3>&1"
    );
    ShellScript {
        text: text.into_bytes(),
        stages: false,
    }
}
