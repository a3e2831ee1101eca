package estimate

import (
	"maps"
	"slices"
	"strings"
)

// slidingWindow reads an optional window that every layer has.
func (c *config) slidingWindow(d stack) []span {
	w := c.sizeOr("sliding_window", 0, MaxSequence)
	return []span{{layers: d.layers, window: w}}
}

// everyNth gives all layers the window but each nth, counted from 1: the
// pattern of models that mix local and global attention.
func everyNth(layers, window, n uint64) []span {
	global := layers / n
	return localGlobal(layers-global, window, global)
}

// layerTypes reads the list that newer configurations have; without one the
// family's own pattern holds.
func (c *config) layerTypes(window uint64, pattern []span) []span {
	list, found := c.words("layer_types")
	if !found {
		return pattern
	}
	var local, global uint64
	for _, kind := range list {
		switch kind {
		case "sliding_attention":
			local++
		case "full_attention":
			global++
		default:
			c.problem("layer_types", "found %q, expected full_attention or sliding_attention", clip(kind))
		}
	}
	if local != 0 && window == 0 {
		c.problem("sliding_window", "missing: %d of the layer_types are sliding_attention: expected the window in tokens", local)
	}
	return localGlobal(local, window, global)
}

// localGlobal is some layers with a window and some that see all keys.
func localGlobal(local, window, global uint64) []span {
	return []span{{layers: local, window: window}, {layers: global}}
}

// kinds counts the layers of each kind in a list of words; without the list the
// pattern given holds. Its keys are the kinds that the family knows.
func (c *config) kinds(name string, pattern map[string]uint64) map[string]uint64 {
	list, found := c.words(name)
	if !found {
		return pattern
	}
	known := slices.Sorted(maps.Keys(pattern))
	count := map[string]uint64{}
	for _, kind := range list {
		if !slices.Contains(known, kind) {
			c.problem(name, "found %q, expected one of %s", clip(kind), strings.Join(known, ", "))
		}
		count[kind]++
	}
	return count
}
