//! The program `raida`: the detection agents, and the mint of their coins.

fn main() -> std::process::ExitCode {
    agent::main()
}
