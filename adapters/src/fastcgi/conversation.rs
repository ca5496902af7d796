//! One connection as the protocol sees it, without I/O: [`Conversation`].

use bytes::{Bytes, BytesMut};

use super::{
    breach::Breach,
    management,
    record::{self, Header, Piece, ProtocolStatus, RecordReader, kind},
    rules::{Role, Rules},
};

/// What a web server said, as far as it concerns a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A request has come; these are its parameters, to be taken apart into pairs.
    Begun { id: u16, role: Role, params: Bytes },
    /// The same, and its parameters were longer than allowed. They are gone.
    TooLarge { id: u16 },
    /// The next bytes of its body.
    Input { id: u16, content: Bytes },
    /// Its body has ended.
    InputEnded { id: u16 },
    /// Nobody waits for its answer any more. It has been ended.
    Aborted { id: u16 },
}

/// Bytes in, events out. It answers by itself what needs no app: management records, and requests
/// that cannot be taken.
#[derive(Debug)]
pub(crate) struct Conversation {
    rules: Rules,
    reader: RecordReader,
    record: Record,
    /// What has come of a record that is looked at whole.
    content: BytesMut,
    requests: Vec<Active>,
    replies: BytesMut,
    /// Whether a request has ever begun.
    used: bool,
    closing: bool,
}

/// A request between its BEGIN_REQUEST and its END_REQUEST.
#[derive(Debug)]
struct Active {
    id: u16,
    role: Role,
    keep: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Params(BytesMut),
    /// There are more than allowed: none is kept.
    TooLarge,
    Input,
    InputEnded,
}

/// The record that is being read, by what is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    /// It belongs to no request that there is, or means nothing to an application.
    Ignored,
    Begin(u16),
    GetValues,
    Params(Header),
    Input(Header),
    Abort(u16),
}

/// The application status of a request that no app has answered.
pub(crate) const UNANSWERED: u32 = 1;

/// BEGIN_REQUEST: role, flags, reserved.
const BEGIN_LENGTH: u16 = 8;
const KEEP_CONNECTION: u8 = 1;

impl Conversation {
    pub(crate) fn new(rules: Rules) -> Conversation {
        Conversation {
            rules,
            reader: RecordReader::default(),
            record: Record::Ignored,
            content: BytesMut::new(),
            requests: Vec::new(),
            replies: BytesMut::new(),
            used: false,
            closing: false,
        }
    }

    /// Records for the web server that go out before anything else.
    pub(crate) const fn replies(&mut self) -> &mut BytesMut {
        &mut self.replies
    }

    /// Takes no more requests: those that have begun are the last.
    pub(crate) const fn close(&mut self) {
        self.closing = true;
    }

    /// Takes no more requests, not even those whose parameters have not come whole: they are refused.
    pub(crate) fn close_at_once(&mut self) {
        self.closing = true;
        let halting: Vec<u16> = self
            .requests
            .iter()
            .filter(|request| matches!(request.stage, Stage::Params(_) | Stage::TooLarge))
            .map(|request| request.id)
            .collect();
        for id in halting {
            self.refuse(id, ProtocolStatus::Overloaded);
        }
    }

    /// Whether a request has ever begun.
    pub(crate) const fn is_used(&self) -> bool {
        self.used
    }

    /// Whether the connection is to be closed now.
    pub(crate) const fn is_over(&self) -> bool {
        self.closing && self.requests.is_empty()
    }

    /// Whether no request is being received or answered.
    pub(crate) const fn is_idle(&self) -> bool {
        self.requests.is_empty()
    }

    /// Reads the next event from `input`; `None` when more bytes are needed, or none any more.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Breach> {
        while !self.is_over() {
            let Some(piece) = self.reader.next(input)? else {
                break;
            };
            let event = match piece {
                Piece::Header(header) => {
                    self.record = self.begin_record(header)?;
                    None
                }
                Piece::Content(content) => self.take(content),
                Piece::End => self.end_record()?,
            };
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// A request has been answered, to its end: writes that to `out`.
    pub(crate) fn complete(&mut self, id: u16, out: &mut BytesMut) {
        record::end_request(out, id, 0, ProtocolStatus::Complete);
        self.forget(id);
    }

    /// Ends a request before it reached an app.
    pub(crate) fn refuse(&mut self, id: u16, status: ProtocolStatus) {
        record::end_request(&mut self.replies, id, UNANSWERED, status);
        self.forget(id);
    }

    /// A request cannot be answered to its end. Its END_REQUEST would make a whole answer of it,
    /// so it gets none, and the connection is closed after the others.
    pub(crate) fn break_off(&mut self, id: u16) {
        self.closing = true;
        self.forget(id);
    }

    fn forget(&mut self, id: u16) {
        if let Some(at) = self.requests.iter().position(|request| request.id == id) {
            self.closing |= !self.requests.swap_remove(at).keep;
        }
    }

    fn active(&mut self, id: u16) -> Option<&mut Active> {
        self.requests.iter_mut().find(|request| request.id == id)
    }

    fn begin_record(&mut self, header: Header) -> Result<Record, Breach> {
        let Header { kind, id, length } = header;
        if id == record::MANAGEMENT {
            return self.manage(kind, length);
        }
        if kind == kind::BEGIN_REQUEST {
            return if self.active(id).is_some() {
                Err(Breach::IdInUse)
            } else if length != BEGIN_LENGTH {
                Err(Breach::BeginLength)
            } else {
                Ok(Record::Begin(id))
            };
        }
        let Some(request) = self.active(id) else {
            return Ok(Record::Ignored);
        };
        match (kind, &request.stage) {
            (kind::PARAMS, Stage::Params(_) | Stage::TooLarge) => Ok(Record::Params(header)),
            (kind::STDIN, Stage::Input) => Ok(Record::Input(header)),
            (kind::PARAMS | kind::STDIN, _) => Err(Breach::StreamOutOfTurn),
            (kind::ABORT_REQUEST, _) => Ok(Record::Abort(id)),
            _ => Ok(Record::Ignored),
        }
    }

    fn manage(&mut self, kind: u8, length: u16) -> Result<Record, Breach> {
        if kind != kind::GET_VALUES {
            management::unknown_type(&mut self.replies, kind);
            return Ok(Record::Ignored);
        }
        if length > management::LONGEST_QUERY {
            return Err(Breach::QueryTooLong);
        }
        Ok(Record::GetValues)
    }

    fn take(&mut self, content: Bytes) -> Option<Event> {
        match self.record {
            Record::Ignored | Record::Abort(_) => {}
            Record::Begin(_) | Record::GetValues => self.content.extend_from_slice(&content),
            Record::Params(Header { id, .. }) => {
                let most = self.rules.params;
                if let Some(request) = self.active(id) {
                    request.take_params(&content, most);
                }
            }
            Record::Input(Header { id, .. }) => return Some(Event::Input { id, content }),
        }
        None
    }

    fn end_record(&mut self) -> Result<Option<Event>, Breach> {
        match std::mem::replace(&mut self.record, Record::Ignored) {
            Record::Begin(id) => self.begin(id),
            Record::GetValues => {
                let query = self.content.split().freeze();
                management::values(&mut self.replies, query, &self.rules)?;
            }
            Record::Params(Header { id, length: 0, .. }) => {
                return Ok(self.active(id).map(Active::end_params));
            }
            Record::Input(Header { id, length: 0, .. }) => {
                return Ok(self.active(id).map(Active::end_input));
            }
            Record::Abort(id) => return Ok(self.abort(id)),
            Record::Params(_) | Record::Input(_) | Record::Ignored => {}
        }
        Ok(None)
    }

    fn begin(&mut self, id: u16) {
        let content = self.content.split();
        let (role, flags) = (u16::from_be_bytes([content[0], content[1]]), content[2]);
        let role = self.rules.role(role);
        self.used = true;
        let full = self.requests.len() >= self.rules.requests_per_connection;
        self.requests.push(Active {
            id,
            role: role.unwrap_or(Role::Responder),
            keep: flags & KEEP_CONNECTION != 0,
            stage: Stage::Params(BytesMut::new()),
        });
        if full && !self.rules.multiplexes() {
            self.refuse(id, ProtocolStatus::CannotMultiplex);
        } else if full || self.closing {
            self.refuse(id, ProtocolStatus::Overloaded);
        } else if role.is_none() {
            self.refuse(id, ProtocolStatus::UnknownRole);
        }
    }

    fn abort(&mut self, id: u16) -> Option<Event> {
        let begun = matches!(self.active(id)?.stage, Stage::Input | Stage::InputEnded);
        self.refuse(id, ProtocolStatus::Complete);
        begun.then_some(Event::Aborted { id })
    }
}

impl Active {
    fn take_params(&mut self, content: &[u8], most: usize) {
        if let Stage::Params(params) = &mut self.stage {
            if params.len() + content.len() > most {
                self.stage = Stage::TooLarge;
            } else {
                params.extend_from_slice(content);
            }
        }
    }

    fn end_params(&mut self) -> Event {
        let id = self.id;
        match std::mem::replace(&mut self.stage, Stage::Input) {
            Stage::Params(params) => Event::Begun {
                id,
                role: self.role,
                params: params.freeze(),
            },
            _ => Event::TooLarge { id },
        }
    }

    fn end_input(&mut self) -> Event {
        self.stage = Stage::InputEnded;
        Event::InputEnded { id: self.id }
    }
}

#[cfg(test)]
mod tests;
