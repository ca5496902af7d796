//! Prints the reports that tests saved in a folder as one table: `matrix FOLDER`.

use std::{error::Error, io::Write, path::Path};

use enfilade_conformance::Matrix;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("name a folder of reports")?;
    let matrix = Matrix::read(Path::new(&folder))?;
    write!(std::io::stdout(), "{matrix}")?;
    Ok(())
}
