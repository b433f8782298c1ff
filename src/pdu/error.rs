//! What can be wrong with a PDU, in either direction.

/// Why octets are not a PDU, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("octet {offset}: {kind}")]
pub struct DecodeError {
    /// Index of the octet, counted from the first octet of the SMSC field, at which the faulty field begins.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// The kinds of malformed input. Unknown and reserved values are not among them: those are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// Two characters that are not a hexadecimal octet, or a single one at the end.
    #[error("not a hexadecimal octet")]
    BadHex,
    /// The field goes on after the last octet.
    #[error("field needs {needed} octets, {left} left")]
    Truncated {
        /// Octets that the field takes.
        needed: usize,
        /// Octets that there are.
        left: usize,
    },
    /// A message type that has no place in this direction, or that is not one of the three of [`super::Tpdu`].
    #[error("message type {mti} is not decoded in this direction")]
    UnsupportedType {
        /// TP-MTI.
        mti: u8,
    },
    /// An address longer than TS 23.040 clause 9.1.2.5 has room for.
    #[error("address of {digits} digits, at most 20")]
    AddressTooLong {
        /// Semi-octets that the address claims.
        digits: usize,
    },
    /// A time stamp with a digit that is none, or a date that is not in the calendar.
    #[error("time stamp is no date")]
    NoDate,
    /// More user data than a message holds, in septets.
    #[error("{septets} septets, at most 160")]
    TooManySeptets {
        /// TP-UDL.
        septets: usize,
    },
    /// More user data than a message holds, in octets.
    #[error("{octets} octets of user data, at most 140")]
    TooManyOctets {
        /// TP-UDL.
        octets: usize,
    },
    /// The user data header does not fit into the user data.
    #[error("user data header of {header} octets in {user_data} octets of user data")]
    HeaderTooLong {
        /// Octets of the header with its length octet.
        header: usize,
        /// Octets of the user data.
        user_data: usize,
    },
    /// An information element does not fit into the user data header.
    #[error("information element of {element} octets, {left} left in the header")]
    ElementTooLong {
        /// Octets of the element's data.
        element: usize,
        /// Octets left in the header after the element's length octet.
        left: usize,
    },
    /// The user data header ends after an information element's identifier.
    #[error("information element without length")]
    ElementLengthMissing,
}

/// Why a value has no PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Header and payload together are larger than a message.
    #[error("user data of {units} units, at most {max}")]
    UserDataTooLong {
        /// Septets or octets, header included.
        units: usize,
        /// 160 septets or 140 octets.
        max: usize,
    },
    /// The payload is in septets and TP-DCS says octets, or the reverse.
    #[error("payload is not in the units that the data coding scheme says")]
    PayloadMismatch,
}
