//! Whether the key that a host shows is the right one.
//!
//! It must not know how a user logs in, nor the inventory: the recorded key comes with the route.

pub mod first_contact;
mod forbidden_keys;
mod known_hosts;
pub mod local_keys;
pub mod verify;
