//! Which key files and certificates to offer to a host, and where they are named. Offers nothing itself.

use crate::error::{Error, KeyProblem, Result, SshError};
use crate::ssh::login::certificate::Certificate;
use crate::ssh::login::key_file::KeyFile;
use crate::ssh::route::server_route::Hop;
use crate::ssh::target::LoginTarget;
use std::path::{Path, PathBuf};

/// As ssh_config(5), IdentityFile, in OpenSSH's order of preference.
const USUAL_FILES: [&str; 5] = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"];
/// Where a key file is named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    Row,
    Configuration,
    UsualFile,
}

/// A key file to offer.
pub struct Candidate {
    pub file: KeyFile,
    pub source: KeySource,
    /// Its certificates.
    pub certificates: Vec<Certificate>,
}

impl Candidate {
    /// Its name in messages.
    pub fn what(&self) -> String {
        what(&self.file.path, self.source)
    }
}

fn what(path: &Path, source: KeySource) -> String {
    match source {
        KeySource::Configuration => format!("the key {} (IdentityFile)", path.display()),
        KeySource::Row | KeySource::UsualFile => format!("the key {}", path.display()),
    }
}

/// The key files to offer, and notes on those that can't be used.
pub struct KeyFiles {
    pub candidates: Vec<Candidate>,
    /// The certificates that the configuration names, for whichever key.
    pub certificates: Vec<Certificate>,
    pub notes: Vec<String>,
    /// The first key file that would be usable after a change to it.
    pub unusable: Option<(PathBuf, KeyProblem)>,
}

impl KeyFiles {
    /// Reads the files, before a connection is made.
    ///
    /// # Errors
    /// If the key that the row names can't be used. Unusable files that the configuration names become notes, for the
    /// error when nothing else is accepted. The usual files are tried only if they exist, as in ssh.
    pub fn gather(hop: &Hop) -> Result<Self> {
        let mut files = Self {
            candidates: Vec::new(),
            certificates: Vec::new(),
            notes: hop.notes.clone(),
            unusable: None,
        };
        for path in &hop.identities.certificates {
            match Certificate::read(path) {
                Ok(certificate) => files.certificates.push(certificate),
                Err(problem) => files.notes.push(format!(
                    "the certificate {} (CertificateFile) {problem}",
                    path.display()
                )),
            }
        }
        if let Some(path) = &hop.target.key_path {
            let file = KeyFile::read(path).map_err(|problem| key_file_error(&hop.target, path, problem))?;
            files.add(file, KeySource::Row);
        } else if let Some(paths) = &hop.identities.files {
            for path in paths {
                match KeyFile::read_or_public(path) {
                    Ok(file) => files.add(file, KeySource::Configuration),
                    Err(problem) => files.pass_over(path, KeySource::Configuration, problem),
                }
            }
        } else {
            let directory = std::env::home_dir().unwrap_or_default().join(".ssh");
            for path in USUAL_FILES.map(|name| directory.join(name)) {
                match KeyFile::read(&path) {
                    Ok(file) => files.add(file, KeySource::UsualFile),
                    Err(KeyProblem::Missing) => {}
                    Err(problem) => files.pass_over(&path, KeySource::UsualFile, problem),
                }
            }
        }
        Ok(files)
    }

    fn pass_over(&mut self, path: &Path, source: KeySource, problem: KeyProblem) {
        self.notes.push(format!("{} {problem}", what(path, source)));
        if self.unusable.is_none() && problem.is_of_the_file() {
            self.unusable = Some((path.to_owned(), problem));
        }
    }

    fn add(&mut self, file: KeyFile, source: KeySource) {
        let beside = Certificate::beside(&file.path);
        let certificates = self.certificates.iter().cloned().chain(beside);
        let certificates = certificates
            .filter(|certificate| file.public.as_ref() == Some(&certificate.key))
            .collect();
        self.candidates.push(Candidate {
            file,
            source,
            certificates,
        });
    }

    pub fn all_certificates(&self) -> Vec<Certificate> {
        let of_keys = self.candidates.iter().flat_map(|candidate| &candidate.certificates);
        let mut all: Vec<Certificate> = Vec::new();
        for certificate in of_keys.chain(&self.certificates) {
            if !all.iter().any(|known| known.blob == certificate.blob) {
                all.push(certificate.clone());
            }
        }
        all
    }
}

pub fn key_file_error(target: &LoginTarget, path: &Path, problem: KeyProblem) -> Error {
    Error::from(SshError::KeyFile {
        server: target.name.clone(),
        path: path.to_owned(),
        problem,
    })
}
