//! Every scenario in `tests/scenarios`, on real engines: `scripts/test` starts a lab of them and names it.

mod common;

fn main() -> std::process::ExitCode {
    // There is one lab: one scenario at a time.
    common::runner::conclude(common::runner::trials(true), Some(1))
}
