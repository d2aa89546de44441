//! One thread that turns raw applications into features. A run of the SQL costs nearly the
//! same for one client as for a hundred, so the worker takes whatever has queued up since the
//! last run and computes it in one go: under load, throughput grows and nobody waits longer.
//! It takes from the banks in turn ([`Turns`]), so that one bank's thousand applications do not
//! lie before another's one. A run that panics is an error of its applications, and the thread
//! goes on.

use super::{ClientError, Inputs};
use crate::admission::{Caller, QueueLimits, Ticket, Turns};
use octroi_data::application::RawApplication;
use octroi_data::features::{self, FeatureSpec};
use octroi_data::portfolio::Portfolio;
use octroi_data::raw_tables::RawTables;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The most applications in one run.
const BATCH: usize = 100;
/// About what an application takes in a run of many: the wait that a full queue is told by.
const PACE: Duration = Duration::from_millis(5);
/// How often an idle worker looks whether anybody still has a handle.
const IDLE: Duration = Duration::from_secs(1);

struct Job {
    application: RawApplication,
    answer: oneshot::Sender<Result<Inputs, ClientError>>,
}

struct Queue {
    waiting: Mutex<Turns<Job>>,
    arrived: Condvar,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Turns<Job>> {
        // A queue is whole between any two of its operations.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handle to the thread; cheap to clone. The thread ends when the last is gone.
#[derive(Clone)]
pub struct FeatureWorker {
    queue: Arc<Queue>,
    thread: Arc<JoinHandle<()>>,
    specs: Arc<[FeatureSpec]>,
    sql_digest: Arc<str>,
}

impl FeatureWorker {
    /// Starts the thread for a portfolio.
    pub fn start(portfolio: &'static Portfolio, limits: QueueLimits) -> Result<Self, ClientError> {
        let nobody = RawTables::from_applications(portfolio, &[])?;
        let specs: Arc<[FeatureSpec]> = features::compute(portfolio, &nobody)?.features.into();
        let sql_digest: Arc<str> = features::sql_digest(portfolio).into();
        let digest = Arc::clone(&sql_digest);
        let (queue, thread) = start(limits, move |applications| {
            compute(portfolio, &digest, applications)
        });
        Ok(Self {
            queue,
            thread: Arc::new(thread),
            specs,
            sql_digest,
        })
    }

    /// The features of one application, in the order of [`specs`](Self::specs).
    pub async fn compute(
        &self,
        caller: impl Into<Caller>,
        application: RawApplication,
    ) -> Result<Inputs, ClientError> {
        if !self.is_alive() {
            return Err(ClientError::WorkerStopped);
        }
        computed(&self.queue, caller.into(), application).await
    }

    /// False when the thread has ended, which only a fault makes it do.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
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

type Rows = Result<Vec<Inputs>, ClientError>;

fn start(
    limits: QueueLimits,
    run: impl Fn(&[RawApplication]) -> Rows + Send + 'static,
) -> (Arc<Queue>, JoinHandle<()>) {
    let queue = Arc::new(Queue {
        waiting: Mutex::new(Turns::new(limits)),
        arrived: Condvar::new(),
    });
    let handle = Arc::downgrade(&queue);
    let thread = std::thread::spawn(move || {
        let _ended = Ended(handle.clone());
        while let Some(batch) = next_batch(&handle) {
            answer(&run, batch);
        }
    });
    (queue, thread)
}

/// Tells those who wait when the thread ends; nobody else would ever answer them.
struct Ended(Weak<Queue>);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(queue) = self.0.upgrade() {
            while queue.waiting().take().is_some() {}
        }
    }
}

/// What has queued up, at least one job; `None` when nobody has a handle any longer.
fn next_batch(queue: &Weak<Queue>) -> Option<Vec<Job>> {
    loop {
        let queue = queue.upgrade()?;
        let mut waiting = queue.waiting();
        if waiting.is_empty() {
            let waited = queue.arrived.wait_timeout(waiting, IDLE);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let batch: Vec<Job> = std::iter::from_fn(|| waiting.take()).take(BATCH).collect();
        if !batch.is_empty() {
            return Some(batch);
        }
    }
}

async fn computed(
    queue: &Queue,
    caller: Caller,
    application: RawApplication,
) -> Result<Inputs, ClientError> {
    let (answer, answered) = oneshot::channel();
    let job = Job {
        application,
        answer,
    };
    let ticket = queue.waiting().push(caller, job, PACE)?;
    queue.arrived.notify_one();
    let _place = Place {
        queue,
        caller,
        ticket,
    };
    answered.await.map_err(|_| ClientError::WorkerStopped)?
}

/// A place in the queue, given back when its owner stops waiting.
struct Place<'a> {
    queue: &'a Queue,
    caller: Caller,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Nothing is there where it has been served.
        self.queue.waiting().remove(self.caller, self.ticket);
    }
}

fn answer(run: &impl Fn(&[RawApplication]) -> Rows, batch: Vec<Job>) {
    let (applications, answers): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|job| (job.application, job.answer))
        .unzip();
    match caught(run, &applications) {
        Ok(rows) => {
            for (answer, row) in answers.into_iter().zip(rows) {
                // Whoever asked may be gone: then nobody needs the answer.
                let _ = answer.send(Ok(row));
            }
        }
        // One bad application must not spoil the others.
        Err(error) if applications.len() > 1 => {
            tracing::warn!(%error, "a run of features failed: each of them by itself");
            for (application, answer) in applications.iter().zip(answers) {
                let alone = caught(run, std::slice::from_ref(application));
                let _ = answer
                    .send(alone.and_then(|mut rows| rows.pop().ok_or(ClientError::WorkerStopped)));
            }
        }
        Err(error) => {
            if let Some(answer) = answers.into_iter().next() {
                let _ = answer.send(Err(error));
            }
        }
    }
}

/// A panic as an error: the thread serves everybody and must not end.
fn caught(run: &impl Fn(&[RawApplication]) -> Rows, applications: &[RawApplication]) -> Rows {
    // Nothing outlives the run that it could have left half done.
    catch_unwind(AssertUnwindSafe(|| run(applications))).unwrap_or(Err(ClientError::RunPanicked))
}

/// Rows are found by their position: banks may share numbers of clients and of their loans.
fn compute(portfolio: &Portfolio, sql_digest: &str, applications: &[RawApplication]) -> Rows {
    let tables = RawTables::side_by_side(portfolio, applications)?;
    let table = features::compute(portfolio, &tables)?;
    applications
        .iter()
        .zip(table.values.rows())
        .map(|(application, row)| Inputs::new(application, row.to_vec(), sql_digest))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenancy::TenantId;
    use sea_orm::prelude::Uuid;
    use serde_json::json;
    use std::sync::mpsc;

    const LIMITS: QueueLimits = QueueLimits {
        per_caller: 200,
        per_bank: 200,
        in_all: 300,
    };

    fn caller(bank: u128) -> Caller {
        Caller {
            bank: TenantId(Uuid::from_u128(bank)),
            id: None,
        }
    }

    fn application(number: i64) -> RawApplication {
        RawApplication {
            id: number,
            content: json!({ "application": { "SK_ID_CURR": number } }),
        }
    }

    fn inputs(applications: &[RawApplication]) -> Rows {
        applications
            .iter()
            .map(|application| Inputs::new(application, vec![application.id as f64], "sql"))
            .collect()
    }

    #[tokio::test]
    async fn a_run_that_panics_is_an_error_of_its_application_and_the_others_are_computed() {
        let (queue, thread) = start(LIMITS, |applications| {
            assert!(applications.iter().all(|a| a.id != 13), "on purpose");
            inputs(applications)
        });
        let asked = (12..15).map(|number| computed(&queue, caller(1), application(number)));
        let answers = futures_util::future::join_all(asked).await;
        assert!(matches!(answers[1], Err(ClientError::RunPanicked)));
        for at in [0, 2] {
            let number = answers[at].as_ref().map(|inputs| inputs.number);
            assert_eq!(number.ok(), Some(12 + at as i64));
        }
        assert!(!thread.is_finished());
    }

    /// What no run has yet done: a panic whose message panics again when it is dropped.
    struct Worse;

    impl Drop for Worse {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "on purpose");
        }
    }

    #[tokio::test]
    async fn a_thread_that_ends_leaves_nobody_waiting_and_is_seen_to_have_ended() {
        let (go, may_go) = mpsc::channel::<()>();
        let (queue, thread) = start(LIMITS, move |_| {
            let _ = may_go.recv();
            std::panic::panic_any(Worse)
        });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut waiting: Vec<_> = (0..3)
            .map(|number| Box::pin(computed(&queue, caller(1), application(number))))
            .collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        drop(go);
        for one in waiting {
            assert!(matches!(one.await, Err(ClientError::WorkerStopped)));
        }
        assert!(thread.join().is_err(), "the thread has ended");
    }

    #[tokio::test]
    async fn a_banks_thousand_do_not_lie_before_anothers_one() {
        let (go, may_go) = mpsc::channel::<()>();
        let (told, batches) = mpsc::channel::<Vec<i64>>();
        let (queue, _thread) = start(LIMITS, move |applications| {
            let numbers = applications.iter().map(|application| application.id);
            let _ = told.send(numbers.collect());
            let _ = may_go.recv();
            inputs(applications)
        });
        let mut flood: Vec<_> = (0..150)
            .map(|number| Box::pin(computed(&queue, caller(1), application(number))))
            .collect();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for one in &mut flood {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        // The worker holds the first of them until it may go on.
        let first = batches.recv().expect("a batch");
        let one = computed(&queue, caller(2), application(1_000));
        let mut one = Box::pin(one);
        assert!(one.as_mut().poll(&mut context).is_pending());
        go.send(()).expect("the worker waits");
        let second = batches.recv().expect("a batch");
        let place = second.iter().position(|number| *number == 1_000);
        assert!(place.is_some_and(|place| place < 2), "{first:?} {second:?}");
        // Whoever goes away leaves nothing behind.
        drop(flood);
        assert!(queue.waiting().is_empty());
        drop(go);
        assert!(one.await.is_ok());
    }

    #[test]
    fn banks_that_share_numbers_are_computed_in_one_run() {
        let portfolio = Portfolio::home_credit();
        let document = |credit: f64, debt: f64| {
            let document = json!({
                "application": {
                    "SK_ID_CURR": 100_002, "NAME_CONTRACT_TYPE": "Cash loans", "CODE_GENDER": "M",
                    "AMT_INCOME_TOTAL": 202_500, "AMT_CREDIT": credit, "DAYS_BIRTH": -9461
                },
                "bureau": [{ "SK_ID_BUREAU": 5, "AMT_CREDIT_SUM_DEBT": debt }],
                "bureau_balance": [{ "SK_ID_BUREAU": 5, "MONTHS_BALANCE": -1, "STATUS": "0" }],
            });
            RawApplication::parse(portfolio, &document).expect("an application")
        };
        let both = [document(406_597.5, 1.0), document(50_000.0, 2.0)];
        let together = compute(portfolio, "sql", &both).expect("one run");
        for (together, application) in together.iter().zip(&both) {
            let alone = compute(portfolio, "sql", std::slice::from_ref(application));
            let alone = alone.expect("a run").remove(0);
            assert_eq!(together.features_digest, alone.features_digest);
            assert_eq!(together.number, 100_002);
        }
    }
}
