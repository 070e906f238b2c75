//! The fields of SSH's wire format (RFC 4251, section 5), used in keys, certificates and messages of agents.

/// Reads one field after the other (RFC 4251, section 5).
pub struct WireReader<'a>(pub &'a [u8]);

impl<'a> WireReader<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    pub fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}

/// Appends one field (RFC 4251, section 5).
pub fn put(bytes: &mut Vec<u8>, field: &[u8]) {
    // Keys and messages of agents are far below 4 GB.
    bytes.extend_from_slice(&(field.len() as u32).to_be_bytes());
    bytes.extend_from_slice(field);
}
