#!/usr/bin/env bash
# Measures rendered mail with the checker that stands beside this repository (../shared/email-quality): editions and letters
# of tests/fixtures/quality/, each against every bar. Writes docs/email-quality.md, and fails when a bar is missed or the
# page that is committed says otherwise. BINARY names another build; MAILS keeps the mails in a folder; ONLY names some.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/real/checker.sh
source tests/real/checker.sh
install_checker
exec node tests/real/quality/main.mjs "$checker" "${BINARY:-$PWD/target/release/straight}" "${MAILS:-}" "${ONLY:-}"
