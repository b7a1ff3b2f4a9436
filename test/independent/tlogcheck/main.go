// Tlogcheck verifies a log folder with nothing of ours: golang.org/x/mod checks the checkpoint's
// signature and authenticates every tile up to the signed root; every entry is hashed against its leaf.
//
//	tlogcheck FOLDER VKEY
//
// It prints "ok SIZE ROOT", or one line with the reason and exits with 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

func main() {
	if len(os.Args) != 3 {
		fmt.Println("usage: tlogcheck FOLDER VKEY")
		os.Exit(2)
	}
	tree, err := verify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("ok %d %s\n", tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:]))
}

func verify(folder, vkey string) (tlog.Tree, error) {
	tree, err := openCheckpoint(folder, vkey)
	if err != nil {
		return tree, fmt.Errorf("checkpoint: %w", err)
	}
	// What this reader returns has been hashed up to tree.Hash.
	leaves := tlog.TileHashReader(tree, tiles(folder))
	root, err := tlog.TreeHash(tree.N, leaves)
	if err != nil {
		return tree, fmt.Errorf("tiles: %w", err)
	}
	if root != tree.Hash {
		return tree, errors.New("tiles: another root than the checkpoint's")
	}
	var hashes []tlog.Hash
	for first := int64(0); first < tree.N; first += tileWidth {
		width := min(tree.N-first, tileWidth)
		recomputed, err := checkBundle(folder, leaves, first, width)
		if err != nil {
			return tree, fmt.Errorf("entries from %d: %w", first, err)
		}
		hashes = append(hashes, recomputed...)
	}
	if tree.N > 0 && rootOf(hashes) != tree.Hash {
		return tree, errors.New("entries: another root than the checkpoint's")
	}
	return tree, nil
}

// openCheckpoint reads origin, size and root (C2SP tlog-checkpoint) from the signed note.
func openCheckpoint(folder, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("another origin than the key's")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// checkBundle returns the leaf hashes of an entry bundle (C2SP tlog-tiles, "Log entries"), once they
// are those of the authenticated level 0 tile.
func checkBundle(folder string, leaves tlog.HashReader, first, width int64) ([]tlog.Hash, error) {
	bundle := tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: int(width)}
	bytes, err := os.ReadFile(tilePath(folder, bundle))
	if err != nil {
		return nil, err
	}
	places := make([]int64, width)
	for i := range places {
		places[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	expected, err := leaves.ReadHashes(places)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, width)
	for i := range hashes {
		if len(bytes) < 2 {
			return nil, errors.New("the bundle is cut")
		}
		length := int(binary.BigEndian.Uint16(bytes))
		if len(bytes) < 2+length {
			return nil, errors.New("the bundle is cut")
		}
		hashes[i] = tlog.RecordHash(bytes[2 : 2+length])
		if hashes[i] != expected[i] {
			return nil, fmt.Errorf("entry %d is not the one whose hash is in the tree", first+int64(i))
		}
		bytes = bytes[2+length:]
	}
	if len(bytes) > 0 {
		return nil, errors.New("the bundle goes on after its last entry")
	}
	return hashes, nil
}

// rootOf is the Merkle Tree Hash of RFC 6962, section 2.1, without any tile.
func rootOf(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	split := 1
	for split*2 < len(hashes) {
		split *= 2
	}
	return tlog.NodeHash(rootOf(hashes[:split]), rootOf(hashes[split:]))
}

// tiles is the folder as a tlog.TileReader.
type tiles string

func (folder tiles) Height() int { return tileHeight }

func (folder tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(wanted))
	for i, tile := range wanted {
		bytes, err := os.ReadFile(tilePath(string(folder), tile))
		if err != nil {
			return nil, err
		}
		read[i] = bytes
	}
	return read, nil
}

func (folder tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// tilePath turns sumdb's tile/8/0/000 and tile/8/data/000 into C2SP's tile/0/000 and tile/entries/000.
func tilePath(folder string, tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if rest, isEntries := strings.CutPrefix(path, "data/"); isEntries {
		path = "entries/" + rest
	}
	return filepath.Join(folder, "tile", path)
}
