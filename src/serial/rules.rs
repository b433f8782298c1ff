//! The rules of udev for the modems of the list: udev(7).
//!
//! They are made from the list, and `udev/77-recado.rules` is what is made; a test compares the two.

use std::collections::BTreeMap;

use super::known::modems;

const HEAD: &str = r#"# udev rules for the modems that Recado knows. Made by `recado udev`; not to be changed by hand.
#
# They keep ModemManager (1.12 and later) off these modems and off nothing else, and the modems awake: a suspended one loses what
# comes in. The group GROUP may write `authorized`, so that a modem that does not answer can be taken from the kernel and
# given back to it without being unplugged. Ports get a name by their place: /dev/recado/1-1.4:1.2 is what is plugged in
# there, in the form that `recado probe` shows and `slot` of [[modem]] takes. Bridges such as FTDI and CP210x are not here,
# because other equipment uses the same ids.

ACTION!="add|change|move|bind", GOTO="recado_end"
SUBSYSTEM!="usb|tty", GOTO="recado_end"
SUBSYSTEM=="usb", ENV{DEVTYPE}!="usb_device", GOTO="recado_end"

"#;

const TAIL: &str = r#"
ENV{ID_RECADO_MODEM}!="1", GOTO="recado_end"
SUBSYSTEM=="tty", GOTO="recado_tty"

ENV{ID_MM_DEVICE_IGNORE}="1", ATTR{power/control}="on"
ACTION=="add|change", TEST=="authorized", RUN+="/bin/chgrp GROUP $sys$devpath/authorized", RUN+="/bin/chmod g+w $sys$devpath/authorized"
GOTO="recado_end"

LABEL="recado_tty"
GROUP="GROUP", MODE="0660"
# The second terminal of one interface has no name: its place does not tell it from the first.
SUBSYSTEMS=="usb-serial", ATTRS{port_number}!="0", GOTO="recado_end"
SUBSYSTEMS=="usb", KERNELS=="*:*.*", SYMLINK+="recado/%b"

LABEL="recado_end"
"#;

/// The whole file, for the group that has the ports.
pub fn udev_rules(group: &str) -> String {
    let mut by_vendor: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (vendor, product) in modems() {
        by_vendor.entry(vendor).or_default().push(product);
    }
    let lines = by_vendor.into_iter().map(|(vendor, mut products)| {
        products.sort_unstable();
        let products = products.join("|");
        format!("ATTRS{{idVendor}}==\"{vendor}\", ATTRS{{idProduct}}==\"{products}\", ENV{{ID_RECADO_MODEM}}=\"1\"\n")
    });
    let tail = TAIL
        .replace("GROUP=\"GROUP\"", &format!("GROUP=\"{group}\""))
        .replace("chgrp GROUP", &format!("chgrp {group}"));
    [HEAD.replace("GROUP", group), lines.collect::<Vec<_>>().concat(), tail].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_what_is_made_from_the_list() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/udev/77-recado.rules");
        let made = udev_rules("dialout");
        if std::env::var_os("UPDATE_RULES").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), made, "UPDATE_RULES=1 writes it anew");
    }

    #[test]
    fn every_modem_is_named_and_no_bridge() {
        let made = udev_rules("dialout");
        let quoted = |line: &str| line.split('"').nth(3).unwrap_or_default().split('|').count();
        let named: usize = made.lines().filter(|line| line.starts_with("ATTRS{idVendor}")).map(quoted).sum();
        assert_eq!(named, modems().count());
        assert!(named > 100);
        for bridge in ["0403", "10c4", "067b", "1a86"] {
            assert!(!made.contains(&format!("ATTRS{{idVendor}}==\"{bridge}\"")), "{bridge}");
        }
    }

    #[test]
    fn another_group_stands_everywhere() {
        let made = udev_rules("uucp");
        assert!(!made.contains("dialout") && !made.contains("GROUP=\"GROUP\"") && !made.contains("chgrp GROUP"));
        assert!(
            made.contains("The group uucp may write")
                && made.contains("GROUP=\"uucp\"")
                && made.contains("chgrp uucp ")
        );
    }
}
