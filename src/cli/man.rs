//! `warmline man`: manual pages, one for each command. <https://man7.org/linux/man-pages/man7/man-pages.7.html>

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, complain};

/// Where to.
#[derive(Debug, Args)]
#[command(about = "Print the manual page, or write those of all commands into a folder")]
pub struct ManArgs {
    /// Folder for the pages of all commands; it is made if it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints or writes.
pub fn run(args: &ManArgs) -> ExitCode {
    let done = match &args.out {
        Some(folder) => write_all(folder),
        None => render(command()).and_then(|page| io::stdout().write_all(&page)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let place = args.out.as_deref().unwrap_or(Path::new("the output")).display();
            complain(&format!("manual pages cannot be written to {place}: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn write_all(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, page) in pages()? {
        fs::write(folder.join(format!("{name}.1")), page)?;
    }
    Ok(())
}

fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Hands the global options down, and gives each command its whole name.
    command.build();
    command
}

/// Each page with its name, such as `warmline-calls-list`.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let (mut waiting, mut pages) = (vec![command()], Vec::new());
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().filter(|inner| !inner.is_hide_set()).cloned());
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        pages.push((name, render(command)?));
    }
    Ok(pages)
}

fn render(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).manual("Warmline").render(&mut page)?;
    // What stands behind the help is the table of settings; manual pages have a name for that.
    Ok(String::from_utf8_lossy(&page).replace(".SH EXTRA\n", ".SH ENVIRONMENT\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::table::SETTINGS;

    #[test]
    fn every_command_has_a_page_and_the_first_lists_every_setting() {
        let pages: BTreeMap<_, _> = pages()
            .unwrap()
            .into_iter()
            .map(|(name, page)| (name, String::from_utf8(page).unwrap()))
            .collect();
        for name in ["warmline", "warmline-serve", "warmline-calls", "warmline-calls-list", "warmline-man"] {
            let page = pages.get(name).unwrap_or_else(|| panic!("{name} is missing: {:?}", pages.keys()));
            assert!(page.contains(".SH SYNOPSIS"), "{page}");
            assert!(page.contains("\\-\\-port"), "{name} lacks what is for every command");
        }
        assert!(!pages.contains_key("warmline-help"), "a page about help helps nobody");
        assert!(pages["warmline"].contains(".SH ENVIRONMENT"));
        for setting in SETTINGS {
            assert!(pages["warmline"].contains(setting.name), "{} is not on the page", setting.name);
        }
    }
}
