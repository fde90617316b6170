//! The program `nashra`.

use std::process::ExitCode;

/// A round makes and drops millions of small texts on several threads; this allocator halves what that costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    nashra::cli::main()
}
