//! What a web server starts to have its CGI variables, or its FastCGI, taken down.

fn main() -> std::io::Result<()> {
    enfilade_fronts::dump::program()
}
