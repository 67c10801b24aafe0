package main

import (
	"context"
	"encoding/json"
	"io"
	"os"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

const argoNamespace = "argocd"

// answer is what Argo CD makes of one object. Found is false where no script is for its kind.
type answer struct {
	Found   bool   `json:"found"`
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

// newHealthCommand judges objects by the health scripts of an argocd-cm, on the path the application controller
// takes: settings manager, then Argo CD's Lua with the libraries it opens.
func newHealthCommand() *cobra.Command {
	return &cobra.Command{
		Use:          "health ARGOCD_CM",
		Short:        "Read a JSON list of objects from standard input and print their health as a JSON list",
		Args:         cobra.ExactArgs(1),
		SilenceUsage: true,
		RunE: func(command *cobra.Command, args []string) error {
			logrus.SetLevel(logrus.ErrorLevel)
			overrides, err := readOverrides(command.Context(), args[0])
			if err != nil {
				return err
			}
			input, err := io.ReadAll(os.Stdin)
			if err != nil {
				return err
			}
			var objects []map[string]any
			if err := json.Unmarshal(input, &objects); err != nil {
				return err
			}
			answers := make([]answer, 0, len(objects))
			for _, object := range objects {
				answers = append(answers, judge(overrides, object))
			}
			return json.NewEncoder(os.Stdout).Encode(answers)
		},
	}
}

func judge(overrides lua.ResourceHealthOverrides, object map[string]any) answer {
	health, err := overrides.GetResourceHealth(&unstructured.Unstructured{Object: object})
	switch {
	case err != nil:
		return answer{Found: true, Error: err.Error()}
	case health == nil:
		return answer{}
	default:
		return answer{Found: true, Status: string(health.Status), Message: health.Message}
	}
}

func readOverrides(ctx context.Context, path string) (lua.ResourceHealthOverrides, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var config corev1.ConfigMap
	if err := yaml.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	// The settings manager reads only objects that bear this label.
	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	config.ObjectMeta = metav1.ObjectMeta{Name: "argocd-cm", Namespace: argoNamespace, Labels: labels}
	secret := corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "argocd-secret", Namespace: argoNamespace, Labels: labels},
		Data:       map[string][]byte{"server.secretkey": []byte("none")},
	}
	manager := settings.NewSettingsManager(ctx, fake.NewClientset(&secret, &config), argoNamespace)
	if err := manager.ResyncInformers(); err != nil {
		return nil, err
	}
	return manager.GetResourceOverrides()
}
