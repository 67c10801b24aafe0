package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// ask TIMEOUT (tcp|udp)/ADDRESS:PORT...: asks all targets at once and prints a JSON list of what each answered;
// the empty string where nothing came.
func ask(args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("ask needs a timeout and targets")
	}
	timeout, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	answers := make([]string, len(args)-1)
	var asked sync.WaitGroup
	for i, target := range args[1:] {
		asked.Go(func() { answers[i] = askOne(target, timeout) })
	}
	asked.Wait()
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func askOne(target string, timeout time.Duration) string {
	network, address, _ := strings.Cut(target, "/")
	connection, err := net.DialTimeout(network+"4", address, timeout)
	if err != nil {
		return ""
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(timeout))
	if network == "udp" {
		return askUDP(connection, timeout)
	}
	answer, err := io.ReadAll(connection)
	if err != nil {
		return ""
	}
	return string(answer)
}

// resend is after how long a datagram is taken for lost, as TCP would.
const resend = 500 * time.Millisecond

func askUDP(connection net.Conn, timeout time.Duration) string {
	answer := make([]byte, 64)
	for end := time.Now().Add(timeout); time.Now().Before(end); {
		if _, err := connection.Write([]byte("?")); err != nil {
			return ""
		}
		_ = connection.SetReadDeadline(time.Now().Add(resend))
		n, err := connection.Read(answer)
		if err == nil {
			return string(answer[:n])
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return ""
		}
	}
	return ""
}

// knock TIMEOUT TARGET NAME: asks one target again and again, each time over a new connection, and prints
// `open UNIX_MS` or `shut UNIX_MS` whenever that changes; the time is that of the attempt's start.
func knock(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("knock needs a timeout, a target and the name that answers")
	}
	timeout, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	last := ""
	for {
		began := time.Now()
		state := "shut"
		if askOne(args[1], timeout) == args[2] {
			state = "open"
		}
		if state != last {
			fmt.Println(state, began.UnixMilli())
			last = state
		}
		time.Sleep(time.Millisecond)
	}
}

// follow ADDRESS:PORT: stays connected to a stream. Prints `open UNIX_MS`, then `byte UNIX_MS` for what arrives, and
// `shut UNIX_MS WHY` at its end.
func follow(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("follow needs an address")
	}
	connection, err := net.DialTimeout("tcp4", args[0], 2*time.Second)
	if err != nil {
		return err
	}
	fmt.Println("open", time.Now().UnixMilli())
	buffer := make([]byte, 4096)
	for {
		_, err := connection.Read(buffer)
		now := time.Now().UnixMilli()
		if err != nil {
			fmt.Println("shut", now, err)
			return nil
		}
		fmt.Println("byte", now)
	}
}
