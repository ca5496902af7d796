//! The kit's app as a CGI program, for its own tests: the folder in which it writes down what it
//! sees is in `KIT_FOLDER`.

use enfilade_adapters::Cgi;
use enfilade_conformance::Kit;
use enfilade_core::HostError;

fn main() -> Result<(), HostError> {
    // The arguments of a CGI program are the client's.
    let folder = std::env::var_os("KIT_FOLDER");
    let folder = folder.ok_or_else(|| HostError::new("KIT_FOLDER names no folder"))?;
    Cgi::new().run(Kit::in_folder(folder).app())
}
