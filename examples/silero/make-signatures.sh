#!/bin/bash
# Makes signatures/ anew with real tools. Needs cosign 3.1.2, model_signing 1.1.1, openssl and the registry of the test
# control plane:
#   go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.2
#   python3 -m venv v && v/bin/pip install model-signing==1.1.1 pyopenssl
#   COSIGN=~/go/bin/cosign MODEL_SIGNING=v/bin/model_signing examples/silero/make-signatures.sh
# The private keys live in a temporary folder and go with it.
set -euo pipefail
cd "$(dirname "$0")"
cosign=${COSIGN:-cosign}
model_signing=${MODEL_SIGNING:-model_signing}
work=$(mktemp -d)
trap 'kill "${registry_pid:-}" 2>/dev/null; rm -rf "$work"' EXIT
export COSIGN_PASSWORD=""

binary=$(../../test/controlplane/build.sh)
"$binary" registry --referrers=true >"$work/registry.log" & registry_pid=$!
until grep -q "registry ready" "$work/registry.log"; do sleep 0.1; done
host=$(awk '{print $3}' "$work/registry.log")

rm -rf signatures keys && mkdir signatures keys
for name in release-pipeline stranger; do
  (cd "$work" && "$cosign" generate-key-pair --output-key-prefix "$name" >/dev/null)
done
openssl ecparam -name prime256v1 -genkey -noout -out "$work/model-pipeline.key"
openssl ec -in "$work/model-pipeline.key" -pubout -out keys/model-pipeline.pub 2>/dev/null
openssl ecparam -name secp384r1 -genkey -noout -out "$work/model-stranger.key"
cp "$work/release-pipeline.pub" keys/release-pipeline.pub

# Model files and artifacts, without signatures yet.
node --input-type=module -e '
import { mkdirSync, writeFileSync } from "node:fs";
import { packAll } from "./artifacts.ts";
import { pushArtifact } from "./push.ts";
const [work, host] = process.argv.slice(1);
const folders = { "models/silero-vad:v5": "v5", "models/silero-vad:v6": "v6", "models/silero-vad:stranger": "legacy" };
for (const [name, artifact] of Object.entries(await packAll())) {
  const [repository, tag] = name.split(":");
  await pushArtifact({ origin: `http://${host}`, repository }, artifact, tag);
  writeFileSync(`${work}/${name.replace(/[/:]/g, "_")}.digest`, artifact.digest);
  if (folders[name] === undefined) continue;
  mkdirSync(`${work}/${folders[name]}`);
  for (const { digest, annotations } of JSON.parse(artifact.manifest).layers) {
    const { bytes } = artifact.blobs.find((blob) => blob.digest === digest);
    writeFileSync(`${work}/${folders[name]}/${annotations["org.cncf.model.filepath"]}`, bytes);
  }
}
' "$work" "$host"

sign_model() { # generation key file
  "$model_signing" sign key "$work/$1" --private_key "$2" --signature "signatures/$3.oms.json" >/dev/null
}
sign_model v5 "$work/model-pipeline.key" model-v5
sign_model v6 "$work/model-pipeline.key" model-v6
sign_model legacy "$work/model-stranger.key" model-stranger

sign_image() { # repository tag key output
  local digest; digest=$(cat "$work/$(echo "$1_$2" | tr /: __).digest")
  "$cosign" sign --yes --key "$work/$3.key" --allow-http-registry --use-signing-config=false --tlog-upload=false "$host/$1@$digest" 2>/dev/null
  local referrer; referrer=$(curl -sf "http://$host/v2/$1/referrers/$digest" | node -p 'JSON.parse(require("fs").readFileSync(0)).manifests[0].digest')
  local layer; layer=$(curl -sf "http://$host/v2/$1/manifests/$referrer" | node -p 'JSON.parse(require("fs").readFileSync(0)).layers[0].digest')
  curl -sf "http://$host/v2/$1/blobs/$layer" -o "signatures/$4.cosign.json"
}
sign_image models/silero-vad v5 release-pipeline model-v5
sign_image models/silero-vad stranger stranger model-stranger
sign_image voice-gate v5 release-pipeline server-v5
sign_image voice-gate v6 release-pipeline server-v6

digest=$(cat "$work/models_silero-vad_v6.digest")
"$cosign" sign --yes --key "$work/release-pipeline.key" --allow-http-registry --use-signing-config=false --tlog-upload=false --new-bundle-format=false "$host/models/silero-vad@$digest" 2>/dev/null
curl -sf "http://$host/v2/models/silero-vad/manifests/${digest/:/-}.sig" -o "$work/sig.json"
layer=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).layers[0].digest' "$work/sig.json")
curl -sf "http://$host/v2/models/silero-vad/blobs/$layer" -o signatures/model-v6.legacy.payload.json
node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).layers[0].annotations["dev.cosignproject.cosign/signature"]' "$work/sig.json" >signatures/model-v6.legacy.txt
ls -l signatures keys
