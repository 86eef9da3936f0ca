//! `warmline completions`: a script with which a shell completes commands and options.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, complain};

/// For which shell.
#[derive(Debug, Args)]
#[command(about = "Print a script that completes commands and options in a shell")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints it.
pub fn run(args: &CompletionsArgs) -> ExitCode {
    match io::stdout().write_all(&script(args.shell)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("the script cannot be written: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// As bytes first: clap's writer panics where the output is closed.
fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "warmline", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_commands() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for word in ["warmline", "serve", "calls", "explain"] {
                assert!(script.contains(word), "{shell} lacks {word}");
            }
        }
    }
}
