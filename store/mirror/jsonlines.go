package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLine bounds a line of JSON: far above any case, so a longer one is another kind of file.
const maxLine = 1 << 20

func (r *reader) readJSONLines(file string) error {
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
			return fmt.Errorf("%s line %d: %w (nothing was imported)", r.base, line, err)
		}
		rec := record{line: line, cells: map[string]string{}}
		for i, k := range keys {
			if !slices.Contains(Columns, k) {
				r.leaveOut("key", k)
				continue
			}
			cell, fault := jsonCell(k, values[i])
			if rec.cells[k] = cell; fault != "" {
				rec.faults = append(rec.faults, fault)
			}
		}
		r.take(rec)
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

// jsonCell is a value as the cell of a table has it; several domains may be a list.
func jsonCell(column string, v any) (cell, fault string) {
	switch v := v.(type) {
	case nil:
		return "", ""
	case string:
		return strings.TrimSpace(v), ""
	case map[string]any:
		return "", column + " is a JSON object; give a text"
	case []any:
		if column != "domain" {
			return "", column + " is a JSON list; give a text"
		}
		return domains(v)
	default:
		return fmt.Sprint(v), ""
	}
}

func domains(list []any) (cell, fault string) {
	var names []string
	for _, v := range list {
		name, ok := v.(string)
		if !ok {
			return "", "domain is a list of something else than texts; give the names"
		}
		names = append(names, name)
	}
	return strings.Join(names, " "), ""
}
