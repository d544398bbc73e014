//! Exit codes: the table of the contract, and which of two wins. Knows nothing of what led to them.

use std::process::ExitCode;

/// What a command comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; or nothing differs; or what differs is only reported.
    #[default]
    Done,
    /// Changes are pending, and the caller asked to be told.
    Pending,
    /// Something waits for a decision.
    Held,
    /// Something failed; the rest was done.
    Failed,
    /// Wrong usage or invalid files: nothing was contacted.
    Usage,
}

impl Exit {
    const fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Pending => 1,
            Self::Held => 2,
            Self::Failed => 3,
            Self::Usage => 4,
        }
    }

    /// The worse of the two, in the order 64, 1, 3, 2, 0.
    pub(crate) fn worst(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// The number that the process ends with.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Pending => 2,
            Self::Held => 3,
            Self::Usage => 64,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_wins_in_the_order_of_the_contract() {
        let order = [Exit::Usage, Exit::Failed, Exit::Held, Exit::Pending, Exit::Done];
        assert_eq!(order.map(Exit::code), [64, 1, 3, 2, 0]);
        for (index, worse) in order.iter().enumerate() {
            for better in &order[index..] {
                assert_eq!(worse.worst(*better), *worse);
                assert_eq!(better.worst(*worse), *worse);
            }
        }
    }
}
