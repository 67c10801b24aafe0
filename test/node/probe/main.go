// The one program inside the pods of the node lane, and the one that asks from their network namespaces:
// pause container, server, prober, long-lived client, forwarder.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

var commands = map[string]func(args []string) error{
	"pause":   func([]string) error { select {} },
	"serve":   serve,
	"ask":     ask,
	"knock":   knock,
	"follow":  follow,
	"forward": forward,
	"hash":    hash,
}

func main() {
	// The kernel spares process 1 of a container signals that it does not handle.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: probe pause|serve|ask|knock|follow|forward|hash [arguments]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}
