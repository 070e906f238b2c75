//! A security token in software, with its agent: the key type sk-ssh-ed25519@openssh.com of OpenSSH's PROTOCOL.u2f.
//! sshd can't tell it from a real one: it sees a signature, a flag that says that the token was touched, and a counter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use openssl::sign::Signer;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

const KIND: &str = "sk-ssh-ed25519@openssh.com";
const APPLICATION: &str = "ssh:";
const TOUCHED: u8 = 1;

pub struct Token {
    key: Arc<PKey<Private>>,
}

impl Token {
    /// Its agent listens there until the test process ends.
    pub fn start(socket: &Path) -> Self {
        let key = Arc::new(PKey::generate_ed25519().unwrap());
        let listener = UnixListener::bind(socket).unwrap();
        let token = Self { key };
        let key = Arc::clone(&token.key);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let key = Arc::clone(&key);
                // Ends when the client disconnects, which read reports as an error.
                std::thread::spawn(move || serve(client.unwrap(), &key));
            }
        });
        token
    }

    pub fn public_line(&self) -> String {
        format!("{KIND} {} token\n", STANDARD.encode(blob(&self.key)))
    }
}

fn serve(mut client: UnixStream, key: &PKey<Private>) -> io::Result<()> {
    for counter in 1u32.. {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        client.read_exact(&mut request)?;
        let answer = match request[0] {
            11 => {
                let mut answer = vec![12];
                answer.extend(1u32.to_be_bytes());
                put(&mut answer, &blob(key));
                put(&mut answer, b"token");
                answer
            }
            13 => {
                let (_, rest) = take(&request[1..]);
                let (data, _) = take(rest);
                let mut answer = vec![14];
                put(&mut answer, &signature(key, data, counter));
                answer
            }
            _ => vec![5],
        };
        let mut framed = Vec::new();
        put(&mut framed, &answer);
        client.write_all(&framed)?;
    }
    Ok(())
}

fn blob(key: &PKey<Private>) -> Vec<u8> {
    let mut blob = Vec::new();
    put(&mut blob, KIND.as_bytes());
    put(&mut blob, &key.raw_public_key().unwrap());
    put(&mut blob, APPLICATION.as_bytes());
    blob
}

fn signature(key: &PKey<Private>, data: &[u8], counter: u32) -> Vec<u8> {
    let mut signed = sha256(APPLICATION.as_bytes()).to_vec();
    signed.push(TOUCHED);
    signed.extend(counter.to_be_bytes());
    signed.extend(sha256(data));
    let bytes = Signer::new_without_digest(key)
        .unwrap()
        .sign_oneshot_to_vec(&signed)
        .unwrap();
    let mut signature = Vec::new();
    put(&mut signature, KIND.as_bytes());
    put(&mut signature, &bytes);
    signature.push(TOUCHED);
    signature.extend(counter.to_be_bytes());
    signature
}

fn put(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend((field.len() as u32).to_be_bytes());
    bytes.extend(field);
}

fn take(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    bytes[4..].split_at(length)
}

/// The contents of the private key file: the public half, and a handle that only a token can use.
pub fn private_file(token: &Token) -> String {
    let blob = blob(&token.key);
    let mut bytes = b"openssh-key-v1\0".to_vec();
    for field in ["none", "none", ""] {
        put(&mut bytes, field.as_bytes());
    }
    bytes.extend(1u32.to_be_bytes());
    put(&mut bytes, &blob);
    put(&mut bytes, b"a handle for the token");
    format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
        STANDARD.encode(bytes)
    )
}
