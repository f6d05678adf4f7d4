//! bollard over this transport, for streams and typed conveniences.

use anyhow::Result;
use bollard::{BollardRequest, ClientVersion, Docker};
use http_body_util::BodyExt as _;
use hyper::Request;

use crate::engine::fault::{self, Carried};
use crate::engine::path;
use crate::engine::wire::Wire;

/// Seconds until the first line of an answer, bollard's own default. What comes after it may take as long as it likes.
const FIRST_LINE: u64 = 120;

impl Wire {
    /// A bollard client at this API version (`1.51`), over the same connections.
    ///
    /// The deadline of this wire doesn't apply: a stream of events outlives a pass. Use
    /// [`fault::from_bollard`] on its errors.
    pub fn docker(&self, api: &str) -> Result<Docker> {
        let version = version(api).ok_or_else(|| fault::unreachable(format!("`{api}` is no API version")))?;
        let wire = self.clone();
        let prefix = format!("/v{api}");
        let transport = move |request: BollardRequest| {
            let (wire, prefix) = (wire.clone(), prefix.clone());
            async move {
                let answer = match versioned(request, &prefix) {
                    Ok(request) => wire.open(request).await,
                    Err(error) => Err(error),
                };
                answer.map_err(|error| std::io::Error::other(Carried(error)).into())
            }
        };
        Ok(Docker::connect_with_custom_transport(transport, Some("http://engine"), FIRST_LINE, &version)?)
    }
}

fn version(api: &str) -> Option<ClientVersion> {
    let (major, minor) = api.split_once('.')?;
    Some(ClientVersion { major_version: major.parse().ok()?, minor_version: minor.parse().ok()? })
}

/// bollard asks without version, whatever it negotiated; the engine would answer as its newest.
fn versioned(request: BollardRequest, prefix: &str) -> Result<Request<super::pool::Body>> {
    let (mut head, body) = request.into_parts();
    let asked = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = format!("{prefix}{}", path::without_version(asked)).parse()?;
    Ok(Request::from_parts(head, body.boxed_unsync()))
}
