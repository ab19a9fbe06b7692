//! A stream without TLS, which notices when the other end speaks it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Stream;
use crate::trouble::{Board, Trouble};

/// The first byte of a TLS alert, with which such a port answers plain HTTP. No HTTP answer
/// begins with it.
const ALERT: u8 = 21;

/// A stream in the clear.
pub(super) struct Clear {
    stream: Stream,
    heard: Heard,
    agent: usize,
    board: Board,
}

/// What has come from the other end.
enum Heard {
    Nothing,
    Something,
}

impl Clear {
    pub(super) fn new(stream: Stream, agent: usize, board: Board) -> Clear {
        Clear { stream, heard: Heard::Nothing, agent, board }
    }
}

impl AsyncRead for Clear {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if let (Heard::Nothing, Some(first)) = (&self.heard, buffer.filled().get(before)) {
            if *first == ALERT {
                self.board.note(self.agent, Some(Trouble::NeedsTls));
                return Poll::Ready(Err(Trouble::NeedsTls.into()));
            }
            self.heard = Heard::Something;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Clear {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
