//! `ssh::…`: what happens on the server.

use super::call::{check_text, origin};
use super::parameters::SecretRef;
use super::step::StepHandle;
use crate::error::Error;
use crate::plan::{Action, Content, Effect, Endpoint, Query, Step, Survey, form, lint};
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;

/// Seconds that a step may take unless it says otherwise.
const DEFAULT_TIMEOUT: u64 = 600;

type RhaiResult<T> = Result<T, Box<EvalAltResult>>;

/// Steps on the server. Each takes a title, which people read in the plan, and what is to be done.
#[export_module]
pub mod ssh {
    /// Runs a command that changes something on the server, with `sh -e`, as root.
    ///
    /// A command that destroys (`rm -r`, `docker volume rm`, …) is refused here: see `ssh::destroy`. With a guard
    /// (`unless`, `only_if`) it is skipped where there is nothing to do.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Install htop", "apt-get install -y htop").unless("command -v htop").timeout("5m");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn run(context: NativeCallContext, title: &str, command: &str) -> RhaiResult<StepHandle> {
        command_step(&context, title, command, Effect::Change)
    }

    /// Runs a command that destroys something on the server. The plan shows it in full, and it only runs after a
    /// person has typed the server's name; never on a protected server.
    ///
    /// # Example
    /// ```rhai
    /// ssh::destroy("Remove the old releases", "rm -rf /srv/app/releases").only_if("test -d /srv/app/releases");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn destroy(context: NativeCallContext, title: &str, command: &str) -> RhaiResult<StepHandle> {
        command_step(&context, title, command, Effect::Destroy)
    }

    /// Runs a command that only looks, and fails the run if it fails: a proof that something is as it should be.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check("Docker answers", "docker info >/dev/null");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check(context: NativeCallContext, title: &str, command: &str) -> RhaiResult<StepHandle> {
        command_step(&context, title, command, Effect::Read)
    }

    /// Checks that the Docker that answers on the server, if any does, is the server's own: a socket may lead to another
    /// machine. Before every script that destroys, infrakt checks that by itself.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check_engine("Docker is this server's own");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_engine(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Survey { check: Survey::Engine }, Effect::Read)
    }

    /// As `ssh::check_engine`, and that nothing stands in the way of a wipe: no container data that Docker does not list
    /// (of another data root, storage driver or user, of Podman or containerd), and no file system below Docker's
    /// directories and /opt/infrakt that may be shared. The facts have the same as `facts.obstacles`.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check_reach("All container data is this server's own Docker's");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_reach(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Survey { check: Survey::Reach }, Effect::Read)
    }

    /// As `ssh::check_reach`, and that Docker's directories hold no container, image, layer or volume any more, whatever
    /// Docker says.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check_emptied("Nothing is left on the disk");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_emptied(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Survey { check: Survey::Emptied }, Effect::Read)
    }

    /// Writes a file on the server, through a temporary file beside it. A file that already has this content, mode and
    /// owner is left alone. Mode 0644 and owner root:root, unless `mode` and `owner` say otherwise. A link is followed only
    /// if it is in a directory that nobody but root can write; otherwise the step fails.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the message of the day", "/etc/motd", "Managed by infrakt.\n").mode("0644");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn upload(context: NativeCallContext, title: &str, path: &str, content: &str) -> RhaiResult<StepHandle> {
        upload_step(&context, title, path, Content::Text(content.to_owned()))
    }

    /// Writes a secret into a file on the server, with mode 0600. The plan shows the secret's name only.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the registry password", "/etc/app/password", secret("REGISTRY_PASSWORD"));
    /// ```
    #[rhai_fn(name = "upload", return_raw)]
    pub fn upload_secret(
        context: NativeCallContext,
        title: &str,
        path: &str,
        content: SecretRef,
    ) -> RhaiResult<StepHandle> {
        upload_step(&context, title, path, Content::Secret { secret: content.name })
    }

    /// Opens ports of the server from the computer that infrakt runs on, as a visitor would, by the way that leads to the
    /// server's SSH, and fails the run if one of them does not answer: the proof that no firewall is in between.
    ///
    /// A port is written as `http:80`, `tls:443`, or `tcp:5432` where anything that accepts a connection will do. Where one
    /// can't be reached, `otherwise` runs on the server while infrakt goes on trying: if it succeeds, the server is not what
    /// is in the way (your own network may be), and the step passes with a note of that; if it fails, so does the step, with
    /// what it printed. It finds the ports in `$closed`. At the end of a recipe this costs no login; before other steps it costs one.
    ///
    /// # Example
    /// ```rhai
    /// ssh::reach("The web is open", ["http:80", "tls:443"], "iptables -nvL DOCKER-USER >&2; exit 1");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn reach(
        context: NativeCallContext,
        title: &str,
        endpoints: rhai::Array,
        otherwise: &str,
    ) -> RhaiResult<StepHandle> {
        check_text(&context, "a command", otherwise)?;
        if let Some(problem) = Problem::of_destroying(otherwise, "ssh::reach") {
            return Err(problem.at(&context));
        }
        let parsed: Option<Vec<Endpoint>> = endpoints
            .iter()
            .map(|endpoint| endpoint.clone().into_string().ok()?.parse().ok())
            .collect();
        let endpoints = parsed.filter(|endpoints| (1..=form::MOST_ENDPOINTS).contains(&endpoints.len()));
        let Some(endpoints) = endpoints else {
            return Err(Problem::new("these are no ports that can be opened")
                .label("a list of 1 to 16 texts")
                .help("write them as [\"http:80\", \"tls:443\", \"tcp:5432\"]")
                .at(&context));
        };
        let otherwise = otherwise.trim_end_matches('\n').to_owned();
        add(&context, title, Action::Reach { endpoints, otherwise }, Effect::Read)
    }

    /// Closes the connection and logs in anew, for what only counts for a new login, or as a proof that a new login is
    /// still possible.
    ///
    /// # Example
    /// ```rhai
    /// ssh::reconnect("Prove that a new login still works");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn reconnect(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Reconnect { reboot: false }, Effect::Read)
    }

    /// Restarts the server, waits until it is back, and checks that it is the same one.
    ///
    /// # Example
    /// ```rhai
    /// ssh::reboot("Start the new kernel").only_if("test -e /var/run/reboot-required");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn reboot(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Reconnect { reboot: true }, Effect::Change)
    }

    /// Asks the server while the plan is made: the output of a command that only looks, without the line break at its end.
    /// It runs as root, with read-only file systems wherever the server allows it, and the plan shows it. A command that
    /// is known to change something is refused. The answer is recorded in the facts, so that the same plan can be made again
    /// offline.
    ///
    /// # Example
    /// ```rhai
    /// let kernel = ssh::query("uname -r");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn query(context: NativeCallContext, command: &str) -> RhaiResult<String> {
        check_text(&context, "a query", command)?;
        if let Some(problem) = Problem::of_more_than_looking(command, "a query") {
            return Err(problem.at(&context));
        }
        let shared = SharedDraft::of(&context)?;
        let mut draft = shared.lock();
        let origin = origin(&context, &draft);
        draft
            .ask(Query {
                command: command.to_owned(),
                origin,
            })
            .map_err(|problem| problem.at(&context))?;
        let key = format!("ssh::query {command}");
        if let Some(known) = draft.recorded.get(&key).and_then(|answer| answer.as_str()) {
            return Ok(known.to_owned());
        }
        match draft.answers.query(command) {
            Ok(answer) => {
                let answer = answer.trim_end_matches('\n').to_owned();
                draft.charge(answer.len()).map_err(|problem| problem.at(&context))?;
                draft.recorded.insert(key, answer.clone().into());
                Ok(answer)
            }
            Err(error) => {
                let mut problem = Problem::new(error.to_string()).label("asked here");
                match error {
                    // Nobody was asked, so it is this line that has to be helped.
                    Error::Usage { hint, .. } => problem.help = hint,
                    failed => draft.foreign = Some(failed),
                }
                Err(problem.at(&context))
            }
        }
    }
}

fn command_step(context: &NativeCallContext, title: &str, command: &str, effect: Effect) -> RhaiResult<StepHandle> {
    check_text(context, "a command", command)?;
    if effect != Effect::Destroy {
        let part = if effect == Effect::Read {
            "ssh::check"
        } else {
            "ssh::run"
        };
        if let Some(problem) = Problem::of_destroying(command, part) {
            return Err(problem.at(context));
        }
    }
    add(
        context,
        title,
        Action::Run {
            command: command.trim_end_matches('\n').to_owned(),
        },
        effect,
    )
}

fn upload_step(context: &NativeCallContext, title: &str, path: &str, content: Content) -> RhaiResult<StepHandle> {
    check_text(context, "a path", path)?;
    if !form::is_upload_path(path) {
        return Err(Problem::new(format!("{path:?} is no path to write a file to"))
            .label("a path begins with /, names a file, and has no ..")
            .at(context));
    }
    let mode = match content {
        Content::Text(_) => "0644",
        Content::Secret { .. } => "0600",
    };
    if let Content::Text(text) = &content
        && lint::is_script(path, text, mode)
        && let Some(problem) = Problem::of_destroying(text, "an uploaded script")
    {
        return Err(problem.at(context));
    }
    let action = Action::Upload {
        path: path.to_owned(),
        content,
        mode: mode.to_owned(),
        owner: "root:root".to_owned(),
    };
    add(context, title, action, Effect::Change)
}

fn add(context: &NativeCallContext, title: &str, action: Action, effect: Effect) -> RhaiResult<StepHandle> {
    if !form::is_title(title) {
        return Err(Problem::new("a step needs a title of one line")
            .label("this title")
            .at(context));
    }
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let origin = origin(context, &draft);
    let step = Step {
        section: draft.section.clone(),
        title: title.to_owned(),
        effect,
        action,
        unless: Vec::new(),
        only_if: Vec::new(),
        undo: None,
        idempotent: false,
        preflight: false,
        env: Default::default(),
        timeout_seconds: DEFAULT_TIMEOUT,
        origin,
    };
    draft
        .add(step)
        .map(StepHandle::new)
        .map_err(|problem| problem.at(context))
}
