#!/usr/bin/env bash
# Makes the example reports anew, from the repository's root, in about five minutes, and with CIFAR-10 in
# about forty:
#   docs/examples/make.sh [ALIENZOO_FOLDER [CIFAR10_FOLDER]]
# The first folder holds the five csv files of the published study, the second CIFAR-10 as train/CLASS and test/CLASS.
# Without them, their reports are left out: the published study, and the page of the source report.
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHON=.venv/bin/python
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export STUDY_DATA_DIR="$WORK/data" STUDY_DEBUG=1

keep() { # what of a report stands here: page, print, numbers
    mkdir -p "docs/examples/$1"
    cp "$2/report.html" "$2/report.pdf" "$2/results.json" "docs/examples/$1/"
}

$PYTHON manage.py demo
keep demo "$STUDY_DATA_DIR/reports/demo"

{ sed 's/^slug = "demo"/slug = "planted"/' studies/demo.toml; cat docs/examples/planted-more.toml; } > "$WORK/planted.toml"
$PYTHON manage.py load_study "$WORK/planted.toml"
$PYTHON manage.py precompute_explanations --study planted
$PYTHON manage.py open_study planted
$PYTHON manage.py simulate_participants planted --n 600 --seed 1 --profile docs/examples/planted-profile.toml
$PYTHON manage.py run_analysis planted --simulated-only --output "$WORK/planted"
keep planted "$WORK/planted"

$PYTHON manage.py reproduce_published visual-correspondence --output "$WORK/published"
keep visual-correspondence "$WORK/published/decisions"
cp "$WORK/published/reproduction.md" studies/published/visual-correspondence/

if [ $# -gt 0 ]; then
    $PYTHON manage.py run_analysis --table "$1" --plan studies/published/alienzoo/plan.toml --output "$WORK/alienzoo"
    keep alienzoo "$WORK/alienzoo"
fi

if [ $# -gt 1 ]; then
    # The study that the source report announces, with the quality of the maps that its participants see.
    $PYTHON manage.py import_images --data cifar10 --data-dir "$2" --split test --limit 1000
    $PYTHON manage.py load_study studies/source-report.toml
    $PYTHON manage.py precompute_explanations --study source-report
    $PYTHON manage.py open_study source-report
    $PYTHON manage.py simulate_participants source-report --n 140 --seed 0
    $PYTHON manage.py evaluate_explanations --study source-report --without-limits --subsample 2 --output "$WORK/source-study-maps"
    $PYTHON manage.py run_analysis source-report --simulated-only --evaluation "$WORK/source-study-maps" --output "$WORK/source-study"
    keep source-study "$WORK/source-study"
    $PYTHON -m benchmarks.study_table # its table in docs/reproduction.md

    # Quotes this study, and the evaluation in docs/examples.
    $PYTHON manage.py reproduce_report --data-dir "$2" --study "$WORK/source-study" --profile demo --output "$WORK/source-report"
    keep source-report "$WORK/source-report"
fi
