//! How a connection file gets to the other person: as a file, as a line to paste, as a code to photograph.
//!
//! All three are the secret itself. The line is shown at a terminal only, so that it stands in no log.

use std::path::Path;

use protocol::conn_file::ConnFile;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};
use crate::screen::Screen;

/// Whether a QR code is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// It was asked for.
    Shown,
    /// It was not.
    NotAsked,
}

/// Says what to give to the receiver, and what they run with it.
pub(crate) fn hand_out(
    screen: &Screen,
    file: &ConnFile,
    path: &Path,
    code: Code,
) -> Result<(), Failure> {
    let name = path.display();
    screen.say(&format!("give {name} to the receiver by a channel you trust; they run:"));
    screen.say(&format!("coin-receive --conn {name}"));
    if screen.is_watched() {
        screen.say("or give them this line, which is as secret; they run coin-receive --conn - and paste it:");
        screen.secret(&file.to_line());
    }
    if code == Code::Shown && !screen.is_watched() {
        screen.warn("a QR code is as secret as the file: it is drawn on a terminal only");
    } else if code == Code::Shown {
        let drawn = draw(&file.to_line()).map_err(|error| {
            let what = format!("no QR code can be drawn of this file: {error}");
            Failure::new(Exit::File, what, "the same command without --qr")
        })?;
        screen.say("the same as a QR code:");
        screen.secret(&drawn);
    }
    Ok(())
}

/// Draws light on dark, as most terminals are; the margin is part of the code.
fn draw(line: &str) -> Result<Zeroizing<String>, QrError> {
    let code = QrCode::with_error_correction_level(line, EcLevel::L)?;
    let mut drawing = code.render::<Dense1x2>();
    drawing.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark);
    Ok(Zeroizing::new(drawing.build()))
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn a_code_is_square_and_fits_a_terminal() {
        let line = format!("liveconnect:relay=relay.example.org:7000&key={}", "A".repeat(120));
        let drawn = draw(&line).unwrap();
        let rows: Vec<usize> = drawn.lines().map(|row| row.chars().count()).collect();
        assert!(rows.iter().all(|width| *width == rows[0] && *width <= 80), "{rows:?}");
        assert_eq!(rows.len(), rows[0].div_ceil(2));
    }
}
