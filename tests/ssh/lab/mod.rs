//! Logins on machines of `scripts/lab`, which have other users, sudo and PAM.

mod machine;
mod obstacles;
mod sudo;
