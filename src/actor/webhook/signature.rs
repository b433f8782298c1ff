//! Signatures of Standard Webhooks (specification 1.0.0, "Signature scheme"): HMAC-SHA256 over id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::clock::Timestamp;
use crate::store::webhook::SigningKey;

/// Seconds since 1970, as `webhook-timestamp` has them.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}

/// The value of `webhook-signature`: one signature for each key.
pub(super) fn signature(keys: &[SigningKey], id: &str, at: Timestamp, body: &[u8]) -> String {
    let sign = |key: &SigningKey| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{}.", seconds(at)).as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    keys.iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SigningKey {
        SigningKey(STANDARD.decode(text).unwrap().try_into().unwrap())
    }

    /// The expected value is of `openssl dgst -sha256 -mac HMAC` over the same octets.
    #[test]
    fn a_signature_is_what_others_reckon_too() {
        let key = key("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        let at = Timestamp::from_millis(1_674_087_231_999);
        let signed = signature(&[key], "evt_1_42", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,u/KdNFwQ53OEU0gw9PY7Ss3AgysC7McEdPrnmGLlWyI=");
    }

    #[test]
    fn during_a_rotation_both_keys_sign() {
        let (new, old) = (SigningKey([1; 32]), SigningKey([2; 32]));
        let at = Timestamp::from_millis(0);
        let alone = |key| signature(&[key], "evt_1_1", at, b"{}");
        assert_eq!(signature(&[new, old], "evt_1_1", at, b"{}"), format!("{} {}", alone(new), alone(old)));
        assert_ne!(alone(new), alone(old));
    }
}
