//! Durations as numbers of seconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// `Duration::MAX` is one that no float holds; it is written as infinity.
pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    match *time {
        Duration::MAX => serializer.serialize_f64(f64::INFINITY),
        time if time.subsec_nanos() == 0 => serializer.serialize_u64(time.as_secs()),
        time => serializer.serialize_f64(time.as_secs_f64()),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(input)?;
    if seconds == f64::INFINITY {
        return Ok(Duration::MAX);
    }
    Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
}
