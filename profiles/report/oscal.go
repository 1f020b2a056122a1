package report

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	oscal "github.com/defenseunicorns/go-oscal/src/types/oscal-1-1-3"
	"github.com/google/uuid"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// oscalSpace is what our own properties are told apart by. It is a name, not a page.
const oscalSpace = "https://github.com/bulwark-k8s/bulwark/ns/oscal"

// oscalWriter makes the assessment results of one document. Their ids are made of what
// the document says, so that the same audit is the same file.
type oscalWriter struct {
	d *Document
	// root is of this document, cluster of the cluster: nodes keep their id for ever.
	root, cluster uuid.UUID
	when          time.Time
}

// oscalOf is OSCAL's assessment results: an observation for each finding, and for each
// control one finding that says what comes of them.
func oscalOf(d *Document) ([]byte, error) {
	content, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte(oscalSpace))
	w := oscalWriter{d: d, root: uuid.NewSHA1(space, content), cluster: uuid.NewSHA1(space, []byte(d.Cluster)), when: time.Unix(0, 0).UTC()}
	if d.Time != "" {
		if w.when, err = time.Parse(time.RFC3339, d.Time); err != nil {
			return nil, err
		}
	}
	plan := w.id(w.root, "plan")
	results := oscal.AssessmentResults{
		UUID: w.root.String(),
		Metadata: oscal.Metadata{Title: "Audit of " + d.Cluster + ", " + d.State(), LastModified: w.when, Version: d.FormatVersion, OscalVersion: oscal.Version,
			Props: w.props("profiles", strings.Join(d.Profiles, " "), "kubernetes", d.Kubernetes), Remarks: w.remarks()},
		ImportAp: oscal.ImportAp{Href: "#" + plan, Remarks: "The plan is the catalogue of controls that was asked."},
		Results:  []oscal.Result{w.result()},
		BackMatter: &oscal.BackMatter{Resources: &[]oscal.Resource{{UUID: plan, Title: "The controls that were asked",
			Description: "Each control of the chosen profiles is asked of each node that it is about, or of the cluster."}}},
	}
	b, err := json.MarshalIndent(oscal.OscalModels{AssessmentResults: &results}, "", "  ")
	return append(b, '\n'), err
}

// remarks are the notes, and that a time has no meaning where nothing was looked at:
// OSCAL cannot do without one.
func (w oscalWriter) remarks() string {
	notes := w.d.Notes
	if w.d.Time == "" {
		notes = append([]string{"No machine was looked at, and the times of this document stand for none."}, notes...)
	}
	for _, x := range w.d.Deviations {
		notes = append(notes, "Deviation "+x.ID+": "+x.Reason)
	}
	return strings.Join(notes, "\n\n")
}

func (w oscalWriter) result() oscal.Result {
	r := oscal.Result{UUID: w.id(w.root, "result"), Title: "Audit of " + w.d.Cluster, Description: "The cluster " + w.d.Cluster + ", " + w.d.State() + ".", Start: w.when}
	if w.d.Time != "" {
		r.End = &w.when
	}
	components := []oscal.SystemComponent{{UUID: w.subject(""), Type: "this-system", Title: w.d.Cluster, Description: "The cluster " + w.d.Cluster + ".",
		Status: oscal.SystemComponentStatus{State: map[bool]string{true: "under-development", false: "operational"}[w.d.Rendered]}}}
	var nodes []oscal.InventoryItem
	for _, n := range w.d.Nodes {
		nodes = append(nodes, oscal.InventoryItem{UUID: w.subject(n), Description: "The node " + n + ".", Props: &[]oscal.Property{{Name: "asset-id", Value: n}}})
	}
	r.LocalDefinitions = &oscal.LocalDefinitions{Components: &components, InventoryItems: list(nodes)}
	var asked []oscal.AssessedControlsSelectControlById
	var observations []oscal.Observation
	var findings []oscal.Finding
	of := map[string][]Finding{}
	for _, f := range w.d.Findings {
		if of[f.ID] == nil {
			asked = append(asked, oscal.AssessedControlsSelectControlById{ControlId: token(f.ID)})
		}
		of[f.ID] = append(of[f.ID], f)
		observations = append(observations, w.observation(f))
	}
	selection := oscal.AssessedControls{IncludeControls: list(asked)}
	if len(asked) == 0 {
		selection.Description = "None was asked."
	}
	r.ReviewedControls.ControlSelections = []oscal.AssessedControls{selection}
	for _, f := range w.d.Findings {
		if all := of[f.ID]; all != nil {
			findings = w.finding(findings, all)
			of[f.ID] = nil
		}
	}
	r.Observations, r.Findings = list(observations), list(findings)
	return r
}

// observation is what was seen of one control on one node.
func (w oscalWriter) observation(f Finding) oscal.Observation {
	verdict, _ := f.Verdict.MarshalText()
	o := oscal.Observation{UUID: w.observed(f), Title: f.ID, Description: f.sentence(), Methods: []string{"TEST"}, Collected: w.when,
		Props: w.props("verdict", string(verdict)), Remarks: strings.Join(f.lines()[len(f.Evidence):], "\n\n"),
		Subjects: &[]oscal.SubjectReference{{SubjectUuid: w.subject(f.Node), Type: map[bool]string{true: "component", false: "inventory-item"}[f.Node == ""], Title: f.Node}}}
	if w.d.Rendered || f.Verdict == profiles.Review {
		o.Methods = []string{"EXAMINE"}
	}
	var evidence []oscal.RelevantEvidence
	for _, e := range f.Evidence {
		evidence = append(evidence, oscal.RelevantEvidence{Description: e.String()})
	}
	o.RelevantEvidence = list(evidence)
	return o
}

// finding adds what comes of a control. It is satisfied where it is met on every node
// that it applies to; where it applies to none there is nothing to say.
func (w oscalWriter) finding(to []oscal.Finding, all []Finding) []oscal.Finding {
	var worst profiles.Verdict
	var seen []oscal.RelatedObservation
	where := map[profiles.Verdict][]string{}
	for _, f := range all {
		seen = append(seen, oscal.RelatedObservation{ObservationUuid: w.observed(f)})
		if f.Node != "" {
			where[f.Verdict] = append(where[f.Verdict], f.Node)
		}
		if rank(f.Verdict) > rank(worst) {
			worst = f.Verdict
		}
	}
	if worst == "" || worst == profiles.NotApplicable {
		return to
	}
	c := all[0]
	for _, f := range all {
		if f.Verdict == worst {
			c = f
			break
		}
	}
	status := oscal.ObjectiveStatus{State: "not-satisfied", Reason: "other", Remarks: c.sentence()}
	if c.Waiver != nil {
		status.Remarks += "\n\n" + c.Waiver.String()
	}
	switch worst {
	case profiles.Pass:
		status.State, status.Reason = "satisfied", "pass"
	case profiles.Fail:
		status.Reason = "fail"
	case profiles.Waived, profiles.Unknown, profiles.Review, profiles.NotApplicable:
	}
	description := c.Title + "."
	for _, v := range profiles.Verdicts() {
		if nodes := where[v]; len(nodes) > 0 {
			description += " " + heading(v) + " on " + strings.Join(nodes, ", ") + "."
		}
	}
	verdict, _ := worst.MarshalText()
	props := w.props("verdict", string(verdict), "standard", c.Standard, "section", c.Section, "references", strings.Join(c.Refs, " "))
	return append(to, oscal.Finding{UUID: w.id(w.root, "finding", c.ID), Title: c.ID, Description: description, Props: props, RelatedObservations: list(seen),
		Target: oscal.FindingTarget{Type: "objective-id", TargetId: token(c.ID), Title: c.Title, Status: status}, Remarks: c.Advice()})
}

func (w oscalWriter) observed(f Finding) string { return w.id(w.root, "observation", f.ID, f.Node) }

// subject is the id of a node, or of the cluster.
func (w oscalWriter) subject(node string) string { return w.id(w.cluster, "subject", node) }

func (w oscalWriter) id(space uuid.UUID, of ...string) string {
	b, _ := json.Marshal(of) // of texts: it cannot fail
	return uuid.NewSHA1(space, b).String()
}

// props are pairs of a name and a value; OSCAL has none with an empty value.
func (w oscalWriter) props(pairs ...string) *[]oscal.Property {
	var out []oscal.Property
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := strings.TrimSpace(pairs[i+1]); value != "" {
			out = append(out, oscal.Property{Name: pairs[i], Ns: oscalSpace, Value: value})
		}
	}
	return list(out)
}

// list is nil of nothing: OSCAL has no empty lists.
func list[T any](all []T) *[]T {
	if len(all) == 0 {
		return nil
	}
	return &all
}

// unnamed are the characters that a token of OSCAL does not have.
var unnamed = regexp.MustCompile(`[^\p{L}\p{N}._-]`)

// token is an id as OSCAL has names: it begins with a letter.
func token(id string) string {
	id = unnamed.ReplaceAllString(id, "_")
	if !regexp.MustCompile(`^[\p{L}_]`).MatchString(id) {
		id = "_" + id
	}
	return id
}
