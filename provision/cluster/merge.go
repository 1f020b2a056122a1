package cluster

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WeakensError says why a raw setting is refused.
type WeakensError struct {
	Setting Setting
	// Given is the value that was refused, as it was written.
	Given string
	// Why completes the sentence "apiserver profiling = true …".
	Why string
}

// Error names the hardened value, the controls that ask for it, and what to do.
func (e *WeakensError) Error() string {
	s := e.Setting
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s = %s %s", s.Component, s.Key, readable(e.Given), e.Why)
	if len(s.Refs) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(s.Refs, ", "))
	}
	switch {
	case s.Rule == Fixed && s.Use == "":
		fmt.Fprintf(&b, "; leave the line out")
	case s.Rule == Fixed || s.Rule == Forbidden:
		fmt.Fprintf(&b, "; leave the line out: %s", s.Use)
	case s.Rule == OneOf:
		fmt.Fprintf(&b, "; leave the line out, or write one of them")
	case s.Use != "":
		fmt.Fprintf(&b, ": %s; leave the line out, or write a value that is as strict", s.Use)
	default:
		fmt.Fprintf(&b, "; leave the line out, or write a value that is as strict")
	}
	return b.String()
}

// readable is a value as a sentence can hold it: a spec may name anything.
func readable(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "…"
	}
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` || s == "" {
		return quoted
	}
	return s
}

// Check says why a raw setting is refused, or nil: for a value that is as
// strict as the hardened one or stricter, and for a key that hardens nothing.
// Values of arguments are strings; those of configuration files decoded JSON.
func Check(component, key string, value any) error {
	_, err := Merge(component, key, value)
	return err
}

// Merge is what a raw setting comes to beside the hardened one: the stricter
// of the two, or both together where they add up.
func Merge(component, key string, value any) (any, error) {
	if err := spelling(component, key); err != nil {
		return nil, err
	}
	if s, ok := value.(string); ok && strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == 0x2028 || r == 0x2029 }) {
		return nil, fmt.Errorf("%s %s holds a new line or another control character; write it in one line", component, key)
	}
	if s, ok := value.(string); ok && len(s) > maxArgument {
		return nil, fmt.Errorf("%s %s has more than %d characters; no setting needs as many", component, key, maxArgument)
	}
	s, ok := Lookup(component, key)
	if !ok {
		return value, nil
	}
	return s.merge(value)
}

// maxArgument is the most that one value may hold.
const maxArgument = 16 << 10

var (
	// A gate behind an argument is spelt as it is: feature-gates.AllAlpha, runtime-config.api/all.
	argName   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(\.[A-Za-z0-9/]+)?$`)
	fieldName = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)
)

// spelling refuses other ways to write a key: components take --token_auth_file
// for --token-auth-file, and it would pass as unknown.
func spelling(component, key string) error {
	if isConfig(component) {
		if !fieldName.MatchString(key) {
			return fmt.Errorf("%q is no field of %s; fields have plain letters and digits", key, component)
		}
		for _, s := range SettingsOf(component) {
			if s.Key != key && strings.EqualFold(s.Key, key) {
				return fmt.Errorf("%q is no field of %s; did you mean %q?", key, component, s.Key)
			}
		}
		return nil
	}
	if !argName.MatchString(key) {
		return fmt.Errorf("%q is no argument of %s; write it in small letters, with - between words and none in front, as in %q", key, component, "request-timeout")
	}
	return nil
}

func isConfig(component string) bool { return component == CompKubelet || component == CompKubeProxy }

// merge applies the setting's rule.
func (s Setting) merge(value any) (any, error) {
	given := written(value)
	refuse := func(format string, args ...any) (any, error) {
		return nil, &WeakensError{Setting: s, Given: given, Why: fmt.Sprintf(format, args...)}
	}
	switch s.Rule {
	case Forbidden:
		return refuse("is never allowed")
	case Fixed:
		if s.Value != nil && written(s.Value) == given {
			return value, nil
		}
		if s.Value == nil {
			return refuse("is not the spec's to set")
		}
		return refuse("cannot be changed from %s", written(s.Value))
	case TrueWins, FalseWins:
		b, ok := s.boolean(value)
		if !ok {
			return refuse("is neither true nor false")
		}
		if b != (s.Rule == TrueWins) {
			return refuse("weakens the hardened %s", written(s.Value))
		}
		if _, isText := value.(string); isText {
			return strconv.FormatBool(b), nil // "F" and "0" are the same to a flag, and not to who reads it
		}
		return value, nil
	case Minimum, Maximum, Between:
		return s.number(value, refuse)
	case Ordered:
		at, floor := slices.Index(s.Levels, given), slices.Index(s.Levels, written(s.Value))
		if at < 0 {
			return refuse("is none of %s", strings.Join(s.Levels[floor:], ", "))
		}
		if at < floor {
			return refuse("weakens the hardened %s", written(s.Value))
		}
		return value, nil
	case Union, Intersection, Exempt, Beneath:
		return s.list(value, refuse)
	case Pairs:
		return value, s.pairs(given)
	case OneOf:
		if !slices.Contains(s.Levels, given) {
			return refuse("is none of %s", strings.Join(s.Levels, ", "))
		}
	}
	return value, nil
}

// unbounded is above every number a setting may have.
const unbounded = 1 << 62

type refusal func(format string, args ...any) (any, error)

func (s Setting) number(value any, refuse refusal) (any, error) {
	n, ok := s.count(value)
	low, high := s.Low, s.High
	if bound, ok := s.Value.(int64); ok && s.Rule == Minimum {
		low, high = bound, unbounded
	} else if ok && s.Rule == Maximum {
		low, high = 1, bound
	}
	show := func(n int64) string {
		if s.isTime() {
			return time.Duration(n).String()
		}
		return strconv.FormatInt(n, 10)
	}
	switch {
	case !ok && s.isTime():
		return refuse("is no time such as 5m")
	case !ok:
		return refuse("is no whole number")
	case n < low || n > high:
		if high == unbounded {
			return refuse("must be at least %s", show(low))
		}
		return refuse("must lie between %s and %s", show(low), show(high))
	}
	if _, isText := value.(string); isText && !s.isTime() {
		return strconv.FormatInt(n, 10), nil // a flag would read "010" as 8
	}
	return value, nil
}

// isTime says whether the bounds are times: no count goes that high.
func (s Setting) isTime() bool { return s.High >= int64(time.Second) }

func (s Setting) count(value any) (int64, bool) {
	if s.isTime() {
		text, ok := value.(string)
		d, err := time.ParseDuration(text)
		return int64(d), ok && err == nil
	}
	switch v := value.(type) {
	case int64:
		return v, true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil && !isConfig(s.Component)
	}
	return 0, false
}

func (s Setting) boolean(value any) (is, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		b, err := strconv.ParseBool(v) // as the flags read it: "T" and "1" too
		return b, err == nil && !isConfig(s.Component)
	}
	return false, false
}

func (s Setting) list(value any, refuse refusal) (any, error) {
	var have []string
	switch v := value.(type) {
	case string:
		if isConfig(s.Component) {
			return refuse("is no list")
		}
		if strings.Contains(v, `"`) {
			// The component would take the quotes away, and see another word.
			return refuse("holds a quote; write the words alone, with commas between them")
		}
		for _, e := range strings.Split(v, ",") {
			if e = strings.TrimSpace(e); e != "" {
				have = append(have, e)
			}
		}
	case []any:
		for _, e := range v {
			have = append(have, written(e))
		}
	default:
		return refuse("is no list")
	}
	ours, _ := s.Value.([]string)
	if s.Rule == Union {
		for _, e := range have {
			if slices.Contains(s.Never, e) {
				return refuse("has %s, which is never allowed", e)
			}
		}
		var more []string
		for _, e := range have {
			if !slices.Contains(ours, e) && !slices.Contains(more, e) {
				more = append(more, e)
			}
		}
		return s.likeGiven(value, slices.Concat(ours, more)), nil
	}
	for _, e := range have {
		if !slices.Contains(ours, e) {
			if len(ours) == 0 {
				return refuse("has %s, and the hardened list is empty", e)
			}
			return refuse("has %s, which is none of %s", e, strings.Join(ours, ", "))
		}
	}
	if len(have) == 0 && s.Written {
		return refuse("is empty, which leaves the choice to the component")
	}
	if s.Keep != "" && !slices.Contains(have, s.Keep) {
		return refuse("lacks %s, without which there is no HTTP/2 over TLS 1.2 with the cluster's ECDSA certificates, and the component does not start or serve (suites of TLS 1.3 are not in this list)", s.Keep)
	}
	return s.likeGiven(value, have), nil
}

// likeGiven is a list in the form the value had: joined for an argument.
func (s Setting) likeGiven(value any, list []string) any {
	if _, ok := value.(string); ok {
		return strings.Join(list, ",")
	}
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = e
	}
	return out
}

// pairs checks each part of "A=true,B=false" as a setting of its own.
func (s Setting) pairs(given string) error {
	for _, pair := range strings.Split(given, ",") {
		name, value, has := strings.Cut(strings.TrimSpace(pair), "=")
		if !has {
			value = "true" // as runtime-config reads a name alone
		}
		// "kube:AllAlpha" is the gate of one of the program's parts.
		gate := strings.TrimSpace(name[strings.LastIndexByte(name, ':')+1:])
		if sub, ok := Lookup(s.Component, s.Key+"."+gate); ok {
			if _, err := sub.merge(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// written is a value as an argument or a sentence shows it.
func written(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(v)
}

// Arg is the hardened value as a command line argument holds it.
func (s Setting) Arg() string { return written(s.Value) }
