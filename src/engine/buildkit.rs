//! What BuildKit says of a build: messages of its own protocol (`moby.buildkit.v1.StatusResponse`), of which few fields
//! matter. What can't be read is left out: how a build ends is said elsewhere.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What of a build was said so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    begun: BTreeSet<String>,
}

/// A field of a message: its number, and its bytes; none where it is a number.
type Field<'b> = (u64, Option<&'b [u8]>);

impl Trace {
    /// Says what is new in a message: steps that begin or fail, their output, and warnings.
    pub(super) fn heed(&mut self, text: &str, say: &mut dyn FnMut(&str)) {
        let Ok(message) = STANDARD.decode(text) else { return };
        for (number, bytes) in Fields(&message) {
            let Some(bytes) = bytes else { continue };
            match number {
                1 => self.step(bytes, say),
                3 => lines(field(bytes, 4), say),
                4 => lines(field(bytes, 3), say),
                _ => {}
            }
        }
    }

    fn step(&mut self, step: &[u8], say: &mut dyn FnMut(&str)) {
        let text = |number| String::from_utf8_lossy(field(step, number)).into_owned();
        let (digest, name, error) = (text(1), text(3), text(7));
        let begun = !field(step, 5).is_empty() || Fields(step).any(|(number, _)| number == 5);
        if begun && !name.is_empty() && self.begun.insert(digest) {
            let cached = Fields(step).any(|(number, _)| number == 4);
            say(&format!("{name}{}", if cached { " (cached)" } else { "" }));
        }
        if !error.is_empty() {
            say(&error);
        }
    }
}

fn lines(text: &[u8], say: &mut dyn FnMut(&str)) {
    let text = String::from_utf8_lossy(text);
    text.lines().filter(|line| !line.trim().is_empty()).for_each(say);
}

/// The first field of this number; empty if there is none.
fn field(message: &[u8], wanted: u64) -> &[u8] {
    let found = Fields(message).find(|(number, bytes)| *number == wanted && bytes.is_some());
    found.and_then(|(_, bytes)| bytes).unwrap_or_default()
}

/// The fields of a message, one after the other, up to the first that can't be read.
struct Fields<'b>(&'b [u8]);

impl<'b> Iterator for Fields<'b> {
    type Item = Field<'b>;

    fn next(&mut self) -> Option<Field<'b>> {
        let key = self.number()?;
        let bytes = match key & 7 {
            0 => {
                self.number()?;
                None
            }
            1 => {
                self.take(8)?;
                None
            }
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Some(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                None
            }
            _ => return None,
        };
        Some((key >> 3, bytes))
    }
}

impl<'b> Fields<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A number, seven bits a byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an engine 26.1 has said it.
    const BEGUN: &str = "CoYBCkdzaGEyNTY6NDg1ZjY1YjY1YmU2OGZiMTkxYjE1NWFmYTNjMDQ4ZWYxYTNlOTc5MTQ3Y2VkZTg2ZDlhODQ1Y2NiNzNmNmEyNhotW2ludGVybmFsXSBsb2FkIG1ldGFkYXRhIGZvciAxMjcuMC4wLjE6MS9iYjoxKgwIt5qK2AYQl/2htQI=";
    const FAILED: &str = "CosCCkdzaGEyNTY6NDg1ZjY1YjY1YmU2OGZiMTkxYjE1NWFmYTNjMDQ4ZWYxYTNlOTc5MTQ3Y2VkZTg2ZDlhODQ1Y2NiNzNmNmEyNhotW2ludGVybmFsXSBsb2FkIG1ldGFkYXRhIGZvciAxMjcuMC4wLjE6MS9iYjoxKgwIt5qK2AYQl/2htQIyDAi3morYBhDTz7m3Ajp1ZmFpbGVkIHRvIGRvIHJlcXVlc3Q6IEhlYWQgImh0dHBzOi8vMTI3LjAuMC4xOjEvdjIvYmIvbWFuaWZlc3RzLzEiOiBkaWFsIHRjcCAxMjcuMC4wLjE6MTogY29ubmVjdDogY29ubmVjdGlvbiByZWZ1c2Vk";

    fn said(messages: &[&str]) -> Vec<String> {
        let (mut trace, mut lines) = (Trace::default(), Vec::new());
        for message in messages {
            trace.heed(message, &mut |line| lines.push(line.to_owned()));
        }
        lines
    }

    #[test]
    fn steps_are_told_of_once_and_failures_too() {
        let step = "[internal] load metadata for 127.0.0.1:1/bb:1";
        let failure = "failed to do request: Head \"https://127.0.0.1:1/v2/bb/manifests/1\": dial tcp 127.0.0.1:1: connect: connection refused";
        assert_eq!(said(&[BEGUN, FAILED]), [step, failure]);
    }

    #[test]
    fn what_a_step_prints_is_passed_on() {
        // Message 3 (a log) with field 4: two lines.
        let log = [&[0x22, 7][..], b"a\nb\n\n c"].concat();
        let message = [&[0x1a, u8::try_from(log.len()).unwrap()][..], &log].concat();
        assert_eq!(said(&[&STANDARD.encode(message)]), ["a", "b", " c"]);
    }

    #[test]
    fn what_is_no_message_is_nothing() {
        for end in 0..FAILED.len() {
            said(&[&FAILED[..end]]);
        }
        let endless = STANDARD.encode([0xff; 40]);
        let long = STANDARD.encode([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(said(&["", "!", &endless, &long]), [""; 0]);
    }
}
