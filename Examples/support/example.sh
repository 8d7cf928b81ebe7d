# SPDX-License-Identifier: Apache-2.0
# What the examples share; each `run` sources it. Needs bash, Python 3.11 and the slipway binary.
#   SLIPWAY_BIN      the binary (default: slipway on the PATH)
#   SLIPWAY_ENGINES  the engines' folder (default: where `make setup` puts them)
#   EXAMPLES_PYTHON  a Python that has Examples/requirements.txt already (default: an environment made once)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
examples=$(dirname "$here")
cache=${SLIPWAY_CACHE:-$HOME/.cache/slipway}
export SLIPWAY_ENGINES=${SLIPWAY_ENGINES:-$cache/engines} PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$examples/support
binary=${SLIPWAY_BIN:-$(command -v slipway || true)}
[ -x "$binary" ] || { echo "there is no slipway: put it on the PATH, or name it in SLIPWAY_BIN" >&2; exit 1; }

work=$(mktemp -d)
export SLIPWAY_HOME=$work/home
unset SLIPWAY_SERVER
server=

finish() {
    local status=$?
    if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    [ "$status" = 0 ] || { [ ! -s "$work/serve.log" ] || { echo "--- the server's last words:"; tail -n 20 "$work/serve.log"; }; } >&2
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n==> %s\n' "$*"; }

# Prints a command as a reader would type it, then runs it.
slipway() { printf '$ slipway %s\n' "${*//$work/\$TMP}"; "$binary" "$@"; }

# Packages and the models in them, by version and sha256, in an environment made once.
if [ -z "${EXAMPLES_PYTHON:-}" ]; then
    key=$({ python3 -V; cat "$examples/requirements.txt"; } | sha256sum | cut -c1-12)
    folder=$cache/examples-venv-$key
    if [ ! -e "$folder/.ready" ]; then
        echo "installing Examples/requirements.txt into $folder, once"
        rm -rf "$folder"
        python3 -m venv "$folder"
        "$folder/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
            -r "$examples/requirements.txt"
        touch "$folder/.ready"
    fi
    EXAMPLES_PYTHON=$folder/bin/python
fi
python() { "$EXAMPLES_PYTHON" -B "$@"; }

# Starts a server on free ports, and waits for it.
serve() {
    local grpc admin
    read -r http grpc admin < <(python -c 'import client; print(*client.free_ports(3))')
    say "starting the server on 127.0.0.1:$http"
    "$binary" serve --http "127.0.0.1:$http" --grpc "127.0.0.1:$grpc" --admin "127.0.0.1:$admin" >"$work/serve.log" 2>&1 &
    server=$!
    for _ in $(seq 1 400); do
        ! curl -fsS -o /dev/null "http://127.0.0.1:$http/livez" 2>/dev/null || break
        kill -0 "$server" 2>/dev/null || { echo "the server did not start" >&2; exit 1; }
        sleep 0.05
    done
    export EXAMPLE_URL=http://127.0.0.1:$http
}

# Waits until an endpoint answers.
ready() {
    for _ in $(seq 1 400); do
        ! curl -fsS -o /dev/null "$EXAMPLE_URL/v2/models/$1/ready" 2>/dev/null || return 0
        sleep 0.05
    done
    echo "the endpoint '$1' did not become ready" >&2
    exit 1
}

# What the monitors say of an endpoint; their readings are of whole seconds.
monitored() {
    sleep 1
    slipway monitor show "$1"
}
