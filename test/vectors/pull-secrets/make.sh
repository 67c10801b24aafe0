#!/bin/sh
# Fills in anew what the kubelet would try for each image of cases.json. Needs Go; takes the kubelet's code from the
# module of the test control plane.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../controlplane"
go run "$here/keyring.go" < "$here/cases.json" > "$here/cases.new"
mv "$here/cases.new" "$here/cases.json"
"$here/../../../node_modules/.bin/biome" format --write "$here/cases.json"
