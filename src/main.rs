//! The `orca` binary: parse, log, run, exit.

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    orca::dispatch::main(std::env::args_os())
}
