//! The passes that work on nodes themselves: `gc` and `autoheal`, as pure plans and as a command against an engine.
#![allow(missing_docs)]

mod gc;
mod gc_properties;
mod heal_containers;
mod heal_services;
mod reach;
