package disclosure

import (
	"errors"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// Opened is an object with what was disclosed in its place.
type Opened struct {
	JSON   []byte   // without reserved keys; keys sorted, no white space
	Closed int      // digests without a disclosure: hidden, or decoys
	Shown  []string // the paths at which something was inserted
}

// Open puts what the disclosures hold into the object that payload is, by RFC
// 9901, section 7.1, steps 3 to 5: a disclosure that no digest names, one given
// twice, a digest met twice, a name that is there already, an element where a
// member belongs or the other way round are errors, and nothing is then opened.
// The payload must be one that a verified signature covers.
func Open(payload []byte, disclosures []string) (Opened, error) {
	if len(disclosures) > MaxCount {
		return Opened{}, fmt.Errorf("%d disclosures: expected at most %d", len(disclosures), MaxCount)
	}
	tree, err := decode(payload)
	if err != nil {
		return Opened{}, err
	}
	top, ok := tree.(map[string]any)
	if !ok {
		return Opened{}, errors.New("expected a JSON object")
	}
	if alg, there := top[KeyAlgorithm]; there && alg != Algorithm {
		return Opened{}, fmt.Errorf("%s is %v: expected %s", KeyAlgorithm, alg, Algorithm)
	}
	delete(top, KeyAlgorithm)
	o := opener{held: map[string]Disclosure{}, met: map[string]bool{}}
	for _, text := range disclosures {
		if err := o.hold(text); err != nil {
			return Opened{}, err
		}
	}
	if err := o.object(top, "", 0); err != nil {
		return Opened{}, err
	}
	for digest, d := range o.held {
		if !o.met[digest] {
			return Opened{}, fmt.Errorf("a disclosure (%s) belongs to nothing that was signed here: expected one whose digest stands in the payload or in a disclosure beside it", d.label())
		}
	}
	slices.Sort(o.shown) // maps have no order of their own
	out := Opened{Closed: o.closed, Shown: o.shown}
	out.JSON, err = canonical.Encode(top)
	return out, err
}

type opener struct {
	held   map[string]Disclosure // digest -> disclosure
	met    map[string]bool       // digests seen
	closed int
	shown  []string
}

func (o *opener) hold(text string) error {
	d, err := Parse(text)
	if err != nil {
		return err
	}
	digest := Digest(text)
	if _, twice := o.held[digest]; twice {
		return fmt.Errorf("a disclosure (%s) is given twice", d.label())
	}
	o.held[digest] = d
	return nil
}

// label is what an error may say of a disclosure.
func (d Disclosure) label() string {
	if d.Element {
		return "of an array element"
	}
	return fmt.Sprintf("of %.80q", d.Name)
}

// find returns the disclosure of a digest that was met, or false when there is
// none.
func (o *opener) find(digest any) (Disclosure, bool, error) {
	text, ok := digest.(string)
	if !ok {
		return Disclosure{}, false, fmt.Errorf("a digest is a string: found %.40v", digest)
	}
	if o.met[text] {
		return Disclosure{}, false, fmt.Errorf("the digest %.50q stands in two places", text)
	}
	o.met[text] = true
	d, found := o.held[text]
	if !found {
		o.closed++
	}
	return d, found, nil
}

func (o *opener) any(v any, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		return v, o.object(v, path, depth)
	case []any:
		return o.array(v, path, depth)
	}
	return v, nil
}

func (o *opener) object(object map[string]any, path string, depth int) error {
	digests, there := object[KeyDigests]
	delete(object, KeyDigests)
	if _, stray := object[KeyElement]; stray {
		return fmt.Errorf("%q is reserved for the digest of an array element, in an object of one key", KeyElement)
	}
	for name, value := range object {
		value, err := o.any(value, join(path, name), depth+1)
		if err != nil {
			return err
		}
		object[name] = value
	}
	if !there {
		return nil
	}
	list, ok := digests.([]any)
	if !ok {
		return fmt.Errorf("%s: expected an array of digests", KeyDigests)
	}
	for _, digest := range list {
		if err := o.member(object, digest, path, depth); err != nil {
			return err
		}
	}
	return nil
}

func (o *opener) member(object map[string]any, digest any, path string, depth int) error {
	d, found, err := o.find(digest)
	switch {
	case err != nil || !found:
		return err
	case d.Element:
		return fmt.Errorf("a disclosure of an array element stands for a member of %q: expected salt, name and value", path)
	}
	if _, taken := object[d.Name]; taken {
		return fmt.Errorf("a disclosure of %.80q: that name is there already in %q", d.Name, path)
	}
	value, err := decode(d.Value)
	if err == nil {
		object[d.Name], err = o.any(value, join(path, d.Name), depth+1)
	}
	o.shown = append(o.shown, join(path, d.Name))
	return err
}

func (o *opener) array(array []any, path string, depth int) ([]any, error) {
	out := []any{}
	for at, v := range array {
		where := fmt.Sprintf("%s[%d]", path, at)
		if element, ok := v.(map[string]any); ok && len(element) == 1 && element[KeyElement] != nil {
			d, found, err := o.find(element[KeyElement])
			switch {
			case err != nil:
				return nil, err
			case !found:
				continue
			case !d.Element:
				return nil, fmt.Errorf("a disclosure of the member %.80q stands for an element of %q: expected salt and value", d.Name, path)
			}
			if v, err = decode(d.Value); err != nil {
				return nil, err
			}
			o.shown = append(o.shown, where)
		}
		v, err := o.any(v, where, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
