//! The program `relay`.

fn main() -> std::process::ExitCode {
    relay::main()
}
