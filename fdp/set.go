package fdp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/weighbridge/weighbridge/meter"
)

// Set returns the facts with one of them changed, for what-if: path is that of the
// canonical document, such as recipient.location or operations[0].estimate, and an
// index one past the end of a list adds to it. value is YAML; numbers keep every
// digit, and null takes the fact out: it is then not stated. Setting the estimate
// of an interval makes it one number. What was set is declared. The facts
// themselves are unchanged. The error says what the path or the value should be.
func (f Facts) Set(path, value string) (Facts, error) {
	data, err := f.Encode()
	if err != nil {
		return Facts{}, err
	}
	steps, err := pathSteps(path)
	if err != nil {
		return Facts{}, fmt.Errorf("%s: %w", clip(path), err)
	}
	tree, err := exactTree(data)
	if err != nil {
		return Facts{}, err
	}
	wanted, err := plainValue(value)
	if err != nil {
		return Facts{}, fmt.Errorf("%s: %w", path, err)
	}
	if tree, err = put(tree, steps, wanted); err != nil {
		return Facts{}, fmt.Errorf("%s: %w", path, err)
	}
	changed, err := json.Marshal(tree)
	if err != nil {
		return Facts{}, err
	}
	out, err := ParseFacts(changed, path)
	var refused *DocumentError
	if errors.As(err, &refused) {
		return Facts{}, fmt.Errorf("%s = %s: %s", path, clip(value), refused.Message)
	}
	return out.WithGrades(gradesBut(f.Grades(), path)), err
}

// gradesBut leaves out the grades of what stands at a path, under it, or above it.
func gradesBut(grades map[string]meter.Grade, path string) map[string]meter.Grade {
	out := map[string]meter.Grade{}
	for at, grade := range grades {
		if !under(at, path) && !under(path, at) {
			out[at] = grade
		}
	}
	return out
}

func under(path, above string) bool {
	rest, found := strings.CutPrefix(path, above)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

var (
	pathForm = regexp.MustCompile(`^[a-z_]+(\[[0-9]{1,6}\])*(\.[a-z_]+(\[[0-9]{1,6}\])*)*$`)
	pathStep = regexp.MustCompile(`[a-z_]+|[0-9]+`)
)

// pathSteps takes a path apart into field names and indices.
func pathSteps(path string) ([]any, error) {
	if len(path) > maxText || !pathForm.MatchString(path) {
		return nil, fmt.Errorf("expected the path of a fact, as in recipient.location or operations[0].estimate")
	}
	var steps []any
	for _, s := range pathStep.FindAllString(path, -1) {
		if n, err := strconv.Atoi(s); err == nil {
			steps = append(steps, n)
		} else {
			steps = append(steps, s)
		}
	}
	return steps, nil
}

func exactTree(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	return tree, decoder.Decode(&tree)
}

// plainValue reads a value with its numbers as text, so that none loses a digit:
// a facts document takes them quoted.
func plainValue(value string) (any, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(value), &n); err != nil || len(n.Content) != 1 {
		return nil, fmt.Errorf("found %q, expected a value: a word, a number, [a list] or {a: mapping}; null for not stated", clip(value))
	}
	return plainNode(n.Content[0])
}

func plainNode(n *yaml.Node) (any, error) {
	switch {
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		return nil, fmt.Errorf("an alias or an anchor: write the value out")
	case n.Kind == yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := plainNode(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case n.Kind == yaml.MappingNode:
		fields := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := plainNode(n.Content[i+1])
			if _, twice := fields[n.Content[i].Value]; twice {
				err = fmt.Errorf("key %q stands twice; keep one", clip(n.Content[i].Value))
			}
			if err != nil {
				return nil, err
			}
			fields[n.Content[i].Value] = v
		}
		return fields, nil
	case n.Tag == "!!null":
		return nil, nil
	case n.Tag == "!!bool" && (n.Value == "true" || n.Value == "false"):
		return n.Value == "true", nil
	}
	return n.Value, nil
}

// put sets the value at the end of the steps, and returns the tree.
func put(at any, steps []any, value any) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	if index, isIndex := steps[0].(int); isIndex {
		return putItem(at, index, steps[1:], value)
	}
	name := steps[0].(string)
	fields, ok := at.(map[string]any)
	if at == nil {
		fields, ok = map[string]any{}, true
	}
	if !ok {
		return nil, fmt.Errorf("%s: found no mapping there", name)
	}
	changed, err := put(fields[name], steps[1:], value)
	if err != nil {
		return nil, err
	}
	if len(steps) == 1 && name == "estimate" && value != nil {
		delete(fields, "low")
		delete(fields, "high")
	}
	if fields[name] = changed; changed == nil {
		delete(fields, name)
	}
	return fields, nil
}

func putItem(at any, index int, steps []any, value any) (any, error) {
	list, ok := at.([]any)
	if !ok && at != nil {
		return nil, fmt.Errorf("[%d]: found no list there", index)
	}
	if index > len(list) {
		return nil, fmt.Errorf("[%d]: the list has %d entries; [%d] would add one", index, len(list), len(list))
	}
	if index == len(list) {
		list = append(list, nil)
	}
	changed, err := put(list[index], steps, value)
	if err != nil {
		return nil, err
	}
	if list[index] = changed; changed == nil {
		list = append(list[:index], list[index+1:]...)
	}
	return list, nil
}
