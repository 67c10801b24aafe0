package main

import (
	"encoding/json"
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
		if _, err := connection.Write([]byte("?")); err != nil {
			return ""
		}
		answer := make([]byte, 64)
		n, err := connection.Read(answer)
		if err != nil {
			return ""
		}
		return string(answer[:n])
	}
	answer, err := io.ReadAll(connection)
	if err != nil {
		return ""
	}
	return string(answer)
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
