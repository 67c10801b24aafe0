// The control plane that tests and the demo run on, as one binary: etcd, the
// Kubernetes servers, kubectl and an OCI registry. The tool is argv[1], or
// argv[0] where the binary is sym-linked by a tool's name.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	_ "time/tzdata"

	"github.com/spf13/cobra"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kapi "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	ksched "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func cobraTool(mk func() *cobra.Command) func() int {
	return func() int { return cli.Run(mk()) }
}

var tools = map[string]func() int{
	"certs":                   runCerts,
	"etcd":                    runEtcd,
	"kube-apiserver":          cobraTool(kapi.NewAPIServerCommand),
	"kube-controller-manager": cobraTool(kcm.NewControllerManagerCommand),
	"kube-scheduler":          cobraTool(func() *cobra.Command { return ksched.NewSchedulerCommand() }),
	"kubectl":                 cobraTool(kubectl.NewDefaultKubectlCommand),
	"registry":                runRegistry,
}

func main() {
	name := filepath.Base(os.Args[0])
	if _, ok := tools[name]; !ok {
		if len(os.Args) < 2 {
			usage()
		}
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	run, ok := tools[name]
	if !ok {
		usage()
	}
	os.Exit(run())
}

func usage() {
	names := make([]string, 0, len(tools))
	for n := range tools {
		names = append(names, n)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, "usage: testplane TOOL [flags]; tools:", names)
	os.Exit(2)
}
