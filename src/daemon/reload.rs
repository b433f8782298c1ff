//! The configuration in the words of those who act on it, at the start and when it is read again.
//!
//! Reading again changes what is asked and decided, and moves no message: what waits is judged by the new settings when its
//! turn comes, what is on the wire is not touched.

use std::sync::Arc;
use std::time::Duration;

use crate::actor::reload::Reloaded;
use crate::config::rules::RuleBook;
use crate::config::{Config, Finding, Place, Retention};
use crate::contact::secret::Secret;
use crate::http;
use crate::store::audit::{Deed, Entry};
use crate::store::retention::Terms;
use crate::store::{FREE_FLOOR, Settings};

use super::Daemon;

/// What the store goes by.
pub(super) fn store(config: &Config, book: RuleBook, secret: Secret) -> Settings {
    Settings {
        sims: config.sim_settings(),
        free_floor: FREE_FLOOR,
        country: config.region.country,
        alarms: config.alarms.sms_to.clone(),
        contact: config.contact_settings(book, secret).into(),
    }
}

/// What the door goes by.
pub(super) fn door(config: &Config, book: &RuleBook, secret: &Secret) -> http::Settings {
    http::Settings {
        country: config.region.country,
        text: config.text_options(),
        validity: config.messages.validity,
        secret: secret.clone(),
        wording: Arc::new(book.wording.clone()),
        campaigns_need_test: config.campaigns.require_test,
        zone: config.zone(),
        four_eyes: config.templates.four_eyes,
        confirm_numbers: config.contact.confirm_numbers,
        price: config.sim.price,
        hosts: config.http.hosts.clone(),
        pace: http::Pace { per_second: config.http.rate, burst: config.http.burst },
        kept: terms(config),
    }
}

impl Daemon {
    /// Goes by a configuration that was read again, as far as that is possible while running, and reads the rules of contact
    /// again. With a mistake in either everything stays as it was, and an alarm says so until the mistake is gone.
    pub async fn reload(&mut self, read: Result<Config, Vec<Finding>>) -> Reloaded {
        let loaded = read.and_then(|config| {
            let book = RuleBook::load(&config.region, &config.contact)?;
            Ok((config, book))
        });
        match loaded {
            Ok((config, book)) => match self.take(config, book).await {
                Ok(reloaded) => reloaded,
                Err(error) => {
                    tracing::error!(%error, "configuration not taken: that of before holds");
                    Reloaded { findings: vec![error.to_string()], ..Reloaded::default() }
                }
            },
            Err(findings) => self.refuse(&findings).await,
        }
    }

    /// Notes in the audit that a signal had the configuration read again; of others the door does.
    pub async fn note_hangup(&self) {
        let entry = Entry {
            client: http::LOCAL.to_owned(),
            token: None,
            deed: Deed::Change,
            route: "SIGHUP".to_owned(),
            object: "reload".to_owned(),
            id: None,
            status: None,
        };
        if let Err(error) = self.writer.handle().note(vec![entry]).await {
            tracing::error!(%error, "reload not noted in the audit");
        }
    }

    /// With the certificate first: what cannot be used of it leaves everything as it was, and has an alarm of its own.
    async fn take(&mut self, config: Config, book: RuleBook) -> Result<Reloaded, crate::actor::writer::WriteError> {
        if let (Some(keeper), Some(files)) = (&self.certificate, &config.http.tls)
            && let Err(error) = keeper.renew(files.clone()).await
        {
            let findings = vec![format!("certificate: failed to {error}")];
            return Ok(Reloaded { findings, ..Reloaded::default() });
        }
        self.go_by(config, book).await
    }

    async fn refuse(&self, findings: &[Finding]) -> Reloaded {
        for finding in findings {
            tracing::error!(place = %finding.place, key = finding.key, problem = %finding.problem, "configuration not taken");
        }
        // The problem may quote what is written there; where it is says enough to those who get a text.
        let place = findings.first().map(|finding| place(&finding.place)).unwrap_or_default();
        if let Err(error) = self.writer.handle().configuration_read(Some(place)).await {
            tracing::error!(%error, "alarm not written");
        }
        Reloaded { findings: findings.iter().map(ToString::to_string).collect(), ..Reloaded::default() }
    }

    async fn go_by(&mut self, config: Config, book: RuleBook) -> Result<Reloaded, crate::actor::writer::WriteError> {
        let (config, difference) = config.over(&self.config);
        let (rules, holidays, edition) = (book.rules, book.holidays, book.edition);
        let door = door(&config, &book, &self.secret);
        let settings = store(&config, book, self.secret.clone());
        let (calendar, sims) = (Arc::clone(&settings.contact.calendar), settings.sims.clone());
        let handle = self.writer.handle();
        // First where it decides: everybody else only shows it.
        handle.set_settings(settings).await?;
        self.reader.set_sims(sims);
        self.app.set_settings(door);
        self.prices.send_replace(config.prices().into());
        self.calendar.send_replace(calendar);
        self.terms.send_replace(terms(&config));
        self.config = config;
        // After the calendar: what is planned from now on is planned by it.
        let are_others = handle.plan_by(edition).await?;
        handle.configuration_read(None).await?;
        tracing::info!(rules, holidays, are_others, changed = ?difference.live, "configuration read again");
        for key in &difference.needs_restart {
            tracing::warn!(key, "changed in the file, and holds after a restart");
        }
        Ok(Reloaded { findings: Vec::new(), changed: difference.live, needs_restart: difference.needs_restart })
    }
}

/// For how long what is kept.
pub(super) fn terms(config: &Config) -> Terms {
    let Retention { debtors, messages, inbox, events, client_refs, audit } = config.retention;
    let kept = |time: Duration| (!time.is_zero()).then_some(time);
    Terms {
        debtors: kept(debtors),
        messages: kept(messages),
        inbox: kept(inbox),
        events: kept(events),
        client_refs: kept(client_refs),
        audit: kept(audit),
    }
}

/// Where something is written, without what.
fn place(place: &Place) -> String {
    match place {
        Place::Default => "the defaults".to_owned(),
        Place::File(file) => file.display().to_string(),
        Place::Line { file, line, .. } => format!("{} line {line}", file.display()),
        Place::Variable(name) => name.clone(),
    }
}
