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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn what_is_left_out_has_its_default_and_what_is_not_known_is_an_error() {
        let read = |text| serde_json::from_str::<Limits>(text);
        let limits = read(r#"{"head": 2.5, "keep_alive": 5, "connections": 7}"#).expect("limits");
        assert_eq!(limits.head, Duration::from_millis(2500));
        assert_eq!(limits.keep_alive, Duration::from_secs(5));
        assert_eq!(limits.connections, Some(7));
        assert_eq!(limits.body_idle, Limits::default().body_idle);
        for wrong in [r#"{"heads": 2}"#, r#"{"head": -1}"#, r#"{"head": "2"}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_are_read_as_they_were_written() {
        let limits = Limits::default();
        let written = serde_json::to_string(&limits).expect("text");
        assert!(written.contains(r#""head":10,"#), "{written}");
        let read: Limits = serde_json::from_str(&written).expect("limits");
        assert_eq!(read, limits);
    }
}
