//! The FastCGI host, as a web server meets it: each test speaks records over a socket.

mod abort;
mod authorizer;
mod backpressure;
mod client;
mod closing;
mod hostile;
mod management;
mod multiplexing;
mod processes;
mod requests;
mod responses;
mod support;
