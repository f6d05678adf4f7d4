//! `orca nodes`: how nodes stand, what emptying one would do, and the everyday changes of them. Pure.

pub mod impact;
pub mod list;
pub mod order;
