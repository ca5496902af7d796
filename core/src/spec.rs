#![doc = include_str!("../SPEC.md")]
