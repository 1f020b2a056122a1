package spec

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/hashicorp/hcl/v2"
)

const (
	maxFileBytes  = 1 << 20  // one *.hcl file
	maxTotalBytes = 16 << 20 // all of a folder's
	maxFiles      = 256
	maxReadBytes  = 4 << 20 // a file named by file()
)

// Files are the sources by the name diagnostics use, for a view that prints
// snippets. A file that is not printable text has no bytes here.
type Files map[string]*hcl.File

// source is one file of text.
type source struct {
	name  string // as the user would type it
	bytes []byte
}

// folder is the folder a spec lives in. Nothing outside it is ever opened.
type folder struct {
	root *os.Root
	path string
}

// errNotRegular is a pipe, a device, a socket or a folder where a file was meant.
var errNotRegular = errors.New("it is not a regular file")

// errTooLarge is a file over its limit.
var errTooLarge = errors.New("it is larger")

// openSpec finds the files of a spec: the file itself, or every *.hcl file of
// a folder that is not hidden.
func openSpec(path string) (*folder, []string, error) {
	if path == "" {
		path = "."
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	dir := path
	if !info.IsDir() {
		dir = filepath.Dir(path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	f := &folder{root: root, path: dir}
	if !info.IsDir() {
		return f, []string{filepath.Base(path)}, nil
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".hcl") && !strings.HasPrefix(n, ".") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return f, names, nil
}

// display is the name of a file as the user would type it.
func (f *folder) display(name string) string {
	if f.path == "." {
		return name
	}
	return filepath.Join(f.path, name)
}

// read returns a regular file's bytes. It does not wait for a writer of a
// pipe, follows no link out of the folder, and reads no more than limit.
func (f *folder) read(name string, limit int64) ([]byte, error) {
	// Asked before opening: to open a device can already do something.
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	// Asked again of what was opened: the name may mean another file by now.
	if info, err = file.Stat(); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%w than %d bytes", errTooLarge, limit)
	}
	// Files under /proc say size 0, and a file may grow: the limit is on what is read.
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w than %d bytes", errTooLarge, limit)
	}
	return b, nil
}
