//! A request under way, and how its answer comes: at once, or by and by.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response, Version, header};
use tokio::runtime::Handle;

use super::connection::{Answer, Patience, Running};
use super::heads;

/// An answer, or the work that leads to it.
pub(super) enum Handled {
    Now(Option<Response<Answer>>),
    /// On the runtime that is named: what the work starts outlives the connection, and its lane.
    Later(Handle, Pin<Box<dyn Future<Output = Response<Answer>> + Send>>),
}

impl Future for Handled {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            // A future that has ended is not polled again.
            Self::Now(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Self::Later(main, work) => {
                let _there = main.enter();
                work.as_mut().poll(cx).map(Ok)
            }
        }
    }
}

/// A request under way.
pub(super) struct Call {
    pub(super) running: Running,
    pub(super) version: Version,
    /// Whether its body has not been read.
    pub(super) is_unread: bool,
}

impl Call {
    /// Other bodies than those of mail mean nothing here and are not read. So nothing that follows one on the
    /// connection is read either, wherever a proxy in front of us thinks that the next request begins.
    pub(super) fn answer(self, response: Response<Bytes>, patience: &Patience) -> Response<Answer> {
        if self.is_unread {
            return self.close(response, patience);
        }
        self.send(response)
    }

    /// The last answer on its connection.
    pub(super) fn close(self, mut response: Response<Bytes>, patience: &Patience) -> Response<Answer> {
        if self.is_unread {
            patience.leave_unread();
        }
        if self.version < Version::HTTP_2 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        self.send(response)
    }

    fn send(self, mut response: Response<Bytes>) -> Response<Answer> {
        // hyper would send the date of the machine, and stay at the latest one that it has ever sent.
        response.headers_mut().extend(heads::date().map(|date| (header::DATE, date)));
        response.map(|body| Answer::new(body, self.running))
    }
}
