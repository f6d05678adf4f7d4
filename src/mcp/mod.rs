//! `orca mcp`: orca's commands as tools of the Model Context Protocol.
//!
//! A tool is a command line: [`tools`] is the table of them, [`asked`] checks what a client asks for, [`answer`] makes a
//! report fit into an answer, [`server`] speaks the protocol. Nothing in here reads or writes a swarm: whoever takes the
//! [`server::Call`]s runs the commands, one bounded pass each. `orca serve` offers the same tools over HTTP.

pub mod answer;
pub mod asked;
pub mod server;
pub mod tools;
