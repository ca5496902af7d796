//! The kit's app as a program that a web server starts: for each request by CGI, or once by
//! FastCGI, with the socket as standard input.

use std::{env, io};

use enfilade_adapters::{Cgi, FastCgi, gateway::Import};
use enfilade_conformance::Kit;
use enfilade_core::HostError;

fn main() -> Result<(), HostError> {
    let kit = kit().map_err(|error| HostError::new("no folder for notes").because(error))?;
    if env::var_os("GATEWAY_INTERFACE").is_some() {
        return Cgi::new().run(kit.app());
    }
    // What is said of the prefix is right at the root, too.
    let import = Import::new().with_script_name();
    FastCgi::inherited()?.with_import(import).run(kit.app())
}

/// Web servers keep their environment to themselves, so the notes are beside the program.
fn kit() -> io::Result<Kit> {
    let program = env::current_exe()?;
    let folder = program.parent().ok_or(io::ErrorKind::NotFound)?;
    Ok(Kit::in_folder(folder.join("notes")))
}
