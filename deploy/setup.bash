# What deploy/quickstart and Tests/run need from the machine. Sourced, not run.
#
# Nothing is installed that is there already. Debian packages are installed when this may be done without asking for a
# password; otherwise the message says what to install, and the script ends with exit code 1.

swift_minimum_major=6
swift_minimum_minor=2

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

# Ends the script unless Swift is there and new enough.
require_swift() {
  local text version major minor
  if ! command -v swift >/dev/null 2>&1; then
    complain "Swift is missing: the command 'swift' is not on the PATH."
    explain_swift
    exit 1
  fi
  text=$(swift --version 2>&1) || { complain "'swift --version' failed: $text"; exit 1; }
  if ! [[ $text =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
    complain "'swift --version' does not tell its version: $text"
    explain_swift
    exit 1
  fi
  major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]} version="$major.$minor"
  if ((major < swift_minimum_major || (major == swift_minimum_major && minor < swift_minimum_minor))); then
    complain "Swift $version is too old."
    explain_swift
    exit 1
  fi
  say "Swift $version"
}

explain_swift() {
  complain "Install Swift $swift_minimum_major.$swift_minimum_minor or newer as https://www.swift.org/install says," \
    "and put its usr/bin on the PATH."
}

# Ends the script unless all these Debian packages are there, after an attempt to install the missing ones.
# Other systems have other names for them, so there the headers themselves are looked for.
require_packages() {
  [[ $(uname -s) == Linux ]] || return 0
  local package missing=()
  for package in "$@"; do
    has_package "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "Missing: ${missing[*]}"
  install_packages "${missing[@]}" && return 0
  complain "Install these packages and run this again:"
  complain "  sudo apt-get install ${missing[*]}"
  complain "On a system without apt-get, install what holds the same: the headers of OpenSSL, zlib and SQLite 3."
  exit 1
}

has_package() {
  case $1 in
    # Commands, wherever they come from.
    git | curl | python3 | openssl | redis-server) command -v "$1" >/dev/null 2>&1; return ;;
  esac
  if command -v dpkg-query >/dev/null 2>&1; then
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
    return
  fi
  case $1 in
    libssl-dev) has_header openssl/ssl.h ;;
    zlib1g-dev) has_header zlib.h ;;
    libsqlite3-dev) has_header sqlite3.h ;;
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    *) return 1 ;;
  esac
}

# Swift's toolchain brings clang, which knows where the system keeps its headers.
has_header() {
  local compiler
  compiler=$(command -v clang || command -v cc) || return 1
  printf '#include <%s>\n' "$1" | "$compiler" -E -x c - >/dev/null 2>&1
}

install_packages() {
  local apt=(apt-get -o DPkg::Lock::Timeout=300 -qq -y)
  command -v apt-get >/dev/null 2>&1 || return 1
  if ((EUID != 0)); then
    command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null || return 1
    apt=(sudo -n env DEBIAN_FRONTEND=noninteractive "${apt[@]}")
  else
    apt=(env DEBIAN_FRONTEND=noninteractive "${apt[@]}")
  fi
  say "Installing: $*"
  "${apt[@]}" update || complain "The list of packages could not be renewed; trying with the one that is here."
  "${apt[@]}" install --no-install-recommends "$@" >/dev/null
}
