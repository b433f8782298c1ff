//! What is another in a configuration that was read again, and what of it a running daemon can go by.
//!
//! Every field is named here, so that a new key does not compile until somebody has decided what a reload makes of it.

use super::{Config, Contact, Http, Messages, Region, Serve, Sim};

/// Keys and sections that are others, as they are written in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// A running daemon goes by them.
    pub live: Vec<&'static str>,
    /// They hold from the next start on.
    pub needs_restart: Vec<&'static str>,
}

impl Config {
    /// This configuration as far as a daemon that runs with `before` can go by it, and what is another.
    #[must_use]
    pub fn over(self, before: &Self) -> (Self, Difference) {
        let mut difference = Difference::default();
        let Self {
            store,
            http,
            serve,
            log,
            region,
            messages,
            contact,
            templates,
            discovery,
            modems,
            sim,
            campaigns,
            alarms,
            webhooks,
            retention,
        } = self;
        let Serve { drain } = serve;
        let in_force = Self {
            store: difference.fixed("store", &before.store, &store),
            http: difference.http(&before.http, http),
            serve: Serve { drain: difference.fixed("serve.drain", &before.serve.drain, &drain) },
            log: difference.fixed("log", &before.log, &log),
            region: difference.region(&before.region, region),
            messages: difference.messages(&before.messages, messages),
            contact: difference.live::<Contact>("contact", &before.contact, contact),
            templates: difference.live("templates", &before.templates, templates),
            discovery: difference.fixed("modems", &before.discovery, &discovery),
            modems: difference.fixed("modem", &before.modems, &modems),
            sim: difference.sim(&before.sim, sim),
            campaigns: difference.live("campaigns", &before.campaigns, campaigns),
            alarms: difference.live("alarms", &before.alarms, alarms),
            webhooks: difference.fixed("webhooks", &before.webhooks, &webhooks),
            retention: difference.live("retention", &before.retention, retention),
        };
        (in_force, difference)
    }
}

impl Difference {
    fn live<T: PartialEq>(&mut self, name: &'static str, before: &T, now: T) -> T {
        if now != *before {
            self.live.push(name);
        }
        now
    }

    fn fixed<T: PartialEq + Clone>(&mut self, name: &'static str, before: &T, now: &T) -> T {
        if now != before {
            self.needs_restart.push(name);
        }
        before.clone()
    }

    fn http(&mut self, before: &Http, now: Http) -> Http {
        let Http { listen, allow_plaintext, hosts, tls, rate, burst } = now;
        Http {
            listen: self.fixed("http.listen", &before.listen, &listen),
            // It says whether the address may be listened on, which was asked at the start.
            allow_plaintext: self.fixed("http.allow_plaintext", &before.allow_plaintext, &allow_plaintext),
            hosts: self.live("http.hosts", &before.hosts, hosts),
            // Another certificate is taken; whether there is one at all was asked when the door was opened.
            tls: if tls.is_some() == before.tls.is_some() {
                self.live("http.tls_cert and http.tls_key", &before.tls, tls)
            } else {
                self.fixed("http.tls_cert and http.tls_key", &before.tls, &tls)
            },
            rate: self.live("http.rate", &before.rate, rate),
            burst: self.live("http.burst", &before.burst, burst),
        }
    }

    fn region(&mut self, before: &Region, now: Region) -> Region {
        let Region { country, rules, rules_dir } = now;
        Region {
            country: self.fixed("region.country", &before.country, &country),
            rules: self.live("region.rules", &before.rules, rules),
            rules_dir: self.live("region.rules_dir", &before.rules_dir, rules_dir),
        }
    }

    fn messages(&mut self, before: &Messages, now: Messages) -> Messages {
        let Messages { encoding, validity, national } = now;
        Messages {
            // Ladders and campaigns have counted their parts by these.
            encoding: self.fixed("messages.encoding", &before.encoding, &encoding),
            national: self.fixed("messages.national", &before.national, &national),
            validity: self.live("messages.validity", &before.validity, validity),
        }
    }

    /// What modems were told of a card stays: which card is in which of them is known to their tasks only.
    fn sim(&mut self, before: &Sim, mut now: Sim) -> Sim {
        let told = |sim: &Sim| -> Vec<_> {
            let cards = sim.cards.iter().filter(|card| card.pin.is_some() || card.smsc.is_some() || card.roaming);
            cards.map(|card| (card.iccid.clone(), card.pin.clone(), card.smsc.clone(), card.roaming)).collect()
        };
        if told(&now) != told(before) {
            self.needs_restart.push("sim.card: pin_file, smsc and roaming");
        }
        for card in &mut now.cards {
            let known = before.cards.iter().find(|known| known.iccid == card.iccid);
            (card.pin, card.smsc, card.roaming) =
                known.map_or((None, None, false), |known| (known.pin.clone(), known.smsc.clone(), known.roaming));
        }
        let mut limits_before = before.clone();
        for (card, now) in limits_before.cards.iter_mut().zip(&now.cards) {
            card.pin_file.clone_from(&now.pin_file);
        }
        self.live::<Sim>("sim", &limits_before, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::config::{Card, TlsFiles};

    use super::*;

    fn check(change: impl FnOnce(&mut Config), live: &[&str], needs_restart: &[&str]) -> Config {
        let mut now = Config::default();
        change(&mut now);
        let (in_force, difference) = now.over(&Config::default());
        assert_eq!(difference.live, live);
        assert_eq!(difference.needs_restart, needs_restart);
        in_force
    }

    #[test]
    fn the_same_file_changes_nothing() {
        assert_eq!(check(|_| {}, &[], &[]), Config::default());
    }

    #[test]
    fn budgets_and_hours_of_contact_hold_at_once() {
        let change = |config: &mut Config| {
            config.sim.per_day = 7;
            config.contact.frequency.max_per_day = 2;
            config.messages.validity = Duration::from_secs(3600);
        };
        let in_force = check(change, &["messages.validity", "contact", "sim"], &[]);
        assert_eq!(in_force.sim.per_day, 7);
    }

    #[test]
    fn an_address_and_a_database_stay_until_the_next_start_and_are_named_again() {
        let change = |config: &mut Config| {
            config.store.path = "/srv/recado.db".into();
            config.http.listen = ([127, 0, 0, 1], 7671).into();
            config.http.hosts = vec!["recado.example".into()];
        };
        let in_force = check(change, &["http.hosts"], &["store", "http.listen"]);
        assert_eq!(in_force.store, Config::default().store);
        assert_eq!(in_force.http.listen, Config::default().http.listen);
        // Read once more, the file still says what does not hold yet.
        let mut again = Config::default();
        change(&mut again);
        let (_, difference) = again.over(&in_force);
        assert_eq!((difference.live.len(), difference.needs_restart.len()), (0, 2));
    }

    #[test]
    fn another_certificate_is_taken_and_the_first_one_needs_a_start() {
        let files = |name: &str| Some(TlsFiles { cert: name.into(), key: name.into() });
        let config = |tls| Config { http: Http { tls, ..Http::default() }, ..Config::default() };
        let (in_force, difference) = config(files("b")).over(&config(files("a")));
        assert_eq!((in_force.http.tls, difference.live.len(), difference.needs_restart.len()), (files("b"), 1, 0));
        for (now, before) in [(files("a"), None), (None, files("a"))] {
            let (in_force, difference) = config(now).over(&config(before.clone()));
            assert_eq!((in_force.http.tls, difference.live.len(), difference.needs_restart.len()), (before, 0, 1));
        }
    }

    #[test]
    fn a_card_may_get_another_name_and_its_service_centre_waits() {
        let card = |name: &str, smsc: &str| Card {
            iccid: "8955010000000000001".into(),
            name: Some(name.into()),
            smsc: Some(smsc.into()),
            ..Card::default()
        };
        let config = |card| Config { sim: Sim { cards: vec![card], ..Sim::default() }, ..Config::default() };
        let before = config(card("a", "+550101102010"));
        let (in_force, difference) = config(card("b", "+550101102011")).over(&before);
        assert_eq!(in_force.sim.cards, [card("b", "+550101102010")]);
        assert_eq!(difference.live, ["sim"]);
        assert_eq!(difference.needs_restart, ["sim.card: pin_file, smsc and roaming"]);
    }
}
