// Command oci packs folders into container images, with no registry and no daemon: it
// reads a description on standard input and writes an OCI image layout as a tar file
// to standard output. `ctr images import` takes it. The description is lines of
//
//	image NAME              starts an image
//	layer DIRECTORY         adds the content of a folder, owned by root
//	user UID:GID            whom the image runs as, root unless said
//	entrypoint PATH         what it runs
//
// A folder named by several images becomes one layer, stored once. The same input
// always gives the same bytes.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("oci: ")
	images, err := parse(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := write(out, images); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// image is one image of the description.
type image struct {
	name, user string
	entrypoint []string
	layers     []string
}

func parse(r io.Reader) ([]*image, error) {
	var images []*image
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		word, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if word == "image" {
			images = append(images, &image{name: value})
			continue
		}
		if len(images) == 0 {
			return nil, fmt.Errorf("%q comes before the first image", word)
		}
		current := images[len(images)-1]
		switch word {
		case "layer":
			current.layers = append(current.layers, value)
		case "user":
			current.user = value
		case "entrypoint":
			current.entrypoint = []string{value}
		default:
			return nil, fmt.Errorf("unknown word %q", word)
		}
	}
	return images, lines.Err()
}

// descriptor points to a blob, in the words of the OCI image specification.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar"
)

// layout writes blobs, each once.
type layout struct {
	out    *tar.Writer
	stored map[string]bool
	layers map[string]descriptor // by folder
}

func write(w io.Writer, images []*image) error {
	l := &layout{out: tar.NewWriter(w), stored: map[string]bool{}, layers: map[string]descriptor{}}
	if err := l.file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	var manifests []descriptor
	for _, img := range images {
		d, err := l.image(img)
		if err != nil {
			return fmt.Errorf("%s: %w", img.name, err)
		}
		manifests = append(manifests, d)
	}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": typeIndex, "manifests": manifests})
	if err != nil {
		return err
	}
	if err := l.file("index.json", index); err != nil {
		return err
	}
	return l.out.Close()
}

func (l *layout) image(img *image) (descriptor, error) {
	var layers []descriptor
	var diffs []string
	for _, dir := range img.layers {
		layer, known := l.layers[dir]
		if !known {
			content, err := pack(dir)
			if err != nil {
				return descriptor{}, err
			}
			if layer, err = l.blob(typeLayer, content); err != nil {
				return descriptor{}, err
			}
			l.layers[dir] = layer
		}
		layers = append(layers, layer)
		diffs = append(diffs, layer.Digest) // a layer that is not compressed is its own diff
	}
	config, err := l.json(typeConfig, map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{
			"User": img.user, "Entrypoint": img.entrypoint, "WorkingDir": "/",
			// Images of the same layers would else be one image of several names, which is
			// what a node would then report for each of them.
			"Labels": map[string]string{"org.opencontainers.image.title": img.name},
			"Env":    []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
	if err != nil {
		return descriptor{}, err
	}
	manifest, err := l.json(typeManifest, map[string]any{
		"schemaVersion": 2, "mediaType": typeManifest, "config": config, "layers": layers,
	})
	manifest.Annotations = map[string]string{"io.containerd.image.name": img.name}
	return manifest, err
}

func (l *layout) json(mediaType string, value any) (descriptor, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, err
	}
	return l.blob(mediaType, content)
}

func (l *layout) blob(mediaType string, content []byte) (descriptor, error) {
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	d := descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: len(content)}
	if l.stored[sum] {
		return d, nil
	}
	l.stored[sum] = true
	return d, l.file("blobs/sha256/"+sum, content)
}

func (l *layout) file(name string, content []byte) error {
	if err := l.out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := l.out.Write(content)
	return err
}

// pack makes a layer of a folder: in the order of names, without times and owners.
func pack(dir string) ([]byte, error) {
	var buffer bytes.Buffer
	out := tar.NewWriter(&buffer)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		link := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if link, err = os.Readlink(path); err != nil {
				return err
			}
		}
		header, err := tar.FileInfoHeader(info, link)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		*header = tar.Header{Typeflag: header.Typeflag, Name: relative, Linkname: link, Mode: header.Mode, Size: header.Size}
		if err := out.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = out.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return buffer.Bytes(), out.Close()
}
