//! `recado probe`: which modems are plugged in, who they are, and what to write to name them. Needs no daemon.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::actor::probe::{self, Asked, Depth, ProbeError};
use crate::actor::record;
use crate::clock::Clock;
use crate::dispatch::route::SimNames;
use crate::serial::PortError;
use crate::serial::known::{Kind, Known};
use crate::serial::usb::{self, Device, Roots};

use super::exit::Exit;
use super::failure::Failure;
use super::print::{Printer, cell, plain};

/// What `probe` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ProbeArgs {
    /// Ask these ports instead of looking for USB modems, such as a line behind a bridge
    #[arg(value_name = "PORT")]
    ports: Vec<PathBuf>,
    /// Print a JSON object per port
    #[arg(long)]
    json: bool,
    /// Bring the modem up and write the dialogue to this new file, without numbers and texts
    ///
    /// Name its port where there are several modems. Attach the file to a report about a modem that Recado does not know or
    /// does not treat as it needs: the tests replay it.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Asks and prints. Exit code 0 if a modem was found, also one that a daemon holds; else 1.
pub(super) fn run(args: &ProbeArgs, roots: &Roots, output: &mut dyn Write) -> Result<Exit, Failure> {
    let mut printer = Printer::new(output, args.json);
    let targets = if args.ports.is_empty() { find(roots) } else { name(&args.ports, roots) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(ask_all(targets));
    let is_any = found.iter().any(Found::is_modem);
    let items: Vec<Value> = found.iter().map(Found::to_json).collect();
    if items.is_empty() && !args.json {
        printer.line("no USB modem found; name a port to ask another one, such as `recado probe /dev/ttyS0`")?;
    } else {
        print(&items, &mut printer)?;
    }
    let suggested = suggestion(&found);
    if !args.json && !suggested.is_empty() {
        printer.line("\nTo name them, write this into the configuration:\n")?;
        printer.line(&suggested)?;
    }
    printer.flush()?;
    if let Some(file) = &args.record {
        runtime.block_on(record(&found, file))?;
        if !args.json {
            printer
                .line(&format!("\nThe dialogue is in {}. Look through it before you give it away.", file.display()))?;
            printer.flush()?;
        }
    }
    Ok(if is_any { Exit::Done } else { Exit::Negative })
}

/// Writes the bring-up of the one modem that was found to a file that does not exist yet.
async fn record(found: &[Found], file: &Path) -> Result<(), Failure> {
    let mut modems = found.iter().filter_map(|one| Some((one.port.as_ref()?, &one.asked.as_ref()?.identity)));
    let (Some((port, identity)), None) = (modems.next(), modems.next()) else {
        return Err(Failure::Usage("--record needs one modem that answers; name its port"));
    };
    let mut file = std::fs::File::create_new(file)?;
    let script = record::record(port, &Clock::host()).await?;
    let who = [&identity.manufacturer, &identity.model, &identity.firmware];
    let who: Vec<&str> = who.into_iter().flatten().map(String::as_str).collect();
    write!(file, "# {}\n{script}", plain(&who.join(", ")))?;
    Ok(())
}

/// A device, with the ports that may be its modem's.
struct Target {
    slot: Option<String>,
    /// Maker and model as the list of devices has them.
    known: Option<String>,
    /// Best first, with their slots.
    ports: Vec<(PathBuf, Option<String>)>,
    /// Why it is not asked.
    refusal: Option<&'static str>,
}

/// One that was asked, or not.
struct Found {
    slot: Option<String>,
    port: Option<PathBuf>,
    known: Option<String>,
    asked: Option<Asked>,
    says: String,
    is_ours: bool,
}

fn find(roots: &Roots) -> Vec<Target> {
    let devices = usb::devices(roots);
    let known = devices.iter().filter_map(|device| Some((device, Known::of(device)?)));
    known.flat_map(|(device, known)| targets(device, known)).collect()
}

/// The modem of a device; of a bridge each line, so that the user can name it.
fn targets(device: &Device, known: Known) -> Vec<Target> {
    let target = |slot: &str, ports: &[&usb::Port], refusal| Target {
        slot: Some(slot.to_owned()),
        known: Some(format!("{} {}", known.maker, known.model)),
        ports: ports.iter().map(|port| (port.node.clone(), Some(port.slot.clone()))).collect(),
        refusal,
    };
    match known.kind {
        Kind::Bridge => {
            let refusal = Some("a bridge, behind which anything may be; ask it by `recado probe PORT`");
            device.ports.iter().map(|port| target(&port.slot, &[port], refusal)).collect()
        }
        Kind::Modem(_) if device.ports.is_empty() => {
            vec![target(&device.path, &[], Some("has no serial port; its driver (option, cdc_acm) is not bound to it"))]
        }
        Kind::Modem(_) | Kind::Disk | Kind::Network => {
            vec![target(&device.path, &known.candidates(device), known.refusal())]
        }
    }
}

fn name(ports: &[PathBuf], roots: &Roots) -> Vec<Target> {
    let target = |port: &PathBuf| {
        let slot = usb::slot_of(roots, port);
        Target { slot: slot.clone(), known: None, ports: vec![(port.clone(), slot)], refusal: None }
    };
    ports.iter().map(target).collect()
}

/// All at once, in the order of the targets.
async fn ask_all(targets: Vec<Target>) -> Vec<Found> {
    let mut asking = JoinSet::new();
    for (index, target) in targets.into_iter().enumerate() {
        asking.spawn(async move { (index, ask(target).await) });
    }
    let mut found = asking.join_all().await;
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, found)| found).collect()
}

/// The first port that answers; if none does, what each of them did.
async fn ask(target: Target) -> Found {
    let Target { slot, known, ports, refusal } = target;
    let first = ports.first().map(|(port, _)| port.clone());
    let mut found = Found { slot, port: first, known, asked: None, says: String::new(), is_ours: false };
    if let Some(refusal) = refusal {
        found.says = refusal.to_owned();
        return found;
    }
    let is_alone = ports.len() == 1;
    for (port, slot) in ports {
        match probe::ask(&port, Depth::Everything, &Clock::host()).await {
            Ok(asked) => return Found { slot, port: Some(port), asked: Some(asked), says: String::new(), ..found },
            Err(error) => {
                let is_ours = is_our_daemon(&error);
                if is_alone || is_ours {
                    (found.slot, found.port) = (slot, Some(port.clone()));
                }
                found.is_ours |= is_ours;
                let between = if found.says.is_empty() { "" } else { "; " };
                let at = if is_alone { String::new() } else { format!("{}: ", port.display()) };
                let why = if is_ours { held(&error) } else { error.to_string() };
                // Writing to a String cannot fail.
                write!(found.says, "{between}{at}{why}").unwrap_or_default();
                if is_ours {
                    break;
                }
            }
        }
    }
    found
}

/// What the kernel calls our processes.
const OUR_NAME: &str = "recado";

fn is_our_daemon(error: &ProbeError) -> bool {
    matches!(error, ProbeError::Port(PortError::Busy { holder: Some(holder) }) if holder.name == OUR_NAME)
}

fn held(error: &ProbeError) -> String {
    match error {
        ProbeError::Port(PortError::Busy { holder: Some(holder) }) => {
            format!("driven by the daemon (process {}); `recado modems` shows it", holder.pid)
        }
        ProbeError::Port(_)
        | ProbeError::Streams
        | ProbeError::Mute
        | ProbeError::NotAModem
        | ProbeError::Gone
        | ProbeError::Stuck => error.to_string(),
    }
}

impl Found {
    /// Whether a modem is there, for all that is known.
    fn is_modem(&self) -> bool {
        self.asked.is_some() || self.is_ours
    }

    fn to_json(&self) -> Value {
        let asked = self.asked.clone().unwrap_or_default();
        let identity = asked.identity;
        let says = if self.asked.is_some() { "answers" } else { self.says.as_str() };
        json!({
            "slot": self.slot,
            "port": self.port,
            "found": self.asked.is_some(),
            "device": self.known,
            "maker": identity.manufacturer,
            "model": identity.model,
            "firmware": identity.firmware,
            "imei": identity.imei,
            "sim": identity.iccid.clone().map(|iccid| format!("…{}", SimNames { iccid, ..SimNames::default() }.label())),
            "signal_dbm": asked.signal_dbm,
            "says": says,
        })
    }
}

fn print(items: &[Value], printer: &mut Printer<'_>) -> Result<(), Failure> {
    let heading = ["SLOT", "PORT", "MAKER", "MODEL", "FIRMWARE", "IMEI", "SIM", "SIGNAL", "SAYS"];
    Ok(printer.list(heading, items, |item| {
        let field = |name| cell(item, name);
        let model = if item.get("model").is_some_and(Value::is_null) { field("device") } else { field("model") };
        let signal = item.get("signal_dbm").and_then(Value::as_i64).map_or("-".to_owned(), |dbm| format!("{dbm} dBm"));
        let identity = [field("maker"), model, field("firmware"), field("imei"), field("sim"), signal];
        let [maker, model, firmware, imei, sim, signal] = identity;
        [field("slot"), field("port"), maker, model, firmware, imei, sim, signal, field("says")]
    })?)
}

/// A section for each modem that answered: by IMEI, or by slot where two have the same or one tells none, or by port.
fn suggestion(found: &[Found]) -> String {
    let imei = |found: &Found| found.asked.as_ref().and_then(|asked| asked.identity.imei.clone());
    let is_alone = |imei_of: &String| found.iter().filter(|one| imei(one).as_ref() == Some(imei_of)).count() == 1;
    let sections = found.iter().filter(|found| found.asked.is_some()).enumerate().map(|(index, one)| {
        let binding = match (imei(one).filter(is_alone), &one.slot, &one.port) {
            (Some(imei), ..) => format!("imei = \"{}\"", plain(&imei)),
            (None, Some(slot), _) => format!("slot = \"{}\"", plain(slot)),
            (None, None, Some(port)) => format!("port = \"{}\"", plain(&port.display().to_string())),
            (None, None, None) => String::new(),
        };
        let place = one.slot.as_ref().map(|slot| format!("   # now at {}", plain(slot))).unwrap_or_default();
        format!("[[modem]]\n{binding}{place}\nname = \"modem-{}\"", index + 1)
    });
    sections.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests;
