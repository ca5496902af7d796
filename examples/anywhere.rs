//! One program, started in any way: by hand, by a web server, by systemd, by AWS Lambda.
//!
//! ```text
//! cargo build --example anywhere --all-features
//! cd target/debug/examples
//! ./anywhere                                                        # HTTP on 127.0.0.1:8000
//! ENFILADE_LISTEN=http::8000,fastcgi:unix:/tmp/site.sock ./anywhere # both at once
//! spawn-fcgi -n -s /tmp/site.sock -- ./anywhere                     # FastCGI
//! systemd-socket-activate -l 8000 ./anywhere                        # HTTP on systemd's socket
//! GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REQUEST_METHOD=GET SCRIPT_NAME=/cgi \
//!     REQUEST_URI=/cgi/hello SERVER_NAME=localhost SERVER_PORT=80 ./anywhere
//! ```

use enfilade::{
    Request, RequestExt,
    core::{HostError, Lifecycle},
};

async fn whereabouts(request: Request) -> String {
    format!(
        "{}: {} + {}\n",
        request.environ().connection().host,
        request.script_name(),
        request.path_info(),
    )
}

fn main() -> Result<(), HostError> {
    enfilade::launch(async |life: &Lifecycle| {
        life.on_stop(async || eprintln!("closed"));
        Ok(whereabouts)
    })
}
