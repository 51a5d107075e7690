"""Two migrations by each tool of PyPI's, each in a database of its own: python3 pypi.py TOOL DATABASE FOLDER"""
import os, sys

tool, database, folder = sys.argv[1:]
host, user = os.environ["PGHOST"], os.environ["PGUSER"]


def file(name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def alembic():
    from alembic import command
    from alembic.config import Config

    file("env.py", f"""
from alembic import context
from sqlalchemy import create_engine
engine = create_engine("postgresql+psycopg://{user}@/{database}?host={host}")
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
""")
    file("script.py.mako", "")
    head = "from alembic import op\nimport sqlalchemy as sa\nrevision = '{}'\ndown_revision = {!r}\ndef downgrade(): pass\ndef upgrade():\n    {}\n"
    file("versions/1.py", head.format("a1", None, "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))"))
    file("versions/2.py", head.format("b2", "a1", "op.add_column('users', sa.Column('nick', sa.Text))"))
    config = Config()
    config.set_main_option("script_location", folder)
    command.upgrade(config, "head")


def django():
    import django
    from django.conf import settings
    from django.core.management import call_command

    file("shop/__init__.py", "")
    file("shop/models.py", "")
    file("shop/migrations/__init__.py", "")
    head = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    dependencies = [{}]\n    operations = [{}]\n"
    file("shop/migrations/0001_initial.py", head.format("", "migrations.CreateModel('User', [('id', models.AutoField(primary_key=True))])"))
    file("shop/migrations/0002_nick.py", head.format("('shop', '0001_initial')", "migrations.AddField('User', 'nick', models.TextField(null=True))"))
    sys.path.insert(0, folder)
    settings.configure(
        INSTALLED_APPS=["shop"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": database, "USER": user, "HOST": host}},
    )
    django.setup()
    call_command("migrate", verbosity=0)


{"alembic": alembic, "django": django}[tool]()
