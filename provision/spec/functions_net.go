package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"unicode/utf8"

	"github.com/apparentlymart/go-cidr/cidr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// cidrHost is the n-th address of a prefix; negative counts from its end.
func cidrHost() function.Function {
	return function.New(&function.Spec{
		Description: "the address with a number in a prefix",
		Params: []function.Parameter{
			{Name: "prefix", Type: cty.String},
			{Name: "hostnum", Type: cty.Number},
		},
		Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, err := parsePrefix(args[0])
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			n, err := wholeNumber(args[1], 1)
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			ip, err := cidr.Host(network, n)
			if err != nil {
				return cty.UnknownVal(cty.String), function.NewArgErrorf(1, "%s has no address number %d", network, n)
			}
			return cty.StringVal(ip.String()), nil
		},
	})
}

// cidrSubnet is the n-th part of a prefix that is longer by some bits.
func cidrSubnet() function.Function {
	return function.New(&function.Spec{
		Description: "the subnet with a number in a prefix",
		Params: []function.Parameter{
			{Name: "prefix", Type: cty.String},
			{Name: "newbits", Type: cty.Number},
			{Name: "netnum", Type: cty.Number},
		},
		Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, err := parsePrefix(args[0])
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			bits, err := wholeNumber(args[1], 1)
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			n, err := wholeNumber(args[2], 2)
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			sub, err := cidr.Subnet(network, bits, n)
			if err != nil {
				return cty.UnknownVal(cty.String), fmt.Errorf("%s cannot be lengthened by %d bits to hold subnet %d", network, bits, n)
			}
			return cty.StringVal(sub.String()), nil
		},
	})
}

func parsePrefix(v cty.Value) (*net.IPNet, error) {
	_, network, err := net.ParseCIDR(v.AsString())
	if err != nil {
		return nil, function.NewArgErrorf(0, "%q is not a prefix such as 10.0.0.0/24", v.AsString())
	}
	return network, nil
}

func wholeNumber(v cty.Value, arg int) (int, error) {
	n, accuracy := v.AsBigFloat().Int64()
	if accuracy != 0 || n > 1<<31 || n < -(1<<31) {
		return 0, function.NewArgErrorf(arg, "a whole number is needed here")
	}
	return int(n), nil
}

// readFile is the text of a file in the spec's folder, and of no other.
func readFile(from *folder) function.Function {
	return function.New(&function.Spec{
		Description: "the text of a file beside the spec",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			none := cty.UnknownVal(cty.String)
			name := args[0].AsString()
			if from == nil {
				return none, function.NewArgErrorf(0, "files cannot be read here; write the text itself")
			}
			b, err := from.read(name, maxReadBytes)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return none, function.NewArgErrorf(0, "there is no file %q beside the spec, in %s", name, from.path)
			case errors.Is(err, errNotRegular):
				return none, function.NewArgErrorf(0, "%q cannot be read: %s", name, err)
			case errors.Is(err, errTooLarge):
				return none, function.NewArgErrorf(0, "%q cannot be read: %s", name, err)
			case err != nil && escapes(err):
				return none, function.NewArgErrorf(0, "%q lies outside the spec's folder %s; copy the file into it", name, from.path)
			case err != nil:
				return none, function.NewArgErrorf(0, "%q cannot be read: %s", name, cause(err))
			case !utf8.Valid(b):
				return none, function.NewArgErrorf(0, "%q is not UTF-8 text", name)
			case cty.NormalizeString(string(b)) != string(b):
				return none, function.NewArgErrorf(0, "%q holds letters that HCL would rewrite; save it in Unicode normal form C, for example with: uconv -x any-nfc", name)
			}
			return cty.StringVal(string(b)), nil
		},
	})
}

// escapes says whether os.Root refused a path; its error has no value to compare with.
func escapes(err error) bool {
	return cause(err).Error() == "path escapes from parent"
}

// cause is an error without the path it was about.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// envElsewhere answers env outside a variable's default.
func envElsewhere() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type: func([]cty.Value) (cty.Type, error) {
			return cty.String, errors.New("the environment may be read only in a variable's default; declare variable \"x\" { default = env(\"…\") } and use var.x")
		},
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.UnknownVal(cty.String), nil },
	})
}

// env reads the environment that the caller gave; what is not set is null.
func env(lookup func(string) (string, bool)) function.Function {
	return function.New(&function.Spec{
		Description: "a variable of the environment, or null",
		Params:      []function.Parameter{{Name: "name", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if v, ok := lookup(args[0].AsString()); ok {
				return cty.StringVal(v), nil
			}
			return cty.NullVal(cty.String), nil
		},
	})
}
