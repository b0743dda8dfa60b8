#!/usr/bin/env bash
# Brings what Hob is compared with into target/peers: llama-server as Debian unstable packages it, and lsp-ai compiled from crates.io.
#
#   benches/peers/fetch.sh                 what is not there yet of both
#   benches/peers/fetch.sh llama-server    seconds, 20 MB; needs a Debian or a derivative, and `apt-get update` run once
#   benches/peers/fetch.sh lsp-ai          some 20 minutes on two cores; needs cargo, clang and cmake as Hob's own build does
#
# PEERS_CPU names the processor that both are compiled for (default haswell: AVX2, as Hob's own build has it), PEERS_THREADS how many
# threads lsp-ai takes (default 1). Must not: install anything on the machine, run a package's scripts, or write outside target/peers
# and cargo's own cache.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p target/peers
here=$PWD/target/peers
cpu=${PEERS_CPU:-haswell}
lsp_ai=0.7.0 lsp_ai_llama=0.1.55

# Unpacks the packages named, with all they depend on, into the folder $1, from Debian unstable on the mirror that the machine uses.
unpack() {
    local root=$1 work mirror
    shift
    work=$(mktemp -d)
    trap "rm -rf '$work'" EXIT
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
    if [ -z "$mirror" ] || [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
        echo "fetch: no Debian mirror known here (try: apt-get update). Elsewhere, point peers.py at a llama-server: --llama-server PATH" >&2
        exit 1
    fi
    mkdir -p "$work"/{lists,archives}/partial "$root"/usr/{bin,sbin,lib,lib64}
    : > "$work/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" > "$work/sources"
    # An apt of its own: other sources, and it believes that nothing is installed, so the C library comes along.
    local apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
        -o Dir::Etc::PreferencesParts=/dev/null -o "Dir::State::Lists=$work/lists" -o "Dir::State::Status=$work/status" -o "Dir::Cache=$work"
        -o Debug::NoLocking=true -o APT::Install-Recommends=false -o "APT::Sandbox::User=$(id -un)")
    "${apt[@]}" update
    "${apt[@]}" --yes --download-only install "$@"
    for folder in bin sbin lib lib64; do ln -sfn "usr/$folder" "$root/$folder"; done
    for package in "$work"/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar --extract --directory "$root" --keep-directory-symlink
    done
}

llama_server() {
    local root=$here/llama-server.root start=$here/llama-server lib
    [ -x "$start" ] && return
    echo "fetch: llama-server from Debian unstable"
    rm -rf "$root"
    unpack "$root" llama.cpp-tools
    lib=$root/usr/lib/$(uname -m)-linux-gnu
    local backend=$lib/ggml/backends0/libggml-cpu-$cpu.so
    if [ ! -e "$backend" ]; then
        echo "fetch: Debian has no backend for PEERS_CPU=$cpu; there are: $(cd "$lib/ggml/backends0" && echo libggml-cpu-*.so)" >&2
        exit 1
    fi
    # With the loader and the libraries of its own distribution, whatever this machine's are.
    cat > "$start.new" <<EOF
#!/bin/sh
export GGML_BACKEND_PATH='$backend'
exec '$(echo "$lib"/ld-linux-*)' --library-path '$lib:$lib/llama:$lib/llama.cpp' '$root/usr/bin/llama-server' "\$@"
EOF
    chmod +x "$start.new"
    mv "$start.new" "$start"
    "$start" --version 2>&1 | grep '^version'
}

lsp_ai() {
    [ -x "$here/lsp-ai" ] && return
    echo "fetch: lsp-ai $lsp_ai, with its llama.cpp of May 2024"
    local work=$here/lsp-ai.build
    rm -rf "$work/sources"
    mkdir -p "$work/sources/src"
    # Cargo fetches a program's sources for a package that depends on it.
    printf '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\nlsp-ai = "=%s"\nllama-cpp-sys-2 = "=%s"\n' \
        "$lsp_ai" "$lsp_ai_llama" > "$work/sources/Cargo.toml"
    touch "$work/sources/src/lib.rs"
    (cd "$work/sources" && cargo vendor --quiet all > /dev/null && mv all/lsp-ai all/llama-cpp-sys-2 . && rm -rf all)
    # It has no setting for threads and always takes four, which on fewer cores wait for each other. So that all peers have as many,
    # the default is changed to one where it is written; nothing else is.
    sed -i 's/^\(#define GGML_DEFAULT_N_THREADS\) .*/\1 '"${PEERS_THREADS:-1}"'/' "$work/sources/llama-cpp-sys-2/llama.cpp/ggml.h"
    printf '\n[workspace]\n[patch.crates-io]\nllama-cpp-sys-2 = { path = "../llama-cpp-sys-2" }\n' >> "$work/sources/lsp-ai/Cargo.toml"
    # As published its llama.cpp is compiled for any x86-64: without these flags it would be slower by a multiple.
    CFLAGS="-march=$cpu" CXXFLAGS="-march=$cpu" nice -n 19 cargo build --release --features llama_cpp \
        --manifest-path "$work/sources/lsp-ai/Cargo.toml" --target-dir "$work"
    cp "$work/release/lsp-ai" "$here/lsp-ai"
}

case "${1:-all}" in
llama-server) llama_server ;;
lsp-ai) lsp_ai ;;
all) llama_server; lsp_ai ;;
*) echo "fetch: unknown '$1'; llama-server or lsp-ai" >&2; exit 2 ;;
esac
