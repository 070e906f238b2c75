//! Adds servers to the inventory and changes their recorded values, with the effects on the machine itself: the first
//! contact, and the marker that protects it.
//!
//! It must not know how a person is asked for a server's name, only that the name must be typed.

use super::marker::Unmarked;
use crate::error::{Error, Refusal, Result};
use crate::host_key::PublicKey;
use crate::reason::sentences;
use crate::runtime::open::Runtime;
use crate::runtime::reach::live::Live;
use crate::ssh::AskSecret;
use crate::store::{NameTyped, NewServer, Server, ServerChange};
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// Asks a person to type a server's name. It is given what the name is needed for, and returns `None` if there is no
/// person to ask.
pub type TypeName<'a> = &'a mut dyn FnMut(&str) -> Result<Option<String>>;

/// A server that was added. The row is there, whatever became of the rest.
pub struct Added {
    pub server: Server,
    pub reached: Result<Live>,
    /// Whether it got the marker, if it was to have one and was reached.
    pub marked: Result<()>,
    /// The rows that were there before and lead to the same machine.
    pub same_machine: Vec<String>,
}

impl Added {
    /// What there is to say beside it: that another row leads to the same machine, and that a marker is missing.
    pub fn notes(&self) -> Vec<String> {
        let name = &self.server.name;
        let mut notes = Vec::new();
        if !self.same_machine.is_empty() {
            notes.push(format!(
                "'{name}' is the same machine as '{}': it has the same host key or machine-id",
                self.same_machine.join("', '")
            ));
        }
        match (&self.reached, &self.marked) {
            _ if !self.server.is_infrakt_host => {}
            (Err(_), _) => notes.push(format!(
                "'{name}' has no marker /etc/infrakt/host yet; once it can be reached: infrakt server update {name} --infrakt-host"
            )),
            (_, Err(error)) => notes.push(format!("'{name}' did not get the marker /etc/infrakt/host: {error}")),
            (Ok(_), Ok(())) => {}
        }
        notes
    }
}

impl Runtime {
    /// Saves a row, then logs in and records the host key: an address that does not answer yet is no reason to lose what
    /// was typed. `recorded` gets a host key that infrakt records without a proof.
    ///
    /// # Errors
    /// If the row can't be saved.
    pub fn add(&self, new: &NewServer, secrets: &dyn AskSecret, recorded: &dyn Fn(&PublicKey)) -> Result<Added> {
        let row = self.store.add_server(new)?;
        let reached = self.acquaint(&row, secrets, recorded);
        let marked = match &reached {
            Ok(live) if new.is_infrakt_host => self.mark(live),
            _ => Ok(()),
        };
        let server = self.store.server(&row.name)?;
        Ok(Added {
            same_machine: self.rows_of_same_machine(&server)?,
            server,
            reached,
            marked,
        })
    }

    /// The names of the other rows whose host key or machine-id is that of `server`.
    fn rows_of_same_machine(&self, server: &Server) -> Result<Vec<String>> {
        let same_key = |other: &Server| match (&server.host_key, &other.host_key) {
            (Some(one), Some(other)) => one.is_same(other),
            _ => false,
        };
        let same_id = |other: &Server| server.machine_id.is_some() && server.machine_id == other.machine_id;
        let others = self.store.servers()?.into_iter();
        Ok(others
            .filter(|other| other.id != server.id && (same_key(other) || same_id(other)))
            .map(|other| other.name)
            .collect())
    }

    /// Changes a row, and brings the marker on the machine in line with it. Gives the row, and what happened to the marker
    /// if the change was about that.
    ///
    /// # Errors
    /// If the row can't be changed; [`Refusal::NeedsName`] or [`Refusal::OtherName`] where its name must be typed.
    pub fn update(
        &self,
        name: &str,
        change: &ServerChange,
        secrets: &dyn AskSecret,
        type_name: TypeName<'_>,
    ) -> Result<(Server, Option<String>)> {
        let lifted = Cell::new(false);
        let server = self.with_name_typed(name, type_name, |typed| {
            lifted.set(typed.is_some());
            self.store.update_server(name, change, typed)
        })?;
        let note = match change.is_infrakt_host {
            None => None,
            // No name was typed, so there was no protection here to remove. What the machine itself says may be all
            // that protects it.
            Some(false) if !lifted.get() => Some(self.was_not_marked(&server)?),
            Some(marked) => Some(self.bring_marker_in_line(&server, marked, secrets)),
        };
        Ok((server, note))
    }

    /// The note for a user who unmarks a row that has no mark.
    fn was_not_marked(&self, server: &Server) -> Result<String> {
        let name = &server.name;
        let protected = self.store.protection_of(server)?;
        Ok(match protected.is_empty() {
            true => {
                format!("'{name}' was not marked by this infrakt; a marker /etc/infrakt/host on the machine stays")
            }
            false => format!(
                "'{name}' was not marked by this infrakt and stays protected: {}",
                sentences(&protected)
            ),
        })
    }

    /// Removes a row; nothing is changed on the machine.
    ///
    /// # Errors
    /// As [`Runtime::update`], or if apps or a run speak against it.
    pub fn remove(&self, name: &str, type_name: TypeName<'_>) -> Result<Server> {
        self.with_name_typed(name, type_name, |typed| self.store.remove_server(name, typed))
    }

    /// Does `act`. If that requires the server's name to be typed, asks for the name first.
    ///
    /// # Errors
    /// Those of `act`; [`Refusal::OtherName`] if what was typed is not the name.
    pub fn with_name_typed<T>(
        &self,
        name: &str,
        type_name: TypeName<'_>,
        act: impl Fn(Option<&NameTyped>) -> Result<T>,
    ) -> Result<T> {
        let reason = match act(None) {
            Err(Error::Refused(Refusal::NeedsName { reason })) => reason,
            done => return done,
        };
        let row = self.store.server(name)?;
        match type_name(&reason.to_string())? {
            None => Err(Refusal::NeedsName { reason }.into()),
            Some(typed) => match NameTyped::check(&typed, &row) {
                Some(proof) => act(Some(&proof)),
                None => Err(Refusal::OtherName {
                    server: reason.server().to_owned(),
                }
                .into()),
            },
        }
    }

    /// Brings the marker on the machine in line with the row, and says what happened. The row holds in any case, so
    /// what goes wrong here is said and is no error.
    fn bring_marker_in_line(&self, server: &Server, marked: bool, secrets: &dyn AskSecret) -> String {
        let name = &server.name;
        let remove = format!("to remove it: infrakt server ssh {name} -- sudo rm /etc/infrakt/host");
        let live = self.reach(server, secrets);
        if marked {
            return match live.and_then(|live| self.mark(&live)) {
                Ok(()) => format!("'{name}' has the marker /etc/infrakt/host"),
                Err(error) => format!("'{name}' did not get the marker /etc/infrakt/host: {error}"),
            };
        }
        match live.and_then(|live| self.unmark(&live)) {
            Ok(Unmarked::Gone) => format!("'{name}' no longer has the marker /etc/infrakt/host"),
            Ok(Unmarked::StillProtected(reason)) => {
                format!("'{name}' keeps the marker /etc/infrakt/host and stays protected: {reason}")
            }
            Ok(Unmarked::NotOurs) => format!(
                "'{name}' keeps the marker /etc/infrakt/host of another installation and stays protected; {remove}"
            ),
            Err(error) => format!("'{name}' may still have the marker /etc/infrakt/host: {error}; {remove}"),
        }
    }
}

/// The path of a private key as it is recorded: absolute, and of a file that is there.
///
/// # Errors
/// If it is not that.
pub fn key_path(path: &Path) -> Result<String> {
    if path.as_os_str().is_empty() {
        return Err(Error::usage_with(
            "the path of the key is empty",
            "list your keys: ls ~/.ssh",
        ));
    }
    let expanded = match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    };
    let absolute = std::path::absolute(&expanded).map_err(Error::file("find", &expanded))?;
    if !absolute.is_file() {
        return Err(Error::usage_with(
            format!("the key file {} does not exist", absolute.display()),
            "list your keys: ls ~/.ssh",
        ));
    }
    if absolute.extension().is_some_and(|extension| extension == "pub") {
        return Err(Error::usage_with(
            format!("{} is a public key", absolute.display()),
            format!("give the private key: --key {}", absolute.with_extension("").display()),
        ));
    }
    absolute.into_os_string().into_string().map_err(|path| {
        let path = path.to_string_lossy();
        Error::usage(format!("the path {path} is not UTF-8 and can't be recorded"))
    })
}
