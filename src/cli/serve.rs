//! What `orca serve` takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

/// `orca serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Answer here; other than on this host only with --token-file or --tls-client-ca
    #[arg(long, value_name = "ADDR", env = "ORCA_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The tokens that are let in, hashed, one a line; --new-token makes them
    #[arg(long, value_name = "FILE", env = "ORCA_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Make a token, print it once, add its hash to --token-file, and end
    #[arg(long, value_name = "RIGHT", requires = "token_file", value_enum)]
    pub new_token: Option<TokenRight>,
    /// Whom --new-token is for, as it is shown in logs
    #[arg(long, value_name = "NAME", requires = "new_token", default_value = "somebody")]
    pub token_name: String,
    /// Speak TLS by this certificate (PEM, with those between it and its authority); read again when it has changed
    #[arg(long, value_name = "FILE", env = "ORCA_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert (PEM)
    #[arg(long, value_name = "FILE", env = "ORCA_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Let only those in who show a certificate of this authority (PEM): mTLS
    #[arg(long, value_name = "FILE", env = "ORCA_TLS_CLIENT_CA", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// A name that this server is reached by (several times), besides addresses and localhost
    #[arg(long = "allow-host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Let everybody on this host change the swarm: without --token-file they may only look
    #[arg(long, env = "ORCA_TRUST_LOCAL", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue, hide_env_values = true, conflicts_with = "token_file")]
    pub trust_local: bool,
    /// Change nothing, whoever asks
    #[arg(long, env = "ORCA_READ_ONLY", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue, hide_env_values = true)]
    pub read_only: bool,
    /// What the dashboard calls the swarm [default: the name of the engine's node]
    #[arg(long, value_name = "NAME", env = "ORCA_CLUSTER_NAME")]
    pub name: Option<String>,
    /// The directory of definitions [default: catalog.definitions of the config]
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// The directory that build contexts lie in [default: catalog.projects of the config]
    #[arg(long, value_name = "DIR")]
    pub projects: Option<PathBuf>,
    /// The registry that is shown [default: registry.default of the config]
    #[arg(long, value_name = "HOST", env = "REGISTRY_URL", hide_env_values = true)]
    pub registry: Option<String>,
    /// Time to finish what is under way after SIGTERM
    #[arg(long, value_name = "DUR", value_parser = super::duration, default_value = "10s")]
    pub grace: std::time::Duration,
}

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum TokenRight {
    /// Look.
    ReadOnly,
    /// Look and change.
    ReadWrite,
}
