//! Where what stands in front of a host breaks a rule: [`Deviation`].

/// What is expected of a target in place of what a case expects, because the web server in front of
/// the host breaks a rule, or what invokes it on AWS Lambda. Nothing else excuses a failure, and a
/// deviation that does not occur is a failure, too, unless it is one that
/// [sometimes](Deviation::sometimes) does.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// The target's name.
    pub target: &'static str,
    /// The case's name.
    pub case: &'static str,
    /// A part of what is got instead, as the failure says it.
    pub got: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Whether the rule may be kept as well, since timing decides.
    pub sometimes: bool,
}
