//! One thread that turns raw applications into features. A run of the SQL costs nearly the
//! same for one client as for a hundred, so the worker takes whatever has queued up since the
//! last run and computes it in one go: under load, throughput grows and nobody waits longer.

use super::{ClientError, Inputs};
use octroi_data::application::RawApplication;
use octroi_data::features::{self, FeatureSpec};
use octroi_data::portfolio::Portfolio;
use octroi_data::raw_tables::RawTables;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The most applications in one run.
const BATCH: usize = 100;

type Answer = oneshot::Sender<Result<Inputs, ClientError>>;

/// Handle to the thread; cheap to clone.
#[derive(Clone)]
pub struct FeatureWorker {
    queue: mpsc::Sender<(RawApplication, Answer)>,
    specs: Arc<[FeatureSpec]>,
    sql_digest: Arc<str>,
}

impl FeatureWorker {
    /// Starts the thread for a portfolio.
    pub fn start(portfolio: &'static Portfolio) -> Result<Self, ClientError> {
        let nobody = RawTables::from_applications(portfolio, &[])?;
        let specs: Arc<[FeatureSpec]> = features::compute(portfolio, &nobody)?.features.into();
        let sql_digest: Arc<str> = features::sql_digest(portfolio).into();
        let (queue, mut waiting) = mpsc::channel::<(RawApplication, Answer)>(1_024);
        let digest = Arc::clone(&sql_digest);
        std::thread::spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut batch = vec![first];
                while batch.len() < BATCH
                    && let Ok(next) = waiting.try_recv()
                {
                    batch.push(next);
                }
                answer(portfolio, &digest, batch);
            }
        });
        Ok(Self {
            queue,
            specs,
            sql_digest,
        })
    }

    /// The features of one application, in the order of [`specs`](Self::specs).
    pub async fn compute(&self, application: RawApplication) -> Result<Inputs, ClientError> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .send((application, answer))
            .await
            .map_err(|_| ClientError::WorkerStopped)?;
        answered.await.map_err(|_| ClientError::WorkerStopped)?
    }

    /// Names and kinds of the features, in order.
    #[must_use]
    pub fn specs(&self) -> &Arc<[FeatureSpec]> {
        &self.specs
    }

    /// Digest of the SQL that computes them.
    #[must_use]
    pub fn sql_digest(&self) -> &str {
        &self.sql_digest
    }
}

fn answer(portfolio: &Portfolio, sql_digest: &str, batch: Vec<(RawApplication, Answer)>) {
    let (applications, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    match compute(portfolio, sql_digest, &applications) {
        Ok(rows) => {
            for (answer, row) in answers.into_iter().zip(rows) {
                // Whoever asked may be gone: then nobody needs the answer.
                let _ = answer.send(Ok(row));
            }
        }
        // Applications of different banks may carry the same identifiers, which one set of
        // tables cannot hold; and one bad application must not spoil the others.
        Err(_) => {
            for (application, answer) in applications.iter().zip(answers) {
                let alone = compute(portfolio, sql_digest, std::slice::from_ref(application));
                let _ = answer
                    .send(alone.and_then(|mut rows| rows.pop().ok_or(ClientError::WorkerStopped)));
            }
        }
    }
}

fn compute(
    portfolio: &Portfolio,
    sql_digest: &str,
    applications: &[RawApplication],
) -> Result<Vec<Inputs>, ClientError> {
    let tables = RawTables::from_applications(portfolio, applications)?;
    let table = features::compute(portfolio, &tables)?;
    applications
        .iter()
        .zip(table.values.rows())
        .map(|(application, row)| Inputs::new(application, row.to_vec(), sql_digest))
        .collect()
}
