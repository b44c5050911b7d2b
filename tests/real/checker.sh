# The checker of mails and pages that stands beside this repository (../shared/email-quality), installed once a machine.
# Source it and call `install_checker`; then $checker is a folder with check.mjs and node_modules. CHECKER names one
# that is installed already.
install_checker() {
    checker=${CHECKER:-${TMPDIR:-/tmp}/straight-checker-$UID}
    [ -e "$checker/node_modules/.installed" ] || [ -n "${CHECKER:-}" ] && return
    rm -rf "$checker"
    cp -rL "$(realpath ../shared/email-quality)" "$checker"
    chmod -R u+w "$checker"
    (cd "$checker" && npm install --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || { cat "$checker/npm.log"; exit 1; }
    touch "$checker/node_modules/.installed"
}
