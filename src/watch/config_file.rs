//! Notices that the config has changed, however it was changed: written in place, replaced, or by a symlink that points
//! elsewhere now (as Kubernetes and Swarm do it). What counts is the content; files are simply read again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::settings::Source;

/// What the files say, or why they can't be read.
pub type Texts = Result<Vec<Source>>;

/// How the files are read; shared with the thread that does it.
pub type Reader = Arc<dyn Fn() -> Texts + Send + Sync>;

type Print = [u8; 32];

/// Tells a new content from one that is being written: what is found the same twice in a row is whole.
#[derive(Debug, Clone)]
pub struct Settling {
    /// What was told last.
    told: Print,
    seen: Option<Print>,
}

impl Settling {
    /// Begins with what is in use.
    pub fn new(texts: &Texts) -> Self {
        Self { told: print(texts), seen: None }
    }

    /// Looks once more; true if this content is to be told: it is news, and no longer being written.
    pub fn look(&mut self, texts: &Texts) -> bool {
        let print = print(texts);
        if print == self.told {
            self.seen = None;
            return false;
        }
        if self.seen.replace(print) != Some(print) {
            return false;
        }
        (self.told, self.seen) = (print, None);
        true
    }
}

fn print(texts: &Texts) -> Print {
    let mut hash = Sha256::new();
    match texts {
        Ok(sources) => {
            for source in sources {
                hash.update(format!("{}\0{}\0", source.name.len(), source.text.len()));
                hash.update(&source.name);
                hash.update(&source.text);
            }
        }
        Err(error) => hash.update(format!("error\0{error:#}")),
    }
    hash.finalize().into()
}

/// Reads the files every so often, and tells when they have changed.
pub async fn follow(read: Reader, used: Vec<Source>, every: Duration, tell: mpsc::Sender<Texts>) {
    let mut settling = Settling::new(&Ok(used));
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = tell.closed() => return,
        }
        let read = Arc::clone(&read);
        // A file on a share that has gone away must not hold up everything else.
        let Ok(texts) = tokio::task::spawn_blocking(move || read()).await else { continue };
        if settling.look(&texts) && tell.send(texts).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
