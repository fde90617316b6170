//! `nashra backup`: the whole store in one file, while everything goes on.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{CliError, answer, block_on, load, options, socket};
use crate::app::{self, Options};
use crate::edge::files;
use crate::edge::snapshot::Summary;
use crate::edge::store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; what is there is replaced once the backup is whole. `-` is standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    if args.file == Path::new("-") {
        let mut out = BufWriter::new(io::stdout().lock());
        return take(&options, &mut out)
            .and_then(|()| out.flush().map_err(|error| failed(&args.file, &error)));
    }
    let written = files::write_whole(
        &args.file,
        |out| take(&options, out).map_err(|error| io::Error::other(text(error))),
        // What cannot be read back is no backup.
        |aside| store::check_snapshot(File::open(aside)?).map_err(io::Error::other),
    );
    let summary = written.map_err(|error| failed(&args.file, &error))?;
    let (rows, file) = (summary.rows(), args.file.display());
    let Summary { sequence, bytes, .. } = summary;
    answer(&format!("{file}: {rows} rows, up to commit {sequence}, {bytes} bytes"));
    Ok(())
}

/// Writes it: through the daemon where one runs.
fn take(options: &Options, out: &mut impl Write) -> Result<(), CliError> {
    let asked =
        block_on(async { socket::download(options, "/api/backup", |piece| out.write_all(piece)).await })?;
    if !asked {
        app::stored_backup(options, out)?;
    }
    Ok(())
}

fn failed(file: &Path, error: &io::Error) -> CliError {
    CliError::Failed(format!("{}: {error}", file.display()))
}

fn text(error: CliError) -> String {
    match error {
        CliError::Failed(why) | CliError::Usage(why) => why,
        CliError::Config(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}
