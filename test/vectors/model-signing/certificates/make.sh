#!/bin/sh
# Makes the certificates of this folder anew, with openssl. Their keys are thrown away: the tests only follow paths.
set -eu
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
key() { openssl ecparam -name "$2" -genkey -noout -out "$keys/$1.key" 2>/dev/null; }
# name, issuer, extensions
issue() {
  key "$1" "${4:-prime256v1}"
  printf '%b' "$3" > "$keys/ext"
  openssl req -new -key "$keys/$1.key" -subj "/O=Acme/CN=$1" -out "$keys/csr" 2>/dev/null
  openssl x509 -req -in "$keys/csr" -CA "$2.pem" -CAkey "$keys/$2.key" -CAcreateserial -CAserial "$keys/serial" \
    -days 7300 -extfile "$keys/ext" -out "$1.pem" 2>/dev/null
}
root() {
  key "$1" secp384r1
  openssl req -x509 -key "$keys/$1.key" -subj "/O=Acme/CN=$1" -days 7300 -out "$1.pem" \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
LEAF='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n'
root root
root stranger
issue between root "$CA"
issue signer between "$LEAF" secp384r1
issue direct root "$LEAF"
issue tls between 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment\nextendedKeyUsage=serverAuth\n'
issue code-only between 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=codeSigning\n'
issue authority between "$CA"
issue by-signer signer "$LEAF"
issue last root 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n'
issue below-last last "$CA"
issue too-deep below-last "$LEAF"
issue narrow root "${CA}nameConstraints=critical,permitted;dirName:permitted\n[permitted]\nO=Acme\nOU=Speech\n"
issue outside narrow "$LEAF"
issue tls-signing between 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n'
issue unknown between "${LEAF}1.2.3.4=critical,ASN1:UTF8String:unknown\n"
# Two authorities that issued each other.
root loop-b
issue loop-a loop-b "$CA"
printf '%b' "$CA" > "$keys/ext"
openssl req -new -key "$keys/loop-b.key" -subj "/O=Acme/CN=loop-b" -out "$keys/csr" 2>/dev/null
openssl x509 -req -in "$keys/csr" -CA loop-a.pem -CAkey "$keys/loop-a.key" -CAcreateserial -CAserial "$keys/serial" \
  -days 7300 -extfile "$keys/ext" -out loop-b.pem 2>/dev/null
issue of-loop loop-a "$LEAF"
