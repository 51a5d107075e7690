//! Declared schemas: taking them in, and reading the newest.

use super::catalog;
use super::prisma;
use super::renames;
use super::row::{self, Row};
use super::scratch::{self, Outcome, Trouble};
use super::sys::own::{self, Key};
use super::sys::table::{Table, Value};
use super::sys::{self, raise, text};
use crate::drift::{self, Difference, Renames, Terms};
use crate::model::mend::Side;
use crate::model::{self, Model, ModelError, Object, READER, Scope};
use crate::source::prisma::files as prisma_files;
use crate::source::sql::line_and_column;
use pgrx::spi::Spi;
use pgrx::{IntoDatum, pg_sys};

/// A stored declaration, without its objects.
pub struct Declared {
    pub version: i64,
    pub schemas: Vec<String>,
    pub terms: Terms,
    /// The row itself: after a rollback a version's number is given again.
    pub row: String,
    reader: i32,
    server: i32,
}

/// What is declared under a name.
pub struct Versions {
    /// What the schema should be.
    pub current: Option<Declared>,
    /// What it is to become.
    pub pending: Option<Declared>,
}

/// The versions declared under a name that count. Any role may ask: the table
/// is read with the owner's rights.
pub fn versions(name: &str) -> Versions {
    const CURRENT: &str = "
        SELECT d.version, d.schemas, d.reader, d.server, pg_catalog.format('%s %s', d.xmin, d.ctid), d.compare, d.unmanaged, d.format
          FROM schemaguard.declared d
         WHERE d.name OPERATOR(pg_catalog.=) $1
           AND (NOT d.pending OR EXISTS (SELECT FROM schemaguard.declared_reached r
                                          WHERE r.version OPERATOR(pg_catalog.=) d.version))
         ORDER BY d.version DESC LIMIT 1";
    const NEWEST: &str = "
        SELECT d.version, d.schemas, d.reader, d.server, pg_catalog.format('%s %s', d.xmin, d.ctid), d.compare, d.unmanaged, d.format
          FROM schemaguard.declared d
         WHERE d.name OPERATOR(pg_catalog.=) $1
         ORDER BY d.version DESC LIMIT 1";
    super::as_owner(|| {
        Spi::connect(|client| {
            let one = |query| {
                let rows = client.select(query, Some(1), &[name.into()]).ok()?;
                let row = rows.first();
                Some(Declared {
                    version: row.get(1).ok()??,
                    schemas: row.get(2).ok()??,
                    reader: row.get(3).ok()??,
                    server: row.get(4).ok()??,
                    row: row.get(5).ok()??,
                    terms: Terms::new(
                        &row.get::<Vec<String>>(6).ok()??,
                        &row.get::<Vec<String>>(7).ok()??,
                    )
                    .ok()?
                    .by_prisma(prisma::is_format(&row.get::<String>(8).ok()??)),
                })
            };
            let current = one(CURRENT);
            let newest = one(NEWEST);
            let version = current.as_ref().map(|c| c.version);
            Versions { pending: newest.filter(|n| Some(n.version) != version), current }
        })
    })
}

impl Declared {
    /// The model: all of it, or only what belongs to some tables, functions …
    pub fn model(&self, of: Option<Vec<String>>) -> Result<Model, ModelError> {
        const ALL: &str = "
            SELECT o.kind, o.identity, o.args, o.attributes::pg_catalog.text, o.id
              FROM schemaguard.declared_object o
             WHERE o.version OPERATOR(pg_catalog.=) $1";
        const SOME: &str = "
            SELECT o.kind, o.identity, o.args, o.attributes::pg_catalog.text, o.id
              FROM schemaguard.declared_object o
             WHERE o.version OPERATOR(pg_catalog.=) $1
               AND o.belongs_to OPERATOR(pg_catalog.=) ANY ($2)";
        let (query, of) = match of {
            None => (ALL, None),
            Some(of) => (SOME, of.into_datum()),
        };
        let mut objects = Vec::new();
        let mut trouble = None;
        super::as_owner(|| {
            Spi::connect(|_| {
                let arguments =
                    [(pg_sys::INT8OID, self.version.into_datum()), (pg_sys::TEXTARRAYOID, of)];
                // SAFETY: SPI is connected; two arguments of these types.
                unsafe {
                    // What this command has declared is there, too.
                    if pg_sys::GetTopTransactionIdIfAny() != pg_sys::InvalidTransactionId {
                        pg_sys::CommandCounterIncrement();
                    }
                    pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
                    row::select(query, &arguments, |row| match object(row) {
                        Ok(object) => objects.push((row.bigint(4), object)),
                        Err(e) => trouble = Some(e),
                    });
                    pg_sys::PopActiveSnapshot();
                }
            })
        });
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
        // They nearly are: to have the server do it may take files.
        objects.sort_by_key(|(id, _)| *id);
        Ok(Model {
            reader: self.reader as u32,
            server: self.server as u32,
            schemas: self.schemas.clone(),
            objects: objects.into_iter().map(|(_, object)| object).collect(),
        })
    }
}

/// An object as it is stored.
fn object(row: &Row) -> Result<Object, ModelError> {
    let kind = row.text(0).unwrap_or_default();
    let kind =
        model::kind(&kind).ok_or_else(|| ModelError(format!("unknown object kind \"{kind}\"")))?;
    Ok(Object::read(kind, row.texts(1), row.text(2), row.text(3).unwrap_or_default()))
}

/// A declaration, as somebody makes it.
pub struct Declaration<'a> {
    pub source: &'a str,
    pub format: &'a str,
    pub name: &'a str,
    pub schemas: Option<Vec<String>>,
    pub compare: Option<Vec<String>>,
    pub unmanaged: Option<Vec<String>>,
    /// What the schema is to become, not what it should be already.
    pub pending: bool,
}

/// Takes a declaration in and returns its version. Errors: SG004 with line
/// and column of the text.
pub fn declare(mut declaration: Declaration) -> i64 {
    let Declaration { source, format, name, .. } = declaration;
    let schemas = declaration.schemas.take();
    if name.trim().is_empty() {
        raise("SG004", "a declared schema needs a name", None, None);
    }
    // SAFETY: raises where nothing may be written: READ ONLY, a standby.
    unsafe { pg_sys::PreventCommandIfReadOnly(c"declare()".as_ptr()) };
    if schemas.as_ref().is_some_and(Vec::is_empty) {
        raise("SG004", "the list of schemas is empty", None, None);
    }
    let compare =
        declaration.compare.get_or_insert_with(|| match prisma::is_format(declaration.format) {
            true => drift::DEFAULT_OF_PRISMA.map(str::to_owned).to_vec(),
            false => drift::DEFAULT.map(str::to_owned).to_vec(),
        });
    let unmanaged = declaration.unmanaged.get_or_insert_default();
    if let Err(why) = Terms::new(compare, unmanaged) {
        raise("SG004", why, None, None);
    }
    let model = match format {
        "sql" => from_sql(source, schemas),
        "json" => from_json(source, schemas),
        _ if prisma::is_format(format) => prisma::build(source, format, schemas),
        _ => raise(
            "SG004",
            format!("format \"{format}\" is not known"),
            None,
            Some("Formats are sql, prisma, prisma5 and json.".into()),
        ),
    };
    store(declaration, &model)
}

/// Several files as the one text that is declared and stored.
pub fn joined(sources: Vec<Option<String>>, names: Vec<Option<String>>, format: &str) -> String {
    if !prisma::is_format(format) {
        raise(
            "SG004",
            format!("a schema of format \"{format}\" is one text"),
            None,
            Some("Formats of several files are prisma and prisma5.".into()),
        );
    }
    if sources.is_empty() || sources.len() != names.len() {
        raise(
            "SG004",
            format!("sources has {} items, and names {}", sources.len(), names.len()),
            None,
            Some("Give the texts and, in the same order, the names of the files.".into()),
        );
    }
    let files: Option<Vec<(String, String)>> =
        names.into_iter().zip(sources).map(|(name, source)| Some((name?, source?))).collect();
    let Some(files) = files else {
        raise("SG004", "a file of a declared schema must not be null", None, None)
    };
    prisma_files::join(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

fn from_sql(source: &str, schemas: Option<Vec<String>>) -> Model {
    match scratch::build_declared(source, schemas) {
        Outcome::Built { model, left_out } => {
            if !left_out.is_empty() {
                sys::error::notice(left_out_words(&left_out));
            }
            Model::from_json(&model).unwrap_or_else(|e| {
                raise("SG004", format!("the model that was built can't be read: {e}"), None, None)
            })
        }
        Outcome::Failed(trouble) => refuse(source, trouble),
    }
}

/// `left out of the declared text: COPY public.t (line 3), …`.
fn left_out_words(left_out: &[(usize, String)]) -> String {
    const NAMED: usize = 5;
    let mut items: Vec<String> =
        left_out.iter().take(NAMED).map(|(line, what)| format!("{what} (line {line})")).collect();
    if left_out.len() > NAMED {
        items.push(format!("and {} more", left_out.len() - NAMED));
    }
    format!("left out of the declared text, not being schema: {}", items.join(", "))
}

fn refuse(source: &str, trouble: Trouble) -> ! {
    let failure = trouble.failure;
    let Some(at) = trouble.at else {
        raise("SG004", failure.message, failure.detail, failure.hint)
    };
    let (line, column) = line_and_column(source, at);
    let shown = source.lines().nth(line - 1).unwrap_or_default().trim_end();
    let shown: String = shown.chars().take(120).collect();
    let mut detail = format!("LINE {line}: {shown}");
    if failure.sqlstate != "SG004" {
        detail.push_str(&format!("\nSQLSTATE {}", failure.sqlstate));
    }
    if let Some(more) = failure.detail {
        detail.push_str(&format!("\n{more}"));
    }
    raise(
        "SG004",
        format!("declared schema, line {line}, column {column}: {}", failure.message),
        Some(detail),
        failure.hint,
    )
}

fn from_json(source: &str, schemas: Option<Vec<String>>) -> Model {
    let mut model = match Model::from_json(source) {
        Ok(model) => model,
        Err(e) => raise(
            "SG004",
            format!("the declared JSON is no model: {e}"),
            None,
            Some("Format json takes what schemaguard.snapshot() gives.".into()),
        ),
    };
    if model.reader != READER {
        raise(
            "SG004",
            format!("the declared model was read by another schemaguard (reader {}, this one is {READER})", model.reader),
            None,
            Some("Take a new one where the schema is as it should be: SELECT schemaguard.snapshot();".into()),
        );
    }
    if let Some(wanted) = schemas {
        for name in &wanted {
            if !model.schemas.contains(name) {
                raise("SG004", format!("the declared model has no schema \"{name}\""), None, None);
            }
        }
        model.schemas.retain(|s| wanted.contains(s));
        model.objects.retain(|o| {
            o.kind.scope == Scope::Database
                || o.identity.parts.first().is_some_and(|s| wanted.contains(s))
        });
    }
    // What is as declared is kept as it is read: where texts are equal, drift()
    // needn't take them apart.
    let live = catalog::read(Some(&model.schemas));
    let counterparts = Side::new(&live).counterparts(&model.objects);
    for (object, at) in model.objects.iter_mut().zip(counterparts) {
        if let Some(at) = at.filter(|at| live.objects[*at].attrs() == object.attrs()) {
            object.attributes = live.objects[at].attributes.clone();
        }
    }
    model
}

fn store(declaration: Declaration, model: &Model) -> i64 {
    let Some(mut table) = Table::open("declared") else {
        raise("SG004", "the extension schemaguard is not installed in this database", None, None)
    };
    // SAFETY: reads of session state.
    let by =
        unsafe { text(pg_sys::GetUserNameFromId(pg_sys::GetUserId(), true)) }.unwrap_or_default();
    let compare = declaration.compare.unwrap_or_default();
    let unmanaged = declaration.unmanaged.unwrap_or_default();
    let version = table.append(1, |_| {
        vec![vec![
            Value::from(declaration.name),
            Value::from(declaration.format),
            Value::from(declaration.source),
            Value::Texts(&model.schemas),
            Value::Timestamp(sys::scan::now()),
            Value::from(by),
            Value::Int(model.reader as i32),
            Value::Int(model.server as i32),
            Value::Texts(&compare),
            Value::Texts(&unmanaged),
            Value::Bool(declaration.pending),
        ]]
    });
    table.close();
    if let Some(mut table) = Table::open("declared_object") {
        table.append(1, |_| {
            let objects = model.objects.iter();
            objects
                .map(|object| {
                    vec![
                        Value::from(version),
                        Value::from(object.belongs_to().to_string()),
                        Value::from(object.kind.name),
                        Value::Texts(&object.identity.parts),
                        Value::from(object.identity.args.as_deref()),
                        Value::Input(object.attributes.get()),
                    ]
                })
                .collect()
        });
        table.close();
    }
    // SAFETY: makes the row visible to the rest of this statement.
    unsafe { pg_sys::CommandCounterIncrement() };
    version
}

/// A declared schema beside the live one.
pub struct Compared {
    pub version: i64,
    pub terms: Terms,
    pub declared: Model,
    /// Called as it is declared, where it is called otherwise.
    pub live: Model,
    pub renames: Renames,
    pub differences: Vec<Difference>,
}

/// SG004: nothing is declared under that name.
pub fn nothing_declared(name: &str) -> ! {
    raise(
        "SG004",
        format!("no schema is declared under the name \"{name}\""),
        None,
        Some("Declare one with schemaguard.declare(…), or nothing can be compared.".to_owned()),
    )
}

/// Compares the live schema with what it is to become, or else with what it
/// should be. SG004 where nothing is declared.
pub fn compare(name: Option<&str>) -> Compared {
    let name = name.unwrap_or("main");
    let versions = versions(name);
    match versions.pending.or(versions.current) {
        Some(declared) => compare_with(&declared).0,
        None => nothing_declared(name),
    }
}

/// Compares a version with the live schema, whose mark comes with it.
///
/// What others change meanwhile can make a difference that never was, for the
/// server deparses by newer catalogs than the snapshot's: differences count
/// only where nothing has changed, or after some attempts.
pub fn compare_with(version: &Declared) -> (Compared, catalog::Mark) {
    const ATTEMPTS: usize = 4;
    // SAFETY: reads a variable: one snapshot for all statements sees no change.
    let one_snapshot = unsafe { pg_sys::XactIsoLevel } >= pg_sys::XACT_REPEATABLE_READ as i32;
    for _ in 1..ATTEMPTS {
        let (compared, mark) = compare_once(version);
        if one_snapshot || compared.differences.is_empty() || catalog::mark() == mark {
            return (compared, mark);
        }
    }
    compare_once(version)
}

fn compare_once(version: &Declared) -> (Compared, catalog::Mark) {
    if version.reader != READER as i32 {
        // Another reader may call the same things otherwise.
        raise(
            "SG004",
            format!(
                "version {} of the declared schema was read by another schemaguard",
                version.version
            ),
            Some(format!("Its reader was {}, this one is {READER}.", version.reader)),
            Some(format!(
                "Declare it again: SELECT schemaguard.declare(source, format, name, schemas, compare, unmanaged, pending) FROM schemaguard.declared WHERE version = {};",
                version.version
            )),
        );
    }
    let mut declared = version.model(None).unwrap_or_else(|e| {
        raise(
            "SG004",
            format!("version {} of the declared schema can't be read", version.version),
            Some(e.to_string()),
            Some("Declare it again.".to_owned()),
        )
    });
    let (mut live, mark) = catalog::read_marked(Some(&version.schemas));
    let mut differences = version.terms.compare(&mut declared, &mut live);
    let renames = renames::settle(version, &declared, &mut live, &differences);
    if !renames.is_empty() {
        renames.doubt_names(&mut declared);
        differences = renames.differences(&live);
        differences.extend(version.terms.compare(&mut declared, &mut live));
    }
    let terms = version.terms.clone();
    (Compared { version: version.version, terms, declared, live, renames, differences }, mark)
}

/// Notes that the schema has become what was pending; not where nothing may be
/// written.
pub fn reached(version: &Declared) {
    // SAFETY: reads of the transaction's state.
    if unsafe { pg_sys::XactReadOnly || pg_sys::RecoveryInProgress() } {
        return;
    }
    if let Some(mut table) = Table::open("declared_reached") {
        table.lock_number(version.version);
        let key = Key::Number(version.version, "declared_reached_pkey");
        let mut known = false;
        own::rows("declared_reached", key, |_| known = true);
        if !known {
            let now = Value::Timestamp(sys::scan::now());
            table.insert(vec![Value::Long(version.version), now]);
        }
        table.close();
    }
}

/// Where the declared source speaks of what differs: for Prisma's schemas the
/// model and field, with the line. They also tell which defaults the client
/// can't do without.
pub fn places(found: &mut Compared) -> Vec<Option<String>> {
    const QUERY: &str = "
        SELECT d.source, d.format FROM schemaguard.declared d
         WHERE d.version OPERATOR(pg_catalog.=) $1";
    if found.differences.is_empty() || !found.terms.is_by_prisma() {
        return vec![None; found.differences.len()];
    }
    let source: Option<(String, String)> = super::as_owner(|| {
        Spi::connect(|client| {
            let rows = client.select(QUERY, Some(1), &[found.version.into()]).ok()?;
            let row = rows.first();
            Some((row.get(1).ok()??, row.get(2).ok()??))
        })
    });
    match source {
        Some((source, format)) => {
            prisma::places(&source, &format, &found.declared.schemas, &mut found.differences)
        }
        None => vec![None; found.differences.len()],
    }
}
