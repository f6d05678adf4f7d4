//! What the engine finds out about images from their registries: what the admin side has said.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::Reply;
use super::cluster::Cluster;
use super::refusal::Refusal;
use crate::model::Reference;

/// An image in a registry, or what is wrong with asking for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Published {
    /// With its tag.
    image: String,
    #[serde(default)]
    digest: String,
    /// As the engine says them; absent: Linux on x86-64.
    platforms: Option<Value>,
    /// A status that is no success: the engine's answer is `message`, whatever else is said here.
    #[serde(default)]
    status: u16,
    #[serde(default)]
    message: String,
    /// Only for this user.
    user: Option<String>,
    #[serde(default)]
    password: String,
}

impl Cluster {
    /// An image is there from now on, in place of another one of this name.
    pub(super) fn publish(&mut self, image: Published) {
        self.published.retain(|other| Reference::parse(&other.image) != Reference::parse(&image.image));
        self.published.push(image);
    }

    /// `GET /distribution/IMAGE/json`.
    pub(super) fn distribution(&self, image: &str, auth: &str) -> Result<Reply, Refusal> {
        if self.published.is_empty() {
            // No registry is reachable from here: clients fall back to the tag.
            let text = format!("Get \"https://{image}/v2/\": dial tcp: no registry in a simulation");
            return Err(Refusal::new(500, text));
        }
        let wanted = Reference::parse(image);
        let is_it = |published: &&Published| {
            let own = Reference::parse(&published.image);
            let tag = wanted.digest.is_some() || own.tag == wanted.tag;
            own.repository == wanted.repository
                && tag
                && wanted.digest.as_ref().is_none_or(|digest| *digest == published.digest)
        };
        let found = self.published.iter().find(is_it);
        let found = found.ok_or_else(|| Refusal::new(404, "manifest unknown: manifest unknown"))?;
        if found.status != 0 {
            return Err(Refusal::new(found.status, found.message.clone()));
        }
        if found.user.is_some() && !found.lets_in(auth) {
            let text = "unauthorized: authentication required";
            return Err(Refusal::new(401, text));
        }
        let platforms = found.platforms.clone();
        let platforms = platforms.unwrap_or_else(|| json!([{"architecture": "amd64", "os": "linux"}]));
        let media = "application/vnd.oci.image.index.v1+json";
        let descriptor = json!({"mediaType": media, "digest": found.digest, "size": 1609});
        Ok(Reply::json(200, json!({"Descriptor": descriptor, "Platforms": platforms}).to_string()))
    }
}

impl Published {
    fn lets_in(&self, auth: &str) -> bool {
        let document = BASE64_URL_SAFE.decode(auth).ok();
        let document: Value = document.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        document["username"].as_str() == self.user.as_deref() && document["password"] == self.password
    }
}
