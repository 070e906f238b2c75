//! A server that has been reached: its connection, its facts, and what they mean for a plan.

use super::route::route_to;
use super::{protection, self_detection};
use crate::error::{Error, Refusal, Result, ServerError};
use crate::executor::connection::{Connection, Interruptible};
use crate::executor::nonce;
use crate::executor::question::{self, Answer, ask};
use crate::executor::read_only;
use crate::facts::usage::{self, Usage};
use crate::facts::{Directory, Docker, Facts, Os, probe};
use crate::host_key::HostKey;
use crate::plan::render::Asked;
use crate::plan::{Losses, Plan, ServerIdentity};
use crate::recipe::{Answers, ServerView};
use crate::runtime::stop::Stop;
use crate::ssh::{AskSecret, FirstContact, LoginTarget, ServerRoute, Session};
use crate::store::{Home, Identity, Server, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a server may take to answer a question. `docker` and `du` on a busy server take their time.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a server may take for a short script of ours.
const SHORT_PATIENCE: Duration = Duration::from_secs(30);

/// How long a server whose connection was lost before the run is called again.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(30);

/// A server whose connection is open and whose facts were read.
pub struct Live {
    pub server: Server,
    pub facts: Facts,
    pub identity: ServerIdentity,
    /// What a wipe would take away, on the server and in the local database.
    pub losses: Losses,
    /// The way there.
    pub route: ServerRoute,
    connection: Arc<Mutex<Session>>,
    /// How what it was asked for plans was kept from changing it; `None` until it was asked anything.
    asked: Arc<Mutex<Option<Asked>>>,
}

impl Live {
    /// Connects, reads the facts in one round trip, records who the machine is, and looks for what protects it.
    ///
    /// # Errors
    /// If the server can't be reached, trusted or understood.
    pub fn reach(
        store: &Store,
        server: &Server,
        secrets: &dyn AskSecret,
        first_contact: FirstContact<'_>,
    ) -> Result<Self> {
        let mut session = open(server, secrets, first_contact)?;
        let facts = read_facts(&mut session, &server.name)?;
        Self::looked_at(store, server, session, facts)
    }

    /// As [`Live::reach`], and how busy the server is.
    ///
    /// # Errors
    /// As [`Live::reach`].
    pub fn reach_and_measure(store: &Store, server: &Server, secrets: &dyn AskSecret) -> Result<(Self, Usage)> {
        let mut session = open(server, secrets, FirstContact::Refuse)?;
        let (usage, facts) = read_usage_and_facts(&mut session, &server.name)?;
        Ok((Self::looked_at(store, server, session, facts)?, usage))
    }

    /// As [`Live::reach`], but what the row says of the machine is taken for what it is, where the host key proves that
    /// it is the same: for plans that rest on nothing else and destroy nothing. Their script checks the machine-id itself.
    ///
    /// # Errors
    /// As [`Live::reach`].
    pub fn reach_known(store: &Store, server: &Server, secrets: &dyn AskSecret) -> Result<Self> {
        let mut session = open(server, secrets, FirstContact::Refuse)?;
        if server.machine_id.is_some() && server.host_key.as_ref().and_then(HostKey::whole) == Some(session.host_key())
        {
            return Self::of(store, server.clone(), session, not_read(server.machine_id.clone()));
        }
        let facts = read_facts(&mut session, &server.name)?;
        Self::looked_at(store, server, session, facts)
    }

    fn looked_at(store: &Store, server: &Server, session: Session, facts: Facts) -> Result<Self> {
        let host_key = HostKey::from(session.host_key().clone());
        let read = Identity {
            host_key: Some(&host_key),
            machine_id: facts.machine_id.as_deref(),
            engine_id: facts.docker.own_engine(),
        };
        store.record_identity(server.id, read)?;
        Self::of(store, store.server(&server.name)?, session, facts)
    }

    fn of(store: &Store, server: Server, session: Session, facts: Facts) -> Result<Self> {
        let route = session.route().clone();
        let host_key = HostKey::from(session.host_key().clone());
        let identity = identity_now(store, &server, route.target(), &facts, host_key)?;
        let losses = losses(store, &server, &facts)?;
        Ok(Self {
            server,
            facts,
            identity,
            losses,
            route,
            connection: Arc::new(Mutex::new(session)),
            asked: Arc::default(),
        })
    }

    /// The connection, for whoever has the turn.
    pub fn connection(&self) -> MutexGuard<'_, Session> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks in the words of a recipe, while a plan is made. `more` is what the answer may take beyond the usual.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn ask_read_only(&self, script: &str, more: Duration) -> Result<Answer> {
        ask_read_only(
            &self.connection,
            &self.asked,
            &self.server.name,
            script,
            PATIENCE + more,
        )
    }

    /// Whether what was asked so far in the words of a recipe could have changed a file; `None` if nothing was asked.
    pub fn asked(&self) -> Option<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads row and facts again and compares: the machine must still be the same, still unprotected, and have nothing
    /// to lose that was not in the plan.
    ///
    /// # Errors
    /// The refusal that fits.
    pub fn look_again(&self, store: &Store, plan: &Plan, resumed: bool, stop: &dyn Stop) -> Result<()> {
        let name = &self.server.name;
        let row = store.server(name)?;
        let (facts, host_key) = {
            let mut session = self.connection();
            let mut connection = Interruptible {
                connection: &mut *session,
                stop: &|| stop.asked() > 0,
            };
            let facts = match read_facts(&mut connection, name) {
                // The person, or a run before this one, took longer than an idle connection lives.
                Err(error) if question::is_lost(&error) => {
                    connection.reconnect(RECONNECT_PATIENCE)?;
                    read_facts(&mut connection, name)?
                }
                facts => facts?,
            };
            (facts, HostKey::from(session.host_key().clone()))
        };
        // A row that was changed meanwhile leads elsewhere than this connection, which the comparison tells.
        let route = route_to(&row)?;
        let now = identity_now(store, &row, route.target(), &facts, host_key)?;
        let losses = losses(store, &row, &facts)?;
        match resumed {
            true => compare_resumed(plan, &now, Some(&losses)),
            false => compare(plan, &now, &losses),
        }
    }

    /// Runs a script that must succeed. `failure` makes the error from the server's name and what the script printed.
    pub(in crate::runtime) fn succeed(
        &self,
        script: &str,
        failure: impl FnOnce(String, String) -> ServerError,
    ) -> Result<String> {
        let server = &self.server.name;
        let answer = ask(&mut *self.connection(), server, script, SHORT_PATIENCE)?;
        if answer.status == 0 {
            return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        Err(failure(server.clone(), said).into())
    }

    /// What recipes see of the server.
    pub fn view(&self) -> ServerView {
        view(&self.server, &self.identity)
    }

    /// Answers from the server and the database.
    pub fn answers(&self, home: &Home) -> Box<dyn Answers> {
        Box::new(LiveAnswers {
            server: self.server.name.clone(),
            connection: self.connection.clone(),
            asked: self.asked.clone(),
            home: home.clone(),
        })
    }
}

/// Whether a plan still fits the machine that answers now, and may still destroy there what it does.
///
/// # Errors
/// A refusal that names what protects the machine, or what differs.
pub fn compare(plan: &Plan, now: &ServerIdentity, losses: &Losses) -> Result<()> {
    let then = &plan.server;
    if (&then.host, then.port, &then.user) != (&now.host, now.port, &now.user) {
        return Err(Refusal::StalePlan {
            server: then.name.clone(),
            reason: "its address or user was changed since".to_owned(),
        }
        .into());
    }
    compare_resumed(plan, now, Some(losses))
}

/// As [`compare`] for the rest of a run: the machine may have another address by now, as long as it is the same one.
/// `losses` where the rest destroys; otherwise what the run itself has set up would count as new.
///
/// # Errors
/// As [`compare`].
pub fn compare_resumed(plan: &Plan, now: &ServerIdentity, losses: Option<&Losses>) -> Result<()> {
    let server = || plan.server.name.clone();
    if plan.destroys() && !now.protected.is_empty() {
        let reasons = now.protected.clone();
        return Err(Refusal::Protected {
            server: server(),
            reasons,
        }
        .into());
    }
    let stale = |reason: String| {
        Err(Refusal::StalePlan {
            server: server(),
            reason,
        }
        .into())
    };
    let then = &plan.server;
    if then.id != now.id {
        return stale("the server was removed and added again since".to_owned());
    }
    // A plan made offline may know less of the machine than the machine itself; what it knows must hold.
    let counts = |unknown_then: bool| !(plan.offline && unknown_then);
    if then.host_key != now.host_key && counts(then.host_key.is_none()) {
        return stale("its host key is another one".to_owned());
    }
    if then.machine_id != now.machine_id && counts(then.machine_id.is_none()) {
        return stale("another machine answers there: its machine-id is another one".to_owned());
    }
    if let Some(losses) = losses.filter(|_| plan.destroys()) {
        let new = plan.within_reach(losses.clone()).new_since(&plan.losses);
        if !new.is_empty() {
            return stale(format!("there is more to lose than the plan shows: {}", some_of(&new)));
        }
    }
    Ok(())
}

/// As many as a sentence can hold.
fn some_of(things: &[String]) -> String {
    const NAMED: usize = 20;
    let named = things.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match things.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}, and {more} more"),
    }
}

/// Who the machine behind a row is now, and all that protects it.
fn identity_now(
    store: &Store,
    server: &Server,
    target: &LoginTarget,
    facts: &Facts,
    host_key: HostKey,
) -> Result<ServerIdentity> {
    let mut protected = protection::reasons(store, server, facts, Some(&host_key))?;
    protected.extend(protection::reasons_of_address(store, server)?);
    // What destroys would reach whatever answers on the socket.
    let unproven = facts.docker.unproven.as_ref();
    protected.extend(
        unproven.map(|reason| format!("the Docker that answers is not proven to be the server's own: {reason}")),
    );
    Ok(identity(
        server,
        target,
        Some(host_key),
        facts.machine_id.clone(),
        protected,
    ))
}

/// The server's identity as plans hold it.
pub fn identity(
    server: &Server,
    target: &LoginTarget,
    host_key: Option<HostKey>,
    machine_id: Option<String>,
    protected: Vec<String>,
) -> ServerIdentity {
    ServerIdentity {
        id: server.id,
        name: server.name.clone(),
        host: target.host.clone(),
        port: target.port,
        user: target.user.clone(),
        host_key,
        machine_id,
        protected,
    }
}

/// The server as recipes see it.
pub fn view(server: &Server, identity: &ServerIdentity) -> ServerView {
    ServerView {
        name: server.name.clone(),
        host: identity.host.clone(),
        port: identity.port,
        user: identity.user.clone(),
        provider: server.provider.clone().unwrap_or_default(),
        tags: server.tags.clone(),
        is_infrakt_host: server.is_infrakt_host,
        protected: !identity.protected.is_empty(),
    }
}

/// What a wipe would take away, on the server and here in its name.
///
/// # Errors
/// If the database can't be read.
pub fn losses(store: &Store, server: &Server, facts: &Facts) -> Result<Losses> {
    let local = store.losses_of(server.id)?;
    Ok(Losses {
        apps: local.apps,
        deployments: local.deployments,
        env_files: local.env_files,
        ..facts.losses()
    })
}

/// Facts of which nothing is known but which machine it is.
fn not_read(machine_id: Option<String>) -> Facts {
    Facts {
        format: crate::facts::FORMAT,
        os: Os {
            id: String::new(),
            version: String::new(),
            codename: String::new(),
            name: String::new(),
        },
        arch: String::new(),
        kernel: String::new(),
        hostname: String::new(),
        machine_id,
        host_keys: Vec::new(),
        marker: false,
        runs_this_infrakt: false,
        ssh_ports: Vec::new(),
        reboot_required: false,
        docker: Docker::default(),
        opt_infrakt: Directory::default(),
        obstacles: Vec::new(),
        answers: BTreeMap::new(),
    }
}

fn open(server: &Server, secrets: &dyn AskSecret, first_contact: FirstContact<'_>) -> Result<Session> {
    let route = route_to(server)?;
    if let Some(note) = route.note() {
        secrets.tell(note);
    }
    route.connect(secrets, first_contact)
}

fn read_facts(connection: &mut dyn Connection, server: &str) -> Result<Facts> {
    let nonce = nonce()?;
    let script = probe::script(&nonce, self_detection::thread_name()?);
    let answer = ask(connection, server, &script, PATIENCE)?;
    probe::parse(&nonce, &answer.stdout).map_err(not_understood(server))
}

/// Both in one round trip.
fn read_usage_and_facts(connection: &mut dyn Connection, server: &str) -> Result<(Usage, Facts)> {
    let nonce = nonce()?;
    let script = usage::script_before(&probe::script(&nonce, self_detection::thread_name()?));
    let answer = ask(connection, server, &script, PATIENCE)?;
    let busy = |reason| ServerError::Usage {
        server: server.to_owned(),
        reason,
    };
    let (usage, facts) = usage::split(&nonce, &answer.stdout).map_err(busy)?;
    let usage = usage::parse(usage).map_err(busy)?;
    Ok((usage, probe::parse(&nonce, facts).map_err(not_understood(server))?))
}

fn not_understood(server: &str) -> impl Fn(String) -> Error {
    move |reason| Error::Facts {
        server: server.to_owned(),
        reason,
    }
}

fn ask_read_only(
    connection: &Mutex<Session>,
    asked: &Mutex<Option<Asked>>,
    server: &str,
    script: &str,
    patience: Duration,
) -> Result<Answer> {
    let mut session = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let (answer, how) = read_only::ask(&mut *session, server, script, patience)?;
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    // One question that could have changed something counts for all.
    if asked.as_ref().is_none_or(|asked| asked.read_only) {
        *asked = Some(how);
    }
    Ok(answer)
}

struct LiveAnswers {
    server: String,
    connection: Arc<Mutex<Session>>,
    asked: Arc<Mutex<Option<Asked>>>,
    /// The database is only opened if a recipe asks it something.
    home: Home,
}

impl Answers for LiveAnswers {
    fn query(&mut self, command: &str) -> Result<String> {
        let answer = ask_read_only(&self.connection, &self.asked, &self.server, command, PATIENCE)?;
        let Answer { status, stdout, stderr } = answer;
        if status != 0 {
            return Err(ServerError::Query {
                server: self.server.clone(),
                command: command.to_owned(),
                status,
                said: String::from_utf8_lossy(&stderr).into_owned(),
            }
            .into());
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Store::open(&self.home)?
            .apps(Some(&self.server))?
            .into_iter()
            .map(|app| (app.name, app.image))
            .collect())
    }
}
