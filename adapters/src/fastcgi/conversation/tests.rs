use super::*;

const BEGIN: &[u8] = b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00";
const PARAMS: &[u8] = b"\x01\x04\x00\x01\x00\x04\x00\x00\x01\x01nv";
const PARAMS_END: &[u8] = b"\x01\x04\x00\x01\x00\x00\x00\x00";
const INPUT: &[u8] = b"\x01\x05\x00\x01\x00\x02\x00\x00hi";
const INPUT_END: &[u8] = b"\x01\x05\x00\x01\x00\x00\x00\x00";
const ABORT: &[u8] = b"\x01\x02\x00\x01\x00\x00\x00\x00";

/// A connection with its events so far.
struct Peer {
    conversation: Conversation,
    events: Vec<Event>,
}

impl Peer {
    fn new(rules: Rules) -> Peer {
        Peer {
            conversation: Conversation::new(rules),
            events: Vec::new(),
        }
    }

    fn try_say(&mut self, records: &[&[u8]]) -> Result<(), Breach> {
        let mut input = BytesMut::from(&records.concat()[..]);
        while let Some(event) = self.conversation.next(&mut input)? {
            self.events.push(event);
        }
        Ok(())
    }

    fn say(&mut self, records: &[&[u8]]) -> &mut Peer {
        self.try_say(records).expect("the protocol");
        self
    }

    fn replies(&mut self) -> Vec<u8> {
        self.conversation.replies().split().to_vec()
    }

    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

/// The same record for another request.
fn of(id: u16, record: &[u8]) -> Vec<u8> {
    let mut record = record.to_vec();
    record[2..4].copy_from_slice(&id.to_be_bytes());
    record
}

fn begun(id: u16, params: &'static [u8]) -> Event {
    Event::Begun {
        id,
        role: Role::Responder,
        params: Bytes::from_static(params),
    }
}

fn multiplexing(requests: usize) -> Rules {
    Rules {
        requests_per_connection: requests,
        ..Rules::default()
    }
}

fn ended(id: u16, app_status: u32, status: ProtocolStatus) -> Vec<u8> {
    let mut out = BytesMut::new();
    record::end_request(&mut out, id, app_status, status);
    out.to_vec()
}

#[test]
fn a_request_comes_with_its_parameters_and_then_its_body() {
    let mut peer = Peer::new(Rules::default());
    peer.say(&[BEGIN, PARAMS, PARAMS_END, INPUT, INPUT, INPUT_END]);
    let input = || Event::Input {
        id: 1,
        content: Bytes::from_static(b"hi"),
    };
    assert_eq!(
        peer.events(),
        [
            begun(1, b"\x01\x01nv"),
            input(),
            input(),
            Event::InputEnded { id: 1 }
        ]
    );
    let mut out = BytesMut::new();
    peer.conversation.complete(1, &mut out);
    assert_eq!(&out[..], ended(1, 0, ProtocolStatus::Complete));
    assert!(peer.conversation.is_idle() && !peer.conversation.is_over());
    assert_eq!(peer.say(&[BEGIN, PARAMS_END]).events(), [begun(1, b"")]);
}

#[test]
fn pairs_may_straddle_records_and_any_id_will_do() {
    let mut peer = Peer::new(Rules::default());
    for id in [1, 3, 255, 256, 65_535] {
        peer.say(&[
            &of(id, BEGIN),
            &of(id, b"\x01\x04\x00\x01\x00\x01\x07\x00\x04.......")[..],
            &of(id, b"\x01\x04\x00\x01\x00\x06\x00\x00\x05NAMEv"),
            &of(id, b"\x01\x04\x00\x01\x00\x04\x00\x00alue"),
            &of(id, PARAMS_END),
        ]);
        assert_eq!(peer.events(), [begun(id, b"\x04\x05NAMEvalue")]);
        peer.conversation.complete(id, &mut BytesMut::new());
    }
}

#[test]
fn the_connection_stays_where_the_web_server_asked_for_it_and_only_there() {
    let mut once = BEGIN.to_vec();
    once[10] = 0;
    let mut peer = Peer::new(Rules::default());
    peer.say(&[&once, PARAMS_END]);
    peer.conversation.complete(1, &mut BytesMut::new());
    assert!(peer.conversation.is_over());
    peer.events();
    assert_eq!(peer.say(&[BEGIN, PARAMS_END]).events(), []);
}

#[test]
fn an_abort_ends_the_request_at_once() {
    let mut peer = Peer::new(Rules::default());
    peer.say(&[BEGIN, PARAMS_END, ABORT]);
    assert_eq!(peer.events(), [begun(1, b""), Event::Aborted { id: 1 }]);
    assert_eq!(peer.replies(), ended(1, 1, ProtocolStatus::Complete));

    // Before its parameters have come, no app knows of it.
    peer.say(&[BEGIN, PARAMS, ABORT]);
    assert_eq!(peer.events(), []);
    assert_eq!(peer.replies(), ended(1, 1, ProtocolStatus::Complete));
    assert!(peer.conversation.is_idle());
}

#[test]
fn what_belongs_to_no_request_is_ignored() {
    let mut peer = Peer::new(Rules::default());
    let output = b"\x01\x06\x00\x01\x00\x01\x00\x00x";
    let data = b"\x01\x08\x00\x01\x00\x01\x00\x00x";
    let unknown = b"\x01\x63\x00\x01\x00\x01\x00\x00x";
    peer.say(&[ABORT, PARAMS, INPUT, INPUT_END, output, data, unknown]);
    assert_eq!((peer.events(), peer.replies()), (vec![], vec![]));
    peer.say(&[BEGIN, output, data, unknown, PARAMS_END, output]);
    assert_eq!(peer.events(), [begun(1, b"")]);
    assert!(peer.replies().is_empty());
}

#[test]
fn one_request_at_a_time_unless_multiplexing_is_on() {
    let mut peer = Peer::new(Rules::default());
    peer.say(&[BEGIN, PARAMS_END, &of(2, BEGIN), &of(2, PARAMS_END), INPUT]);
    assert_eq!(peer.replies(), ended(2, 1, ProtocolStatus::CannotMultiplex));
    assert_eq!(peer.events().len(), 2, "the first goes on");

    let mut peer = Peer::new(multiplexing(2));
    peer.say(&[BEGIN, &of(2, BEGIN), &of(2, PARAMS_END), PARAMS_END]);
    assert_eq!(peer.events(), [begun(2, b""), begun(1, b"")]);
    peer.say(&[&of(3, BEGIN), &of(3, PARAMS_END)]);
    assert_eq!(peer.replies(), ended(3, 1, ProtocolStatus::Overloaded));
    assert_eq!(peer.events(), []);
}

#[test]
fn roles_that_nobody_plays_are_unknown() {
    let role = |role| {
        let mut begin = BEGIN.to_vec();
        begin[9] = role;
        begin
    };
    for unknown in [0, 2, 3, 4] {
        let mut peer = Peer::new(Rules::default());
        peer.say(&[&role(unknown), PARAMS, PARAMS_END, INPUT_END]);
        assert_eq!(peer.events(), []);
        assert_eq!(peer.replies(), ended(1, 1, ProtocolStatus::UnknownRole));
    }
    let mut peer = Peer::new(Rules {
        authorizes: true,
        ..Rules::default()
    });
    peer.say(&[&role(2), PARAMS_END]);
    assert!(matches!(
        peer.events()[..],
        [Event::Begun {
            role: Role::Authorizer,
            ..
        }]
    ));
}

#[test]
fn management_records_are_answered_at_any_time() {
    let query = b"\x01\x09\x00\x00\x00\x37\x07\x00\
        \x0e\x00FCGI_MAX_CONNS\x0d\x00FCGI_MAX_REQS\x04\x01WHAT?\x0f\x00FCGI_MPXS_CONNS.......";
    let answer = b"\x01\x0a\x00\x00\x00\x39\x00\x00\
        \x0e\x04FCGI_MAX_CONNS1024\x0d\x04FCGI_MAX_REQS1024\x0f\x01FCGI_MPXS_CONNS0";
    let unknown = b"\x01\x2a\x00\x00\x00\x03\x00\x00abc";
    let unknown_answer = b"\x01\x0b\x00\x00\x00\x08\x00\x00\x2a\x00\x00\x00\x00\x00\x00\x00";
    let mut peer = Peer::new(Rules::default());
    peer.say(&[query, BEGIN, PARAMS, unknown, PARAMS, PARAMS_END, query]);
    assert_eq!(peer.events(), [begun(1, b"\x01\x01nv\x01\x01nv")]);
    assert_eq!(
        peer.replies(),
        [&answer[..], unknown_answer, &answer[..]].concat()
    );

    let mut peer = Peer::new(multiplexing(7));
    peer.say(&[query]);
    let replies = peer.replies();
    let text = String::from_utf8_lossy(&replies);
    assert!(text.contains("FCGI_MAX_REQS7"), "{text}");
    assert!(text.contains("FCGI_MPXS_CONNS1"), "{text}");
}

#[test]
fn more_parameters_than_allowed_are_not_kept() {
    let mut peer = Peer::new(Rules {
        params: 9,
        ..Rules::default()
    });
    peer.say(&[BEGIN, PARAMS, PARAMS, PARAMS_END]);
    assert_eq!(peer.events().len(), 1, "eight bytes");
    peer.conversation.complete(1, &mut BytesMut::new());
    peer.say(&[BEGIN, PARAMS, PARAMS, PARAMS, PARAMS, PARAMS_END, INPUT_END]);
    assert_eq!(
        peer.events(),
        [Event::TooLarge { id: 1 }, Event::InputEnded { id: 1 }]
    );
}

#[test]
fn what_is_out_of_order_is_a_breach() {
    let mut long_begin = BEGIN.to_vec();
    long_begin[5] = 9;
    long_begin.push(0);
    let cases: [(&[&[u8]], Breach); 8] = [
        (&[BEGIN, BEGIN], Breach::IdInUse),
        (&[BEGIN, PARAMS_END, BEGIN], Breach::IdInUse),
        (&[&long_begin], Breach::BeginLength),
        (&[BEGIN, INPUT], Breach::StreamOutOfTurn),
        (&[BEGIN, PARAMS_END, PARAMS], Breach::StreamOutOfTurn),
        (
            &[BEGIN, PARAMS_END, INPUT_END, INPUT],
            Breach::StreamOutOfTurn,
        ),
        (&[b"\x01\x09\x00\x00\x10\x01\x00\x00"], Breach::QueryTooLong),
        (
            &[b"\x01\x09\x00\x00\x00\x02\x00\x00\x05\x00"],
            Breach::CutPair,
        ),
    ];
    for (records, breach) in cases {
        let mut peer = Peer::new(Rules::default());
        assert_eq!(peer.try_say(records), Err(breach), "{records:?}");
    }
}

#[test]
fn a_request_that_breaks_off_is_not_ended_and_takes_the_connection_with_it() {
    let mut peer = Peer::new(multiplexing(2));
    peer.say(&[BEGIN, PARAMS_END, &of(2, BEGIN), &of(2, PARAMS_END)]);
    peer.conversation.break_off(1);
    assert!(
        !peer.conversation.is_over(),
        "the other one is answered first"
    );
    peer.say(&[&of(4, BEGIN)]);
    assert_eq!(peer.replies(), ended(4, 1, ProtocolStatus::Overloaded));
    let mut out = BytesMut::new();
    peer.conversation.complete(2, &mut out);
    assert_eq!(&out[..], ended(2, 0, ProtocolStatus::Complete));
    assert!(peer.conversation.is_over());
}
