//! Restarting without losing anything.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::{
    process::Process,
    support::{curl, eventually},
};

/// Clients that keep their connections, and open another where they are told that it is the last
/// answer. Nothing else may end one.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(address: &str) -> Load {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let clients = (0..4).map(|_| {
            let (address, stop, answered) = (address.to_owned(), stop.clone(), answered.clone());
            std::thread::spawn(move || {
                while !stop.load(SeqCst) {
                    let mut stream = TcpStream::connect(&address).expect("somebody listens");
                    while !stop.load(SeqCst) && ask(&mut stream) {
                        answered.fetch_add(1, SeqCst);
                    }
                    answered.fetch_add(1, SeqCst);
                }
            })
        });
        Load {
            clients: clients.collect(),
            stop,
            answered,
        }
    }

    fn answered(&self) -> usize {
        self.answered.load(SeqCst)
    }

    fn end(self) {
        self.stop.store(true, SeqCst);
        for client in self.clients {
            client.join().expect("no request was lost");
        }
    }
}

/// Whether the connection may be used again.
fn ask(stream: &mut TcpStream) -> bool {
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it is open");
    let mut response = Vec::new();
    let mut buffer = [0; 1024];
    while !response.ends_with(b"done") {
        let count = stream.read(&mut buffer).expect("it is open");
        assert_ne!(count, 0, "the connection ended without an answer");
        response.extend_from_slice(&buffer[..count]);
    }
    let head = String::from_utf8(response).expect("text");
    !head.contains("connection: close\r\n")
}

fn process_at(address: &str) -> String {
    curl(&[&format!("http://{address}/process")])
}

fn signal(process: &str, name: &str) {
    let sent = Command::new("kill").args([name, process]).status();
    assert!(sent.expect("kill is there").success());
}

#[test]
fn a_new_process_takes_over_and_no_request_is_lost() {
    let old = Process::start();
    let address = old.address.clone();
    let load = Load::on(&address);
    let mut process = process_at(&address);
    for _ in 0..3 {
        signal(&process, "-USR2");
        assert!(
            eventually(|| process_at(&address) != process),
            "another one answers"
        );
        // The old one may answer for as long as it has not stopped.
        std::thread::sleep(Duration::from_millis(600));
        let before = load.answered();
        process = process_at(&address);
        assert!(eventually(|| load.answered() > before + 10));
    }
    load.end();
    let mut old = old;
    assert!(eventually(|| old
        .child
        .try_wait()
        .is_ok_and(|ended| ended.is_some())));
    signal(&process, "-TERM");
    assert!(eventually(|| TcpStream::connect(&address).is_err()));
}

#[test]
fn a_new_process_that_does_not_start_leaves_the_old_one_serving() {
    let old = Process::failing_when_restarted();
    let process = process_at(&old.address);
    old.signal("USR2");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(process_at(&old.address), process);
    old.signal("TERM");
    let (said, well) = old.end();
    assert!(said.contains("cannot restart: the new process"), "{said}");
    assert!(said.contains("exit status: 3"), "{said}");
    assert!(well);
}
