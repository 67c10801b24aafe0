// The node's half of Kubernetes for tests, as one binary: kubelet and kube-proxy. argv[0] says which.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kproxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	klet "k8s.io/kubernetes/cmd/kubelet/app"
)

var tools = map[string]func() *cobra.Command{
	"kubelet":    func() *cobra.Command { return klet.NewKubeletCommand(context.Background()) },
	"kube-proxy": kproxy.NewProxyCommand,
}

func main() {
	command, ok := tools[filepath.Base(os.Args[0])]
	if !ok {
		fmt.Fprintln(os.Stderr, "run this as kubelet or kube-proxy")
		os.Exit(2)
	}
	os.Exit(cli.Run(command()))
}
