//! The two forms in which a host key is written down: the line of a public key file (`ssh-ed25519 AAAA…`), and its
//! fingerprint (`SHA256:…`), which is all that people are given beforehand. The fingerprint is what keys are compared by.

use crate::error::StoreError;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};

/// ssh-keygen(1) prints fingerprints without padding, and keys with it.
const FINGERPRINT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The fingerprint `SHA256:…` of a host key in either form.
pub fn fingerprint(host_key: &str) -> Result<String, StoreError> {
    let host_key = normal(host_key)?;
    match host_key.split_once(' ') {
        None => Ok(host_key),
        Some((_, encoded)) => {
            let blob = decode(&host_key, encoded)?;
            Ok(format!("SHA256:{}", FINGERPRINT_BASE64.encode(Sha256::digest(&blob))))
        }
    }
}

/// Checks a host key in either form and gives it back as it is stored: without a comment, the fingerprint unpadded.
pub(super) fn normal(host_key: &str) -> Result<String, StoreError> {
    let host_key = host_key.trim();
    if let Some(encoded) = host_key.strip_prefix("SHA256:") {
        let digest = decode(host_key, encoded)?;
        if digest.len() != 32 {
            return Err(invalid(
                host_key,
                "a SHA-256 fingerprint has 43 characters after 'SHA256:'",
            ));
        }
        return Ok(format!("SHA256:{}", FINGERPRINT_BASE64.encode(digest)));
    }
    let mut words = host_key.split_ascii_whitespace();
    let (Some(algorithm), Some(encoded)) = (words.next(), words.next()) else {
        return Err(invalid(host_key, "it is neither a fingerprint nor a public key"));
    };
    // A key names its own algorithm, as a string with its length before it (RFC 4253, 6.6; RFC 4251, 5).
    let blob = decode(host_key, encoded)?;
    let named = blob
        .split_first_chunk::<4>()
        .and_then(|(length, rest)| rest.get(..u32::from_be_bytes(*length) as usize));
    if named != Some(algorithm.as_bytes()) {
        return Err(invalid(host_key, "the key is not of the sort that its first word says"));
    }
    Ok(format!("{algorithm} {encoded}"))
}

fn decode(host_key: &str, encoded: &str) -> Result<Vec<u8>, StoreError> {
    FINGERPRINT_BASE64
        .decode(encoded)
        .map_err(|_| invalid(host_key, "it is not in base64"))
}

fn invalid(host_key: &str, reason: &str) -> StoreError {
    StoreError::Invalid {
        what: "host key",
        value: host_key.to_owned(),
        reason: reason.to_owned(),
        hint: Some("on the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, normal};

    // Made with ssh-keygen -t ed25519, fingerprint as ssh-keygen -lf printed it.
    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJM1qi/6sjTQoYw5TVhqmAnmii2dXFbLhB23/0tQa0jl";
    const FINGERPRINT: &str = "SHA256:79ERqlusmVgnunHz+cPorjfDEYfdNrQubG0P1JpA3JA";

    #[test]
    fn the_fingerprint_is_the_one_that_ssh_keygen_prints() {
        assert_eq!(fingerprint(LINE).unwrap(), FINGERPRINT);
        assert_eq!(fingerprint(&format!("{LINE} root@prod-2\n")).unwrap(), FINGERPRINT);
        assert_eq!(fingerprint(FINGERPRINT).unwrap(), FINGERPRINT);
        assert_eq!(fingerprint(&format!("{FINGERPRINT}=")).unwrap(), FINGERPRINT);
    }

    #[test]
    fn comments_are_not_stored() {
        assert_eq!(normal(&format!("  {LINE} root@prod-2\n")).unwrap(), LINE);
    }

    #[test]
    fn what_is_no_host_key_is_refused() {
        let other_word = LINE.replace("ssh-ed25519", "ssh-rsa");
        for value in [
            "",
            "ssh-ed25519",
            "SHA256:",
            "SHA256:abc",
            "MD5:aa:bb",
            "ssh-ed25519 %%%",
            "ssh-ed25519 AAAA",
            &other_word,
        ] {
            assert!(normal(value).is_err(), "{value}");
        }
    }
}
