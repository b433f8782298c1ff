//! The AT dialogue of ITU-T V.250 with the commands of 3GPP TS 27.005 and 27.007, without any IO.
//!
//! Bytes become lines and prompts in [`Framer`]; lines become answers and unsolicited results in [`Session`], which has one
//! [`Command`] in flight with a deadline. The module knows no modem family, no message and no policy: which command comes
//! next is decided in `modem`, and what a failed submission means in `sms::outcome`.
//!
//! Command lines and short answers of fixed shape go through the `at-commands` crate (see `command` and `shape`); lists,
//! prompts, echo and unsolicited results are lexed here, on bytes, because modems send them in any order.

mod command;
mod field;
mod framer;
mod identity;
mod indications;
mod message;
mod query;
mod reply;
mod result;
mod session;
mod setting;
mod shape;
mod unsolicited;
mod ussd;

pub use command::{Allowed, Command, Line, Takes};
pub use field::{fields, unquoted};
pub use framer::{Frame, Framer, LINE_BYTES_MAX};
pub use identity::{Iccid, QueryDigits, QueryText};
pub use indications::{Indications, QueryIndications};
pub use message::{Delete, Entry, List, NameStores, Read, SelectStore, Store, StoreUse, Submit, Submitted};
pub use query::{Network, PinState, Registered, Usage};
pub use query::{
    QueryFunction, QueryOperator, QueryPin, QueryRegistration, QueryService, QuerySignal, QuerySmsc, QueryStores,
};
pub use reply::{REPLY_BYTES_MAX, Reply};
pub use result::{Failure, FinalResult, VendorText};
pub use session::{Ended, Finished, Output, Overrun, Session};
pub use setting::{EnterPin, Plain, SetSmsc};
pub use unsolicited::{Routed, Unsolicited};
pub use ussd::{CANCEL_USSD, RequestUssd, UssdResult, UssdStatus};
