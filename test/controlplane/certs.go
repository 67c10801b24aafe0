package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
)

// runCerts writes a throw-away CA, the API server's serving pair, client pairs
// and a service-account signing key into --dir; or, with --request, a key and a
// certificate signing request for one user, which any cluster can sign.
func runCerts() int {
	fs := pflag.NewFlagSet("certs", pflag.ExitOnError)
	dir := fs.String("dir", "", "folder to write to")
	user := fs.String("request", "", "write <user>.key and <user>.csr only")
	ips := fs.StringSlice("ip", []string{"127.0.0.1", "10.0.0.1"}, "serving addresses")
	names := fs.StringSlice("dns", []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}, "serving names")
	_ = fs.Parse(os.Args[1:])
	if *user != "" {
		if err := writeRequest(*dir, *user); err != nil {
			fmt.Fprintln(os.Stderr, "certs:", err)
			return 1
		}
		return 0
	}
	if err := writeCerts(*dir, *ips, *names); err != nil {
		fmt.Fprintln(os.Stderr, "certs:", err)
		return 1
	}
	return 0
}

type pair struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func writeCerts(dir string, ips, names []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ca, err := issue(dir, "ca", &x509.Certificate{
		Subject: pkix.Name{CommonName: "test-ca"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}, nil)
	if err != nil {
		return err
	}
	var addrs []net.IP
	for _, s := range ips {
		addrs = append(addrs, net.ParseIP(s))
	}
	server := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for _, c := range []struct {
		file, cn string
		orgs     []string
		use      []x509.ExtKeyUsage
	}{
		{"apiserver", "kube-apiserver", nil, server},
		{"registry", "registry", nil, server},
		{"admin", "admin", []string{"system:masters"}, client},
		{"controller-manager", "system:kube-controller-manager", nil, client},
		{"scheduler", "system:kube-scheduler", nil, client},
		{"apiserver-kubelet-client", "kube-apiserver-kubelet-client", []string{"system:masters"}, client},
		{"front-proxy-client", "front-proxy-client", nil, client},
	} {
		t := &x509.Certificate{
			Subject:     pkix.Name{CommonName: c.cn, Organization: c.orgs},
			KeyUsage:    x509.KeyUsageDigitalSignature,
			ExtKeyUsage: c.use,
		}
		if c.use[0] == x509.ExtKeyUsageServerAuth {
			t.IPAddresses, t.DNSNames = addrs, names
		}
		if _, err := issue(dir, c.file, t, ca); err != nil {
			return err
		}
	}
	sa, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, "sa.key"), sa)
}

// issue signs t by ca, or by itself where ca is nil, and writes <file>.crt and <file>.key.

func issue(dir, file string, t *x509.Certificate, ca *pair) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, err
	}
	t.NotBefore, t.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	parent, signer := t, crypto.Signer(key)
	if ca != nil {
		parent, signer = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	if err := writePEM(filepath.Join(dir, file+".crt"), "CERTIFICATE", der); err != nil {
		return nil, err
	}
	if err := writeKey(filepath.Join(dir, file+".key"), key); err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &pair{cert, key}, err
}

// writeRequest makes a key and a signing request whose common name is the user.
func writeRequest(dir, user string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: user}}, key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(dir, user+".csr"), "CERTIFICATE REQUEST", der); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, user+".key"), key)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
