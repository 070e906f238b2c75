//! The error numbers of libssh2 (libssh2.h) that infrakt handles specially.

use ssh2::ErrorCode;

pub const KEX_FAILURE: i32 = -5;
pub const KEY_EXCHANGE_FAILURE: i32 = -8;
pub const FILE: i32 = -16;
pub const METHOD_NONE: i32 = -17;
pub const AUTHENTICATION_FAILED: i32 = -18;
pub const PUBLICKEY_UNVERIFIED: i32 = -19;
pub const AGAIN: i32 = -37;
const BANNER_RECV: i32 = -2;
const SOCKET_SEND: i32 = -7;
pub const TIMEOUT: i32 = -9;
pub const SOCKET_DISCONNECT: i32 = -13;
const SOCKET_TIMEOUT: i32 = -30;
pub const SOCKET_RECV: i32 = -43;
const BAD_SOCKET: i32 = -45;

/// Whether the connection is lost.
pub fn is_lost(code: i32) -> bool {
    matches!(
        code,
        BANNER_RECV | SOCKET_SEND | TIMEOUT | SOCKET_DISCONNECT | SOCKET_TIMEOUT | SOCKET_RECV | BAD_SOCKET
    )
}

/// The number of an error that libssh2 reported.
pub fn code_of(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}
