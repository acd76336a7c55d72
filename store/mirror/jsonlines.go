package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// maxLine bounds a line of JSON: far above any case, so a longer one is another kind of file.
const maxLine = 1 << 20

func readJSONLines(file string, each func(int, map[string]string), warn func(string)) error {
	b, err := text(file)
	if err != nil {
		return err
	}
	line := 0
	for l := range bytes.Lines(b) {
		line++
		if l = bytes.TrimSpace(l); len(l) == 0 {
			continue
		}
		keys, values, err := jsonObject(l)
		if err != nil {
			return fmt.Errorf("%s line %d: %w (nothing was imported)", filepath.Base(file), line, err)
		}
		cells := map[string]string{}
		for i, k := range keys {
			if !slices.Contains(Columns, k) {
				warn(fmt.Sprintf("key %q is unknown and left out", k))
			}
			cells[k] = jsonCell(values[i])
		}
		each(line, cells)
	}
	return nil
}

// jsonObject takes a line apart that must be one JSON object and nothing else. Decoding into a map would let the last of two like keys win and leave the rest of
// the line unread.
func jsonObject(line []byte) (keys []string, values []any, err error) {
	if len(line) > maxLine {
		return nil, nil, errors.New("longer than 1 MB, far more than a case; give one JSON object a line")
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, notObject(err)
	}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, nil, notObject(err)
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return nil, nil, notObject(err)
		}
		key := k.(string) // the decoder takes nothing else for a key
		if slices.Contains(keys, key) {
			return nil, nil, fmt.Errorf("key %q stands twice; keep one", key)
		}
		keys, values = append(keys, key), append(values, v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, notObject(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("something stands after the JSON object; give one object a line")
	}
	return keys, values, nil
}

// notObject says why a line is none; nil where it is a sound value of another kind.
func notObject(err error) error {
	switch {
	case err == nil:
		return errors.New("not a JSON object")
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF // the decoder says EOF where the line ends between two tokens
	}
	return fmt.Errorf("not a JSON object: %w", err)
}

// jsonCell is a value as the cell of a table has it.
func jsonCell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case []any:
		var parts []string
		for _, p := range v {
			parts = append(parts, fmt.Sprint(p))
		}
		return strings.Join(parts, " ")
	default:
		return fmt.Sprint(v)
	}
}
