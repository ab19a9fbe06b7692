//! The jobs of a transfer and what they stream: one job after the other, in the order of their starts.

use std::collections::VecDeque;
use std::future::Future;

use protocol::machine::{Fault, Input, Job, Report};
use protocol::message::Message;
use tokio::task::{JoinError, JoinSet};

use super::Transfer;
use crate::exit::{Exit, Failure};
use crate::operations::freight::{Inbox, Stream};
use crate::words;

/// What a finished job hands over.
pub(crate) enum Done {
    /// Its report.
    Report(Report),
    /// Bytes to be streamed before the report is made.
    Stream(Stream),
}

/// How a job ended.
pub(super) type Worked = Result<Result<Done, Fault>, JoinError>;

/// The jobs that were started and are not over; the front one is being done.
#[derive(Default)]
pub(super) struct Work {
    jobs: VecDeque<(Job, Inbox)>,
    working: JoinSet<Result<Done, Fault>>,
    stream: Option<Stream>,
    wanted: Wanted,
}

/// Whether what is being prepared for streaming shall go out on this connection.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    No,
    Yes,
}

impl Work {
    /// Tells whether frames wait to go out.
    pub(super) fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Waits for the end of the job that is being done; `None` when there is none.
    pub(super) fn ended(&mut self) -> impl Future<Output = Option<Worked>> {
        self.working.join_next()
    }

    /// Forgets what is being streamed or prepared for it.
    pub(super) fn stop_streaming(&mut self) {
        self.stream = None;
        self.wanted = Wanted::No;
        // The job that is being done ends by itself; its stream is let go.
        let mut place = 0;
        self.jobs.retain(|(job, _)| {
            place += 1;
            place == 1 || !streams(job)
        });
    }
}

impl Transfer {
    /// Starts a job; one that waits or is being done already is not started again.
    pub(super) fn start(&mut self, job: Job) {
        if streams(&job) {
            self.work.wanted = Wanted::Yes;
        }
        if self.work.jobs.iter().any(|(waiting, _)| *waiting == job) {
            return;
        }
        // What the peer sent belongs to the job from its start: a new link begins a new inbox.
        let inbox = match job {
            Job::Store | Job::ReadReceipt => std::mem::take(&mut self.inbox),
            _ => Inbox::default(),
        };
        self.work.jobs.push_back((job, inbox));
        self.begin_next();
    }

    fn begin_next(&mut self) {
        if !self.work.working.is_empty() {
            return;
        }
        if let Some((job, inbox)) = self.work.jobs.front_mut() {
            let work = self.bench.work(job.clone(), std::mem::take(inbox), self.manifest.clone());
            self.work.working.spawn(work);
        }
    }

    /// Takes the end of the job that was being done.
    pub(super) async fn on_work(&mut self, ended: Worked) {
        let (Some((job, _)), Ok(result)) = (self.work.jobs.pop_front(), ended) else {
            let what = "a job of this program broke down";
            self.fail(Failure::new(
                Exit::File,
                what,
                "this is an error of the program; run: coin-wallet resume",
            ));
            return;
        };
        self.begin_next();
        match result {
            Ok(Done::Report(report)) => self.feed(Input::Done(report)).await,
            Ok(Done::Stream(stream)) => {
                self.work.stream = Some(stream).filter(|_| self.work.wanted == Wanted::Yes);
            }
            Err(fault) => {
                self.screen.warn(&words::fault(&fault));
                self.feed(Input::Failed(job, fault)).await;
            }
        }
    }

    /// Sends the next frame of the stream; after the last one its job has ended.
    pub(super) async fn stream_on(&mut self) {
        let Some(mut stream) = self.work.stream.take() else { return };
        match stream.next_chunk() {
            Some((message, bytes)) => {
                self.work.stream = Some(stream);
                self.say(&message, &bytes).await;
                if let Some(stream) = &self.work.stream {
                    self.screen.progress(stream.what(), stream.sent() as u64, stream.len() as u64);
                }
                // A frame that left is a step that gets on, however slow the line is.
                self.feed(Input::Progress).await;
            }
            None => self.feed(Input::Done(stream.report())).await,
        }
    }
}

/// Tells whether a message is shown: of a run of frames only the first.
pub(super) fn is_shown(message: &Message) -> bool {
    match message {
        Message::Heartbeat(position) => position.is_some(),
        Message::Coins(chunk) | Message::Receipt(chunk) => chunk.index == 0,
        _ => true,
    }
}

fn streams(job: &Job) -> bool {
    matches!(job, Job::SendCoins(_) | Job::SendReceipt)
}
