# Few targets, each of which makes what it needs. `make demo` is the whole study in one command.
PYTHON ?= python3
BIN := .venv/bin
SERVE ?= 1
# Not 127.0.0.1: passkeys need a name.
ADDRESS ?= localhost:8000
DIST := worksteal
# Two cores have work for three: some tests wait for a browser, a server or another process.
WORKERS ?= 3

.PHONY: demo test nightly lint serve messages install install-web lock security site release

.venv/.installed: requirements.txt
	$(PYTHON) -m venv .venv
	@deploy/install.sh .venv requirements.txt
	@touch $@

# Tests start many processes: what these import is compiled once, except files for other Pythons.
.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@deploy/install.sh .venv requirements-dev.txt
	@$(BIN)/python -m compileall -q -j 0 .venv/lib > .venv/compiled.log 2>&1 || true
	@touch $@

.venv/.installed-docs: .venv/.installed requirements-docs.txt
	@deploy/install.sh .venv requirements-docs.txt
	@touch $@

.venv-crate/.installed: requirements-crate.txt
	$(PYTHON) -m venv .venv-crate
	@deploy/install.sh .venv-crate requirements-crate.txt
	@touch $@

.venv-release/.installed: requirements-release.txt
	$(PYTHON) -m venv .venv-release
	@deploy/install.sh .venv-release requirements-release.txt
	@touch $@

# On a server: exactly the files whose hashes the lock file names, or none. install-web leaves out
# torch and whatever else only computing needs.
install: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements.lock

install-web: requirements-web.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements-web.lock

# After a change of requirements.txt; needs uv (pip install uv) and the package index.
LOCK := uv pip compile --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28
lock:
	$(LOCK) requirements.txt --output-file requirements.lock
	grep -v -E -f requirements-compute.txt requirements.txt > requirements-web.txt
	$(LOCK) requirements-web.txt --output-file requirements-web.lock; rm requirements-web.txt

demo: .venv/.installed
	@$(BIN)/python manage.py demo --address $(ADDRESS)
	@if [ "$(SERVE)" != "0" ]; then exec $(BIN)/python manage.py serve $(ADDRESS); fi

serve: .venv/.installed
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py serve $(ADDRESS)

# Modules are compiled when they are first imported, not when they are installed: most never are.
# Where compiled modules are forbidden, each process would compile everything again.
demo serve: export PYTHONDONTWRITEBYTECODE =

# A worker for each core: threads of numerical libraries would only wait for one another.
test nightly: export OMP_NUM_THREADS = 1
# Some environments forbid compiled modules. Each worker and each process that a test starts would then
# compile everything again, which takes a third of a command's processor time.
test nightly: export PYTHONDONTWRITEBYTECODE =

# Every promise, by the cases that differ in kind, on two cores, which it keeps busy.
test: .venv/.installed-dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist $(DIST) -m "not nightly" $(ARGS)

# The same, with every case of long tables, and everything that is long by nature: whole walks in a
# browser, kills, simulations.
nightly: .venv/.installed-dev .venv/.installed-docs .venv-crate/.installed .venv-release/.installed
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist $(DIST) $(ARGS)

# The documentation as a site in site/: built without a network, and any warning is an error.
site: .venv/.installed-docs
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html docs site
	@echo "Open site/index.html."

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Bandit's rules (ruff has them), whether the installed packages fit one another, and whether one has a
# known vulnerability; where the database of these cannot be reached, it says so.
security: .venv/.installed-dev .venv-release/.installed
	$(BIN)/ruff check --select S .
	$(BIN)/pip check
	@.venv-release/bin/pip-audit --disable-pip --require-hashes --progress-spinner off --format json \
		-r requirements.lock > .venv-release/audit.json 2> .venv-release/audit.log || true
	$(BIN)/python deploy/release.py audit < .venv-release/audit.json

# A release in dist/, after all checks: source and wheel without data, the documentation, and bills of
# materials (CycloneDX), whose packages, versions and hashes are compared with the lock files.
BILL := .venv-release/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON
release: lint test security site .venv-release/.installed
	rm -rf dist && mkdir dist
	.venv-release/bin/python -m build --no-isolation --outdir dist .
	tar --sort=name --owner=0 --group=0 --numeric-owner -czf dist/documentation.tar.gz site
	for lock in requirements requirements-web; do \
		$(BILL) --output-file dist/$$lock.cdx.json $$lock.lock \
		&& $(BIN)/python deploy/release.py sbom dist/$$lock.cdx.json $$lock.lock || exit 1; done
	$(BIN)/python deploy/release.py written dist

# Gathers the pages' texts for the translators, and compiles what they wrote. Needs GNU gettext.
messages: .venv/.installed
	$(BIN)/python manage.py makemessages --all --no-wrap --no-obsolete --add-location file \
		--ignore .venv --ignore var --ignore tests --ignore analysis --ignore benchmarks
	$(BIN)/python manage.py compilemessages --ignore .venv --ignore var
