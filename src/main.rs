//! The `orca` binary: parse, log, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    orca::dispatch::main(std::env::args_os())
}
