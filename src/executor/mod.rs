//! Runs a consented plan over a connection. It knows no SSH, no database and no terminal.

pub mod connection;
