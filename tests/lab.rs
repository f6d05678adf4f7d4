//! Every scenario in `tests/scenarios`, on real engines: `scripts/test` starts a lab of them and names it.

#[expect(dead_code, reason = "the other tests need more of it")]
mod common;

fn main() -> anyhow::Result<std::process::ExitCode> {
    // There is one lab: one scenario at a time.
    Ok(common::runner::conclude(common::runner::trials(true)?, Some(1)))
}
