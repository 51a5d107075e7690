"""Random DDL. Statements need not be valid: those that the server refuses are skipped."""
NAMES = ["a", "b2", "users", "order", "Camel", "with space", "do.t", 'quo"te', "größe", "select", "x_1", "数", "it's", "$d"]
TYPES = ["integer", "bigint", "smallint", "text", "varchar(20)", "varchar(40)", "char(3)", "numeric(10,2)", "numeric", "boolean", "date",
         "timestamptz", "timestamp(3)", "time", "interval", "uuid", "jsonb", "json", "bytea", "inet", "integer[]", "text[]", "real",
         "double precision", "int4range", "tstzrange", "bit(4)", "varbit(9)", "tsvector", "point", "xml", "name", "oid", "money", "macaddr"]
DEFAULTS = {"integer": ["0", "7", "1 + 2"], "bigint": ["0", "-1"], "smallint": ["3"], "text": ["'x'", "'it''s'", "upper('q')", "CURRENT_USER"],
            "varchar": ["'v'", "''"], "char": ["'abc'"], "numeric": ["1.50", "0"], "boolean": ["true", "false"], "date": ["CURRENT_DATE", "'2024-02-29'"],
            "timestamp": ["now()", "CURRENT_TIMESTAMP", "'2020-01-01'"], "uuid": ["gen_random_uuid()"], "jsonb": ["'{}'", "'[1, 2]'"], "json": ["'{}'"],
            "interval": ["'1 day'"], "integer[]": ["'{}'", "ARRAY[1, 2]"], "text[]": ["'{a,b}'"], "bytea": ["'\\x00'"], "inet": ["'::1'"]}
SPACES = ["rnd", '"Rnd.2"']
ROLES = ["drift_random_a", "drift_random_b"]


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Generator:
    def __init__(self, random, choice):
        self.r = random
        self.look(choice)

    def look(self, choice):
        """Takes in what is there."""
        self.all = choice

    # Choosing

    def one(self, things):
        return self.r.choice(list(things))

    def chance(self, p):
        return self.r.random() < p

    def name(self, prefix=""):
        return ident(prefix + self.one(NAMES) + (str(self.r.randint(1, 9)) if self.chance(0.6) else ""))

    def placed(self, prefix=""):
        return (SPACES[0] if self.chance(0.75) else SPACES[1]) + "." + self.name(prefix)

    def relations(self, kinds):
        return [r for r in self.all["relations"] if r["kind"] in kinds]

    def relation(self, kinds="rp"):
        return self.one(self.relations(kinds))

    def table(self):
        return self.relation("rp")

    def columns(self, table, *starts):
        found = [c for c in table["columns"] or [] if not starts or c["type"].startswith(starts)]
        return [c["name"] for c in found]

    def column(self, table, *starts):
        return self.one(self.columns(table, *starts) or self.columns(table))

    def some_columns(self, table, most=3):
        names = self.columns(table)
        return self.r.sample(names, self.r.randint(1, min(most, len(names))))

    def types(self, *kinds):
        return [t for t in self.all["types"] if t["type"] in kinds]

    def type(self):
        own = self.all["types"]
        if own and self.chance(0.25):
            t = self.one(own)["sql"]
            return t + "[]" if self.chance(0.15) else t
        return self.one(TYPES)

    def function(self, takes=None, result=None):
        fits = [f for f in self.all["routines"] if f["kind"] == "f" and f["args"] == 1
                and takes in (None, f["takes"]) and result in (None, f["result"])]
        return self.one(fits)["name"]

    def default(self, type_):
        if type_ == "integer" and self.chance(0.3):
            return self.one([self.call_integer, self.call_next])()
        for t in self.types("e"):
            if t["sql"] == type_:
                return literal(self.one(t["labels"])) + "::" + type_
        fits = [v for k, v in DEFAULTS.items() if type_ == k or type_.startswith(k + "(") or k == "timestamp" and type_.startswith(k)]
        return self.one(fits[0]) if fits else "NULL"

    def call_integer(self):
        return f"{self.function('integer', 'integer')}({self.r.randint(0, 9)})"

    def call_next(self):
        return f"nextval({literal(self.relation('S')['sql'])})"

    def condition(self, table):
        """Something that is true or false of a row."""
        c = self.one(table["columns"])
        n, t = c["name"], c["type"]
        forms = [f"{n} IS NOT NULL"]
        if t.startswith(("integer", "bigint", "smallint", "numeric", "real", "double")) and not t.endswith("]"):
            forms += [f"{n} > {self.r.randint(-5, 5)}", f"{n} BETWEEN 0 AND 100", f"{n} IN (1, 2, 3)"]
            if t == "integer":
                try:
                    forms.append(f"{self.function('integer', 'integer')}({n}) >= 0")
                except IndexError:
                    pass
        elif t.startswith(("text", "character varying")) and not t.endswith("]"):
            forms += [f"{n} <> ''", f"length({n}) < 50", f"{n} ~ '^[a-z]'", f"lower({n}) = {n}", f"{n} LIKE 'a%'"]
        elif t in [e["sql"] for e in self.types("e")]:
            forms += [f"{n} = {self.default(t)}"]
        elif t == "boolean":
            forms += [n, f"NOT {n}"]
        return self.one(forms)

    def column_definition(self, taken=()):
        name = self.name()
        type_ = self.type()
        text = f"{name} {type_}"
        draw = self.r.random()
        if draw < 0.06:
            text = f"{name} {self.one(['serial', 'bigserial', 'smallserial'])}"
        elif draw < 0.14:
            text = f"{name} {self.one(['integer', 'bigint'])} GENERATED {self.one(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY"
            if self.chance(0.4):
                text += f" (START WITH {self.r.randint(1, 99)} INCREMENT BY {self.r.randint(1, 9)})"
        elif draw < 0.45:
            text += f" DEFAULT {self.default(type_)}"
        if self.chance(0.25):
            text += " NOT NULL"
        if type_ in ("text", "varchar(20)") and " DEFAULT" not in text and self.chance(0.2):
            text = f'{name} {type_} COLLATE "C"'
        return text

    # Making

    def create_table(self):
        parts = [self.column_definition() for _ in range(self.r.randint(1, 7))]
        if self.chance(0.7):
            parts.insert(0, self.one(["id integer", "id bigint", "id serial", "id integer GENERATED ALWAYS AS IDENTITY"]) + " PRIMARY KEY")
        if self.chance(0.25):
            parts += ["n integer", f"twice integer GENERATED ALWAYS AS (n * {self.r.randint(2, 5)}) STORED"]
        if self.chance(0.2):
            parts.append("m integer CHECK (m > 0)")
        if self.chance(0.15):
            parts.append("k text UNIQUE")
        tail = self.one(["", "", "", " WITH (fillfactor = 80)", " WITH (autovacuum_enabled = false)"])
        return f"CREATE {self.one(['', '', '', '', 'UNLOGGED '])}TABLE {self.placed()} ({', '.join(parts)}){tail}"

    def create_partitioned(self):
        how = self.one(["RANGE", "LIST", "HASH"])
        extra = [self.column_definition() for _ in range(self.r.randint(0, 3))]
        key = self.one(["", ", PRIMARY KEY (id)", ", UNIQUE (id)", ", CHECK (id > 0)"])
        return f"CREATE TABLE {self.placed('p')} ({', '.join(['id integer', 'v text', *extra])}{key}) PARTITION BY {how} (id)"

    def create_partition(self):
        n = self.r.randint(0, 5)
        bound = self.one([f"FOR VALUES FROM ({n * 10}) TO ({n * 10 + 10})", f"FOR VALUES IN ({n}, {n + 6})",
                          f"FOR VALUES WITH (MODULUS 6, REMAINDER {n})", "DEFAULT"])
        return f"CREATE TABLE {self.placed('pp')} PARTITION OF {self.relation('p')['sql']} {bound}"

    def create_child(self):
        own = ", ".join(self.column_definition() for _ in range(self.r.randint(0, 2)))
        return f"CREATE TABLE {self.placed('c')} ({own}) INHERITS ({self.relation('r')['sql']})"

    def create_view(self):
        replace, name = self.one(['', 'OR REPLACE ']), self.placed('v')
        # One that came to read itself could be read no more, and no schema can hold it.
        if name.replace('"', "") in [v["sql"].replace('"', "") for v in self.relations("v")]:
            replace = ''
        return f"CREATE {replace}VIEW {name}{self.one(['', '', ' WITH (security_barrier = true)'])} AS {self.select()}"

    def create_materialized_view(self):
        return f"CREATE MATERIALIZED VIEW {self.placed('mv')} AS {self.select()}{self.one(['', ' WITH NO DATA'])}"

    def select(self):
        t = self.relation("rpvm")
        draw = self.r.random()
        if draw < 0.25:
            return f"SELECT * FROM {t['sql']}"
        if draw < 0.35:
            c = self.column(t)
            return f"SELECT {c}, count(*) AS n FROM {t['sql']} GROUP BY {c}"
        if draw < 0.5:
            u = self.relation("rpvm")
            return f"SELECT x.{self.column(t)} AS l, y.{self.column(u)} AS r FROM {t['sql']} x {self.one(['LEFT ', ''])}JOIN {u['sql']} y ON true"
        if draw < 0.6:
            return f"SELECT {self.column(t)} AS one FROM {t['sql']} UNION ALL SELECT {self.column(t)} FROM {t['sql']}"
        if draw < 0.7:
            return f"SELECT {self.call_integer()} AS called, {self.column(t)} AS c FROM {t['sql']}"
        return f"SELECT {', '.join(self.some_columns(t, 4))} FROM {t['sql']} WHERE {self.condition(t)}"

    def create_index(self):
        t = self.relation("rpm")
        keys = []
        for c in self.some_columns(t):
            type_ = next(x["type"] for x in t["columns"] if x["name"] == c)
            if type_ in ("text", "character varying(20)") and self.chance(0.5):
                c = self.one([f"lower({c})", f"{c} text_pattern_ops", f'{c} COLLATE "C"', f"({c} || 'x')"])
            elif type_ == "integer" and self.chance(0.3):
                c = self.one([f"({c} + 1)", f"({c} % 7)"])
            keys.append(c + self.one(["", "", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"]))
        using, unique = "", self.one(["", "", "", "UNIQUE "])
        if self.chance(0.15):
            using, keys, unique = f" USING {self.one(['hash', 'gist', 'gin', 'brin', 'spgist'])}", [self.column(t, "int4range", "jsonb", "text[]", "integer", "tsvector")], ""
        text = f"CREATE {unique}INDEX {self.name('i')} ON {t['sql']}{using} ({', '.join(keys)})"
        if self.chance(0.15) and not using:
            text += f" INCLUDE ({self.column(t)})"
        if self.chance(0.1) and using != " USING gin":
            text += " WITH (fillfactor = 70)"
        if self.chance(0.2):
            text += f" WHERE {self.condition(t)}"
        return text

    def add_constraint(self):
        t = self.table()
        draw = self.r.random()
        if draw < 0.35:
            what = f"CHECK ({self.condition(t)})" + self.one(["", "", "", " NOT VALID", " NO INHERIT"])
        elif draw < 0.55:
            what = f"UNIQUE {self.one(['', '', 'NULLS NOT DISTINCT '])}({', '.join(self.some_columns(t))})" + self.one(["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"])
        elif draw < 0.62:
            what = f"PRIMARY KEY ({self.column(t)})"
        elif draw < 0.7:
            what = f"EXCLUDE USING gist ({self.column(t, 'int4range', 'tstzrange')} WITH &&)" + self.one(["", f" WHERE ({self.condition(t)})"])
        else:
            return self.add_foreign_key()
        return f"ALTER TABLE {t['sql']} ADD CONSTRAINT {self.name('con')} {what}"

    def add_foreign_key(self):
        keyed = [c for c in self.all["constraints"] if c["type"] in "pu"]
        target = self.one(keyed)["table"] if self.chance(0.8) else self.table()["sql"]
        there = next(r for r in self.relations("rp") if r["sql"] == target)
        t = there if self.chance(0.25) else self.table()
        c = self.column(t, "integer", "bigint")
        text = f"ALTER TABLE {t['sql']} ADD CONSTRAINT {self.name('fk')} FOREIGN KEY ({c}) REFERENCES {target}"
        if not any(k["table"] == target and k["type"] == "p" for k in keyed) or self.chance(0.2):
            text += f" ({self.column(there, 'integer', 'bigint')})"
        return text + self.one(["", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE ON DELETE RESTRICT",
                                " DEFERRABLE INITIALLY DEFERRED", " NOT VALID", " MATCH FULL"])

    def create_enum(self):
        labels = self.r.sample(["sad", "ok", "happy", "it's", "A B", "z", "neu"], self.r.randint(1, 5))
        return f"CREATE TYPE {self.placed('e')} AS ENUM ({', '.join(map(literal, labels))})"

    def create_domain(self):
        base = self.one(["integer", "text", "numeric(8,2)", "varchar(9)", "date"])
        text = f"CREATE DOMAIN {self.placed('d')} AS {base}"
        if self.chance(0.3):
            text += f" DEFAULT {self.default(base)}"
        if self.chance(0.2):
            text += " NOT NULL"
        return text + self.one(["", f" CONSTRAINT {self.name()} CHECK (VALUE IS NOT NULL)", " CHECK (VALUE IS DISTINCT FROM NULL)"])

    def create_composite(self):
        fields = [f"{self.name()} {self.type()}" for _ in range(self.r.randint(1, 4))]
        return f"CREATE TYPE {self.placed('t')} AS ({', '.join(fields)})"

    def create_range(self):
        return f"CREATE TYPE {self.placed('rg')} AS RANGE (SUBTYPE = {self.one(['integer', 'text', 'numeric', 'date'])})"

    def create_function(self):
        t = self.one(["integer", "text"])
        body = {"integer": ["SELECT $1 + 1", "SELECT abs($1)", "SELECT $1 * 2"], "text": ["SELECT upper($1)", "SELECT $1 || '!'"]}[t]
        kind = self.one(["IMMUTABLE", "IMMUTABLE", "IMMUTABLE", "STABLE", "VOLATILE"]) + self.one(["", " STRICT", " PARALLEL SAFE", " SECURITY DEFINER", " COST 5"])
        body = self.one(body)
        code = f"AS $f${body}$f$" if self.chance(0.7) else "RETURN " + body[7:]
        return f"CREATE {self.one(['', 'OR REPLACE '])}FUNCTION {self.placed('f')}({self.one(['', 'a '])}{t}) RETURNS {t} LANGUAGE sql {kind} {code}"

    def create_row_function(self):
        t = self.relation("rvm")["sql"]
        draw = self.r.random()
        if draw < 0.4:
            return f"CREATE FUNCTION {self.placed('rf')}({t}) RETURNS integer LANGUAGE sql AS $f$SELECT 1$f$"
        if draw < 0.7:
            return f"CREATE FUNCTION {self.placed('sf')}() RETURNS SETOF {t} LANGUAGE sql STABLE AS $f$SELECT * FROM {t}$f$"
        return f"CREATE FUNCTION {self.placed('nf')}() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM {t}; END"

    def create_trigger_function(self):
        return (f"CREATE OR REPLACE FUNCTION {self.placed('tf')}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$f$BEGIN RETURN {self.one(['NEW', 'OLD', 'NULL'])}; END$f$")

    def create_procedure(self):
        return f"CREATE PROCEDURE {self.placed('pr')}(INOUT x {self.type()}) LANGUAGE plpgsql AS $f$BEGIN NULL; END$f$"

    def create_aggregate(self):
        return f"CREATE AGGREGATE {self.placed('ag')}(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '{self.r.randint(0, 3)}')"

    def create_trigger(self):
        call = [f["name"] for f in self.all["routines"] if f["result"] == "trigger"]
        t = self.table()
        when = self.one(["BEFORE INSERT", "AFTER UPDATE", "BEFORE INSERT OR UPDATE", "AFTER DELETE", f"BEFORE UPDATE OF {self.column(t)}"])
        each = self.one(["FOR EACH ROW", "FOR EACH ROW", "FOR EACH STATEMENT"])
        cond = f" WHEN (NEW.{self.column(t)} IS NOT NULL)" if "ROW" in each and "DELETE" not in when and self.chance(0.3) else ""
        return f"CREATE TRIGGER {self.name('tr')} {when} ON {t['sql']} {each}{cond} EXECUTE FUNCTION {self.one(call)}()"

    def create_rule(self):
        t = self.relation("rv")
        event = self.one(["DELETE", "UPDATE", "INSERT"])
        where = f" WHERE {'NEW' if event == 'INSERT' else 'OLD'}.{self.column(t)} IS NULL" if self.chance(0.5) else ""
        return f"CREATE RULE {self.name('ru')} AS ON {event} TO {t['sql']}{where} DO INSTEAD NOTHING"

    def create_policy(self):
        t = self.table()
        return (f"CREATE POLICY {self.name('po')} ON {t['sql']} {self.one(['', 'AS RESTRICTIVE '])}FOR {self.one(['SELECT', 'ALL', 'UPDATE'])} "
                f"TO {self.one(['PUBLIC', *ROLES])} USING ({self.condition(t)})")

    def create_sequence(self):
        return (f"CREATE SEQUENCE {self.placed('sq')}{self.one(['', ' AS integer', ' AS smallint'])} START WITH {self.r.randint(1, 50)}"
                f"{self.one(['', ' INCREMENT BY 3', ' CACHE 5', ' CYCLE', ' MAXVALUE 1000'])}")

    def create_statistics(self):
        t = self.relation("rpm")
        kinds = self.one(["", "", " (ndistinct)", " (dependencies, mcv)"])
        return f"CREATE STATISTICS {self.placed('st')}{kinds} ON {', '.join(self.some_columns(t))} FROM {t['sql']}"

    # Saying, giving

    def thing(self):
        """Something that has a name of its own, as COMMENT ON and DROP call it."""
        word = {"r": "TABLE", "p": "TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE", "i": "INDEX", "I": "INDEX", "c": "TYPE"}
        things = [f"{word[r['kind']]} {r['sql']}" for r in self.all["relations"]]
        things += [f"{'DOMAIN' if t['type'] == 'd' else 'TYPE'} {t['sql']}" for t in self.all["types"] if t["type"] != "c"]
        things += [f"{ {'a': 'AGGREGATE', 'p': 'PROCEDURE', 'f': 'FUNCTION'}[f['kind']]} {f['sql']}" for f in self.all["routines"]]
        things += [f"STATISTICS {s['name']}" for s in self.all["statistics"]]
        for word, key in ("TRIGGER", "triggers"), ("RULE", "rules"), ("POLICY", "policies"):
            things += [f"{word} {x['name']} ON {x['table']}" for x in self.all[key]]
        return self.one(things)

    def comment(self):
        if self.chance(0.3):
            t = self.relation("rpvm")
            what = f"COLUMN {t['sql']}.{self.column(t)}"
        elif self.chance(0.2):
            c = self.one(self.all["constraints"])
            what = f"CONSTRAINT {c['name']} ON {c['table']}"
        else:
            what = self.thing()
        return f"COMMENT ON {what} IS {self.one(['NULL', literal('it' + chr(39) + 's'), literal('ü ' + str(self.r.randint(1, 99)))])}"

    def grant(self):
        draw, to = self.r.random(), self.one(["PUBLIC", *ROLES])
        tail = " WITH GRANT OPTION" if to != "PUBLIC" and self.chance(0.2) else ""
        if draw < 0.5:
            return f"GRANT {self.one(['SELECT', 'ALL', 'INSERT, UPDATE', 'TRIGGER'])} ON {self.relation('rpvm')['sql']} TO {to}{tail}"
        if draw < 0.65:
            t = self.relation("rpv")
            return f"GRANT {self.one(['SELECT', 'UPDATE'])} ({self.column(t)}) ON {t['sql']} TO {to}{tail}"
        if draw < 0.75:
            return f"GRANT USAGE ON SEQUENCE {self.relation('S')['sql']} TO {to}{tail}"
        if draw < 0.85:
            return f"GRANT USAGE ON TYPE {self.one(self.all['types'])['sql']} TO {to}{tail}"
        return f"GRANT EXECUTE ON ROUTINE {self.one(self.all['routines'])['sql']} TO {to}{tail}"

    def revoke(self):
        draw, who = self.r.random(), self.one(["PUBLIC", "PUBLIC", "CURRENT_USER", *ROLES])
        if draw < 0.6:
            return f"REVOKE {self.one(['ALL', 'SELECT'])} ON {self.relation('rpvmS')['sql']} FROM {who} CASCADE"
        if draw < 0.8:
            return f"REVOKE ALL ON TYPE {self.one(self.all['types'])['sql']} FROM {who} CASCADE"
        return f"REVOKE EXECUTE ON ROUTINE {self.one(self.all['routines'])['sql']} FROM {who} CASCADE"

    def owner(self):
        return f"ALTER {self.thing().split(' ON ')[0]} OWNER TO {self.one([*ROLES, 'CURRENT_USER'])}"

    # Changing

    def drop(self):
        what = self.thing()
        return f"DROP {what}{self.one(['', ' CASCADE'])}"

    def drop_constraint(self):
        c = self.one(self.all["constraints"])
        return f"ALTER TABLE {c['table']} DROP CONSTRAINT {c['name']}{self.one(['', ' CASCADE'])}"

    def rename(self):
        draw = self.r.random()
        if draw < 0.3:
            t = self.relation("rpv")
            return f"ALTER {'VIEW' if t['kind'] == 'v' else 'TABLE'} {t['sql']} RENAME COLUMN {self.column(t)} TO {self.name()}"
        if draw < 0.45:
            c = self.one(self.all["constraints"])
            return f"ALTER TABLE {c['table']} RENAME CONSTRAINT {c['name']} TO {self.name('rc')}"
        return f"ALTER {self.thing()} RENAME TO {self.name('rn')}"

    def set_schema(self):
        return f"ALTER {self.thing()} SET SCHEMA {self.one(SPACES)}"

    def add_column(self):
        text = self.column_definition()
        if self.chance(0.1):
            text += self.one([" UNIQUE", " CHECK (true)"])
        return f"ALTER TABLE {self.table()['sql']} ADD COLUMN {text}"

    def alter_column(self):
        t = self.relation("rrrrpm")
        c = self.one(t["columns"])
        n = c["name"]
        new = self.type()
        kind = "MATERIALIZED VIEW" if t["kind"] == "m" else "TABLE"
        what = self.one([
            f"TYPE {new} USING NULL", f"TYPE {new}", "TYPE bigint", "TYPE text", "TYPE varchar(60)", f"TYPE {new} USING {n}::text::{new}",
            f"SET DEFAULT {self.default(c['type'])}", f"SET DEFAULT {self.default(c['type'])}", "DROP DEFAULT", "SET NOT NULL", "DROP NOT NULL",
            "DROP EXPRESSION", "DROP IDENTITY", "ADD GENERATED BY DEFAULT AS IDENTITY", "SET GENERATED ALWAYS", "SET INCREMENT BY 4",
            f"SET STATISTICS {self.r.randint(0, 900)}", f"SET STORAGE {self.one(['plain', 'external', 'main', 'extended'])}", "SET COMPRESSION pglz",
            "SET (n_distinct = 5)", "RESET (n_distinct)"])
        return f"ALTER {kind} {t['sql']} ALTER COLUMN {n} {what}"

    def drop_column(self):
        t = self.table()
        return f"ALTER TABLE {t['sql']} DROP COLUMN {self.column(t)}{self.one(['', ' CASCADE'])}"

    def alter_table(self):
        t = self.table()
        u = self.table()["sql"]
        index = self.one([ident(r["name"]) for r in self.relations("i")] or ["nothing"])
        return f"ALTER TABLE {t['sql']} " + self.one([
            "SET UNLOGGED", "SET LOGGED", "SET (fillfactor = 60)", "RESET (fillfactor)", "SET (toast.autovacuum_enabled = false)",
            "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY", "REPLICA IDENTITY FULL", "REPLICA IDENTITY NOTHING",
            "REPLICA IDENTITY DEFAULT", f"REPLICA IDENTITY USING INDEX {index}", f"CLUSTER ON {index}", "SET WITHOUT CLUSTER", f"INHERIT {u}"])

    def parents(self):
        t = self.one([r for r in self.relations("rp") if r["has_parents"]])["sql"]
        p = self.one([r for r in self.relations("rp") if r["has_children"]])
        return f"ALTER TABLE {p['sql']} DETACH PARTITION {t}" if p["kind"] == "p" else f"ALTER TABLE {t} NO INHERIT {p['sql']}"

    def attach(self):
        n = self.r.randint(0, 5)
        bound = self.one([f"FOR VALUES FROM ({n * 10}) TO ({n * 10 + 10})", f"FOR VALUES IN ({n})", f"FOR VALUES WITH (MODULUS 6, REMAINDER {n})", "DEFAULT"])
        return f"ALTER TABLE {self.relation('p')['sql']} ATTACH PARTITION {self.relation('r')['sql']} {bound}"

    def alter_enum(self):
        t = self.one(self.types("e"))
        old = literal(self.one(t["labels"]))
        new = literal(self.one(["new", "other", "it's new", "Z", "q"]) + self.one(["", "1", "2"]))
        return f"ALTER TYPE {t['sql']} " + self.one([f"ADD VALUE {new}", f"ADD VALUE {new} BEFORE {old}", f"ADD VALUE {new} AFTER {old}", f"RENAME VALUE {old} TO {new}"])

    def alter_domain(self):
        t = self.one(self.types("d"))
        check = self.one(t["checks"] or ["nothing"])
        return f"ALTER DOMAIN {t['sql']} " + self.one(["SET DEFAULT NULL", "SET DEFAULT '5'", "DROP DEFAULT", "SET NOT NULL", "DROP NOT NULL",
            f"DROP CONSTRAINT {check}", f"RENAME CONSTRAINT {check} TO {self.name()}", f"ADD CONSTRAINT {self.name('dc')} CHECK (VALUE IS NOT NULL)"])

    def alter_composite(self):
        t = self.one(self.types("c"))
        f = self.one(t["fields"])
        cascade = self.one(["", " CASCADE"])
        return f"ALTER TYPE {t['sql']} " + self.one([f"ADD ATTRIBUTE {self.name()} {self.type()}", f"DROP ATTRIBUTE {f}", f"ALTER ATTRIBUTE {f} TYPE {self.type()}",
            f"RENAME ATTRIBUTE {f} TO {self.name()}"]) + cascade

    def alter_routine(self):
        f = self.one(self.all["routines"])
        return f"ALTER {'PROCEDURE' if f['kind'] == 'p' else 'FUNCTION'} {f['sql']} " + self.one([
            "STABLE", "VOLATILE", "IMMUTABLE", "STRICT", "COST 77", "PARALLEL SAFE", "SECURITY DEFINER", "LEAKPROOF", "SET work_mem = '9MB'",
            "SET search_path = rnd, pg_temp", "RESET ALL"])

    def replace_function(self):
        f = self.one([f for f in self.all["routines"] if f["kind"] == "f" and f["args"] == 1 and f["takes"] == f["result"]])
        body = {"integer": "$1 + 5", "text": "$1 || '?'"}[f["result"]]
        return f"CREATE OR REPLACE FUNCTION {f['name']}({f['takes']}) RETURNS {f['result']} LANGUAGE sql IMMUTABLE AS $f$SELECT {body}$f$"

    def replace_view(self):
        v = self.relation("v")
        return f"CREATE OR REPLACE VIEW {v['sql']} AS SELECT {', '.join('NULL::' + c['type'] + ' AS ' + c['name'] for c in v['columns'])}" + self.one(["", ", 1 AS more"])

    def alter_view(self):
        v = self.relation("v")
        c = self.one(v["columns"])
        return f"ALTER VIEW {v['sql']} " + self.one(["SET (security_barrier = true)", "SET (security_invoker = true)", "RESET (security_barrier)",
            f"ALTER COLUMN {c['name']} SET DEFAULT {self.default(c['type'])}"])

    def alter_index(self):
        return f"ALTER INDEX {self.relation('i')['sql']} " + self.one(["SET (fillfactor = 55)", "RESET (fillfactor)", "ALTER COLUMN 1 SET STATISTICS 99"])

    def alter_constraint(self):
        c = self.one([c for c in self.all["constraints"] if c["type"] == "f"])
        return f"ALTER TABLE {c['table']} " + self.one([f"ALTER CONSTRAINT {c['name']} {self.one(['DEFERRABLE', 'NOT DEFERRABLE', 'DEFERRABLE INITIALLY DEFERRED'])}",
            f"VALIDATE CONSTRAINT {c['name']}"])

    def alter_trigger(self):
        t = self.one(self.all["triggers"])
        return f"ALTER TABLE {t['table']} {self.one(['ENABLE', 'DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA'])} TRIGGER {t['name']}"

    def alter_rule(self):
        t = self.one(self.all["rules"])
        return f"ALTER TABLE {t['table']} {self.one(['ENABLE', 'DISABLE', 'ENABLE ALWAYS'])} RULE {t['name']}"

    def alter_policy(self):
        p = self.one(self.all["policies"])
        return f"ALTER POLICY {p['name']} ON {p['table']} " + self.one([f"TO {self.one(ROLES)}", "USING (true)", "USING (false)"])

    def alter_sequence(self):
        t = self.table()
        return f"ALTER SEQUENCE {self.relation('S')['sql']} " + self.one(["INCREMENT BY 7", "CYCLE", "NO CYCLE", "CACHE 9", "AS bigint", "AS integer", "MAXVALUE 30000",
            "MINVALUE 0", "START WITH 11", f"OWNED BY {t['sql']}.{self.column(t)}", "OWNED BY NONE"])

    def alter_statistics(self):
        return f"ALTER STATISTICS {self.one(self.all['statistics'])['name']} SET STATISTICS {self.r.randint(0, 900)}"

    def statement(self, ways):
        """One of the ways, by weight; None where there is nothing to apply it to."""
        way = self.r.choices([w for w, _ in ways], [n for _, n in ways])[0]
        try:
            return getattr(self, way)()
        except (IndexError, KeyError, ValueError):
            return None


# What the layers of a new schema are made of: how many, and which.
LAYERS = [
    (6, [("create_enum", 3), ("create_domain", 2), ("create_composite", 1), ("create_range", 1), ("create_function", 4), ("create_trigger_function", 2),
         ("create_sequence", 2), ("create_procedure", 1), ("create_aggregate", 1)]),
    (6, [("create_table", 6), ("create_partitioned", 2), ("create_composite", 1), ("create_domain", 1)]),
    (6, [("create_partition", 2), ("create_child", 1), ("create_view", 3), ("create_materialized_view", 1), ("create_index", 4), ("add_constraint", 5)]),
    (14, [("create_partition", 2), ("create_view", 4), ("create_materialized_view", 1), ("create_index", 4), ("add_constraint", 7), ("create_trigger", 2), ("create_rule", 1),
          ("create_policy", 2), ("create_statistics", 2), ("comment", 4), ("grant", 3), ("owner", 1), ("create_row_function", 2), ("alter_column", 3),
          ("alter_table", 2), ("alter_sequence", 1), ("revoke", 1)]),
]
CHANGES = [
    ("create_table", 3), ("create_partitioned", 1), ("create_partition", 2), ("create_child", 1), ("create_view", 3), ("create_materialized_view", 1),
    ("create_index", 4), ("add_constraint", 6), ("add_foreign_key", 3), ("create_enum", 1), ("create_domain", 1), ("create_composite", 1), ("create_range", 1),
    ("create_function", 2), ("create_row_function", 1), ("create_trigger_function", 1), ("create_procedure", 1), ("create_aggregate", 1), ("create_trigger", 2),
    ("create_rule", 1), ("create_policy", 2), ("create_sequence", 1), ("create_statistics", 1), ("comment", 4), ("grant", 4), ("revoke", 2), ("owner", 3),
    ("drop", 8), ("drop_constraint", 4), ("rename", 5), ("set_schema", 3), ("add_column", 6), ("alter_column", 16), ("drop_column", 5), ("alter_table", 5),
    ("parents", 2), ("attach", 2), ("alter_enum", 4), ("alter_domain", 3), ("alter_composite", 3), ("alter_routine", 3), ("replace_function", 2),
    ("replace_view", 1), ("alter_view", 2), ("alter_index", 2), ("alter_constraint", 2), ("alter_trigger", 2), ("alter_rule", 1), ("alter_policy", 2),
    ("alter_sequence", 3), ("alter_statistics", 1)]
