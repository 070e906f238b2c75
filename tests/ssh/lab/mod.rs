//! Logins on machines of `scripts/lab`: they need other users, sudo and PAM.

mod machine;
mod obstacles;
mod sudo;
