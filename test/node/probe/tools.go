package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// hash FILE: prints the SHA-256 of a file, as the container sees it.
func hash(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("hash needs a file")
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	fmt.Printf("%x\n", sum.Sum(nil))
	return nil
}

// forward LISTEN TARGET: passes connections on. Addresses are tcp:HOST:PORT or unix:PATH, so that two of them join
// the loopback of two network namespaces.
func forward(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("forward needs an address to listen on and a target")
	}
	network, address, _ := strings.Cut(args[0], ":")
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	for {
		from, err := listener.Accept()
		if err != nil {
			return err
		}
		go pass(from, args[1])
	}
}

func pass(from net.Conn, target string) {
	defer from.Close()
	network, address, _ := strings.Cut(target, ":")
	to, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer to.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(pair[1], pair[0])
			done <- struct{}{}
		}()
	}
	// Either side's end is the end of both: the API server's clients do not half-close.
	<-done
}
