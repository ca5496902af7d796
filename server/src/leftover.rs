//! A body that an app did not read: [`finish`].

use std::{future::poll_fn, pin::Pin, time::Duration};

use tokio::{runtime::Handle, time::timeout};

use crate::receiving::Upload;

/// How much of it is read, and how long, so that the connection can be used again.
const BYTES: u64 = 64 * 1024;
const TIME: Duration = Duration::from_secs(1);

/// Reads what is left of `body`, if that is little and comes soon. Otherwise it is dropped, and
/// hyper closes the connection behind the answer. Tells whether it is tried.
///
/// hyper itself reads what lies in its buffer already, and no more.
pub(crate) fn finish(mut body: impl Upload) -> bool {
    if body.size_hint().lower() > BYTES {
        return false;
    }
    // An app may drop a request in a thread without a runtime.
    let Ok(runtime) = Handle::try_current() else {
        return false;
    };
    runtime.spawn(timeout(TIME, async move {
        // One whose length is not known may turn out to be long. By then the answer may have gone
        // out that should have said that it is the last, so time alone ends it.
        while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {}
    }));
    true
}
