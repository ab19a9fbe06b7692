//! The rules that make the money hold, each as something that the checker's driver can leave out.

/// What the driver does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    /// It keeps all rules.
    Nothing,
    /// M1: the coin leaves before the journal says so.
    FlightNotRecorded,
    /// M2: the receiver's new secrets are not durable before the first pown.
    NewSecretsNotKept,
    /// M3: coins that left are put back as they are.
    PutBack,
    /// M3: the secrets of a reclaim are not durable before the first agent takes one.
    ReclaimNotKept,
    /// M4: an agent that does not answer counts against the coin.
    SilenceCounts,
    /// M5: one agent makes an owner.
    OneIsEnough,
    /// M6: as soon as the coin is owned the other agents are not asked.
    CancelsEarly,
    /// M7: a batch that is not wholly owned counts as paid.
    SettlesTheWhole,
    /// M8: the sender never yields.
    NeverYields,
    /// M8: a yield is forgotten by the next resume.
    YieldNotKept,
}
