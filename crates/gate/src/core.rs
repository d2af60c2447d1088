//! How tasks ask the core: a job goes into its queue, the result comes back.

use std::sync::Arc;

use crate::agent::Agent;
use crate::intake::Intake;
use crate::media::FileMedia;

/// The core, as tasks see it.
#[derive(Clone, Debug)]
pub struct Core(Arc<Intake>);

impl Core {
    /// The core behind this queue.
    #[must_use]
    pub const fn new(intake: Arc<Intake>) -> Self {
        Self(intake)
    }

    /// The queue.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.0
    }

    /// Runs `job` on the core's thread; `None` when the core is ending or has too much to do.
    pub async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Agent<FileMedia>) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, asked) = tokio::sync::oneshot::channel();
        let taken = self.0.run(Box::new(move |agent| {
            // Who asked may have given up.
            let _ = answer.send(job(agent));
        }));
        if taken { asked.await.ok() } else { None }
    }
}
