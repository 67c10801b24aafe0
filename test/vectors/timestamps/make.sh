#!/bin/bash
# Makes the timestamps of this folder anew with OpenSSL 3, writes down the times that OpenSSL reads in them, and prints what it
# says of each. Keys are thrown away.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.pem ./*.tsr

ec() { openssl ecparam -name prime256v1 -genkey -noout; }
# issue NAME SUBJECT ISSUER BEGIN END EXTENSIONS…: a certificate by ISSUER, or by itself where that is its own name
issue() {
  local name=$1 subject=$2 issuer=$3 begin=$4 end=$5; shift 5
  [[ -f $work/$name.key ]] || ec >"$work/$name.key"
  printf '%s\n' "$@" >"$work/$name.ext"
  openssl req -new -key "$work/$name.key" -subj "/CN=$subject" -out "$work/$name.csr"
  mkdir -p "$work/ca"; : >"$work/ca/index"; openssl rand -hex 16 >"$work/ca/serial"
  cat >"$work/ca/conf" <<CONF
[ca]
default_ca = d
[d]
database = $work/ca/index
serial = $work/ca/serial
new_certs_dir = $work/ca
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
CONF
  local by=(-cert "$issuer.pem" -keyfile "$work/$issuer.key")
  [[ $name == "$issuer" ]] && by=(-selfsign -keyfile "$work/$name.key")
  openssl ca -batch -notext -config "$work/ca/conf" "${by[@]}" -startdate "$begin" -enddate "$end" \
    -extfile "$work/$name.ext" -in "$work/$name.csr" -out "$name.pem" 2>/dev/null
}
authority=(basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign)
stamps=(basicConstraints=CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=critical,timeStamping)
signs=(basicConstraints=CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=codeSigning subjectAltName=email:ml@acme.example)
long=(20200101000000Z 20491231000000Z)

issue root "Acme root" root "${long[@]}" "${authority[@]}"
issue signer "voice pipeline" root 20261101000000Z 20270101000000Z "${signs[@]}"
issue signer-over "voice pipeline" root 20260101000000Z 20260201000000Z "${signs[@]}"
issue signer-later "voice pipeline" root 20280101000000Z 20290101000000Z "${signs[@]}"
issue stamp-root "Stamp root" stamp-root "${long[@]}" "${authority[@]}"
issue stamp-between "Stamp authority" stamp-root "${long[@]}" "${authority[@]}"
issue stamp "Stamp" stamp-root 20260101000000Z 20280101000000Z "${stamps[@]}"
openssl genrsa 2048 2>/dev/null >"$work/stamp-rsa.key"
issue stamp-rsa "Stamp RSA" stamp-between "${long[@]}" "${stamps[@]}"
openssl ecparam -name secp384r1 -genkey -noout >"$work/stamp-p384.key"
issue stamp-p384 "Stamp P-384" stamp-root "${long[@]}" "${stamps[@]}"
openssl ecparam -name secp521r1 -genkey -noout >"$work/stamp-p521.key"
issue stamp-p521 "Stamp P-521" stamp-root "${long[@]}" "${stamps[@]}"
issue stamp-over "Stamp old" stamp-root 20200101000000Z 20210101000000Z "${stamps[@]}"
issue other-root "Stamp root" other-root "${long[@]}" "${authority[@]}"
issue other "Stamp" other-root "${long[@]}" "${stamps[@]}"

# stamp NAME AUTHORITY WITH-CERTIFICATE HASH-OF-IMPRINT CONF…: a token over signature.bin
stamp() {
  local name=$1 by=$2 with=$3 hash=$4; shift 4
  echo 01 >"$work/tsaserial"
  { printf '[tsa]\ndefault_tsa = t\n[t]\nserial = %s/tsaserial\ndefault_policy = 1.2.3.4\n' "$work"
    printf 'digests = sha1, sha256, sha384, sha512\n'; printf '%s\n' "$@"; } >"$work/conf"
  openssl ts -query -data signature.bin "-$hash" $with -out "$work/query" 2>/dev/null
  openssl ts -reply -config "$work/conf" -queryfile "$work/query" -signer "$by.pem" -inkey "$work/$by.key" \
    -chain stamp-between.pem -out "$name.tsr" 2>/dev/null
}
v2=$'signer_digest = sha256\ness_cert_id_alg = sha256'
stamp with-certificate stamp -cert sha256 "$v2"
stamp without-certificate stamp "" sha256 "$v2"
stamp rsa stamp-rsa -cert sha512 "$v2"
stamp p384-sha256 stamp-p384 -cert sha384 "$v2"
stamp p384-sha384 stamp-p384 -cert sha256 $'signer_digest = sha384\ness_cert_id_alg = sha256'
stamp p521-sha512 stamp-p521 -cert sha512 $'signer_digest = sha512\ness_cert_id_alg = sha512'
stamp sha1-imprint stamp -cert sha1 "$v2"
stamp ess-v1 stamp -cert sha256 $'signer_digest = sha256\ness_cert_id_alg = sha1'
stamp sha1-signature stamp -cert sha256 $'signer_digest = sha1\ness_cert_id_alg = sha256'
stamp ess-sha384 stamp -cert sha256 $'signer_digest = sha384\ness_cert_id_alg = sha384'
stamp accurate stamp -cert sha256 "$v2" "accuracy = secs:2, millisecs:500, microsecs:100"
stamp vague stamp -cert sha256 "$v2" "accuracy = secs:31536000"
stamp by-another other -cert sha256 "$v2"
stamp by-an-old-one stamp-over -cert sha256 "$v2"
stamp not-granted stamp -cert sha256 "$v2" "digests = sha512"
for digits in 1 2 3; do
  # OpenSSL leaves out zeros at the end, as DER has it: again until none were.
  until openssl ts -reply -in "digits-$digits.tsr" -text 2>/dev/null | grep -Eq "Time stamp: .*:[0-9]{2}\.[0-9]{$digits} "; do
    stamp "digits-$digits" stamp -cert sha256 "$v2" "clock_precision_digits = $digits"
  done
done

# list NAME EXTENSIONS…: a revocation list of root, without anybody on it
list() {
  local name=$1; shift
  : >"$work/ca/index"; echo 01 >"$work/ca/crlnumber"
  { sed "s|^\[p\]|crlnumber = $work/ca/crlnumber\n&|" "$work/ca/conf"; printf '[x]\n'; printf '%s\n' "$@"; } >"$work/list.conf"
  openssl ca -gencrl -config "$work/list.conf" -crlexts x -cert root.pem -keyfile "$work/root.key" -crldays 6000 -out "$name.pem" 2>/dev/null
}
list list "authorityKeyIdentifier = keyid"
list list-keeping "authorityKeyIdentifier = keyid" "2.5.29.60 = ASN1:GENERALIZEDTIME:20260101000000Z"

# What OpenSSL itself says: of each that it verifies, and of each that it does not.
for token in *.tsr; do
  openssl ts -verify -data signature.bin -in "$token" -CAfile stamp-root.pem -untrusted <(cat stamp.pem stamp-between.pem) \
    >/dev/null 2>&1 && said=OK || said=FAILED
  echo "$token $said"
done

# `Time stamp: Nov 29 14:56:40.88 2026 GMT`, `nextUpdate=Nov 29 14:56:40 2026 GMT`
{
  for token in *.tsr; do
    openssl ts -reply -in "$token" -text 2>/dev/null | sed -n "s/^Time stamp: \(.*\)/${token%.tsr} \1/p"
  done
  openssl crl -in list-keeping.pem -noout -nextupdate | sed 's/nextUpdate=/list-keeping /'
} | while read -r name month day clock year _; do
  printf '  "%s": "%s-%02d-%02dT%sZ"\n' "$name" "$year" "$(date -d "$month 1" +%-m)" "$day" "$clock"
done | paste -sd, | sed 's/,  /,\n  /g; 1s/^/{\n/; $s/$/\n}/' >times.json
