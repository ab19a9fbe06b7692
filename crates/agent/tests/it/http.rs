//! Requests written by hand: what an agent hears from clients that are not ours.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes, closes the sending side and returns all that comes back.
pub(crate) async fn raw(agent: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(agent).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // An agent that has heard enough may reset the connection; what it said before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

pub(crate) fn post_text(route: &str, body: &str) -> String {
    format!(
        "POST /service/{route} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Returns the body of an answer with HTTP status 200.
pub(crate) fn body(answer: &str) -> &str {
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1
}

pub(crate) async fn get(agent: SocketAddr, path_and_query: &str) -> String {
    let request =
        format!("GET /service/{path_and_query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    body(&raw(agent, request.as_bytes()).await).to_owned()
}

pub(crate) async fn get_json(agent: SocketAddr, path_and_query: &str) -> Value {
    serde_json::from_str(&get(agent, path_and_query).await).unwrap()
}

pub(crate) async fn post_json(agent: SocketAddr, route: &str, form: &str) -> Value {
    let answer = raw(agent, post_text(route, form).as_bytes()).await;
    serde_json::from_str(body(&answer)).unwrap()
}

/// Returns one field of each object of an array.
pub(crate) fn each<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let replies = answer.as_array().unwrap_or_else(|| panic!("not an array: {answer}"));
    replies.iter().map(|reply| reply[field].as_str().unwrap()).collect()
}
