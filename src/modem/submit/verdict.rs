//! What the end of `AT+CMGS` says about the part.

use crate::at::{self, Command as _, Ended, Failure, Finished, Submitted, VendorText};
use crate::modem::lease::{Settlement, UnknownWhy};
use crate::sms::outcome::{Cause, Disposition, Phase, disposition};

/// The reference, wherever it stands in the answer.
pub(super) fn reference(finished: &Finished) -> Option<Submitted> {
    at::Submit { tpdu_length: 0 }.read(&finished.reply)
}

/// What the end of a command says about a PDU that was written.
pub(super) fn judge(finished: &Finished) -> Settlement {
    if let Some(submitted) = reference(finished) {
        return Settlement::Accepted { tp_mr: submitted.tp_mr };
    }
    match finished.ended {
        Ended::Ok => Settlement::Unknown { why: UnknownWhy::NoReference },
        Ended::TimedOut => Settlement::Unknown { why: UnknownWhy::Silence },
        Ended::Lost => Settlement::Unknown { why: UnknownWhy::PortLost },
        Ended::Failed(failure) => {
            let cause = cause_of(failure);
            if disposition(cause, Phase::AfterPdu) == Disposition::Unknown {
                Settlement::Unknown { why: UnknownWhy::Cause(cause) }
            } else {
                Settlement::Refused { cause }
            }
        }
    }
}

/// The cause of a final result.
pub(super) fn cause_of(failure: Failure) -> Cause {
    match failure {
        Failure::Cms(code) => Cause::Cms(code),
        Failure::Cme(code) => Cause::Cme(code),
        Failure::Error => Cause::Error,
        Failure::Text(VendorText::CommandNotSupport) => Cause::CommandNotSupport,
        Failure::Text(VendorText::TooManyParameters) => Cause::TooManyParameters,
        Failure::Text(VendorText::NoCarrier) => Cause::NoCarrier,
        Failure::Text(
            VendorText::Busy
            | VendorText::NoAnswer
            | VendorText::NoDialtone
            | VendorText::UnnamedCms
            | VendorText::UnnamedCme,
        ) => Cause::Unnamed,
    }
}
