//! What a modem says: any octets, in any pieces. The first octet chooses the command that runs, the second the size of the
//! pieces.

use std::time::Duration;

use crate::at::{
    Command, Delete, EnterPin, Iccid, Indications, List, NameStores, Network, Output, Plain, QueryDigits,
    QueryFunction, QueryIndications, QueryOperator, QueryPin, QueryRegistration, QueryService, QuerySignal, QuerySmsc,
    QueryStores, QueryText, Read, SelectStore, Session, Store, Submit, fields, unquoted,
};
use crate::clock::Instant;

/// The PDU that is written at a prompt; what a modem echoes of it is dropped.
const DIGITS: &str = "0011000B915511896745230000AA05C8329BFD06";

pub(super) fn check(octets: &[u8]) {
    let [command, size, said @ ..] = octets else { return };
    let pieces = usize::from(*size).max(1);
    match command % 20 {
        0 => each(&List, said, pieces),
        1 => each(&Read { index: 3 }, said, pieces),
        2 => each(&Submit { tpdu_length: 19 }, said, pieces),
        3 => each(&Delete { index: 3 }, said, pieces),
        4 => each(&NameStores, said, pieces),
        5 => each(&SelectStore { store: Store::Sim, for_all: true }, said, pieces),
        6 => each(&QueryRegistration(Network::Circuit), said, pieces),
        7 => each(&QueryRegistration(Network::Evolved), said, pieces),
        8 => each(&QueryFunction, said, pieces),
        9 => each(&QueryPin, said, pieces),
        10 => each(&QueryOperator, said, pieces),
        11 => each(&QuerySignal, said, pieces),
        12 => each(&QuerySmsc, said, pieces),
        13 => each(&QueryService, said, pieces),
        14 => each(&QueryStores, said, pieces),
        15 => each(&QueryText("+CGMM"), said, pieces),
        16 => each(&QueryDigits("+CGSN"), said, pieces),
        17 => each(&Iccid("+CCID"), said, pieces),
        18 => each(&QueryIndications, said, pieces),
        _ => each(&EnterPin("1234"), said, pieces),
    }
    each(&Plain::new(""), said, pieces);
    for field in fields(said) {
        assert!(unquoted(field).len() <= field.len(), "a field grew");
    }
    // Any octets may be the parameters of indications; what was read is compared with itself.
    assert_eq!(Indications::read(said), Indications::read(said), "the same octets are read in two ways");
}

/// The dialogue is the same whole, in pieces and octet by octet; every answer is read without a panic.
fn each<C: Command>(command: &C, said: &[u8], pieces: usize) {
    let whole = run(command, said, said.len().max(1));
    for size in [pieces, 1] {
        assert_eq!(run(command, said, size), whole, "in pieces of {size}");
    }
}

fn run<C: Command>(command: &C, said: &[u8], size: usize) -> Vec<Output> {
    let now = Instant::from_origin(Duration::from_secs(1));
    let mut session = Session::default();
    session.start(command, now);
    let mut outputs = Vec::new();
    for piece in said.chunks(size) {
        session.handle_bytes(piece, now);
        while let Some(output) = session.poll_output() {
            match &output {
                Output::Prompt => {
                    session.send_pdu(DIGITS, Duration::from_secs(60), now);
                }
                Output::Finished(finished) => {
                    command.read(&finished.reply);
                }
                Output::Echo | Output::Unsolicited(_) | Output::Unknown { .. } | Output::Overrun(_) => {}
            }
            outputs.push(output);
        }
    }
    outputs
}
