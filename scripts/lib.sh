# Sourced by the commands of this folder: what a fresh Debian 12 needs, and how this project is built.
# Functions: install_packages, build PRESET [TARGET...]
HOLDFAST_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One list for everything. docs/dependencies.md says what each library is for.
HOLDFAST_PACKAGES=(
    g++ cmake ninja-build ccache mold pkg-config git ca-certificates python3 python3-pip python3-yaml python3-jsonschema openssl sqlite3
    libboost1.81-dev libcurl4-openssl-dev libjsoncpp-dev libsqlite3-dev libsystemd-dev libspdlog-dev libssl-dev
    libtomlplusplus-dev libcli11-dev prometheus-cpp-dev libunistring-dev zlib1g-dev
    libgtest-dev libgmock-dev libbenchmark-dev spin
)

die() { echo "$*" >&2; exit 1; }

# Installs what is missing, with apt; says nothing and does nothing where all is there. More packages may be named.
install_packages() {
    local missing=() package
    for package in "${HOLDFAST_PACKAGES[@]}" "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local become=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these packages are missing and neither root nor sudo is at hand to install them: ${missing[*]}"
        become=(sudo)
    fi
    echo "installing: ${missing[*]}"
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]: configures and builds; everything if no target is named. What the compiler says goes to a log and is shown
# only if it fails.
build() {
    local preset=$1 log
    shift
    mkdir -p "$HOLDFAST_ROOT/build"
    log=$HOLDFAST_ROOT/build/$preset.log
    echo "building ($preset)"
    if ! (cd "$HOLDFAST_ROOT" && cmake --preset "$preset" && cmake --build "build/$preset" ${*:+--target "$@"}) >"$log" 2>&1; then
        grep -E 'error|Error|FAILED|blst:' "$log" | head -n 40 >&2
        die "the build failed; all of it is in $log"
    fi
}
