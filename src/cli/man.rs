//! `man`: manual pages, made from the very definition of the commands. Knows nothing of what the commands do.

mod sections;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, CommandFactory as _};

use super::{Arguments, error::CommandError, exit::Exit, output};

/// The flags of `man`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess man | man -l -\n  \
    appaccess man plan | man -l -\n  \
    appaccess man --out ~/.local/share/man/man1")]
pub struct Flags {
    /// The command whose page is printed; without it, the page of the program
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A page under the name of its file.
struct Page {
    /// The words of the command, without the program.
    words: Vec<String>,
    file: String,
    text: String,
}

/// Prints one page, or writes all.
pub(super) fn run(flags: &Flags) -> Result<Exit, CommandError> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &[], &mut pages)
        .map_err(|source| CommandError::Machine { what: "write the manual pages", source })?;
    if let Some(folder) = &flags.out {
        write(folder, &pages)?;
    } else {
        let page = pages.iter().find(|page| page.words == flags.command).ok_or_else(|| {
            let what = format!("there is no such page: `{}` is no command", flags.command.join(" "));
            CommandError::usage(what, "see the commands by `appaccess --help`")
        })?;
        output::plain(&page.text)?;
    }
    Ok(Exit::Done)
}

/// The page of a command, and those of all commands below it.
fn collect(command: &clap::Command, words: &[String], pages: &mut Vec<Page>) -> std::io::Result<()> {
    let page = clap_mangen::Man::new(command.clone());
    let mut text = Vec::new();
    sections::title(&page.get_filename(), &mut text)?;
    page.render_name_section(&mut text)?;
    sections::synopsis(command, &mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    sections::render(command, &mut text)?;
    let text = sections::plain(&String::from_utf8_lossy(&text));
    pages.push(Page { words: words.to_vec(), file: page.get_filename(), text });
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        let words: Vec<String> = words.iter().cloned().chain([below.get_name().to_owned()]).collect();
        collect(below, &words, pages)?;
    }
    Ok(())
}

fn write(folder: &Path, pages: &[Page]) -> Result<(), CommandError> {
    let failed = |path: &Path, source| CommandError::File { verb: "write", path: path.to_owned(), source };
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    for page in pages {
        let path = folder.join(&page.file);
        fs::write(&path, &page.text).map_err(|source| failed(&path, source))?;
    }
    Ok(())
}
