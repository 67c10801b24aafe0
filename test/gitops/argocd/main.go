// The parts of Argo CD that the tests run, in one binary: argv[1] or the name it was started by picks one.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	askpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/util/log"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

var parts = map[string]func() *cobra.Command{
	"argocd-application-controller": controller.NewCommand,
	"argocd-repo-server":            reposerver.NewCommand,
	"argocd-git-ask-pass":           askpass.NewCommand,
	"health":                        newHealthCommand,
}

func main() {
	name := filepath.Base(os.Args[0])
	if _, isPart := parts[name]; !isPart && len(os.Args) > 1 {
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	newCommand, isPart := parts[name]
	if !isPart {
		fmt.Fprintln(os.Stderr, "usage: argocd argocd-application-controller|argocd-repo-server|argocd-git-ask-pass|health [flags]")
		os.Exit(2)
	}
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
	if err := newCommand().Execute(); err != nil {
		os.Exit(1)
	}
}
