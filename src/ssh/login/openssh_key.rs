//! The container of OpenSSH's own private key format (PROTOCOL.key of OpenSSH): reads its unencrypted parts, and
//! decrypts it into a container without encryption.
//!
//! The key inside is not parsed, so every type of key works that libssh2 supports.

use crate::ssh::login::wire_format::{WireReader, put};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh_cipher::Cipher;
use zeroize::Zeroizing;

pub const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC: &[u8] = b"openssh-key-v1\0";
/// The line width of OpenSSH's base64.
const WIDTH: usize = 70;

/// A private key, encrypted or not.
pub struct PrivateKeyContainer {
    cipher: Cipher,
    salt: Vec<u8>,
    rounds: u32,
    /// In wire format.
    pub public: Vec<u8>,
    private: Zeroizing<Vec<u8>>,
    tag: Option<[u8; 16]>,
}

impl PrivateKeyContainer {
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with "cannot be used: ".
    pub fn parse(text: &str) -> Result<Self, String> {
        let damaged = || "its content is corrupt".to_owned();
        let base64 = text
            .trim()
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END))
            .ok_or_else(damaged)?;
        let base64 = Zeroizing::new(base64.split_ascii_whitespace().collect::<String>());
        let bytes = Zeroizing::new(STANDARD.decode(base64.as_bytes()).map_err(|_| damaged())?);
        let mut reader = WireReader(bytes.strip_prefix(MAGIC).ok_or_else(damaged)?);
        let fields = fields(&mut reader).ok_or_else(damaged)?;

        let name = String::from_utf8_lossy(fields.cipher);
        let cipher = if name == "none" {
            Cipher::None
        } else {
            Cipher::new(&name).map_err(|_| format!("its cipher '{}' is not supported", name.escape_debug()))?
        };
        if fields.count != 1 {
            return Err("it holds several keys".to_owned());
        }
        let (salt, rounds) = match fields.derivation {
            b"none" if cipher.is_none() => (Vec::new(), 0),
            b"bcrypt" => salt_and_rounds(fields.options).ok_or_else(damaged)?,
            _ => return Err("its key derivation is not supported".to_owned()),
        };
        let tag = match (cipher.has_tag(), reader.0) {
            (false, _) => None,
            (true, rest) => Some(rest.try_into().map_err(|_| damaged())?),
        };
        Ok(Self {
            cipher,
            salt,
            rounds,
            public: fields.public.to_vec(),
            private: Zeroizing::new(fields.private.to_vec()),
            tag,
        })
    }

    pub fn is_encrypted(&self) -> bool {
        self.cipher.is_some()
    }

    /// The same key as text without encryption; `None` if the passphrase is wrong.
    pub fn decrypt(&self, passphrase: &[u8]) -> Option<Zeroizing<String>> {
        // For ChaCha20, OpenSSH derives two keys and uses the first, with a nonce of zeros.
        let (key_size, rest_size) = match self.cipher {
            Cipher::ChaCha20Poly1305 => (32, 32),
            cipher => cipher.key_and_iv_size()?,
        };
        let mut derived = Zeroizing::new(vec![0; key_size + rest_size]);
        bcrypt_pbkdf::bcrypt_pbkdf(passphrase, &self.salt, self.rounds, &mut derived).ok()?;
        let (key, rest) = derived.split_at(key_size);
        let iv = match self.cipher {
            Cipher::ChaCha20Poly1305 => &[0; 8][..],
            _ => rest,
        };
        let mut private = self.private.clone();
        self.cipher
            .decrypt(key, iv, &mut private, self.tag.map(Into::into))
            .ok()?;
        // The same random number twice shows that the passphrase was right.
        let (first, rest) = private.split_first_chunk::<4>()?;
        (rest.first_chunk::<4>() == Some(first)).then(|| plain_text(&self.public, &private))
    }
}

fn plain_text(public: &[u8], private: &[u8]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAGIC.len() + 64 + public.len() + private.len()));
    bytes.extend_from_slice(MAGIC);
    for field in [&b"none"[..], b"none", b""] {
        put(&mut bytes, field);
    }
    bytes.extend_from_slice(&1u32.to_be_bytes());
    put(&mut bytes, public);
    put(&mut bytes, private);
    let base64 = Zeroizing::new(STANDARD.encode(&bytes));
    let mut text = Zeroizing::new(String::with_capacity(
        base64.len() + base64.len() / WIDTH + BEGIN.len() + END.len() + 4,
    ));
    text.push_str(BEGIN);
    for (index, char) in base64.chars().enumerate() {
        if index % WIDTH == 0 {
            text.push('\n');
        }
        text.push(char);
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

/// The fields of a container, in their order.
struct Fields<'a> {
    cipher: &'a [u8],
    derivation: &'a [u8],
    options: &'a [u8],
    count: u32,
    public: &'a [u8],
    private: &'a [u8],
}

fn fields<'a>(reader: &mut WireReader<'a>) -> Option<Fields<'a>> {
    Some(Fields {
        cipher: reader.string()?,
        derivation: reader.string()?,
        options: reader.string()?,
        count: reader.number()?,
        public: reader.string()?,
        private: reader.string()?,
    })
}

fn salt_and_rounds(options: &[u8]) -> Option<(Vec<u8>, u32)> {
    let mut reader = WireReader(options);
    Some((reader.string()?.to_vec(), reader.number()?))
}

#[cfg(test)]
mod tests {
    use super::PrivateKeyContainer;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn damaged_key_files_are_unusable_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            use base64::Engine;
            let body = [super::MAGIC, &bytes].concat();
            let base64 = base64::engine::general_purpose::STANDARD.encode(body);
            let text = format!("{}\n{base64}\n{}\n", super::BEGIN, super::END);
            if let Ok(container) = PrivateKeyContainer::parse(&text) {
                prop_assert!(!container.is_encrypted() || container.rounds > 0 || container.decrypt(b"x").is_none());
            }
        }
    }
}
