package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd starts one single-member etcd on loopback.
func runEtcd() int {
	fs := pflag.NewFlagSet("etcd", pflag.ExitOnError)
	dir := fs.String("data-dir", "", "data folder")
	client := fs.String("listen-client-urls", "http://127.0.0.1:2379", "client address; a unix:// address works too")
	_ = fs.String("advertise-client-urls", "", "accepted for envtest; the listen address is advertised")
	peer := fs.String("listen-peer-urls", "http://127.0.0.1:0", "peer address (unused by a single member)")
	noFsync := fs.Bool("unsafe-no-fsync", true, "skip fsync: test data only")
	beat := fs.Uint("heartbeat-interval", 10, "milliseconds; one member on loopback elects itself sooner with a short one")
	elect := fs.Uint("election-timeout", 100, "milliseconds")
	level := fs.String("log-level", "warn", "etcd's log level")
	fs.ParseErrorsAllowlist.UnknownFlags = true // envtest helpers pass more of etcd's own flags
	_ = fs.Parse(os.Args[1:])

	c := embed.NewConfig()
	c.Name = "test"
	c.Dir = *dir
	c.LogLevel = *level
	c.UnsafeNoFsync = *noFsync
	c.TickMs, c.ElectionMs = *beat, *elect
	cu, err := url.Parse(*client)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	pu, err := url.Parse(*peer)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*cu}, []url.URL{*cu}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*pu}, []url.URL{*pu}
	c.InitialCluster = c.InitialClusterFromName(c.Name)

	e, err := embed.StartEtcd(c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		return 1
	}
	select {
	case <-e.Server.ReadyNotify():
		fmt.Println("etcd ready", *client)
	case <-time.After(60 * time.Second):
		e.Close()
		fmt.Fprintln(os.Stderr, "etcd: not ready in 60 s")
		return 1
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM)
	select {
	case <-sig:
	case err := <-e.Err():
		fmt.Fprintln(os.Stderr, "etcd:", err)
	}
	e.Close()
	return 0
}
