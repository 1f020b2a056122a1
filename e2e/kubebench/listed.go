package kubebench

import (
	"regexp"
	"strings"
)

// Listed are the controls that a page of documentation has a row for, each with what the
// page says of it, in the parts between <!-- NAME:begin --> and <!-- NAME:end -->. A row
// begins with the id as kube-bench has it, or as bulwark has it, and ends with the reason.
func Listed(page string, parts ...string) map[string]string {
	listed := map[string]string{}
	for _, part := range parts {
		_, rest, _ := strings.Cut(page, "<!-- "+part+":begin -->")
		rows, _, ended := strings.Cut(rest, "<!-- "+part+":end -->")
		if !ended {
			continue
		}
		for _, row := range row.FindAllStringSubmatch(rows, -1) {
			cells := strings.Split(strings.Trim(row[2], "| "), "|")
			listed[standard+strings.TrimPrefix(row[1], standard)] = strings.TrimSpace(cells[len(cells)-1])
		}
	}
	return listed
}

// row is a row of a table whose first cell is an id.
var row = regexp.MustCompile(`(?m)^\| *((?:CIS-)?[0-9][-0-9.]*) *\|(.+)$`)
