#!/usr/bin/env bash
# Brings code in all twelve languages into target/languages, for `hob eval` and the bench `verdicts`: from crates.io, npm, PyPI and Debian.
#
#   benches/languages/fetch.sh             some minutes, 200 MB on the way and 40 MB in the end
#   hob eval target/languages --holes 3600 --seed 5
#
# Versions are pinned but Debian's, of which there is one at a time. Needs cargo, npm, pip and, for Go, Ruby and Bash, a Debian with
# `apt-get update` run once. Must not: install anything, run a package's scripts, or write outside target/languages.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/target/languages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$here"
mkdir -p "$here"

crates=(bytes@1.10.1 clap_builder@4.5.40 regex-automata@0.4.9 zstd-sys@2.0.15 libgit2-sys@0.18.2 libz-sys@1.1.22 rocksdb@0.23.0 cxx@1.0.158)
npm=(express@5.1.0 react-dom@19.1.0 lodash@4.17.21 rxjs@7.8.2 zod@3.25.67 react-native-paper@5.14.5 react-native-windows@0.79.1
    react-native-reanimated@3.18.0 react-native-screens@4.11.1)
pypi=(requests==2.32.4 jinja2==3.1.6 rich==14.0.0 sqlalchemy==2.0.41)
debian=(golang-github-spf13-cobra-dev golang-github-gin-gonic-gin-dev golang-golang-x-text-dev ruby-rack ruby-sinatra ruby-rspec-core rake
    bash-completion git-buildpackage devscripts dkms initramfs-tools-core)

# At most 300 files with these endings below $1, of 300 bytes to 60 kB, spread over all there are.
keep() {
    local from=$1 language=$2 endings=$3
    mkdir -p "$here/$language"
    find "$from" -type f -regextype posix-extended -regex ".*\.($endings)" -size +300c -size -60k \
        -not -path '*/node_modules/*' -not -name '*.min.*' | LC_ALL=C sort | awk '{ all[NR] = $0 } END {
            step = NR > 300 ? NR / 300 : 1; for (at = 1; at <= NR; at += step) print all[int(at)] }' |
        while read -r file; do
            name=${file#"$from"/}
            cp "$file" "$here/$language/${name//\//__}"
        done
    echo "$language: $(find "$here/$language" -type f | wc -l) files"
}

mkdir -p "$work/crates/src" "$work/npm" "$work/pypi" "$work/debian"
{
    printf '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "src/lib.rs"\n[dependencies]\n'
    for crate in "${crates[@]}"; do printf '%s = "=%s"\n' "${crate%@*}" "${crate#*@}"; done
} > "$work/crates/Cargo.toml"
: > "$work/crates/src/lib.rs"
(cd "$work/crates" && cargo vendor --quiet vendor > /dev/null)
(cd "$work/npm" && npm pack --silent "${npm[@]}" > /dev/null && for archive in *.tgz; do
    mkdir "${archive%.tgz}" && tar -xzf "$archive" -C "${archive%.tgz}"
done)
(cd "$work/pypi" && python3 -m pip download --quiet --no-deps --no-binary :none: "${pypi[@]}" && for wheel in *.whl; do
    python3 -m zipfile -e "$wheel" "${wheel%.whl}"
done)
(cd "$work/debian" && apt-get download -qq -o "APT::Sandbox::User=$(id -un)" "${debian[@]}" && for package in *.deb; do dpkg-deb -x "$package" "${package%.deb}"; done)
# Scripts without an ending are Bash by their first line.
grep -rlE '^#! ?/bin/(ba)?sh' "$work/debian" --include='*' 2>/dev/null | while read -r script; do
    case $script in *.*sh) ;; *) [ -L "$script" ] || cp "$script" "$script.sh" ;; esac
done

keep "$work/crates/vendor" rust rs
keep "$work/crates/vendor" c 'c|h'
keep "$work/crates/vendor" cpp 'cc|cpp|hpp'
keep "$work/npm" javascript 'js|mjs'
keep "$work/npm" typescript ts
keep "$work/npm" tsx tsx
keep "$work/npm" java java
keep "$work/npm" csharp cs
keep "$work/pypi" python py
keep "$work/debian" go go
keep "$work/debian" ruby rb
keep "$work/debian" bash 'sh|bash'
