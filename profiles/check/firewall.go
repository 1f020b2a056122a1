package check

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
)

// firewallTable is the table that the machine has; nil with no reason where it has none.
func (f *found) firewallTable() (t *table, why string) {
	if !f.firewalled {
		f.rules, f.noRules = f.readFirewall()
		f.firewalled = true
	}
	return f.rules, f.noRules
}

func (f *found) readFirewall() (t *table, why string) {
	if why := f.node.Unread["Table"]; why != "" {
		return nil, why + "; have nft (package nftables) answer on the machine, or judge by hand who may reach it"
	}
	text := f.node.Table
	if strings.TrimSpace(text) == "" {
		return nil, ""
	}
	// What stands before it is about one machine, and is all that machines of one role
	// do not have the same.
	if at := strings.Index(text, "table inet"); at > 0 {
		text = text[at:]
	}
	t, err := readOnce(f.texts, "table", []byte(text), readTable)
	if err != nil {
		return nil, err.Error()
	}
	return t, ""
}

// noTable is why it is not known what a firewall of somebody else's does.
const noTable = "no table of bulwark's; another firewall may be there"

// others is why it is not known who gets to a machine without bulwark's table.
func (f *found) others() string {
	switch all := f.node.OtherFirewalls; {
	case all == nil:
		return noTable
	case len(all) == 0:
		return "no firewall was found on the machine; whether something before it keeps others off is not known"
	default:
		return "no table of bulwark's; another firewall is in charge (" + orNone(all) + "), whose rules are not judged: see by hand that it drops what no rule lets in and whom it " +
			"lets reach each port, or have it give way and `bulwark apply` load the spec's table"
	}
}

// readIt is what to do where rules are not understood.
const readIt = "read it by `nft list table inet bulwark`, or have `bulwark apply` load the spec's table again"

func (f *found) firewall() (value any, shown, why string) {
	t, why := f.firewallTable()
	switch {
	case why != "":
		return nil, "", why
	case t != nil:
	case f.node.OtherFirewalls == nil && !f.subject.Cluster.Foreign: // so it is rendered
		return &Firewall{}, "no table inet bulwark", ""
	case f.node.OtherFirewalls == nil || len(f.node.OtherFirewalls) > 0:
		return nil, "", f.others()
	default:
		return &Firewall{}, "no table inet bulwark, and no other firewall", ""
	}
	drops, why := t.drops()
	switch {
	case t.dormant:
		return &Firewall{Loaded: true}, "table inet bulwark, which is dormant: the kernel judges nothing by it", ""
	case why != "":
		return nil, "", "whether table inet bulwark drops what no rule lets in: " + why + "; " + readIt
	case drops:
		return &Firewall{Loaded: true, Drops: true}, "table inet bulwark, drops what no rule lets in", ""
	}
	return &Firewall{Loaded: true}, "table inet bulwark, lets in what no rule is about", ""
}

// openFrom is whom the table lets reach a port. Without one everybody may, as far as it
// is concerned; whether something else keeps them off is not known.
func (f *found) openFrom(port string) (cty.Value, error) {
	what := "who reaches " + port
	if f.node == nil {
		return f.unread(cty.List(cty.String), what, notReached)
	}
	t, why := f.firewallTable()
	switch {
	case why != "":
		return f.unread(cty.List(cty.String), what, "%s", why)
	case t == nil:
		return f.unread(cty.List(cty.String), what, "%s", f.others())
	}
	open := t.reach(port)
	if open.why != "" {
		return f.unread(cty.List(cty.String), what, "%s", open.why)
	}
	f.saw(Seen{What: what, Value: orNone(open.from)})
	return gocty.ToCtyValue(open.from, cty.List(cty.String))
}
