//! A limit for each call to the API server: the client by itself may wait for many minutes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long a call may take that reads or writes one object.
pub(super) const ONE_OBJECT: Duration = Duration::from_secs(15);

/// Why a call to the API server failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// It did not answer in time; what was asked may still be done.
    #[error("the API server did not answer within {} s", .0.as_secs())]
    TooLate(Duration),
    /// It refused.
    #[error("{}", .0.message)]
    Refused(Box<kube::core::Status>),
    /// Somebody else may be the writer of the store, and tells the cluster what became of it.
    #[error("somebody else may be the writer: nothing more is written")]
    NotWriter,
    /// It could not be reached, or not understood.
    #[error("the API server cannot be reached")]
    Failed(#[source] kube::Error),
}

impl CallError {
    /// Whether the object is not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(status) if status.is_not_found())
    }

    /// Whether somebody else was first, or it is another object of that name by now.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(status) if status.is_conflict())
    }

    /// Whether a right is missing.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused(status) if status.is_forbidden())
    }
}

impl From<kube::Error> for CallError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused(status),
            error => Self::Failed(error),
        }
    }
}

/// What `call` answers, if it does within `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(CallError::TooLate(limit)),
    }
}

/// What `call`, which changes something, answers within [`ONE_OBJECT`]. It is not begun, and no longer waited for, once
/// `lost` says that somebody else may be the writer.
pub(super) fn write<T>(
    lost: &CancellationToken,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> impl Future<Output = Result<T, CallError>> {
    // A call is a large value: it is kept on the heap.
    let call = Box::pin(within(ONE_OBJECT, call));
    async move { lost.run_until_cancelled(call).await.unwrap_or(Err(CallError::NotWriter)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_written_once_somebody_else_may_be_the_writer() {
        let lost = CancellationToken::new();
        let answer = async || write(&lost, async { Ok::<_, kube::Error>("written") }).await;
        assert!(matches!(answer().await, Ok("written")));
        // A call under way is not waited for.
        let pending = write(&lost, std::future::pending::<Result<(), kube::Error>>());
        let (pending, ()) = tokio::join!(pending, async { lost.cancel() });
        assert!(matches!(pending, Err(CallError::NotWriter)));
        let begun = std::cell::Cell::new(false);
        let late = write(&lost, async {
            begun.set(true);
            Ok(())
        });
        assert!(matches!(late.await, Err(CallError::NotWriter)));
        assert!(!begun.get());
    }
}
