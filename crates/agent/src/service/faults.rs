//! The faults of the agents, shown and changed while they run; only where that was allowed at the
//! start.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::{Method, Request, Response, StatusCode};

use super::asked::Asked;
use crate::faults::{AgentFault, Faults};
use crate::limits::FAULT_BYTES_MAX;
use crate::server::Bounds;

/// Its path at an agent.
pub(crate) const PATH: &str = "/service/faults";

/// Sets the faults that a POST names, a line each, all or none. Answers with all faults there are.
pub(crate) async fn answer<B>(
    faults: &Faults,
    bounds: &Bounds,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let is_change = *request.method() == Method::POST;
    match Asked::read(request, FAULT_BYTES_MAX, bounds).await {
        Err(not_asked) => refuse(&not_asked.to_string()),
        Ok(asked) if is_change => match read(asked.text()) {
            Ok(wanted) => {
                wanted.iter().for_each(|fault| faults.set(fault));
                show(faults)
            }
            Err(sentence) => refuse(&sentence),
        },
        Ok(_) => show(faults),
    }
}

fn read(text: &[u8]) -> Result<Vec<AgentFault>, String> {
    let text = str::from_utf8(text).map_err(|_| "the text is not utf-8".to_owned())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let faults: Result<Vec<AgentFault>, _> = lines.map(str::parse).collect();
    match faults {
        Ok(faults) if faults.is_empty() => Err("no fault is named".to_owned()),
        Ok(faults) => Ok(faults),
        Err(bad) => Err(bad.to_string()),
    }
}

fn show(faults: &Faults) -> Response<Full<Bytes>> {
    Response::new(Full::new(faults.to_string().into()))
}

fn refuse(sentence: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(format!("{sentence}\n").into()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
