package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// streamPause is the time between two bytes of a stream: how exactly its end can be told.
const streamPause = 5 * time.Millisecond

// serve NAME (tcp|udp|stream)/PORT...: answers every TCP connection and UDP datagram with its name; a stream sends
// bytes until the other side is gone.
func serve(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("serve needs a name and ports")
	}
	name := args[0]
	fmt.Println("serving as", name)
	failed := make(chan error, len(args))
	for _, spec := range args[1:] {
		kind, port, _ := strings.Cut(spec, "/")
		switch kind {
		case "tcp":
			go func() {
				failed <- accept(port, func(c net.Conn) { _, _ = io.WriteString(c, name) })
			}()
		case "stream":
			go func() { failed <- accept(port, stream) }()
		case "udp":
			go func() { failed <- echo(port, name) }()
		default:
			return fmt.Errorf("%q is neither tcp, udp nor stream", spec)
		}
	}
	return <-failed
}

func accept(port string, handle func(net.Conn)) error {
	listener, err := net.Listen("tcp4", ":"+port)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			handle(connection)
		}()
	}
}

func stream(connection net.Conn) {
	for {
		if _, err := connection.Write([]byte{'.'}); err != nil {
			return
		}
		time.Sleep(streamPause)
	}
}

func echo(port, name string) error {
	socket, err := net.ListenPacket("udp4", ":"+port)
	if err != nil {
		return err
	}
	buffer := make([]byte, 64)
	for {
		_, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return err
		}
		// A client that is gone by now is no reason to stop.
		_, _ = socket.WriteTo([]byte(name), from)
	}
}
