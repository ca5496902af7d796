//! A path between a client and a server that can be cut: [`Relay`].

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

/// Passes the packets of one client on, and the answers back, until it is dropped.
pub struct Relay {
    /// Where the client finds the server.
    pub place: SocketAddr,
    switches: Arc<Switches>,
}

#[derive(Default)]
struct Switches {
    forth: AtomicBool,
    back: AtomicBool,
    over: AtomicBool,
}

impl Relay {
    pub fn to(server: SocketAddr) -> Relay {
        let near = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let far = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        for socket in [&near, &far] {
            let often = Some(Duration::from_millis(100));
            socket.set_read_timeout(often).expect("a timeout");
        }
        let switches = Arc::new(Switches::default());
        let place = near.local_addr().expect("an address");
        let shared = Arc::clone(&switches);
        std::thread::spawn(move || {
            let mut client = None;
            std::thread::scope(|scope| {
                let (tell, told) = std::sync::mpsc::channel();
                let (near, far, switches) = (&near, &far, &*shared);
                scope.spawn(move || {
                    let mut packet = [0; 2000];
                    while !switches.over.load(SeqCst) {
                        let Ok((count, from)) = near.recv_from(&mut packet) else {
                            continue;
                        };
                        let _ = tell.send(from);
                        if !switches.forth.load(SeqCst) {
                            let _ = far.send_to(&packet[..count], server);
                        }
                    }
                });
                let mut packet = [0; 2000];
                while !switches.over.load(SeqCst) {
                    let Ok(count) = far.recv(&mut packet) else {
                        continue;
                    };
                    client = told.try_iter().last().or(client);
                    if let (Some(client), false) = (client, switches.back.load(SeqCst)) {
                        let _ = near.send_to(&packet[..count], client);
                    }
                }
            });
        });
        Relay { place, switches }
    }

    /// The client hears nothing more.
    pub fn swallow(&self) {
        self.switches.back.store(true, SeqCst);
    }

    /// Nothing passes any more.
    pub fn cut(&self) {
        self.swallow();
        self.switches.forth.store(true, SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.switches.over.store(true, SeqCst);
    }
}
