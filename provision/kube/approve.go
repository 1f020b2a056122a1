package kube

import (
	"context"
	"errors"
	"fmt"
	"sort"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Requests are the kubelet-serving requests nobody has decided yet, by name.
func (c *Client) Requests(ctx context.Context) ([]state.CertificateRequest, error) {
	var list *certificatesv1.CertificateSigningRequestList
	err := c.call(ctx, "listing certificate requests", func(ctx context.Context) (err error) {
		list, err = c.typed.CertificatesV1().CertificateSigningRequests().List(ctx, metav1.ListOptions{
			FieldSelector: "spec.signerName=" + certificatesv1.KubeletServingSignerName,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []state.CertificateRequest
	for i := range list.Items {
		// The selector is a courtesy to the network; the signer is held to here.
		if r, ok := servingRequest(&list.Items[i]); ok && pending(&list.Items[i]) {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// Approve reads a request again, judges what it read, and approves exactly
// that: an object replaced in between is refused by the API. A request that
// is approved already is done.
func (c *Client) Approve(ctx context.Context, name string, node cluster.Node) error {
	return c.call(ctx, "approving certificate request "+name, func(ctx context.Context) error {
		csr, err := c.typed.CertificatesV1().CertificateSigningRequests().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		req, ok := servingRequest(csr)
		if !ok {
			return fmt.Errorf("refused: its signer is %q, and only %s is approved", clean(csr.Spec.SignerName, 100), certificatesv1.KubeletServingSignerName)
		}
		if err := Judge(req, node); err != nil {
			return fmt.Errorf("refused: %w", err)
		}
		if !pending(csr) {
			if approved(csr) {
				return nil
			}
			return errors.New("it was denied or failed; the kubelet will ask again")
		}
		return c.approve(ctx, csr, fmt.Sprintf("user, names and addresses are node %s's", node.Name))
	})
}

// ApproveNode approves what node's kubelet asks for, in one pass over the
// pending requests, and answers how many it approved. Requests of the node's
// user that ask for anything else stay as they are and are the error.
func (c *Client) ApproveNode(ctx context.Context, node cluster.Node) (int, error) {
	reqs, err := c.Requests(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	var refused []error
	for _, r := range reqs {
		if r.User != nodeUserPrefix+node.Name {
			continue
		}
		err := c.Approve(ctx, r.Name, node)
		switch {
		case err == nil:
			n++
		case apierrors.IsNotFound(err): // collected meanwhile
		default:
			refused = append(refused, err)
		}
	}
	return n, errors.Join(refused...)
}

// approve adds the condition to the very object that was read.
func (c *Client) approve(ctx context.Context, csr *certificatesv1.CertificateSigningRequest, why string) error {
	csr = csr.DeepCopy()
	csr.Status.Conditions = append(csr.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue,
		Reason: "BulwarkApprove", Message: why,
	})
	_, err := c.typed.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, csr.Name, csr, metav1.UpdateOptions{FieldManager: manager})
	return err
}

func servingRequest(csr *certificatesv1.CertificateSigningRequest) (state.CertificateRequest, bool) {
	if csr.Spec.SignerName != certificatesv1.KubeletServingSignerName {
		return state.CertificateRequest{}, false
	}
	r := state.CertificateRequest{Name: csr.Name, User: csr.Spec.Username, Groups: csr.Spec.Groups, PEM: csr.Spec.Request}
	for _, u := range csr.Spec.Usages {
		r.Usages = append(r.Usages, string(u))
	}
	return r, true
}

func pending(csr *certificatesv1.CertificateSigningRequest) bool {
	return len(csr.Status.Certificate) == 0 && len(csr.Status.Conditions) == 0
}

func approved(csr *certificatesv1.CertificateSigningRequest) bool {
	ok := false
	for _, cond := range csr.Status.Conditions {
		switch cond.Type {
		case certificatesv1.CertificateDenied, certificatesv1.CertificateFailed:
			return false
		case certificatesv1.CertificateApproved:
			ok = cond.Status == corev1.ConditionTrue
		}
	}
	return ok
}
