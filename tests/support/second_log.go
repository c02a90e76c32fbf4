// The second implementation: Go's x/mod/sumdb checks notes, proofs and tiles. Cases come in as lines of JSON, and for
// each a line goes out: "ok", or why it is refused.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Key      string            // verifier key of the log
	Note     []byte            // checkpoint
	Leaf     []byte            // with Number and Proof: inclusion
	Number   int64
	Proof    [][]byte          // of inclusion, or of consistency with Old
	Old      []byte            // an older checkpoint
	Tiles    map[string][]byte // by the path that Go has for them: from them the root, and a proof for Leaf
	Sign     string            // signing key: answers with the note signed by Go
	Text     []byte
}

func hash(raw []byte) (h tlog.Hash, err error) {
	if len(raw) != len(h) {
		return h, fmt.Errorf("a hash of %d bytes", len(raw))
	}
	copy(h[:], raw)
	return h, nil
}

func hashes(raw [][]byte) (out []tlog.Hash, err error) {
	for _, one := range raw {
		h, err := hash(one)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// open verifies a checkpoint as C2SP `tlog-checkpoint` has it: x/mod reads only those of the sum database.
func open(raw []byte, key string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tree, err
	}
	signed, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("not three lines of this log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, fmt.Errorf("not a size")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return tree, err
	}
	tree.Hash, err = hash(root)
	return tree, err
}

// stored reads the tiles of a case.
type stored struct {
	tiles map[string][]byte
}

func (s stored) Height() int { return 8 }

func (s stored) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		found, ok := s.tiles[tile.Path()]
		if !ok {
			return nil, fmt.Errorf("no tile %s", tile.Path())
		}
		data = append(data, found)
	}
	return data, nil
}

func (s stored) SaveTiles([]tlog.Tile, [][]byte) {}

func check(one request) (string, error) {
	if one.Sign != "" {
		signer, err := note.NewSigner(one.Sign)
		if err != nil {
			return "", err
		}
		signed, err := note.Sign(&note.Note{Text: string(one.Text)}, signer)
		return base64.StdEncoding.EncodeToString(signed), err
	}
	tree, err := open(one.Note, one.Key)
	if err != nil {
		return "", err
	}
	path, err := hashes(one.Proof)
	if err != nil {
		return "", err
	}
	if one.Tiles != nil { // TileHashReader authenticates each tile against the root of the checkpoint
		reader := tlog.TileHashReader(tree, stored{one.Tiles})
		made, err := tlog.ProveRecord(tree.N, one.Number, reader)
		if err != nil {
			return "", err
		}
		if len(made) != len(path) {
			return "", fmt.Errorf("another proof is made of the tiles")
		}
		for at := range made {
			if !bytes.Equal(made[at][:], path[at][:]) {
				return "", fmt.Errorf("another proof is made of the tiles")
			}
		}
	}
	if one.Leaf != nil {
		err = tlog.CheckRecord(tlog.RecordProof(path), tree.N, tree.Hash, one.Number, tlog.RecordHash(one.Leaf))
		if err != nil {
			return "", err
		}
	}
	if one.Old != nil {
		old, err := open(one.Old, one.Key)
		if err != nil {
			return "", err
		}
		if err = tlog.CheckTree(tlog.TreeProof(path), tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return "", err
		}
	}
	return "ok", nil
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var one request
		answer := ""
		err := json.Unmarshal(in.Bytes(), &one)
		if err == nil {
			answer, err = check(one)
		}
		if err != nil {
			answer = "refused: " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Fprintln(out, answer)
	}
}
