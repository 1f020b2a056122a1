package kubeadm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	bootstraptokenv1 "k8s.io/kubernetes/cmd/kubeadm/app/apis/bootstraptoken/v1"
	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/scheme"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/validation"
	"k8s.io/kubernetes/cmd/kubeadm/app/componentconfigs"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// checkInit judges a configuration as kubeadm's
// util/config.BytesToInitConfiguration would, without its dynamic defaults.
// InitConfiguration comes first: converting it clears what it embeds.
func checkInit(objs []runtime.Object, n cluster.Node) error {
	var internal kubeadmapi.InitConfiguration
	for _, o := range objs {
		var err error
		switch o := o.(type) {
		case *v1beta4.InitConfiguration:
			scheme.Scheme.Default(o)
			// Valid tokens have a value, which kubeadm makes up on the node.
			for i := range o.BootstrapTokens {
				o.BootstrapTokens[i].Token = &bootstraptokenv1.BootstrapTokenString{ID: "abcdef", Secret: "0123456789abcdef"}
			}
			err = scheme.Scheme.Convert(o, &internal, nil)
		case *v1beta4.ClusterConfiguration:
			err = internalCluster(o, &internal.ClusterConfiguration)
		}
		if err != nil {
			return err
		}
	}
	return faults(validation.ValidateInitConfiguration(&internal), n)
}

// internalCluster is the form kubeadm works on, with its static defaults.
func internalCluster(o *v1beta4.ClusterConfiguration, out *kubeadmapi.ClusterConfiguration) error {
	scheme.Scheme.Default(o)
	return scheme.Scheme.Convert(o, out, nil)
}

func checkJoin(objs []runtime.Object, n cluster.Node) error {
	for _, o := range objs {
		join, ok := o.(*v1beta4.JoinConfiguration)
		if !ok {
			return fmt.Errorf("%T does not belong there", o)
		}
		// kubeadm looks whether the file exists, on the machine that asks. It has
		// to be a path on the node, and for the other rules a stand-in does.
		if p := join.Discovery.File.KubeConfigPath; !path.IsAbs(p) {
			return fmt.Errorf("discovery file %q is not an absolute path", p)
		}
		join.Discovery.File.KubeConfigPath = "https://discovery.invalid"
		scheme.Scheme.Default(join)
		var internal kubeadmapi.JoinConfiguration
		if err := scheme.Scheme.Convert(join, &internal, nil); err != nil {
			return err
		}
		if err := faults(validation.ValidateJoinConfiguration(&internal), n); err != nil {
			return err
		}
	}
	return nil
}

// readBack reads rendered documents, strictly where kubeadm would only warn.
// Each has to come back as it was meant: YAML changes some characters, even in
// quotes, and takes a word for a number when the writer is not careful.
func readBack(text []byte, meant []runtime.Object) ([]runtime.Object, error) {
	var objs []runtime.Object
	docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for i := 0; ; i++ {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) && i == len(meant) {
			return objs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the rendered configuration cannot be read back: %w", err)
		}
		if i == len(meant) {
			return nil, errors.New("a value reads as a document of its own")
		}
		gvk := meant[i].GetObjectKind().GroupVersionKind()
		o, err := decodeStrict(schemeOf(gvk), gvk, doc, true)
		if err != nil {
			return nil, cluster.Fault(partOf(gvk.Kind), fmt.Errorf("%s: %w", gvk.Kind, err))
		}
		want, err := json.Marshal(meant[i])
		if err != nil {
			return nil, err
		}
		got, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(want, got) {
			return nil, cluster.Fault(partOf(gvk.Kind), fmt.Errorf("%s: a value does not survive YAML; take line separators and control characters out of it", gvk.Kind))
		}
		objs = append(objs, o)
	}
}

// partOf is the part of a spec that a document is made from; "" is all of it.
func partOf(kind string) string {
	switch kind {
	case "KubeletConfiguration":
		return cluster.CompKubelet + ".config"
	case "KubeProxyConfiguration":
		return cluster.CompKubeProxy + ".config"
	}
	return ""
}

func schemeOf(gvk schema.GroupVersionKind) *runtime.Scheme {
	if gvk.Group == v1beta4.GroupName {
		return scheme.Scheme
	}
	return componentconfigs.Scheme
}

// decodeStrict decodes one document and refuses unknown and repeated fields.
func decodeStrict(s *runtime.Scheme, gvk schema.GroupVersionKind, doc []byte, yaml bool) (runtime.Object, error) {
	strict := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, s, s, serializer.SerializerOptions{Yaml: yaml, Strict: true})
	o, _, err := strict.Decode(doc, &gvk, nil)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil, err // see [inWords]
	}
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "strict decoding error: "))
	}
	return o, nil
}
