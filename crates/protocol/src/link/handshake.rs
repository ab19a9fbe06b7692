//! The handshake that gives a connection fresh keys: `Noise_NNpsk0_25519_ChaChaPoly_SHA256`, two
//! messages, the sender being the initiator.
//!
//! ```text
//!   sender    ── psk, e ──────────────▶  receiver      48 bytes
//!             ◀────────── e, ee ───────                48 bytes, or 80 with a resume secret in it
//! ```
//!
//! Whoever does not have the pre-shared key cannot make a first message that opens. The keys come
//! from Noise's `Split()`, because our frames carry associated data, which Noise's transport does
//! not. Random bytes come in as an argument, through a resolver that hands `snow` one draw.

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

use crate::link::keys::Psk;
use crate::room::{RoomToken, Side};

const PATTERN: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";
const PROLOGUE: &[u8] = b"liveconnect/1";

/// Bytes of a first message: a public key and the tag of nothing.
const FIRST_BYTES: usize = 48;
/// Bytes of an answer: a public key, 32 or no bytes, and a tag.
const ANSWER_BYTES: [usize; 2] = [48, 80];

/// One random draw for one handshake.
pub(super) type Draw = Zeroizing<[u8; 32]>;

/// The keys of a session, one for each direction.
pub(super) struct SessionKeys {
    pub(super) to_receiver: Zeroizing<[u8; 32]>,
    pub(super) to_sender: Zeroizing<[u8; 32]>,
}

/// The sender's half of a handshake that was begun.
pub(super) struct Initiator {
    noise: Box<HandshakeState>,
    first: Vec<u8>,
}

impl Initiator {
    pub(super) fn begin(token: &RoomToken, psk: &Psk, draw: Draw) -> Initiator {
        let mut noise = build(token, psk, draw, Side::S);
        let first = write(&mut noise, &[]);
        Initiator { noise, first }
    }

    /// Returns the first message, the same bytes each time.
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }

    /// Opens the answer: the keys and what the receiver put into it. `None` when it does not open;
    /// then the next one may.
    pub(super) fn finish(&mut self, answer: &[u8]) -> Option<(SessionKeys, Zeroizing<Vec<u8>>)> {
        if !ANSWER_BYTES.contains(&answer.len()) {
            return None;
        }
        let payload = read(&mut self.noise, answer)?;
        Some((split(&mut self.noise), payload))
    }
}

/// The receiver's half of a handshake whose first message opened.
pub(super) struct Responder {
    noise: Box<HandshakeState>,
}

impl Responder {
    /// Opens a first message, or returns `None` when it was not made with this pre-shared key.
    pub(super) fn open(
        token: &RoomToken,
        psk: &Psk,
        draw: Draw,
        first: &[u8],
    ) -> Option<Responder> {
        if first.len() != FIRST_BYTES {
            return None;
        }
        let mut noise = build(token, psk, draw, Side::R);
        read(&mut noise, first)?;
        Some(Responder { noise })
    }

    /// Makes the answer, with the resume secret or nothing in it.
    pub(super) fn answer(mut self, payload: &[u8]) -> (Vec<u8>, SessionKeys) {
        let answer = write(&mut self.noise, payload);
        (answer, split(&mut self.noise))
    }
}

fn build(token: &RoomToken, psk: &Psk, draw: Draw, side: Side) -> Box<HandshakeState> {
    let prologue = [PROLOGUE, token.expose()].concat();
    let params = PATTERN.parse().expect("snow knows the pattern and its primitives");
    let noise = Builder::with_resolver(params, Box::new(OneDraw(draw)))
        .psk(0, psk)
        .and_then(|builder| builder.prologue(&prologue))
        .and_then(|builder| match side {
            Side::S => builder.build_initiator(),
            Side::R => builder.build_responder(),
        });
    Box::new(noise.expect("a psk, a prologue and no static key are all that NNpsk0 takes"))
}

fn write(noise: &mut HandshakeState, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0; FIRST_BYTES + payload.len()];
    let length = noise
        .write_message(payload, &mut message)
        .expect("it is our turn, the draw is there and the message has just room enough");
    assert_eq!(length, message.len(), "a key, the payload and a tag");
    message
}

fn read(noise: &mut HandshakeState, message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut payload = Zeroizing::new(vec![0; message.len()]);
    let length = noise.read_message(message, &mut payload).ok()?;
    payload.truncate(length);
    Some(payload)
}

fn split(noise: &mut HandshakeState) -> SessionKeys {
    let (to_receiver, to_sender) = noise.dangerously_get_raw_split();
    SessionKeys { to_receiver: Zeroizing::new(to_receiver), to_sender: Zeroizing::new(to_sender) }
}

/// `snow`'s own primitives, and as its only randomness one draw.
struct OneDraw(Draw);

impl CryptoResolver for OneDraw {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Once(Some(self.0.clone()))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// Gives its draw to the one key pair that a side of NN makes, and fails ever after.
struct Once(Option<Draw>);

impl Random for Once {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        let draw = self.0.take().ok_or(snow::Error::Rng)?;
        if dest.len() != draw.len() {
            return Err(snow::Error::Rng);
        }
        dest.copy_from_slice(draw.as_ref());
        Ok(())
    }
}
