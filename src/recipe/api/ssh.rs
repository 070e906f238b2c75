//! `ssh::…`: what happens on the server.

use super::call::{RhaiResult, check_documents, check_text, origin};
use super::parameters::SecretRef;
use super::pieces::content_of;
use super::step::StepHandle;
use crate::error::Error;
use crate::plan::{Action, Content, Effect, Endpoint, Piece, Query, Step, Survey, form, lint};
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::plugin::*;

/// Steps on the server. Each takes a title, which people read in the plan, and the action.
#[export_module]
pub mod ssh {
    /// Runs a command that changes something on the server, with `sh -e`, as root.
    ///
    /// Destructive commands (`rm -r`, `docker volume rm`, …) are refused here: use `ssh::destroy`. With a guard
    /// (`unless`,
    /// `only_if`) the step is skipped when there is nothing to do.
    ///
    /// # Example
    /// ```rhai
    /// ssh::run("Install htop", "apt-get install -y htop").unless("command -v htop").timeout("5m");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn run(context: NativeCallContext, title: &str, command: &str) -> RhaiResult<StepHandle> {
        command_step(&context, title, command, Effect::Change)
    }

    /// Runs a destructive command on the server. The plan shows it in full. It only runs after a person has typed the
    /// server's name, and never on a protected server.
    ///
    /// # Example
    /// ```rhai
    /// ssh::destroy("Remove the old releases", "rm -rf /srv/app/releases").only_if("test -d /srv/app/releases");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn destroy(context: NativeCallContext, title: &str, command: &str) -> RhaiResult<StepHandle> {
        command_step(&context, title, command, Effect::Destroy)
    }

    /// Runs a read-only command, and fails the run if the command fails. It proves that something is as expected.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check("Docker answers", "docker info >/dev/null");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check(context: NativeCallContext, title: &str, command: &str) -> RhaiResult<StepHandle> {
        command_step(&context, title, command, Effect::Check)
    }

    /// Checks that the Docker that answers on the server, if any, is the server's own: a socket may lead to another
    /// machine. infrakt also checks this by itself before every destructive script.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check_engine("Docker is this server's own");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_engine(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Survey { check: Survey::Engine }, Effect::Check)
    }

    /// Like `ssh::check_engine`, and checks that nothing prevents a wipe: no container data that Docker does not list
    /// (of another data root, storage driver or user, of Podman or containerd), and no file system below Docker's
    /// directories and /opt/infrakt that may be shared. `facts.obstacles` has the same information.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check_reach("All container data is this server's own Docker's");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_reach(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Survey { check: Survey::Reach }, Effect::Check)
    }

    /// Like `ssh::check_reach`, and checks that Docker's directories have no container, image, layer or volume left,
    /// regardless of what Docker reports.
    ///
    /// # Example
    /// ```rhai
    /// ssh::check_emptied("Nothing is left on the disk");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_emptied(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(
            &context,
            title,
            Action::Survey { check: Survey::Emptied },
            Effect::Check,
        )
    }

    /// Writes a file on the server, through a temporary file in the same directory. A file that already has this
    /// content, mode and owner is not changed. The defaults are mode 0644 and owner root:root; see `mode` and `owner`.
    /// A link is followed only if it is in a directory that only root can write; otherwise the step fails.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the message of the day", "/etc/motd", "Managed by infrakt.\n").mode("0644");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn upload(context: NativeCallContext, title: &str, path: &str, content: &str) -> RhaiResult<StepHandle> {
        upload_step(&context, title, path, Content::text(content))
    }

    /// Writes a secret to a file on the server, with mode 0600. The plan shows only the secret's name.
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
        let content = Content::of([Piece::Secret { secret: content.name }]);
        upload_step(&context, title, path, content)
    }

    /// Writes a file that is made of texts and secrets, in their order. Its mode is 0600 if there is a secret in it. The
    /// plan shows the name of each secret in its place.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the environment", "/srv/app/.env", ["PORT=8080\nKEY=", secret("APP_KEY"), "\n"]);
    /// ```
    #[rhai_fn(name = "upload", return_raw)]
    pub fn upload_pieces(
        context: NativeCallContext,
        title: &str,
        path: &str,
        content: rhai::Array,
    ) -> RhaiResult<StepHandle> {
        let content = content_of(&content).map_err(|problem| problem.at(&context))?;
        upload_step(&context, title, path, content)
    }

    /// Opens ports of the server from the computer that infrakt runs on, as a visitor would, over the same route as the
    /// server's SSH. It fails the run if a port does not answer, so it proves that no firewall blocks the ports.
    ///
    /// A port is written as `http:80`, `tls:443`, or `tcp:5432`, where `tcp` accepts anything that takes a connection.
    /// If a port can't be reached, `otherwise` runs on the server while infrakt keeps trying; it gets the ports in
    /// `$closed`. If it succeeds, the server is not the cause (your own network may be), and the step passes with a
    /// note. If it fails, the step fails with its output. At the end of a recipe this costs no login; before other
    /// steps it costs one.
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
            return Err(Problem::new("these ports can't be opened")
                .label("a list of 1 to 16 texts")
                .help("write them as [\"http:80\", \"tls:443\", \"tcp:5432\"]")
                .at(&context));
        };
        let otherwise = otherwise.trim_end_matches('\n').to_owned();
        add(&context, title, Action::Reach { endpoints, otherwise }, Effect::Check)
    }

    /// Closes the connection and logs in again: for changes that only apply to a new login, or to prove that a new
    /// login still works.
    ///
    /// # Example
    /// ```rhai
    /// ssh::reconnect("Prove that a new login still works");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn reconnect(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Reconnect { reboot: false }, Effect::Check)
    }

    /// Restarts the server, waits until it is back, and checks that it is the same server.
    ///
    /// # Example
    /// ```rhai
    /// ssh::reboot("Start the new kernel").only_if("test -e /var/run/reboot-required");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn reboot(context: NativeCallContext, title: &str) -> RhaiResult<StepHandle> {
        add(&context, title, Action::Reconnect { reboot: true }, Effect::Change)
    }

    /// Runs a read-only command during planning and returns its output, without the line break at the end. It runs as
    /// root, with read-only file systems where the server allows it, and the plan shows it. A command that is known to
    /// change something is refused. The answer is recorded in the facts, so that the same plan can be made again
    /// offline.
    ///
    /// # Example
    /// ```rhai
    /// let kernel = ssh::query("uname -r");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn query(context: NativeCallContext, command: &str) -> RhaiResult<String> {
        ask(&context, command, None)
    }

    /// The same, with a sample of what a server may answer. `recipe check` and `recipe test` contact no server and take the
    /// sample in place of an answer; a plan for a server never does.
    ///
    /// # Example
    /// ```rhai
    /// let addresses = json::parse(ssh::query("ip -j addr", #{ sample: "[]" }));
    /// ```
    #[rhai_fn(name = "query", return_raw)]
    pub fn query_with_sample(context: NativeCallContext, command: &str, options: rhai::Map) -> RhaiResult<String> {
        let sample = options
            .get("sample")
            .and_then(|sample| sample.clone().into_string().ok());
        match sample.filter(|_| options.len() == 1) {
            Some(sample) => ask(&context, command, Some(&sample)),
            None => Err(Problem::new("the options of a query are a sample, and nothing else")
                .label("these options")
                .help("write it as ssh::query(\"…\", #{ sample: \"what a server may answer\" })")
                .at(&context)),
        }
    }
}

/// Asks the server while the plan is made, and notes question and answer.
pub(super) fn ask(context: &NativeCallContext, command: &str, sample: Option<&str>) -> RhaiResult<String> {
    check_text(context, "a query", command)?;
    if let Some(problem) = Problem::of_more_than_looking(command, "a query") {
        return Err(problem.at(context));
    }
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let origin = origin(context, &draft);
    draft
        .ask(Query {
            command: command.to_owned(),
            origin,
        })
        .map_err(|problem| problem.at(context))?;
    let key = format!("ssh::query {command}");
    if let Some(known) = draft.recorded.get(&key).and_then(|answer| answer.as_str()) {
        return Ok(known.to_owned());
    }
    let answer = match sample {
        Some(sample) => draft.answers.query_or(command, sample),
        None => draft.answers.query(command),
    };
    match answer {
        Ok(answer) => {
            let answer = answer.trim_end_matches('\n').to_owned();
            draft.charge(answer.len()).map_err(|problem| problem.at(context))?;
            draft.recorded.insert(key, answer.clone().into());
            Ok(answer)
        }
        Err(error) => {
            let mut problem = Problem::new(error.to_string()).label("asked here");
            match error {
                // The query was not answered, so the error is shown at this line.
                Error::Usage { hint, .. } => problem.help = hint,
                failed => draft.foreign = Some(failed),
            }
            Err(problem.at(context))
        }
    }
}

pub(super) fn command_step(
    context: &NativeCallContext,
    title: &str,
    command: &str,
    effect: Effect,
) -> RhaiResult<StepHandle> {
    check_text(context, "a command", command)?;
    check_documents(context, command)?;
    let mut pending = None;
    if effect != Effect::Destroy {
        let part = if effect == Effect::Check {
            "ssh::check"
        } else {
            "ssh::run"
        };
        pending = Problem::of_destroying(command, part);
        if let Some(problem) =
            pending.take_if(|_| !lint::destroying(command).is_some_and(|what| lint::may_be_guarded(&what)))
        {
            return Err(problem.at(context));
        }
    }
    let action = Action::Run {
        command: command.trim_end_matches('\n').to_owned(),
    };
    let step = add(context, title, action, effect)?;
    pending.map_or(Ok(()), |problem| step.destroys_unless_excused(context, problem))?;
    Ok(step)
}

fn upload_step(context: &NativeCallContext, title: &str, path: &str, content: Content) -> RhaiResult<StepHandle> {
    check_upload_path(context, path)?;
    let mode = match content.secrets().next() {
        None => "0644",
        Some(_) => "0600",
    };
    let action = Action::Upload {
        path: path.to_owned(),
        content,
        mode: mode.to_owned(),
        owner: "root:root".to_owned(),
    };
    let step = add(context, title, action, Effect::Change)?;
    step.check_script(context)?;
    Ok(step)
}

/// Refuses what can't be the path of a file on the server.
pub(super) fn check_upload_path(context: &NativeCallContext, path: &str) -> RhaiResult<()> {
    check_text(context, "a path", path)?;
    if !form::is_upload_path(path) {
        return Err(Problem::new(format!("{path:?} is not a valid path for a file"))
            .label("a path must begin with /, name a file, and have no ..")
            .at(context));
    }
    Ok(())
}

pub(super) fn add(context: &NativeCallContext, title: &str, action: Action, effect: Effect) -> RhaiResult<StepHandle> {
    if !form::is_title(title) {
        return Err(Problem::new("the title of a step must be one line")
            .label("this title")
            .at(context));
    }
    let shared = SharedDraft::of(context)?;
    let mut draft = shared.lock();
    let origin = origin(context, &draft);
    let step = Step::new(draft.section.clone(), title, effect, action, origin);
    draft
        .add(step)
        .map(StepHandle::new)
        .map_err(|problem| problem.at(context))
}
