package state

import (
	"strings"
	"testing"
)

// What is left of a key file is one still, and what is left of that is the same.
func TestWithoutKeysIsTheSameAgain(t *testing.T) {
	const text = "resources:\n- providers:\n  - kms: {apiVersion: v2, name: a2V5, endpoint: unix:///a2V5}\n  - aesgcm: {keys: [{name: a, secret: a2V5}]}\n  - identity: {}\n  resources: [secrets, widgets.example.com, '*.apps']\n"
	once, err := WithoutKeys([]byte(text))
	if err != nil || strings.Contains(string(once), "a2V5") {
		t.Fatalf("%s, %v", once, err)
	}
	twice, err := WithoutKeys(once)
	if err != nil || string(twice) != string(once) {
		t.Errorf("%s, then %s, %v", once, twice, err)
	}
	rules, err := EncryptionRules(once)
	if err != nil || len(rules) != 1 || strings.Join(rules[0].Providers, " ") != "kms aesgcm identity" || len(rules[0].Resources) != 3 {
		t.Errorf("%+v, %v", rules, err)
	}
	for _, text := range []string{"", "a2V5", "resources: []", "resources: [{resources: [secrets]}]", "resources: [{resources: [Secrets], providers: [{identity: {}}]}]",
		"resources: [{resources: [secrets], providers: [{}]}]", "resources: [{resources: [secrets], providers: [{a2V5: {}}]}]", "\t}"} {
		if kept, err := WithoutKeys([]byte(text)); err == nil || kept != nil || strings.Contains(err.Error(), "a2V5") {
			t.Errorf("%s: %s, %v", text, kept, err)
		}
	}
}
