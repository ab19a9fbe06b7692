//! The program `coin-receive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    client::coin_receive()
}
