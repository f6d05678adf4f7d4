//! Every scenario in `tests/scenarios`, on the simulated engine.

#[expect(dead_code, reason = "the other tests need more of it")]
mod common;

fn main() -> anyhow::Result<std::process::ExitCode> {
    Ok(common::runner::conclude(common::runner::trials(false)?, None))
}
