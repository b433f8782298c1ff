//! One command line, read: ITU-T V.250 section 5 (basic and extended syntax), as far as a modem that carries texts needs
//! it.
//!
//! Basic commands may follow one another (`ATE0V1`); an extended command ends the line: several of them joined by `;` are
//! not read apart. What the commands mean is the modem's affair.

/// How an extended command is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// `+NAME`
    Execute,
    /// `+NAME?`
    Read,
    /// `+NAME=?`
    Test,
    /// `+NAME=values`
    Set(String),
}

/// One command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// A letter, or `&` and a letter, with its number; 0 when there is none. `S` registers carry `=value` as well.
    Basic {
        /// Upper case: `E`, `&D`, `S0`.
        name: String,
        /// The number behind it.
        value: u32,
    },
    /// A name that begins with `+`, `^`, `#`, `!`, `*`, `%` or `$`, upper case.
    Extended {
        /// With its leading character.
        name: String,
        /// How it is asked.
        form: Form,
    },
}

impl Command {
    /// An extended command as it was written; `None` for a basic one.
    pub(super) fn written(&self) -> Option<String> {
        let Self::Extended { name, form } = self else { return None };
        Some(match form {
            Form::Execute => name.clone(),
            Form::Read => format!("{name}?"),
            Form::Test => format!("{name}=?"),
            Form::Set(values) => format!("{name}={values}"),
        })
    }
}

/// The commands of a line; `None` when the line holds no `AT`, which a modem passes over in silence.
pub(super) fn parse(line: &str) -> Option<Vec<Command>> {
    // Everything before the prefix is noise to a modem: V.250 section 5.2.1.
    let at = line.to_ascii_uppercase().find("AT")?;
    let mut rest = line.get(at + 2..)?.trim();
    let mut commands = Vec::new();
    while let Some(first) = rest.chars().next() {
        if "+^#!*%$".contains(first) {
            commands.push(extended(rest));
            break;
        }
        let (command, after) = basic(rest);
        commands.push(command);
        rest = after.trim_start();
    }
    Some(commands)
}

fn extended(text: &str) -> Command {
    let end = text.find(['=', '?']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let form = match rest {
        "" => Form::Execute,
        "?" => Form::Read,
        "=?" => Form::Test,
        _ => Form::Set(rest.trim_start_matches('=').to_owned()),
    };
    Command::Extended { name: name.trim_end().to_ascii_uppercase(), form }
}

fn basic(text: &str) -> (Command, &str) {
    let mut letters = text.chars();
    let mut name: String = letters.next().into_iter().collect();
    if name == "&" {
        name.extend(letters.next());
    }
    let mut rest = letters.as_str();
    if name.eq_ignore_ascii_case("s") {
        let (register, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        name.push_str(register);
        rest = after.strip_prefix('=').unwrap_or(after);
    }
    let (digits, rest) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
    (Command::Basic { name: name.to_ascii_uppercase(), value: digits.parse().unwrap_or(0) }, rest)
}

/// The values of a set form, split at commas, without quotes and spaces around them.
pub(super) fn values(text: &str) -> Vec<&str> {
    text.split(',').map(|value| value.trim().trim_matches('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&[Command]>) {
        assert_eq!(parse(line).as_deref(), expected, "{line}");
    }

    fn basic(name: &str, value: u32) -> Command {
        Command::Basic { name: name.into(), value }
    }

    fn extended(name: &str, form: Form) -> Command {
        Command::Extended { name: name.into(), form }
    }

    #[test]
    fn lines_are_read_into_commands() {
        check("AT", Some(&[]));
        check("at", Some(&[]));
        check("ATE0", Some(&[basic("E", 0)]));
        check("ATQ0V1", Some(&[basic("Q", 0), basic("V", 1)]));
        check("ATS0=0", Some(&[basic("S0", 0)]));
        check("AT&D0", Some(&[basic("&D", 0)]));
        check("ATE0+CMEE=1", Some(&[basic("E", 0), extended("+CMEE", Form::Set("1".into()))]));
        check("AT+CPMS=?", Some(&[extended("+CPMS", Form::Test)]));
        check("AT+CSQ", Some(&[extended("+CSQ", Form::Execute)]));
        check("at+csq", Some(&[extended("+CSQ", Form::Execute)]));
        check("AT^ICCID?", Some(&[extended("^ICCID", Form::Read)]));
    }

    #[test]
    fn extended_commands_are_written_as_they_were_read() {
        for text in ["+CSQ", "+CPMS?", "+CPMS=?", "+QURCCFG=\"urcport\",\"usbat\""] {
            let read = parse(&format!("AT{text}")).unwrap();
            assert_eq!(read.first().and_then(Command::written).as_deref(), Some(text));
        }
        assert_eq!(basic("E", 0).written(), None);
    }

    #[test]
    fn noise_before_the_prefix_is_passed_over() {
        check("\u{fffd}xxAT+CSQ", Some(&[extended("+CSQ", Form::Execute)]));
        check("0011000C91", None);
        check("", None);
    }

    #[test]
    fn values_lose_quotes_and_spaces() {
        assert_eq!(values("\"SM\", \"ME\",1"), ["SM", "ME", "1"]);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_without_panic(line in "\\PC*") {
            let read = parse(&format!("AT{line}"));
            proptest::prop_assert!(read.is_some());
        }
    }
}
