// Command keyring says which credentials the kubelet would try for each image of cases.json, by the kubelet's own
// code. Run it by make.sh.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"
)

type testCase struct {
	Name    string              `json:"name"`
	Secrets []map[string]any    `json:"secrets"`
	Images  map[string][]string `json:"images"`
}

func toSecret(config map[string]any) corev1.Secret {
	bytes, err := json.Marshal(config)
	if err != nil {
		panic(err)
	}
	if _, ok := config["auths"]; ok {
		return corev1.Secret{
			Type: corev1.SecretTypeDockerConfigJson,
			Data: map[string][]byte{corev1.DockerConfigJsonKey: bytes},
		}
	}
	return corev1.Secret{Type: corev1.SecretTypeDockercfg, Data: map[string][]byte{corev1.DockerConfigKey: bytes}}
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	for index := range cases {
		one := &cases[index]
		pulled := []corev1.Secret{}
		for _, config := range one.Secrets {
			pulled = append(pulled, toSecret(config))
		}
		keyring, err := secrets.MakeDockerKeyring(pulled, nil)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", one.Name, err))
		}
		for image := range one.Images {
			repository, _, _, err := parsers.ParseImageName(image)
			if err != nil {
				panic(err)
			}
			found, _ := keyring.Lookup(repository)
			tried := []string{}
			for _, credentials := range found {
				tried = append(tried, credentials.Username+":"+credentials.Password)
			}
			one.Images[image] = tried
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(cases); err != nil {
		panic(err)
	}
}
