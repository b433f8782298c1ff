//! What a person may have emulated modems go through while they run: a line each.

use std::str::FromStr;

/// Something to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// `say 0 +5511987654321 PARE`: somebody sends a text to the SIM in a modem.
    Say { modem: usize, from: String, text: String },
    /// `unplug 0`: a modem is taken off the bus.
    Unplug { modem: usize },
    /// `plug 0`: it is put back.
    Plug { modem: usize },
}

/// What is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `say MODEM FROM TEXT`, `unplug MODEM` or `plug MODEM`; modems count from 0")]
pub(super) struct NoOrder;

impl FromStr for Order {
    type Err = NoOrder;

    fn from_str(line: &str) -> Result<Self, NoOrder> {
        let (verb, rest) = line.trim().split_once(' ').ok_or(NoOrder)?;
        let (modem, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let modem = modem.parse().map_err(|_none| NoOrder)?;
        match (verb, rest.trim()) {
            ("unplug", "") => Ok(Self::Unplug { modem }),
            ("plug", "") => Ok(Self::Plug { modem }),
            ("say", words) => {
                let (from, text) = words.split_once(' ').ok_or(NoOrder)?;
                Ok(Self::Say { modem, from: from.to_owned(), text: text.to_owned() })
            }
            _ => Err(NoOrder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_people_write_them() {
        let say = Order::Say { modem: 1, from: "+5511987654321".to_owned(), text: "não quero mais".to_owned() };
        for (line, expected) in [
            ("say 1 +5511987654321 não quero mais", Ok(say)),
            (" unplug 0 ", Ok(Order::Unplug { modem: 0 })),
            ("plug 2", Ok(Order::Plug { modem: 2 })),
            ("say 1 +5511987654321", Err(NoOrder)),
            ("plug", Err(NoOrder)),
            ("plug x", Err(NoOrder)),
            ("plug 1 2", Err(NoOrder)),
            ("", Err(NoOrder)),
        ] {
            assert_eq!(line.parse::<Order>(), expected, "{line}");
        }
    }
}
