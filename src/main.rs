//! The `warmline` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    warmline::cli::main()
}
