package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is a node of a file and the path to it.
type Value struct {
	file *File
	node *yaml.Node
	path string
}

// Fail notes a problem with the value.
func (v Value) Fail(format string, args ...any) {
	v.file.add(v.node.Line, v.path, fmt.Sprintf(format, args...))
}

// resolved follows an alias: a mapping may be written once and used by many.
func (v Value) resolved() *yaml.Node {
	if v.node.Kind == yaml.AliasNode {
		return v.node.Alias
	}
	return v.node
}

func (v Value) child(node *yaml.Node, step string) Value {
	path := v.path + step
	if v.path == "" {
		path = strings.TrimPrefix(path, ".")
	}
	return Value{file: v.file, node: node, path: path}
}

// IsText, IsList and IsObject say what the value is written as.
func (v Value) IsText() bool   { return v.resolved().Kind == yaml.ScalarNode }
func (v Value) IsList() bool   { return v.resolved().Kind == yaml.SequenceNode }
func (v Value) IsObject() bool { return v.resolved().Kind == yaml.MappingNode }

// Text gives a single value as it is written: 01 stays "01", and NULL or no
// stay these words. An empty value is a problem.
func (v Value) Text() (string, bool) {
	if !v.IsText() {
		v.Fail("must be a single value")
		return "", false
	}
	n := v.resolved()
	if n.Value == "" {
		v.Fail("must not be empty")
		return "", false
	}
	return n.Value, true
}

// OneOf gives a single value that is one of words.
func (v Value) OneOf(words ...string) (string, bool) {
	s, ok := v.Text()
	if ok && !slices.Contains(words, s) {
		v.Fail("%q is unknown: want %s", s, Or(words))
		return "", false
	}
	return s, ok
}

// List gives the values of a list; an empty list is a problem.
func (v Value) List() []Value {
	if !v.IsList() {
		v.Fail("must be a list")
		return nil
	}
	var out []Value
	for i, n := range v.resolved().Content {
		out = append(out, v.child(n, fmt.Sprintf("[%d]", i)))
	}
	if len(out) == 0 {
		v.Fail("must not be empty")
	}
	return out
}

// Texts gives a list of single values, each once.
func (v Value) Texts() []string {
	var out []string
	for _, item := range v.List() {
		s, ok := item.Text()
		if ok && slices.Contains(out, s) {
			item.Fail("%q stands here twice", s)
		} else if ok {
			out = append(out, s)
		}
	}
	return out
}

// Entry is a key of an object with its value.
type Entry struct {
	Key   string
	Value Value
}

// Entries gives what an object holds, in order and each key once.
func (v Value) Entries() []Entry {
	if !v.IsObject() {
		v.Fail("must be an object of keys and values")
		return nil
	}
	var out []Entry
	content := v.resolved().Content
	for i := 0; i+1 < len(content); i += 2 {
		key := content[i].Value
		value := v.child(content[i+1], "."+key)
		if slices.ContainsFunc(out, func(e Entry) bool { return e.Key == key }) {
			v.child(content[i], "."+key).Fail("stands here twice")
			continue
		}
		out = append(out, Entry{Key: key, Value: value})
	}
	return out
}

// Object gives the values of an object by key. Only the keys named may stand
// in it.
func (v Value) Object(keys ...string) map[string]Value {
	out := map[string]Value{}
	for _, e := range v.Entries() {
		if !slices.Contains(keys, e.Key) {
			e.Value.Fail("unknown: want %s", Or(keys))
			continue
		}
		out[e.Key] = e.Value
	}
	return out
}

// Need gives the value of a key that an object must hold; its absence is a
// problem of the object.
func (v Value) Need(object map[string]Value, key string) (Value, bool) {
	value, ok := object[key]
	if !ok && v.IsObject() {
		v.child(v.node, "."+key).Fail("missing")
	}
	return value, ok
}

// Or joins words for a message: "a", "a or b", "a, b or c".
func Or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
