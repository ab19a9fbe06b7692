//! The form of a request as it comes in: bounded in bytes, in time, and in the memory that all
//! requests together may take.
//!
//! A request is charged for what it has sent, not for what it announces; its answer keeps the
//! charge until the client has read it.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::{Method, Request};
use raida::limits::REQUEST_BYTES_MAX;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::limits::{BODY_WAIT, REQUEST_KIB_FIRST};
use crate::server::Bounds;

/// The form of a request, read to its end.
pub(crate) struct Asked {
    text: Zeroizing<Vec<u8>>,
    bytes_max: usize,
    charge: OwnedSemaphorePermit,
}

/// Why a request has no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAsked {
    #[error("only GET and POST are understood")]
    OtherMethod,
    #[error("the request has more than {0} bytes")]
    TooLong(usize),
    #[error("the request did not arrive within {} s", BODY_WAIT.as_secs())]
    TooSlow,
    #[error("the request broke off")]
    BrokeOff,
}

impl Asked {
    /// Reads the query of a GET or the body of a POST.
    pub(crate) async fn read<B>(
        request: Request<B>,
        bytes_max: usize,
        bounds: &Bounds,
    ) -> Result<Asked, NotAsked>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let reading = async {
            let mut asked = Asked::empty(bytes_max, bounds).await;
            match *request.method() {
                Method::GET => {
                    let query = request.uri().query().unwrap_or_default();
                    asked.push(query.as_bytes(), bounds).await?;
                }
                Method::POST => asked.push_body(request.into_body(), bounds).await?,
                _ => return Err(NotAsked::OtherMethod),
            }
            Ok(asked)
        };
        timeout(BODY_WAIT, reading).await.unwrap_or(Err(NotAsked::TooSlow))
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Charges for an answer that is much longer than its question. What is held is given up before:
    /// whoever held it and waited for more could wait for others that do the same.
    pub(crate) async fn charge_anew(&mut self, bytes: usize, bounds: &Bounds) {
        drop(self.charge.split(self.charge.num_permits()));
        self.charge = bounds.charge(bytes.div_ceil(1024)).await;
    }

    /// Makes the body of the answer, which goes on being charged for until it is sent.
    pub(crate) fn charge_for(self, body: Vec<u8>) -> Bytes {
        Bytes::from_owner(Charged { body, _charge: self.charge })
    }

    async fn empty(bytes_max: usize, bounds: &Bounds) -> Asked {
        let charge = bounds.charge(REQUEST_KIB_FIRST).await;
        let text = Zeroizing::new(Vec::with_capacity(REQUEST_KIB_FIRST * 1024));
        Asked { text, bytes_max, charge }
    }

    async fn push_body<B>(&mut self, mut body: B, bounds: &Bounds) -> Result<(), NotAsked>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| NotAsked::BrokeOff)?;
            if let Ok(bytes) = frame.into_data() {
                self.push(&bytes, bounds).await?;
            }
        }
        Ok(())
    }

    async fn push(&mut self, bytes: &[u8], bounds: &Bounds) -> Result<(), NotAsked> {
        let length = self.text.len() + bytes.len();
        if length > self.bytes_max {
            return Err(NotAsked::TooLong(self.bytes_max));
        }
        if length > self.text.capacity() {
            self.grow(length, bounds).await;
        }
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// Moves to a buffer of twice the size. A vector that grew by itself would leave its old
    /// place, secrets and all, unwiped.
    async fn grow(&mut self, length: usize, bounds: &Bounds) {
        let capacity = length.next_power_of_two().min(REQUEST_BYTES_MAX);
        let more = (capacity - self.text.capacity()).div_ceil(1024);
        self.charge.merge(bounds.charge(more).await);
        let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
        larger.extend_from_slice(&self.text);
        self.text = larger;
    }
}

struct Charged {
    body: Vec<u8>,
    _charge: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}
