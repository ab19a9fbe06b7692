//! What is and what is not a certificate with its key.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;
use crate::limits::PEM_BYTES_MAX;

struct Files {
    dir: TempDir,
}

impl Files {
    /// A certificate that is valid in these years, and its key.
    fn valid(from: i32, until: i32) -> Files {
        let files = Files { dir: TempDir::new().unwrap() };
        files.put(from, until);
        files
    }

    fn put(&self, from: i32, until: i32) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        fs::write(self.certificate(), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(self.key(), key.serialize_pem()).unwrap();
        fs::set_permissions(self.key(), Permissions::from_mode(0o600)).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    fn load(&self) -> Result<Tls, TlsError> {
        Tls::load(&self.certificate(), &self.key())
    }

    fn refused(&self) -> String {
        let said = self.load().unwrap_err().to_string();
        said.replace(&self.dir.path().display().to_string(), "DIR")
    }
}

#[test]
fn a_certificate_and_its_key_are_taken_and_shown_by_their_fingerprint_alone() {
    let tls = Files::valid(2020, 2999).load().unwrap();
    assert_eq!(format!("{tls:?}"), format!("Tls({})", tls.fingerprint()));
}

#[test]
fn a_certificate_out_of_its_time_is_refused_with_the_date() {
    let said = Files::valid(2020, 2021).refused();
    assert_eq!(said, "the certificate DIR/cert.pem expired on 2021-01-01T00:00:00Z");
    let said = Files::valid(2998, 2999).refused();
    assert_eq!(said, "the certificate DIR/cert.pem is not valid before 2998-01-01T00:00:00Z");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let files = Files::valid(2020, 2999);
    fs::copy(Files::valid(2020, 2999).key(), files.key()).unwrap();
    let said = files.refused();
    assert_eq!(said, "DIR/key.pem is not the key of the certificate DIR/cert.pem");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let files = Files::valid(2020, 2999);
    for mode in [0o640, 0o604] {
        fs::set_permissions(files.key(), Permissions::from_mode(mode)).unwrap();
        let said = files.refused();
        assert_eq!(said, format!("the key DIR/key.pem can be read by others (mode {mode:03o})"));
    }
}

#[test]
fn files_that_hold_something_else_are_refused() {
    let files = Files::valid(2020, 2999);
    let check = |path: PathBuf, content: &[u8], expected: &str| {
        let before = fs::read(&path).unwrap();
        fs::write(&path, content).unwrap();
        assert_eq!(files.refused(), expected);
        fs::write(&path, before).unwrap();
    };
    let no_certificate = "DIR/cert.pem holds no certificate in pem form";
    let swapped = fs::read(files.key()).unwrap();
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for content in [&b""[..], b"-----BEGIN CERTIFICATE-----\n?", b"\xff\0", &swapped, broken] {
        check(files.certificate(), content, no_certificate);
    }
    check(files.key(), b"", "DIR/key.pem holds no private key in pem form");
    let long = vec![b'\n'; PEM_BYTES_MAX + 1];
    check(files.certificate(), &long, "DIR/cert.pem has more than 65536 bytes");
    fs::remove_file(files.certificate()).unwrap();
    assert_eq!(files.refused(), "DIR/cert.pem cannot be read");
    fs::create_dir(files.certificate()).unwrap();
    assert_eq!(files.refused(), "DIR/cert.pem cannot be read");
}

#[test]
fn what_cannot_be_used_does_not_replace_what_is_shown() {
    let files = Files::valid(2020, 2999);
    let tls = files.load().unwrap();
    let first = tls.fingerprint();
    files.put(2020, 2021);
    assert!(matches!(tls.renew(), Err(TlsError::Expired { .. })));
    assert_eq!(tls.fingerprint(), first);
    files.put(2020, 2999);
    let second = tls.renew().unwrap();
    assert_ne!(second, first);
    assert_eq!(tls.clone().fingerprint(), second);
}
