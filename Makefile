# PG: 15, 17 or 18. ONLY: a regex of test names. PG_CONFIG: a server of your own, for `make install`.
PG ?= 15
PG_CONFIG ?= pg_config
export ONLY DESTDIR

.DEFAULT_GOAL := help
.PHONY: help demo test bench psql stop install clean

help:
	@echo 'make demo                   what schemaguard does, shown on a server of its own'
	@echo 'make test [PG=17] [ONLY=re] every test, or only those whose name matches'
	@echo 'make bench                  what the guard costs (release build)'
	@echo 'make psql                   psql into the demo server'
	@echo 'make stop                   stop and remove the demo and test servers'
	@echo 'sudo make install PG_CONFIG=/path/to/pg_config'
	@echo '                            release build into a server of your own'
	@echo 'make clean                  remove target/, with PostgreSQL and all servers in it'
	@echo 'PG is 15 (default), 17 or 18. Nothing but `make install` changes a server of yours.'

demo:
	@tests/setup.sh $(PG)
	@tests/demo/demo.sh $(PG)

test:
	@tests/setup.sh $(PG)
	@tests/run.sh $(PG)

bench:
	@PROFILE=release tests/setup.sh $(PG)
	@tests/bench/run.sh $(PG)
	@tests/bench/looks.sh $(PG)
	@tests/bench/drift.sh $(PG)

psql:
	@tests/server.sh running demo 2>/dev/null || { echo 'no demo server is running: make demo'; exit 1; }
	@tests/server.sh psql demo -d app

stop:
	@for s in $$(tests/server.sh list); do tests/server.sh drop "$$s"; done

install:
	@tests/setup.sh --install '$(PG_CONFIG)'

clean: stop
	rm -rf target
