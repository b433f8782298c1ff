//! Templates in their versions, and who approved them.
//!
//! A version is never changed. The newest one that is approved is the one that is used: a draft never leaves the house.
//! Knows nothing of what makes a template good; that was asked before.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::dunning::template::Template;

use super::StoreError;
use super::definition::{read_template, write_template};
use super::reader::Reader;
use super::work::Work;

/// A version of a template with its history.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateView {
    /// The template.
    pub template: Template,
    /// When it was written.
    pub created_at: Timestamp,
    /// Who wrote it.
    pub client: String,
    /// When it was approved, and who did it.
    pub approved: Option<(Timestamp, String)>,
}

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// It is approved now.
    Approved,
    /// It was before; who did it then stays on record.
    Already,
    /// There is no such version.
    NotThere,
    /// Whoever wrote it asks, and another one must.
    OfItsAuthor,
}

impl Work<'_> {
    /// Stores a template as the next version of its name, whatever version it says. One that is like the newest stays that.
    /// Returns the version.
    pub fn save_template(&mut self, template: &Template, client: &str) -> Result<u32, StoreError> {
        save(self.conn, template, client, self.now)
    }

    /// The same, unless the newest version is another than the one that was read, 0 for none: that one is returned as an error
    /// then, and nothing is stored. What is there already may be stored again.
    pub fn save_template_over(
        &mut self,
        template: &Template,
        read: u32,
        client: &str,
    ) -> Result<Result<u32, u32>, StoreError> {
        let sql = "SELECT version, definition FROM template WHERE name = ? ORDER BY version DESC LIMIT 1";
        let row = |row: &Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
        let newest = self.conn.prepare_cached(sql)?.query_row([&template.name], row).optional()?;
        let (version, definition) = newest.unwrap_or_default();
        let written = write_template(template).to_string();
        if version != read && definition != written {
            return Ok(Err(version));
        }
        self.save_template(template, client).map(Ok)
    }

    /// Approves a version. Where `four_eyes` is set, its author cannot.
    pub fn approve_template(
        &mut self,
        name: &str,
        version: u32,
        client: &str,
        four_eyes: bool,
    ) -> Result<Approval, StoreError> {
        let approval = approve(self.conn, name, version, client, four_eyes, self.now)?;
        if approval == Approval::Approved {
            self.look_at_cases_with_problems()?;
        }
        Ok(approval)
    }

    /// The template of this name that is used: the newest version that is approved.
    pub fn template_in_use(&self, name: &str) -> Result<Option<Template>, StoreError> {
        Ok(in_use(self.conn, name)?.map(|view| view.template))
    }
}

impl Reader {
    /// The newest version of each template, by name.
    pub fn templates(&self) -> Result<Vec<TemplateView>, StoreError> {
        self.with(newest)
    }

    /// All versions of a template, the newest first.
    pub fn template_versions(&self, name: &str) -> Result<Vec<TemplateView>, StoreError> {
        self.with(|conn| versions(conn, name))
    }

    /// The version of a template that is used.
    pub fn template_in_use(&self, name: &str) -> Result<Option<TemplateView>, StoreError> {
        self.with(|conn| in_use(conn, name))
    }
}

/// The columns of [`read`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT key, name, version, definition, created_at, client, approved_at, approved_by FROM template ",
            $rest
        )
    };
}

fn save(conn: &Connection, template: &Template, client: &str, now: Timestamp) -> Result<u32, StoreError> {
    let definition = write_template(template).to_string();
    let newest = conn
        .prepare_cached("SELECT version, definition FROM template WHERE name = ? ORDER BY version DESC LIMIT 1")?
        .query_row([&template.name], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let version = match newest {
        Some((version, before)) if before == definition => return Ok(version),
        Some((version, _)) => version.saturating_add(1),
        None => 1,
    };
    conn.prepare_cached("INSERT INTO template (name, version, definition, created_at, client) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![template.name, version, definition, now.as_millis(), client])?;
    Ok(version)
}

fn approve(
    conn: &Connection,
    name: &str,
    version: u32,
    client: &str,
    four_eyes: bool,
    now: Timestamp,
) -> Result<Approval, StoreError> {
    let found = conn
        .prepare_cached("SELECT key, client, approved_at IS NOT NULL FROM template WHERE name = ? AND version = ?")?
        .query_row(params![name, version], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
        })
        .optional()?;
    let key = match found {
        None => return Ok(Approval::NotThere),
        Some((_, _, true)) => return Ok(Approval::Already),
        Some((_, author, _)) if four_eyes && author == client => return Ok(Approval::OfItsAuthor),
        Some((key, _, _)) => key,
    };
    conn.prepare_cached("UPDATE template SET approved_at = ?, approved_by = ? WHERE key = ?")?.execute(params![
        now.as_millis(),
        client,
        key
    ])?;
    Ok(Approval::Approved)
}

fn newest(conn: &Connection) -> Result<Vec<TemplateView>, StoreError> {
    let sql = select!("AS t WHERE version = (SELECT max(version) FROM template WHERE name = t.name) ORDER BY name");
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    rows.map(|view| view?).collect()
}

fn versions(conn: &Connection, name: &str) -> Result<Vec<TemplateView>, StoreError> {
    let mut statement = conn.prepare_cached(select!("WHERE name = ? ORDER BY version DESC"))?;
    let rows = statement.query_map([name], |row| Ok(read(row)))?;
    rows.map(|view| view?).collect()
}

fn in_use(conn: &Connection, name: &str) -> Result<Option<TemplateView>, StoreError> {
    let sql = select!("WHERE name = ? AND approved_at IS NOT NULL ORDER BY version DESC LIMIT 1");
    conn.prepare_cached(sql)?.query_row([name], |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<TemplateView, StoreError> {
    let key = row.get(0)?;
    let unreadable = StoreError::Corrupt { table: "template", key, what: "definition" };
    let (name, version, definition): (String, u32, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let written = serde_json::from_str(&definition).ok();
    let template = written.and_then(|written| read_template(&name, version, written).ok()).ok_or(unreadable)?;
    let approved_at: Option<i64> = row.get(6)?;
    let approved_by: Option<String> = row.get(7)?;
    Ok(TemplateView {
        template,
        created_at: Timestamp::from_millis(row.get(4)?),
        client: row.get(5)?,
        approved: approved_at.map(Timestamp::from_millis).zip(approved_by),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    fn template(body: &str) -> Template {
        read_template("lembrete", 1, json!({ "texts": [{ "name": "a", "body": body }] })).unwrap()
    }

    #[test]
    fn a_draft_is_not_used_and_an_approved_version_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let conn = super::super::schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let used = || in_use(&conn, "lembrete").unwrap().map(|view| (view.template.version, view.approved));
        assert_eq!(save(&conn, &template("um"), "ana", NOW).unwrap(), 1);
        assert_eq!(used(), None);
        assert_eq!(approve(&conn, "lembrete", 1, "ana", true, NOW).unwrap(), Approval::OfItsAuthor);
        assert_eq!(approve(&conn, "lembrete", 1, "rui", true, NOW).unwrap(), Approval::Approved);
        assert_eq!(approve(&conn, "lembrete", 1, "eva", false, NOW).unwrap(), Approval::Already);
        assert_eq!(approve(&conn, "lembrete", 2, "rui", false, NOW).unwrap(), Approval::NotThere);
        assert_eq!(save(&conn, &template("um"), "rui", NOW).unwrap(), 1, "nothing is new");
        assert_eq!(save(&conn, &template("dois"), "rui", NOW).unwrap(), 2);
        assert_eq!(used(), Some((1, Some((NOW, "rui".to_owned())))));
        let all: Vec<(u32, String)> =
            versions(&conn, "lembrete").unwrap().into_iter().map(|view| (view.template.version, view.client)).collect();
        assert_eq!(all, [(2, "rui".to_owned()), (1, "ana".to_owned())]);
        assert_eq!(newest(&conn).unwrap().iter().map(|view| view.template.version).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_row_that_says_nothing_is_told_from_one_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let conn = super::super::schema::open_writer(&folder.path().join("recado.db")).unwrap();
        save(&conn, &template("um"), "ana", NOW).unwrap();
        conn.execute("UPDATE template SET definition = '{}'", []).unwrap();
        assert!(matches!(versions(&conn, "lembrete"), Err(StoreError::Corrupt { table: "template", .. })));
        assert_eq!(versions(&conn, "outro").unwrap(), []);
    }
}
