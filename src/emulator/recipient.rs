//! What becomes of a text at the other end: decided by the last four digits of the recipient's number, so that a test
//! names the fate that it wants. Everybody else gets the text, reports it and sometimes answers.

/// The fate of texts to one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Delivered; answers at the configured rate.
    Delivered,
    /// `0001`: accepted, then a report of permanent failure.
    Undeliverable,
    /// `0002`: accepted, and no report ever.
    NoReport,
    /// `0003`: refused at submit with `+CMS ERROR: 1`.
    Unassigned,
    /// `0004`: a report that it is still tried, then one that it was delivered.
    Delayed,
    /// `0005`: refused at submit with `+CMS ERROR: 38`.
    Overloaded,
    /// `0006`: delivered, and always answers that they want no texts.
    OptsOut,
    /// `0007`: delivered, and always answers at length, in several parts.
    Talkative,
    /// `0008`: delivered, and always answers that it is paid.
    HasPaid,
    /// `0009`: delivered, and always answers that it is somebody else's number.
    IsAnother,
}

impl Fate {
    /// The fate of texts to `number`.
    pub(super) fn of(number: &str) -> Self {
        match number.get(number.len().saturating_sub(4)..) {
            Some("0001") => Self::Undeliverable,
            Some("0002") => Self::NoReport,
            Some("0003") => Self::Unassigned,
            Some("0004") => Self::Delayed,
            Some("0005") => Self::Overloaded,
            Some("0006") => Self::OptsOut,
            Some("0007") => Self::Talkative,
            Some("0008") => Self::HasPaid,
            Some("0009") => Self::IsAnother,
            _ => Self::Delivered,
        }
    }

    /// The cause with which the network refuses the part, if it does (TS 24.011 annex E.2).
    pub(super) fn refusal(self) -> Option<u16> {
        match self {
            Self::Unassigned => Some(1),
            Self::Overloaded => Some(38),
            Self::Delivered
            | Self::Undeliverable
            | Self::NoReport
            | Self::Delayed
            | Self::OptsOut
            | Self::Talkative
            | Self::HasPaid
            | Self::IsAnother => None,
        }
    }

    /// TP-ST of each report in order (TS 23.040 clause 9.2.3.15).
    pub(super) fn reports(self) -> &'static [u8] {
        match self {
            Self::Undeliverable => &[0x46],
            Self::Delayed => &[0x30, 0x00],
            Self::NoReport | Self::Unassigned | Self::Overloaded => &[],
            Self::Delivered | Self::OptsOut | Self::Talkative | Self::HasPaid | Self::IsAnother => &[0x00],
        }
    }
}

/// The language in which the owner of a number answers, by its country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    /// +55
    Portuguese,
    /// +52
    Spanish,
    /// Everywhere else.
    English,
}

impl Tongue {
    pub(super) fn of(number: &str) -> Self {
        match number.trim_start_matches('+').get(..2) {
            Some("55") => Self::Portuguese,
            Some("52") => Self::Spanish,
            _ => Self::English,
        }
    }

    /// Answers as debtors write them. The last is long enough for several parts.
    pub(super) fn answers(self) -> &'static [&'static str] {
        match self {
            Self::Portuguese => &[
                "Já paguei ontem",
                "Quem é?",
                "ok, pago na sexta",
                "Número errado, não conheço essa pessoa",
                "Bom dia! Recebi a mensagem. Estou desempregado desde março e só consigo pagar uma parte agora, o restante \
                 quando receber no quinto dia útil. Vocês podem mandar um novo boleto com vencimento para o dia 10?",
            ],
            Self::Spanish => &[
                "Ya pagué ayer",
                "¿Quién es?",
                "ok, pago el viernes",
                "Número equivocado, no conozco a esa persona",
                "Buenos días, recibí su mensaje. Me quedé sin trabajo en marzo y por ahora sólo puedo pagar una parte, el \
                 resto cuando cobre la próxima quincena. ¿Pueden mandarme otra ficha de pago con fecha del día 10?",
            ],
            Self::English => &[
                "I paid yesterday",
                "who is this?",
                "ok will pay friday",
                "Wrong number, I don't know this person",
                "Good morning, I got your message. I have been out of work since March and can only pay a part of it right \
                 now, the rest when my next pay comes in. Could you please send me a new payment link that is valid until \
                 the 10th?",
            ],
        }
    }

    /// The answer that ends it.
    pub(super) fn opt_out(self) -> &'static str {
        match self {
            Self::Portuguese => "PARE",
            Self::Spanish => "ALTO",
            Self::English => "STOP",
        }
    }

    /// The answer that it is paid.
    pub(super) fn paid(self) -> &'static str {
        self.answers().first().copied().unwrap_or_default()
    }

    /// The answer that it is somebody else's number.
    pub(super) fn wrong_number(self) -> &'static str {
        self.answers().get(3).copied().unwrap_or_default()
    }

    /// The answer that takes several parts.
    pub(super) fn long_answer(self) -> &'static str {
        self.answers().last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: &str, fate: Fate, tongue: Tongue) {
        assert_eq!((Fate::of(number), Tongue::of(number)), (fate, tongue), "{number}");
    }

    #[test]
    fn the_last_four_digits_decide() {
        check("+5511900000001", Fate::Undeliverable, Tongue::Portuguese);
        check("+5215500000002", Fate::NoReport, Tongue::Spanish);
        check("+12125550003", Fate::Unassigned, Tongue::English);
        check("+12125550004", Fate::Delayed, Tongue::English);
        check("+12125550005", Fate::Overloaded, Tongue::English);
        check("+12125550006", Fate::OptsOut, Tongue::English);
        check("+12125550007", Fate::Talkative, Tongue::English);
        check("+5511900000008", Fate::HasPaid, Tongue::Portuguese);
        check("+5511900000009", Fate::IsAnother, Tongue::Portuguese);
        check("+5511987654321", Fate::Delivered, Tongue::Portuguese);
        check("123", Fate::Delivered, Tongue::English);
        check("", Fate::Delivered, Tongue::English);
    }
}
