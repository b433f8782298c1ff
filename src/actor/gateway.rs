//! Store and plan together, without threads: what the writer's thread drives, and what a simulation can drive in line.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::dispatch::plan::{Draw, Plan, Step};
use crate::modem::{Lease, Offer, Settlement, UssdCode};
use crate::sms::id::{ModemId, SegmentId, SimKey};
use crate::sms::lifecycle::Carrier;
use crate::sms::number::Sender;
use crate::store::handover::OfferAnswer;
use crate::store::queue::Drawn;
use crate::store::{Fact, Settings, Store, StoreError, Work};

/// What a modem's actor reports to the queue. All of one drain is written in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The modem is up with this SIM in it.
    Up {
        /// Its ICCID.
        iccid: String,
    },
    /// The slot in which it was found, after [`Report::Up`].
    At(String),
    /// It can send, or cannot for now.
    Ready(bool),
    /// Its store of received messages was counted: whether it is nearly full.
    StoreCounted {
        /// Four fifths of the places are taken.
        is_nearly_full: bool,
    },
    /// It is gone or being recovered. What it had on the wire may be settled before or after.
    Down {
        /// Why, for the log.
        reason: String,
    },
    /// A rung of the recovery ladder is tried.
    Recovery {
        /// Which, 0 to 7.
        rung: u8,
        /// Why.
        reason: String,
    },
    /// `AT+CMGS` was written for this part: may its PDU follow?
    Offer(SegmentId),
    /// A part that it had is done with.
    Settled {
        /// Which.
        segment: SegmentId,
        /// How it ended.
        result: Settlement,
    },
    /// It read something that was received.
    Inbound {
        /// How the modem calls it.
        handle: crate::modem::Handle,
        /// SMSC field and TPDU.
        octets: Vec<u8>,
    },
    /// Somebody called and was hung up on.
    Call {
        /// Who, if the network showed it.
        from: Option<Sender>,
    },
    /// What the network says to a code; nothing where it says nothing.
    Told {
        /// The code.
        code: UssdCode,
        /// The text.
        text: Option<String>,
    },
    /// The code of an order was not sent.
    NotAsked,
    /// How the subscriber's identity of its SIM begins.
    Home(String),
}

impl Report {
    /// The part that is offered, if that is what is reported: the modem waits for the answer.
    pub fn offered(&self) -> Option<SegmentId> {
        match self {
            Self::Offer(segment) => Some(*segment),
            Self::Up { .. }
            | Self::At(_)
            | Self::Ready(_)
            | Self::StoreCounted { .. }
            | Self::Down { .. }
            | Self::Recovery { .. }
            | Self::Settled { .. }
            | Self::Inbound { .. }
            | Self::Call { .. }
            | Self::Told { .. }
            | Self::NotAsked
            | Self::Home(_) => None,
        }
    }
}

/// What the queue tells a modem's actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Hand this over next.
    Load(Lease),
    /// Give this back, unless it is begun.
    Release(SegmentId),
    /// The answer to an offer.
    Answer(SegmentId, Offer),
    /// What was received is on disk.
    Stored(crate::modem::Handle),
    /// Send this code to the network.
    Ask(UssdCode),
}

/// How many messages that its budget does not hold a line looks past in one round.
const SKIPPED_MAX: usize = 32;

/// After so long a line looks once more at what it left to others.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Store and plan.
#[derive(Debug)]
pub struct Gateway {
    store: Store,
    plan: Plan,
    /// Which SIM each modem has, and which modem each SIM is in.
    sims: HashMap<ModemId, SimKey>,
    modems: HashMap<SimKey, ModemId>,
    /// What was committed and not counted yet.
    facts: Vec<Fact>,
    /// Codes that were committed and not given to modems yet.
    asks: Vec<(ModemId, Order)>,
}

impl Gateway {
    /// Starts from what is on disk.
    pub fn new(store: Store) -> Result<Self, StoreError> {
        let mut plan = Plan::default();
        for effect in store.initial_effects()? {
            effect.apply(&mut plan);
        }
        Ok(Self { store, plan, sims: HashMap::new(), modems: HashMap::new(), facts: Vec::new(), asks: Vec::new() })
    }

    /// The store, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Goes by other settings from now on.
    pub fn set_settings(&mut self, settings: Settings, now: Timestamp) -> Result<(), StoreError> {
        self.store.set_settings(settings, now)?;
        self.commit(now, |context| {
            context.work.retell_lines();
            Ok(())
        })
    }

    /// Runs one transaction and tells the plan what came of it.
    pub fn commit<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Context<'_, '_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (plan, sims) = (&self.plan, &self.sims);
        let mut moved = Vec::new();
        let (value, aftermath) =
            self.store.commit(now, |open| work(&mut Context { work: open, plan, sims, moved: &mut moved }))?;
        for (modem, sim) in moved {
            self.modems.retain(|_, holder| *holder != modem);
            match sim {
                Some(sim) => {
                    self.modems.insert(sim, modem.clone());
                    self.sims.insert(modem, sim);
                }
                None => {
                    self.sims.remove(&modem);
                }
            }
        }
        for effect in aftermath.effects {
            effect.apply(&mut self.plan);
        }
        self.facts.extend(aftermath.facts);
        // A SIM whose modem has gone is asked the next day.
        let modem_of = |(sim, code)| Some((self.modems.get(&sim)?.clone(), Order::Ask(code)));
        self.asks.extend(aftermath.asks.into_iter().filter_map(modem_of));
        Ok(value)
    }

    /// What was committed since the last call and is worth counting.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// Gives work to lines that have room: what each modem is to be told. What goes wrong with one message is told beside it
    /// and stops no other.
    pub fn assign(&mut self, now: Timestamp) -> (Vec<(ModemId, Order)>, Vec<StoreError>) {
        let (mut orders, mut errors) = (std::mem::take(&mut self.asks), Vec::new());
        if self.store.board().is_behind(now)
            && let Err(error) = self.commit(now, |_| Ok(()))
        {
            errors.push(error);
        }
        self.plan.begin_round(now);
        while let Some(step) = self.plan.next(now) {
            match self.take_step(step, now) {
                Ok(order) => orders.extend(order),
                Err((sim, error)) => {
                    // Whatever it is, it is met again at once: this line waits for the next round.
                    self.plan.sit_out(sim);
                    errors.push(error);
                }
            }
        }
        (orders, errors)
    }

    fn take_step(&mut self, step: Step, now: Timestamp) -> Result<Option<(ModemId, Order)>, (SimKey, StoreError)> {
        let (sim, segment) = match step {
            Step::Recall { sim, segment } => {
                return Ok(self.modems.get(&sim).map(|modem| (modem.clone(), Order::Release(segment))));
            }
            Step::Continue { sim, segment } => (sim, Some(segment)),
            Step::Draw(draw) => (draw.sim, self.draw(draw, now).map_err(|error| (draw.sim, error))?),
        };
        let Some(segment) = segment else { return Ok(None) };
        let Some(modem) = self.modems.get(&sim) else {
            // The modem has gone without a word.
            self.plan.release(sim);
            return Ok(None);
        };
        match self.store.lease(segment, now) {
            Ok(Some(lease)) => Ok(Some((modem.clone(), Order::Load(lease)))),
            Ok(None) => {
                // Withdrawn or expired since it was drawn.
                self.plan.finished(sim, segment, false);
                Ok(None)
            }
            Err(error) => {
                self.plan.finished(sim, segment, false);
                if !error.is_of_a_row() {
                    return Err((sim, error));
                }
                let set_aside = self.commit(now, |context| context.work.set_aside_with(segment, &error.to_string()));
                set_aside.map(|()| None).map_err(|error| (sim, error))
            }
        }
    }

    /// The first part of the next message for this line; `None` when there is none, or when the plan must look again.
    fn draw(&mut self, mut draw: Draw, now: Timestamp) -> Result<Option<SegmentId>, StoreError> {
        if draw.after.is_some() && !self.store.board().is_full_of_recipients(draw.sim, now) {
            self.plan.look_again(draw.sim);
            draw.after = None;
        }
        let mut skipped = Vec::new();
        let mut passed = 0;
        loop {
            let is_taken = |message| self.plan.is_leased(message) || skipped.contains(&message);
            match self.store.draw(draw, is_taken, now)? {
                Drawn::Message { message, parts } => {
                    self.plan.drawn(draw, message, &parts, now);
                    return Ok(parts.first().copied());
                }
                Drawn::Unreadable { message, why } => {
                    self.commit(now, |context| context.work.set_aside(message, &why))?;
                    return Ok(None);
                }
                Drawn::Begun(message) => {
                    self.commit(now, |context| context.work.pin(message))?;
                    return Ok(None);
                }
                Drawn::TurnedAway(message) => {
                    self.commit(now, |context| {
                        let is_taken = |other| context.plan.is_leased(other) || skipped.contains(&other);
                        context.work.turn_away_due(draw, message, is_taken)
                    })?;
                    return Ok(None);
                }
                Drawn::TooLarge { message, until: Some(until) } => {
                    self.commit(now, |context| context.work.hold(message, until))?;
                    return Ok(None);
                }
                // Another line can send it, or only a person can change that: this line looks at what follows.
                Drawn::TooLarge { message, until: None } | Drawn::Elsewhere(message) if skipped.len() < SKIPPED_MAX => {
                    skipped.push(message);
                }
                Drawn::TooLarge { .. } | Drawn::Elsewhere(_) => {
                    self.plan.pass_over(draw, Some(now + LOOK_AGAIN));
                    return Ok(None);
                }
                Drawn::TooMany(place) => {
                    let until = (!skipped.is_empty()).then_some(now + LOOK_AGAIN);
                    self.plan.passed(draw, place, until);
                    draw.after = Some(place);
                    passed += 1;
                    if passed == SKIPPED_MAX {
                        // It goes on from there in the next round, after what else is to be done.
                        self.plan.pass_over(draw, Some(now));
                        return Ok(None);
                    }
                }
                Drawn::Empty(next) if draw.after.is_some() || !skipped.is_empty() => {
                    let again = (!skipped.is_empty()).then_some(now + LOOK_AGAIN);
                    self.plan.pass_over(draw, next.into_iter().chain(again).min());
                    return Ok(None);
                }
                Drawn::Empty(next) => {
                    self.plan.empty(draw, next);
                    return Ok(None);
                }
            }
        }
    }

    /// When there may be something to do although nothing was told.
    pub fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        self.plan.deadline(now).into_iter().chain(self.store.board().deadline()).min()
    }
}

/// A transaction together with what the plan knows.
#[derive(Debug)]
pub struct Context<'a, 'w> {
    /// The transaction.
    pub work: &'a mut Work<'w>,
    plan: &'a Plan,
    sims: &'a HashMap<ModemId, SimKey>,
    /// Modems that came or went in this transaction.
    moved: &'a mut Vec<(ModemId, Option<SimKey>)>,
}

impl Context<'_, '_> {
    /// Writes what a modem reports, in order, and collects what it is to be told after the commit.
    pub fn report(&mut self, modem: &ModemId, reports: &[Report]) -> Result<Vec<Order>, StoreError> {
        let mut orders = Vec::new();
        for report in reports {
            orders.extend(self.report_one(modem, report)?);
        }
        Ok(orders)
    }

    fn report_one(&mut self, modem: &ModemId, report: &Report) -> Result<Option<Order>, StoreError> {
        if let Report::Up { iccid } = report {
            let sim = self.work.modem_up(modem, iccid)?;
            self.moved.push((modem.clone(), Some(sim)));
            return Ok(None);
        }
        let sim = self.sim_of(modem);
        if let Report::Settled { segment, result } = report {
            self.work.settle(*segment, modem, sim, *result)?;
            return Ok(None);
        }
        if let Report::Recovery { rung, reason } = report {
            self.work.modem_recovery(modem, sim, *rung, reason)?;
            return Ok(None);
        }
        if let Report::Down { reason } = report {
            self.work.modem_down(modem, sim, reason)?;
            self.moved.push((modem.clone(), None));
            return Ok(None);
        }
        let Some(sim) = sim else {
            // A modem that is not up sends nothing. An offer is answered all the same, since the modem waits for it.
            return Ok(report.offered().map(|segment| Order::Answer(segment, Offer::Stop)));
        };
        let carrier = Carrier { modem: modem.clone(), sim };
        Ok(match report {
            Report::Up { .. }
            | Report::Down { .. }
            | Report::Recovery { .. }
            | Report::Settled { .. }
            | Report::Told { text: None, .. } => None,
            Report::At(slot) => {
                self.work.modem_at(modem, slot)?;
                None
            }
            Report::Ready(ready) => {
                self.work.line_ready(sim, modem, *ready)?;
                None
            }
            Report::Offer(segment) => Some(Order::Answer(*segment, self.offer(*segment, &carrier)?)),
            Report::Inbound { handle, octets } => {
                let received = self.work.receive(&carrier, octets)?;
                tracing::info!(modem = %modem, ?received, "inbound stored");
                Some(Order::Stored(*handle))
            }
            Report::StoreCounted { is_nearly_full } => {
                self.work.store_counted(modem, *is_nearly_full)?;
                None
            }
            Report::Call { from } => {
                self.work.call(&carrier, from.as_ref())?;
                None
            }
            Report::Told { code, text: Some(text) } => {
                self.work.told(sim, code, text)?;
                None
            }
            Report::NotAsked => {
                self.work.not_asked(sim)?;
                None
            }
            Report::Home(code) => {
                self.work.home(sim, code)?;
                None
            }
        })
    }

    fn sim_of(&self, modem: &ModemId) -> Option<SimKey> {
        let moved = self.moved.iter().rev().find(|(id, _)| id == modem).map(|(_, sim)| *sim);
        moved.unwrap_or_else(|| self.sims.get(modem).copied())
    }

    fn offer(&mut self, segment: SegmentId, carrier: &Carrier) -> Result<Offer, StoreError> {
        // A lease that was taken back is not its line's any more.
        if !self.plan.holds(carrier.sim, segment) {
            return Ok(Offer::Stop);
        }
        Ok(match self.work.offer(segment, carrier)? {
            OfferAnswer::Go => Offer::Go,
            OfferAnswer::Stop => Offer::Stop,
        })
    }
}

#[cfg(test)]
mod tests;
