//! The catalog: services as they are defined in files, kept in a file of this host, and run by the swarm.
//!
//! [`definition`] is one service as a person writes it, [`spec`] what Swarm is told of it, [`store`] the catalog itself,
//! [`status`] how a service stands, [`files`] the directory of definitions. What changes the swarm is planned in
//! [`crate::pass::catalog`] and written like anything else.

pub mod build;
mod check;
pub mod context;
pub mod definition;
pub mod deploy;
pub mod desk;
pub mod facts;
pub mod files;
pub mod import;
pub mod mount;
pub mod overlay;
pub mod port;
pub mod reconcile;
pub mod spec;
pub mod status;
pub mod store;
pub mod whole;

pub(crate) use check::nanos;

/// Whose rows are meant: those of another cluster, or of another owner, are never even loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The cluster's id.
    pub cluster: String,
    /// Who keeps the definitions: `catalog.owner` of the config.
    pub owner: String,
}
