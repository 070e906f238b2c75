//! A server that has been reached: its connection, its facts, and their consequences for a plan.

use super::compare::{compare, compare_resumed};
use super::reading::{
    PATIENCE, Reading, identity_now, losses, read_facts, read_usage_and_facts, view, views_of_tagged,
};
use super::route::route_to;
use crate::error::{Result, ServerError};
use crate::executor::connection::{Connection, Interruptible};
use crate::executor::question::{self, ScriptAnswer, ask};
use crate::executor::read_only;
use crate::facts::Facts;
use crate::facts::usage::Usage;
use crate::host_key::HostKey;
use crate::plan::Asked;
use crate::plan::{Losses, Plan, ServerIdentity};
use crate::recipe::{Answers, KnownServer, ServerView};
use crate::runtime::stop::Stop;
use crate::ssh::{AskSecret, FirstContact, ServerRoute, Session};
use crate::store::{Home, Server, Store};
use crate::variables::Variable;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a server may take for a short script of ours.
const SHORT_PATIENCE: Duration = Duration::from_secs(30);

/// How long a server whose connection was lost before the run is called again.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(30);

/// A server whose connection is open.
pub struct Live {
    pub server: Server,
    /// What is known of it: what was read, or what its row says while nothing was.
    pub facts: Facts,
    pub identity: ServerIdentity,
    /// What a wipe would take away, on the server and in the local database.
    pub losses: Losses,
    /// The way there.
    pub route: ServerRoute,
    /// Whether the facts were read.
    read: bool,
    /// What a recipe has had read while it was evaluated, until it is taken over into the fields above.
    asked_for: Arc<Mutex<Option<Reading>>>,
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
        let reading = Reading::record(store, server, &session, facts)?;
        Ok(Self::of(session, reading, true))
    }

    /// As [`Live::reach`], and how busy the server is.
    ///
    /// # Errors
    /// As [`Live::reach`].
    pub fn reach_and_measure(store: &Store, server: &Server, secrets: &dyn AskSecret) -> Result<(Self, Usage)> {
        let mut session = open(server, secrets, FirstContact::Refuse)?;
        let (usage, facts) = read_usage_and_facts(&mut session, &server.name)?;
        let reading = Reading::record(store, server, &session, facts)?;
        Ok((Self::of(session, reading, true), usage))
    }

    /// As [`Live::reach`], but the facts are not read yet if the row says which machine it is and the host key proves it.
    /// That is enough for a plan that rests on no facts and destroys nothing: its script checks the machine-id itself.
    ///
    /// # Errors
    /// As [`Live::reach`].
    pub fn reach_known(store: &Store, server: &Server, secrets: &dyn AskSecret) -> Result<Self> {
        let mut session = open(server, secrets, FirstContact::Refuse)?;
        if server.machine_id.is_some() && server.host_key.as_ref().and_then(HostKey::whole) == Some(session.host_key())
        {
            let reading = Reading::from_row(store, server, &session)?;
            return Ok(Self::of(session, reading, false));
        }
        let facts = read_facts(&mut session, &server.name)?;
        let reading = Reading::record(store, server, &session, facts)?;
        Ok(Self::of(session, reading, true))
    }

    fn of(session: Session, reading: Reading, read: bool) -> Self {
        Self {
            server: reading.server,
            facts: reading.facts,
            identity: reading.identity,
            losses: reading.losses,
            route: session.route().clone(),
            read,
            asked_for: Arc::default(),
            connection: Arc::new(Mutex::new(session)),
            asked: Arc::default(),
        }
    }

    /// What recipes may know of the server. `None` if the facts were not read yet.
    pub fn known(&self) -> Option<KnownServer> {
        self.read.then(|| KnownServer {
            facts: self.facts.clone(),
            protected: !self.identity.protected.is_empty(),
        })
    }

    /// Takes over what the recipe has had read.
    pub fn take_over(&mut self) {
        let reading = lock(&self.asked_for).take();
        if let Some(reading) = reading {
            self.know(reading);
        }
    }

    /// Reads the facts, unless they were read.
    ///
    /// # Errors
    /// As [`Live::reach`].
    pub fn read_once(&mut self, store: &Store) -> Result<()> {
        if self.read {
            return Ok(());
        }
        let reading = {
            let mut session = self.connection();
            let facts = read_facts(&mut *session, &self.server.name)?;
            Reading::record(store, &self.server, &session, facts)?
        };
        self.know(reading);
        Ok(())
    }

    fn know(&mut self, reading: Reading) {
        let Reading {
            server,
            facts,
            identity,
            losses,
        } = reading;
        (self.server, self.facts, self.identity, self.losses) = (server, facts, identity, losses);
        self.read = true;
    }

    /// The connection, for the caller that has the turn.
    pub fn connection(&self) -> MutexGuard<'_, Session> {
        lock(&self.connection)
    }

    /// Asks in the words of a recipe, while a plan is made. `more` is what the answer may take beyond the usual.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn ask_read_only(&self, script: &str, more: Duration) -> Result<ScriptAnswer> {
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
        lock(&self.asked).clone()
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
                // The person or an earlier run took so long that the idle connection was closed.
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
    pub fn view(&self, vars: BTreeMap<String, Variable>) -> ServerView {
        view(&self.server, &self.identity, vars)
    }

    /// Answers from the server and the database.
    pub fn answers(&self, home: &Home) -> Box<dyn Answers> {
        Box::new(LiveAnswers {
            server: self.server.clone(),
            asked_for: self.asked_for.clone(),
            connection: self.connection.clone(),
            asked: self.asked.clone(),
            home: home.clone(),
        })
    }
}

fn open(server: &Server, secrets: &dyn AskSecret, first_contact: FirstContact<'_>) -> Result<Session> {
    let route = route_to(server)?;
    if let Some(note) = route.note() {
        secrets.tell(note);
    }
    route.connect(secrets, first_contact)
}

fn ask_read_only(
    connection: &Mutex<Session>,
    asked: &Mutex<Option<Asked>>,
    server: &str,
    script: &str,
    patience: Duration,
) -> Result<ScriptAnswer> {
    let mut session = lock(connection);
    let (answer, how) = read_only::ask(&mut *session, server, script, patience)?;
    let mut asked = lock(asked);
    // One question that could have changed something counts for all.
    if asked.as_ref().is_none_or(|asked| asked.read_only) {
        *asked = Some(how);
    }
    Ok(answer)
}

/// The lock of a value that a panic can't leave half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct LiveAnswers {
    server: Server,
    asked_for: Arc<Mutex<Option<Reading>>>,
    connection: Arc<Mutex<Session>>,
    asked: Arc<Mutex<Option<Asked>>>,
    /// The database is only opened if a recipe asks it something.
    home: Home,
}

impl Answers for LiveAnswers {
    fn facts(&mut self) -> Result<KnownServer> {
        let mut session = lock(&self.connection);
        let facts = read_facts(&mut *session, &self.server.name)?;
        let reading = Reading::record(&Store::open(&self.home)?, &self.server, &session, facts)?;
        let known = KnownServer {
            facts: reading.facts.clone(),
            protected: !reading.identity.protected.is_empty(),
        };
        *lock(&self.asked_for) = Some(reading);
        Ok(known)
    }

    fn query(&mut self, command: &str) -> Result<String> {
        let answer = ask_read_only(&self.connection, &self.asked, &self.server.name, command, PATIENCE)?;
        let ScriptAnswer { status, stdout, stderr } = answer;
        if status != 0 {
            return Err(ServerError::Query {
                server: self.server.name.clone(),
                command: command.to_owned(),
                status,
                said: String::from_utf8_lossy(&stderr).into_owned(),
                at: None,
            }
            .into());
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    fn apps(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Store::open(&self.home)?
            .apps(Some(&self.server.name))?
            .into_iter()
            .map(|app| (app.name, app.image))
            .collect())
    }

    fn servers(&mut self, tag: &str) -> Result<Vec<ServerView>> {
        views_of_tagged(&Store::open(&self.home)?, tag)
    }
}
