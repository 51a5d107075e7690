#!/usr/bin/env python3
"""Random schemas, random changes: drift() must show them, and nothing else, and its fixes must undo them.

    rounds.py SEED ROUNDS JOBS [ROUND]      with ROUND only that one, and all that it does

A round is a transaction that is rolled back. A schema serves some rounds, each from the same start.
"""
import os
import random
import sys
import threading
import time

from generator import CHANGES, Generator, LAYERS
from server import Session, make

ROUNDS_A_SCHEMA = 5
# A proof costs a scratch database.
PROOF_EVERY = 10
COMPARE = "{comments,column_order,owners,grants}"


class Fault(Exception):
    """drift() or a fix is not as it should be."""


class Unmakeable(Exception):
    """No SQL leads to the schema as it is: functions were altered under the indexes that call them, or a domain has
    lost a check that the server lets nobody add while others' values hold it."""


def made(text):
    if "must be marked IMMUTABLE" in text or "cannot alter type" in text and "ALTER DOMAIN" in text:
        raise Unmakeable
    return text


class Round:
    def __init__(self, session, seed, number, loud):
        self.session, self.seed, self.number, self.loud = session, seed, number, loud
        self.done = []

    def say(self, text):
        if self.loud:
            print(text, flush=True)

    def choice(self):
        return self.session.answer("EXECUTE choice")[0]

    def seen(self):
        return {(r["object"], r["is"]) for r in self.session.answer("EXECUTE seen")}

    def drift(self, name):
        return self.session.rows(f"SELECT * FROM schemaguard.drift('{name}')")

    def declare(self, name):
        self.session.do(f"SELECT schemaguard.declare(schemaguard.snapshot('{{rnd,Rnd.2}}')::text, 'json', '{name}', '{{rnd,Rnd.2}}', compare => '{COMPARE}')")

    def nothing(self, name):
        rows = self.drift(name)
        if rows:
            raise Fault(f"drift right after declare(): {short(rows)}")

    def attempt(self, statement):
        if statement is None:
            return False
        _, error = self.session.run(statement)
        self.say(f"{statement};" + (f"  -- {error}" if error else ""))
        if not error:
            self.done.append(statement)
        return not error

    def schema(self):
        """Makes the schema that this round starts from."""
        base = self.number // ROUNDS_A_SCHEMA
        dice = random.Random(f"{self.seed}/schema/{base}")
        self.session.do('BEGIN; CREATE SCHEMA rnd; CREATE SCHEMA "Rnd.2"; SET LOCAL search_path = pg_catalog, pg_temp')
        generator = Generator(dice, self.choice())
        for most, ways in LAYERS:
            generator.look(self.choice())
            for _ in range(dice.randint(most // 2, most)):
                self.attempt(generator.statement(ways))
        self.declare("main")
        self.nothing("main")
        self.session.do("SAVEPOINT base")
        return Base(self.number // ROUNDS_A_SCHEMA, self.choice(), self.seen())

    def play(self, base):
        session = self.session
        dice = random.Random(f"{self.seed}/round/{self.number}")
        self.say(f"-- round {self.number}")
        generator = Generator(dice, base.choice)
        wanted, tries = dice.randint(1, 6), 0
        while len(self.done) < wanted and tries < 30:
            tries += 1
            if self.attempt(generator.statement(CHANGES)):
                generator.look(self.choice())
        after = self.seen()
        there = self.drift("main")
        self.say("-- drift:\n" + lines(there))
        exact(base.seen, after, there)
        nobody = [r for r in there if r["caused_by"] is None]
        if nobody:
            raise Fault(f"nobody did it: {short(nobody)}")
        self.declare("there")
        if self.number % ROUNDS_A_SCHEMA == 0:
            self.nothing("there")
        session.do("SAVEPOINT changed")
        exactly = self.script("main", base.seen, prove=self.number % PROOF_EVERY == 0)
        back = self.drift("there")
        self.script("there", after, prove=self.number % PROOF_EVERY == PROOF_EVERY // 2)
        session.do("ROLLBACK TO changed")
        exactly &= self.one_by_one("main", there, base.seen)
        # The same stands where the script had led, but for where columns stand.
        self.one_by_one("there", back if exactly else self.drift("there"), after)
        return len(self.done)

    def script(self, name, goal, prove):
        steps = self.session.rows(f"SELECT * FROM schemaguard.fix('{name}', allow_loss => true, prove => {prove}) ORDER BY step")
        if prove and steps and any(s["sql"] for s in steps):
            if not (steps[-1]["note"] or "").startswith("proven"):
                raise Fault(f"fix('{name}') is not proven: {made(steps[-1]['note'])}\n{script(steps, 'sql')}")
        return self.run(f"fix('{name}')", name, steps, "sql", goal)

    def one_by_one(self, name, rows, goal):
        return self.run(f"the rows of drift('{name}')", name, rows, "fix", goal)

    def run(self, what, name, steps, key, goal):
        """Whether it led there to the letter."""
        self.say(f"-- {what}:\n{script(steps, key)}")
        for step in steps:
            if step[key]:
                _, error = self.session.run(step[key])
                if error:
                    failed = made(f"{error}\n    at: {step[key]}")
                    raise Fault(f"{what} fails: {failed}\n{script(steps, key)}")
        self.session.do("RESET check_function_bodies")
        rows = self.drift(name)
        left = [r for r in rows if r["attribute"] not in BEYOND_SQL]
        if left:
            raise Fault(f"{what} leaves {short(left)}\n{lines(left)}\n{script(steps, key)}")
        # Where columns stand is no matter of SQL, and shows in what unfolds them.
        unlike = goal ^ self.seen()
        if unlike and not rows:
            raise Fault(f"{what} leaves what drift() doesn't see: {sorted(unlike)}\n{script(steps, key)}")
        return not rows


class Base:
    """A schema that rounds start from."""

    def __init__(self, number, choice, seen):
        self.number, self.choice, self.seen = number, choice, seen


def short(rows):
    return "; ".join(" ".join(str(r[k]) for k in ("object_type", "object", "change", "attribute") if r[k]) for r in rows)


def lines(rows):
    return "\n".join(f"--   {r['object_type']} {r['object']} {r['change']} {r['attribute'] or ''}: {r['declared']} / {r['actual']}" for r in rows)


def script(steps, key):
    return "\n".join(f"    {s[key]};" for s in steps if s[key])


def schema(name):
    """The first part of a name, as drift() writes it."""
    return name[: name.index('"', 1) + 1] if name.startswith('"') else name.split(".")[0]


def exact(before, after, rows):
    """Faults where drift() shows something that is as it was, or is silent on what isn't."""
    changed = {o for o, _ in before ^ after}
    shown = {r["object"] for r in rows}
    if changed and not shown:
        raise Fault(f"drift() doesn't see what is different: {sorted(before ^ after)}")
    renamed = [(r["declared"], r["actual"]) for r in rows if r["attribute"] == "name"]
    for r in rows:
        # What is part of something renamed is shown under the declared name.
        names = [r["object"]] + [live + r["object"][len(was):] for was, live in renamed if r["object"].startswith(was + ".")]
        if r["object_type"] in ("index", "sequence"):
            names += [schema(live) + r["object"][len(schema(was)):] for was, live in renamed if r["object"].startswith(schema(was) + ".")]
        if r["attribute"] in ("enabled_on_partitions", "comments_on_partitions"):
            # It is the partition's trigger that has changed.
            names += [c for c in changed if c.endswith(r["object"][r["object"].rindex("."):])]
        near = any(c == o or c.startswith(o + ".") or r["object_type"] in ("constraint", "type") and o.startswith(c + ".") or c.split("(")[0] == o.split("(")[0] for c in changed for o in names)
        if not near and not r["attribute"] in SILENT:
            raise Fault(f"drift() shows what is as it was: {short([r])}: {r['declared']} / {r['actual']}")


# What no SQL can mend, as the row itself says.
BEYOND_SQL = {"position", "defines_again"}
# What looks.seen does not tell.
SILENT = {"position", "sequence_options", "identity_options", "owned_by"}


def connect(database):
    session = Session(database)
    session.do("SET schemaguard.mode = off; SET client_min_messages = error; SET timezone = 'UTC'; SET plan_cache_mode = force_generic_plan")
    session.prepare("choice", "SELECT * FROM looks.choice")
    session.prepare("seen", 'SELECT object, "is" FROM looks.seen')
    return session


def worker(seed, numbers, job, faults, counts, loud):
    database = f"drift_random_{os.getpid()}_{job}"
    make(database)
    session, base = connect(database), None
    for number in numbers:
        round_ = Round(session, seed, number, loud)
        try:
            if base is None or number // ROUNDS_A_SCHEMA != base.number:
                session.run("ROLLBACK")
                # What was rolled back stays in the catalogs, and is read past each time.
                session.run("VACUUM")
                base = None
                base = round_.schema()
                round_.done.clear()
            else:
                session.do("ROLLBACK TO base")
            counts.append(round_.play(base))
        except Unmakeable:
            counts.append(0)
        except Exception as fault:  # noqa: BLE001: a broken session is a fault, too
            faults.append(number)
            kind = "" if isinstance(fault, Fault) else f"{type(fault).__name__}: "
            changes = "\n".join(f"    {s};" for s in round_.done)
            print(f"round {number}: {kind}{fault}\n  after\n{changes}\n  again: SEED={seed} ROUND={number}\n", flush=True)
            if session.psql.poll() is not None:
                session, base = connect(database), None
    session.run("ROLLBACK")
    session.psql.stdin.close()


def main():
    seed, rounds, jobs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    only = int(sys.argv[4]) if len(sys.argv) > 4 and sys.argv[4] else None
    numbers = [only] if only is not None else range(rounds)
    faults, counts, began = [], [], time.time()
    shares = [[n for n in numbers if n // ROUNDS_A_SCHEMA % jobs == j] for j in range(jobs)]
    threads = [threading.Thread(target=worker, args=(seed, share, j, faults, counts, only is not None)) for j, share in enumerate(shares) if share]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    good = len(counts)
    print(f"seed {seed}: {good} of {len(numbers)} rounds with {sum(counts)} changes are shown and mended as they should be"
          f" ({time.time() - began:.0f} s)")
    sys.exit(bool(faults) or good != len(numbers))


main()
