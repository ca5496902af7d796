//! Where the web servers themselves break a rule.

use enfilade_conformance::Deviation;

/// All of them; the kit fails where one does not occur.
pub const DEVIATIONS: &[Deviation] = &[];
