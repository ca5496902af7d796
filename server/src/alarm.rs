//! What has a task polled again in time: [`Alarm`].

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Has a task polled no later than it was told to.
///
/// It may come too early, and it rings for nothing where nobody waits any more: so whoever waits
/// compares the time, and nearly no request has to set it.
#[derive(Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Has the task of `cx` polled at `due`, or before. It must be one task, always.
    pub(crate) fn by(&mut self, cx: &mut Context<'_>, due: Instant) {
        match &mut self.0 {
            Some(sleep) if !sleep.is_elapsed() && sleep.deadline() <= due => {}
            Some(sleep) => {
                sleep.as_mut().reset(due);
                ring(sleep, cx);
            }
            none => ring(none.insert(Box::pin(sleep_until(due))), cx),
        }
    }

    /// The same, where whoever asks last is to be polled: a body may be read by one task and by
    /// another.
    pub(crate) fn for_any(&mut self, cx: &mut Context<'_>, due: Instant) {
        self.by(cx, due);
        if let Some(sleep) = &mut self.0 {
            ring(sleep, cx);
        }
    }

    /// Whether it will ring.
    pub(crate) fn is_set(&self) -> bool {
        self.0.as_ref().is_some_and(|sleep| !sleep.is_elapsed())
    }
}

/// Listens for it. One that has rung already was overtaken by the clock.
fn ring(sleep: &mut Pin<Box<Sleep>>, cx: &mut Context<'_>) {
    if let Poll::Ready(()) = sleep.as_mut().poll(cx) {
        cx.waker().wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Waker, time::Duration};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_rings_by_the_earliest_time_and_can_be_set_again() {
        let (mut alarm, start) = (Alarm::default(), Instant::now());
        for (set, rings) in [
            (&[60_u64, 10, 30][..], 10),
            // It has rung.
            (&[50], 50),
            (&[70, 80], 70),
        ] {
            let mut first = true;
            poll_fn(|cx| {
                if !std::mem::take(&mut first) {
                    return Poll::Ready(());
                }
                for after in set {
                    alarm.by(cx, start + Duration::from_secs(*after));
                }
                Poll::Pending
            })
            .await;
            assert_eq!((Instant::now() - start).as_secs(), rings);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_that_asked_last_is_polled() {
        let mut alarm = Alarm::default();
        let due = Instant::now() + Duration::from_secs(1);
        alarm.for_any(&mut Context::from_waker(Waker::noop()), due);
        let mut asked = false;
        let rings = poll_fn(|cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            alarm.for_any(cx, due);
            Poll::Pending
        });
        let late = Duration::from_secs(60);
        tokio::time::timeout(late, rings).await.expect("it rings");
        assert!(Instant::now() < due + Duration::from_secs(1));
    }
}
