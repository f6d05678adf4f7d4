//! `orca services` and `orca stacks`: how services stand, and the everyday changes of them.
//!
//! Pure. What is told comes from one snapshot with the ended tasks in it; what is changed is ordered by name on the
//! command line, see [`crate::pass::order::Order`].

pub mod diff;
pub mod list;
pub mod newer;
pub mod order;
pub mod show;
pub mod stacks;
pub mod standing;
pub mod tasks;

pub use standing::{Standing, State};
