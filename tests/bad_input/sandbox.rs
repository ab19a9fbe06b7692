//! A small disk, or one that cannot be written to, in a mount namespace of its own: nothing of the
//! machine is touched, and all of it is gone with the process that holds it.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tests::programs::Program;
use tests::world::Running;

use crate::town::town;

/// A process in a mount namespace of its own, where another file system lies at a folder.
pub(crate) struct Sandbox {
    holder: Running,
    enter: &'static [&'static str],
}

impl Sandbox {
    /// Runs `mount` (a shell's command line; `$1` is the folder) in a namespace of its own. `None`, and
    /// a word about it, where the machine does not allow that.
    pub(crate) fn mount(folder: &Path, mount: &str) -> Option<Sandbox> {
        let root = rustix::process::geteuid().is_root();
        let (unshare, enter): (&[&str], &[&str]) = match root {
            true => (&["-m"], &["-m"]),
            false => (&["-r", "-m"], &["-U", "--preserve-credentials", "-m"]),
        };
        let script = format!("{{ {mount}; }} && echo ready && cat");
        let mut command = Command::new("unshare");
        command.args(unshare).args(["sh", "-c", &script, "sh"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut ready = String::new();
        let holder = Running::start("unshare", &mut command).and_then(|mut holder| {
            holder.stdout()?.read_line(&mut ready)?;
            Ok(holder)
        });
        match holder {
            Ok(holder) if ready == "ready\n" => Some(Sandbox { holder, enter }),
            _ => {
                // Past the test's capture: a test that tests nothing has to be seen.
                let _ = writeln!(std::io::stderr(), "SKIPPED: no mount namespace here ({mount})");
                None
            }
        }
    }

    /// Returns the command of a program as it runs inside.
    pub(crate) fn command(&self, program: Program, inner: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.args(self.enter).args(["-t", &self.holder.id().to_string(), "--"]);
        command.arg(town().program(program)).args(inner.get_args());
        command.env_remove("LIVECONNECT_HOME");
        command
    }

    /// Returns a path of the inside as the outside sees it.
    pub(crate) fn seen(&self, path: &Path) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.holder.id())).join(path.strip_prefix("/").unwrap())
    }
}
