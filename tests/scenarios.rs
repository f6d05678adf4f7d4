//! Every scenario in `tests/scenarios`, on the simulated engine.

mod common;

fn main() -> std::process::ExitCode {
    common::runner::conclude(common::runner::trials(false), None)
}
