package kubeadm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	bootstraptokenv1 "k8s.io/kubernetes/cmd/kubeadm/app/apis/bootstraptoken/v1"
	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/scheme"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/validation"
	"k8s.io/kubernetes/cmd/kubeadm/app/componentconfigs"
	"sigs.k8s.io/yaml"
)

// checkInit reads a rendered configuration as kubeadm's
// util/config.BytesToInitConfiguration would, without its dynamic defaults and
// without mercy for what kubeadm only warns about.
func checkInit(text []byte) error {
	objs, err := decodeAll(text)
	if err != nil {
		return err
	}
	var internal kubeadmapi.InitConfiguration
	for _, o := range objs {
		switch o := o.(type) {
		case *v1beta4.InitConfiguration:
			scheme.Scheme.Default(o)
			// Valid tokens have a value, which kubeadm makes up on the node.
			for i := range o.BootstrapTokens {
				o.BootstrapTokens[i].Token = &bootstraptokenv1.BootstrapTokenString{ID: "abcdef", Secret: "0123456789abcdef"}
			}
			cc := internal.ClusterConfiguration
			err = scheme.Scheme.Convert(o, &internal, nil)
			internal.ClusterConfiguration = cc
		case *v1beta4.ClusterConfiguration:
			err = internalCluster(o, &internal.ClusterConfiguration)
		}
		if err != nil {
			return err
		}
	}
	return validation.ValidateInitConfiguration(&internal).ToAggregate()
}

// internalCluster is the form kubeadm works on, with its static defaults.
func internalCluster(o *v1beta4.ClusterConfiguration, out *kubeadmapi.ClusterConfiguration) error {
	scheme.Scheme.Default(o)
	return scheme.Scheme.Convert(o, out, nil)
}

func checkJoin(text []byte) error {
	objs, err := decodeAll(text)
	if err != nil {
		return err
	}
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
		if err := validation.ValidateJoinConfiguration(&internal).ToAggregate(); err != nil {
			return err
		}
	}
	return nil
}

// decodeAll reads every document strictly and writes it again: what does not
// come back as the same bytes was lost or changed on the way.
func decodeAll(text []byte) ([]runtime.Object, error) {
	var objs []runtime.Object
	docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var meta runtime.TypeMeta
		if err := yaml.Unmarshal(doc, &meta); err != nil {
			return nil, err
		}
		gvk := schema.FromAPIVersionAndKind(meta.APIVersion, meta.Kind)
		s := componentconfigs.Scheme
		if gvk.Group == v1beta4.GroupName {
			s = scheme.Scheme
		}
		o, err := decodeStrict(s, gvk, doc)
		if err != nil {
			return nil, err
		}
		objs = append(objs, o)
	}
	again, err := encode(objs...)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(bytes.TrimSpace(again), bytes.TrimSpace(text)) {
		return nil, errors.New("the rendered configuration does not read back as it was meant")
	}
	return objs, nil
}

// decodeStrict decodes one document and refuses unknown and repeated fields.
func decodeStrict(s *runtime.Scheme, gvk schema.GroupVersionKind, doc []byte) (runtime.Object, error) {
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, s, s, json.SerializerOptions{Yaml: true, Strict: true})
	o, _, err := strict.Decode(doc, &gvk, nil)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "strict decoding error: "))
	}
	return o, nil
}
