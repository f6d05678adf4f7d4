//! The tokens of `orca serve`: made here, kept as hashes, compared without telling how much of one was right.
//!
//! A token is 32 random bytes, so one round of SHA-256 is enough: there is nothing to guess that a slow hash would guard.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::cli::TokenRight;
use crate::error::{Error, ErrorKind};

/// Bytes of a token.
const LENGTH: usize = 32;

/// A token that is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What its bearer may do.
    pub right: TokenRight,
    /// Whose it is.
    pub name: String,
    hash: [u8; 32],
}

/// The tokens that are let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// Reads lines as `read-write sha256:HEX name`; empty lines and those that begin with `#` are skipped.
    ///
    /// # Errors
    /// `Config`, with the line, if one is none, or if there is no token at all.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let tokens = lines
            .map(|(at, line)| {
                token(line).ok_or_else(|| {
                    let text =
                        format!("{file}:{at}: a line is `read-only sha256:HEX NAME` or `read-write sha256:HEX NAME`");
                    Error::new(ErrorKind::Config, text)
                        .hint("make one with `orca serve --token-file FILE --new-token read-write`")
                })
            })
            .collect::<Result<Vec<Token>, Error>>()?;
        if tokens.is_empty() {
            let error = Error::new(ErrorKind::Config, format!("{file}: there is no token in it: nobody could come in"));
            return Err(error.hint("make one with `orca serve --token-file FILE --new-token read-write`"));
        }
        Ok(Self(tokens))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If it can't be read, is not as it should be, or others than its owner may write to it.
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display();
        let failed = || Error::new(ErrorKind::Config, format!("can't read the tokens in `{name}`"));
        let mode = std::fs::metadata(path).with_context(failed)?.permissions().mode();
        if mode & 0o022 != 0 {
            let error =
                Error::new(ErrorKind::Config, format!("others may write to `{name}`: anybody could let himself in"));
            return Err(error.hint(format!("chmod 600 {name}")).into());
        }
        let text = std::fs::read_to_string(path).with_context(failed)?;
        Ok(Self::parse(&name.to_string(), &text)?)
    }

    /// Whose token this is.
    pub fn find(&self, secret: &str) -> Option<&Token> {
        let hash = hash(secret);
        // All are looked at, whichever it is.
        self.0.iter().filter(|token| same(&token.hash, &hash)).max_by_key(|token| token.right)
    }
}

/// Makes a token, and adds its hash to the file, which is made where there is none.
///
/// # Errors
/// If the file can't be written.
pub fn make(path: &Path, right: TokenRight, name: &str) -> Result<String> {
    let mut bytes = [0_u8; LENGTH];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).context("can't make a random token")?;
    let secret = format!("orca_{}", hex(&bytes));
    let word = if right == TokenRight::ReadOnly { "read-only" } else { "read-write" };
    let line = format!("{word} sha256:{} {}\n", hex(&hash(&secret)), name.replace(char::is_control, " "));
    let failed = || Error::new(ErrorKind::Failed, format!("can't write `{}`", path.display()));
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).with_context(failed)?;
    file.write_all(line.as_bytes()).with_context(failed)?;
    Ok(secret)
}

/// A word that nobody guesses, for sessions and forms.
pub(super) fn random() -> Result<String> {
    let mut bytes = [0_u8; LENGTH];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).context("can't make a random word")?;
    Ok(hex(&bytes))
}

/// Compares in a time that depends on the length alone.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn token(line: &str) -> Option<Token> {
    let mut words = line.splitn(3, char::is_whitespace);
    let right = match words.next()? {
        "read-only" => TokenRight::ReadOnly,
        "read-write" => TokenRight::ReadWrite,
        _ => return None,
    };
    let hash = unhex(words.next()?.strip_prefix("sha256:")?)?;
    let name = words.next().map_or("somebody", str::trim).to_owned();
    Some(Token { right, name, hash })
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * LENGTH || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..LENGTH).map(byte).collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_made_is_let_in_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        let (read, write) =
            (make(&path, TokenRight::ReadOnly, "eve").unwrap(), make(&path, TokenRight::ReadWrite, "bob").unwrap());
        let tokens = Tokens::load(&path).unwrap();
        assert_eq!(
            tokens.find(&read).map(|token| (token.right, token.name.as_str())),
            Some((TokenRight::ReadOnly, "eve"))
        );
        assert_eq!(tokens.find(&write).map(|token| token.right), Some(TokenRight::ReadWrite));
        assert_eq!(tokens.find(&write[..write.len() - 1]), None);
        assert_eq!(tokens.find(""), None);
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(!kept.contains(&read) && !kept.contains(&write), "hashed at rest");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o622)).unwrap();
        assert!(Tokens::load(&path).unwrap_err().to_string().contains("others may write"));
    }

    #[test]
    fn what_is_no_token_is_told_with_its_line() {
        for (text, said) in [
            ("read-write sha256:12 x", "t:1: a line is"),
            ("# nobody\n\nread-all sha256:00 x", "t:3: a line is"),
            ("# nobody\n", "there is no token in it"),
        ] {
            assert!(Tokens::parse("t", text).unwrap_err().message.contains(said), "{text}");
        }
    }
}
