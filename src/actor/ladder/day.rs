//! A creditor's day, piece by piece: while the writer carries one out, the next is read and planned.
//!
//! After an edit every case is looked at once, in the order of the debtors; how far that has come is noted with each piece,
//! so that it goes on there after a `kill -9`. Then come the cases whose day it is. Nothing is planned twice from one state:
//! pieces have no case in common, and the last piece of the one is carried out before the first of the other is read.

use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::OnceCell;

use crate::store::StoreError;
use crate::store::ladder::{Carried, CaseKey, Followed, Looked, Up};

use super::super::letter::Random;
use super::super::rounds::blocking;
use super::super::writer::WriteError;
use super::plan::Means;
use super::{Papers, Ran, RoundError, Setup};

/// Cases that are planned and carried out at once: a few milliseconds of the writer's time, since few of them bring a text.
const AT_ONCE: u32 = 128;

/// What is planned: whose day, and by what.
pub(super) struct Day<'a> {
    pub(super) setup: &'a Setup,
    pub(super) followed: &'a Followed,
    /// Read when something is up.
    pub(super) papers: &'a OnceCell<Arc<Papers>>,
    pub(super) today: Date,
}

/// Up to where cases were read.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Of all of them, up to this debtor.
    Edited(i64),
    /// Of those whose day it is.
    Up(Option<Up>),
}

/// Cases as they were planned.
struct Piece {
    keys: Vec<CaseKey>,
    planned: Vec<Carried>,
    looked: Option<Looked>,
    /// Where the next piece begins; `None` after the last.
    next: Option<Place>,
}

impl Day<'_> {
    /// Plans and carries out what is up.
    pub(super) async fn follow(&self) -> Result<Ran, RoundError> {
        let mut ran = Ran::default();
        if let Some(after) = self.followed.looked {
            ran.add(self.follow_from(Place::Edited(after)).await?);
        }
        ran.add(self.follow_from(Place::Up(None)).await?);
        Ok(ran)
    }

    async fn follow_from(&self, place: Place) -> Result<Ran, RoundError> {
        let mut ran = Ran::default();
        let mut ahead = self.piece(Some(place)).await?;
        while let Some(piece) = ahead {
            if *self.setup.stop.borrow() {
                break;
            }
            let next = piece.next;
            let (carried, planned) = tokio::join!(self.carry_out_each(piece), self.piece(next));
            let carried = carried?;
            ran.add(carried);
            // A ladder was edited since this round began: the next one goes by it.
            if carried.cases == 0 && carried.changed > 0 {
                break;
            }
            ahead = planned?;
        }
        Ok(ran)
    }

    /// Reads and plans the next piece. `None` where there is none.
    async fn piece(&self, place: Option<Place>) -> Result<Option<Piece>, RoundError> {
        let Some(place) = place else { return Ok(None) };
        let (reader, row, today) = (Arc::clone(&self.setup.reader), self.followed.row, self.today);
        let (keys, next) = blocking(move || match place {
            Place::Edited(after) => {
                let found = reader.cases_after(row, after, AT_ONCE)?;
                let last = found.last().map(|(debtor, _)| Place::Edited(*debtor));
                Ok((found.into_iter().map(|(_, key)| key).collect::<Vec<_>>(), last))
            }
            Place::Up(after) => {
                let found = reader.cases_up(row, today, after, AT_ONCE)?;
                let last = found.last().map(|up| Place::Up(Some(*up)));
                Ok::<_, StoreError>((found.into_iter().map(|up| up.key).collect(), last))
            }
        })
        .await??;
        let looked = match (place, next) {
            (Place::Up(_), None) => return Ok(None),
            (Place::Up(_), Some(_)) => None,
            (Place::Edited(_), Some(Place::Edited(last))) => Some(self.looked(Some(last))),
            (Place::Edited(_), _) => Some(self.looked(None)),
        };
        let planned = self.plan(keys.clone()).await?;
        Ok(Some(Piece { keys, planned, looked, next }))
    }

    fn looked(&self, upto: Option<i64>) -> Looked {
        let Followed { row, epoch, .. } = *self.followed;
        Looked { creditor: row, epoch, upto, left: Vec::new() }
    }

    /// Plans cases. One that cannot be read is left out.
    async fn plan(&self, keys: Vec<CaseKey>) -> Result<Vec<Carried>, RoundError> {
        let mut random = vec![Random::default(); keys.len()];
        for octets in &mut random {
            getrandom::fill(octets)?;
        }
        let means = Means {
            papers: Arc::clone(self.papers.get_or_try_init(|| self.setup.papers()).await?),
            calendar: Arc::clone(&self.setup.calendar.borrow()),
            text: self.setup.text.clone(),
            now: self.setup.clock.now().utc,
        };
        let (epoch, creditor) = (self.followed.epoch, Arc::clone(&self.followed.creditor));
        let (reader, today) = (Arc::clone(&self.setup.reader), self.today);
        blocking(move || {
            let mut planned: Vec<Carried> = Vec::with_capacity(keys.len());
            for (loaded, random) in reader.cases(&keys, &creditor, today, means.now)?.into_iter().zip(random) {
                match loaded {
                    Ok(loaded) => {
                        let mut carried = means.plan(&loaded, random);
                        // It was planned by the ladders of this epoch.
                        carried.revision += epoch - loaded.epoch;
                        planned.push(carried);
                    }
                    Err((key, error)) => tracing::error!(?key, %error, "case cannot be read; it is tried again"),
                }
            }
            Ok(planned)
        })
        .await?
    }

    /// Has the writer carry a piece out; a case that cannot be stops no other.
    async fn carry_out_each(&self, piece: Piece) -> Result<Ran, RoundError> {
        let Piece { keys, planned, mut looked, .. } = piece;
        let is_planned = |key: &CaseKey| planned.iter().any(|carried| carried.key == *key);
        if let Some(looked) = &mut looked {
            looked.left = keys.iter().filter(|key| !is_planned(key)).copied().collect();
        }
        match self.carry_out(planned, looked.clone()).await {
            Err(RoundError::Write(WriteError::Store(_))) => {}
            result => return result,
        }
        let (mut ran, mut failed) = (Ran::default(), Vec::new());
        for key in keys {
            match self.carry_out(self.plan(vec![key]).await?, None).await {
                Err(RoundError::Write(WriteError::Store(error))) => {
                    tracing::error!(?key, error, "case not carried out; it is tried again");
                    failed.push(key);
                }
                result => ran.add(result?),
            }
        }
        if let Some(looked) = looked {
            let left = [looked.left, failed].concat();
            self.carry_out(Vec::new(), Some(Looked { left, ..looked })).await?;
        }
        Ok(ran)
    }

    /// Has the writer carry plans out, all or none.
    async fn carry_out(&self, planned: Vec<Carried>, looked: Option<Looked>) -> Result<Ran, RoundError> {
        let shapes: Vec<Ran> = planned.iter().map(Ran::of).collect();
        let carried = self.setup.writer.carry_out(planned, looked).await?;
        let mut ran = Ran::default();
        for (shape, is_carried) in shapes.into_iter().zip(carried) {
            ran.add(if is_carried { shape } else { Ran { changed: 1, ..Ran::default() } });
        }
        Ok(ran)
    }
}
