package main

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/spf13/pflag"
)

// runRegistry serves an OCI registry that keeps its contents in memory.
// It prints "registry ready HOST:PORT" once it listens.
func runRegistry() int {
	fs := pflag.NewFlagSet("registry", pflag.ExitOnError)
	address := fs.String("listen", "127.0.0.1:0", "address to listen on")
	referrers := fs.Bool("referrers", true, "serve the referrers API; without it clients must use the fallback tag")
	user := fs.String("user", "", "demand basic authentication by this user, with the password of REGISTRY_PASSWORD")
	cert := fs.String("tls-cert", "", "serve TLS with this certificate")
	key := fs.String("tls-key", "", "key of --tls-cert")
	_ = fs.Parse(os.Args[1:])

	handler := registry.New(registry.WithReferrersSupport(*referrers), registry.Logger(log.New(io.Discard, "", 0)))
	if *user != "" {
		handler = demandUser(handler, *user, os.Getenv("REGISTRY_PASSWORD"))
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		return 1
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		if *cert != "" {
			stopped <- server.ServeTLS(listener, *cert, *key)
		} else {
			stopped <- server.Serve(listener)
		}
	}()
	fmt.Println("registry ready", listener.Addr())
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM)
	select {
	case <-sig:
		return 0
	case err := <-stopped:
		fmt.Fprintln(os.Stderr, "registry:", err)
		return 1
	}
}

// demandUser refuses requests without the one user's password.
func demandUser(next http.Handler, user, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(u), []byte(user))&subtle.ConstantTimeCompare([]byte(p), []byte(password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="test registry"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
