#!/usr/bin/env bash
# Measures rendered mail with the checker that stands beside this repository (../shared/email-quality): the edition of
# one article against every bar, the sample edition of several with the counts that grow with length taken for one.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD straight=$PWD/target/release/straight
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/real/checker.sh
source tests/real/checker.sh
install_checker

edition() { # edition NAME ARTICLE…: sends these articles to the outbox of a publication of their own
    local name=$1
    shift
    mkdir -p "$folder/$name/articles"
    cp -r "$root/articles/." "$folder/$name/articles"
    (
        cd "$folder/$name/articles"
        for file in $(find . -name '*.md'); do
            case " $* " in *" $(basename "$file") "*) ;; *) rm "$file" ;; esac
        done
    )
    (cd "$folder/$name" && "$straight" send >sent.txt 2>&1 && grep -q 'Sent to' sent.txt) ||
        { cat "$folder/$name/sent.txt"; exit 1; }
    cp "$(find "$folder/$name/outbox/new" -name '*.eml' | sort | head -1)" "$folder/$name.eml"
}

newest=$(cd articles && grep -rlE '^date: "?2025-11-04' --include='*.md' . | sort)
# One that links to no other article, which would not be there.
alone=$(cd articles && grep -rLE '\]\([^)]*\.md' --include='*.md' . | sort | head -1)
edition one "$(basename "$alone")"
# shellcheck disable=SC2046
edition several $(for file in $newest; do basename "$file"; done)
node tests/real/judge.mjs "$checker" "$folder/one.eml" 1
node tests/real/judge.mjs "$checker" "$folder/several.eml" "$(wc -l <<<"$newest")"
