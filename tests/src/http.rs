//! One agent over a socket of our own, without the wallet's client: what is answered is seen as it is.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use raida::api::{AboutCoin, Route, write_coins};
use serde_json::Value;

/// How long an agent may take for an answer, or for reading on.
const WITHIN: Duration = Duration::from_secs(30);

/// A connection to one agent that is kept from request to request.
#[derive(Debug)]
pub struct Talk(BufReader<TcpStream>);

impl Talk {
    /// Connects to an agent at HOST:PORT.
    ///
    /// # Errors
    ///
    /// Those of the sockets.
    pub fn with(address: &str) -> io::Result<Talk> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        Ok(Talk(BufReader::new(stream)))
    }

    /// Asks about coins and returns the status word of each, in their order.
    ///
    /// # Errors
    ///
    /// Those of the sockets; an answer that was cut short, or is about another number of coins.
    pub fn ask<'a>(
        &mut self,
        route: Route,
        coins: impl ExactSizeIterator<Item = AboutCoin<'a>>,
    ) -> io::Result<Vec<String>> {
        let asked = coins.len();
        let answer = self.post(&route.path(), &write_coins(coins))?;
        let words = answer.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let words = words.filter_map(|reply| reply["status"].as_str()).map(str::to_owned);
        let words: Vec<String> = words.collect();
        if words.len() == asked {
            Ok(words)
        } else {
            Err(io::Error::other(format!("{asked} coins, and the answer {answer}")))
        }
    }

    /// Posts a form and returns the JSON of the answer.
    ///
    /// # Errors
    ///
    /// Those of the sockets; an answer that was cut short, is no JSON or not HTTP 200.
    pub fn post(&mut self, path: &str, form: &[u8]) -> io::Result<Value> {
        let kind = "application/x-www-form-urlencoded";
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: agent\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\n\r\n",
            form.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(form);
        self.0.get_mut().write_all(&request)?;
        let bytes = self.body()?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    fn body(&mut self) -> io::Result<Vec<u8>> {
        let status = self.line()?;
        if !status.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(status));
        }
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(bytes) = line.strip_prefix("content-length:") {
                length = bytes.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(body)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
