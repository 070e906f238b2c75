//! The headers of every answer.
//!
//! It must not know what the answers are.

/// Above the headers of the answer itself. Browsers load scripts, styles and data only from this service, show it in
/// no frame, and send no referrer. A connection carries one request.
pub const EVERYWHERE: &str = "Connection: close\r\n\
    Content-Security-Policy: default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";

/// For answers that may differ the next time, or are private.
pub const NEVER_KEPT: &str = "no-store";
/// For answers that may be cached, but must be revalidated each time.
pub const ASKED_AGAIN: &str = "no-cache";
/// For files whose name contains the hash of their content.
pub const KEPT_FOR_GOOD: &str = "public, max-age=31536000, immutable";
