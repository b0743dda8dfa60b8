#!/usr/bin/env bash
# Ember from its sources to ember.gguf: environment, sources, corpus, tokenizer, training, export, a first look.
#
#   models/ember/run.sh              everything that is not done yet; stop it anywhere and call it again
#   EMBER_TOKENS=100 models/ember/run.sh     constant phase up to 100 million tokens before the decay
#   models/ember/run.sh test         the recipe's tests
#   models/ember/run.sh FILE.py …    one step by hand, in the same environment
#
# Everything it makes lies in target/ember (EMBER_CACHE moves it) except tokenizer.json, corpus.toml and ember.gguf. Needs cargo and
# a Python of 3.11 or later with venv. Must not: need a GPU, or write outside those places.
set -euo pipefail
cd "$(dirname "$0")"
export EMBER_CACHE="${EMBER_CACHE:-$(cd ../.. && pwd)/target/ember}"
mkdir -p "$EMBER_CACHE"
# Without these, most of a training step on CPU is page faults: blocks of many megabytes come and go.
export GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:glibc.malloc.hugetlb=1

python="${EMBER_PYTHON:-$EMBER_CACHE/venv/bin/python}"
if [ -z "${EMBER_PYTHON:-}" ] && [ ! -f "$EMBER_CACHE/venv/ready" ]; then
    echo "ember: Python environment"
    python3 -m venv "$EMBER_CACHE/venv"
    "$python" -m pip install -q -r requirements.txt
    touch "$EMBER_CACHE/venv/ready"     # an install that was interrupted is not taken for a finished one
fi
step() { echo "ember: $*"; nice -n 19 "$python" "$@"; }

case "${1:-}" in
test) step test.py; exit ;;
*.py) step "$@"; exit ;;
esac
[ -f "$EMBER_CACHE/corpus.json" ] || { step sources.py fetch; step corpus.py; }
[ -f tokenizer.json ] || step tokenizer.py
step keep.py unpack
step train.py --tokens "${EMBER_TOKENS:-24.6}"
[ "$EMBER_CACHE/run/final.pt" -nt "$EMBER_CACHE/run/latest.pt" ] || step train.py --decay-steps "${EMBER_DECAY_STEPS:-300}"
step export.py
step evaluate.py
