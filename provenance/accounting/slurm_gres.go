package accounting

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// gres is a number of devices under the word that a --chips table explains; the
// word is empty for GPUs whose type nobody names.
type gres struct {
	kind  string
	count uint64
}

// gresOf reads the devices in AllocTRES. gres/gpu and gres/gpu:TYPE hold the same
// devices: what the first holds beyond the types has no name. Of every other
// generic resource the same is true, and its word is the one that sacct prints,
// as in gres/shard: a shard or an MPS percentage is a part of a GPU, a site may
// call its accelerators gres/npu, and whether a resource holds chips is for the
// table to say. gres/gpumem and gres/gpuutil are readings and no devices.
func gresOf(tres string) ([]gres, error) {
	var names []string
	all, typed := map[string]uint64{}, map[string]uint64{}
	var list []gres
	for part := range strings.SplitSeq(tres, ",") {
		resource, value, _ := strings.Cut(part, "=")
		name, kind, isTyped := strings.Cut(resource, ":")
		if !strings.HasPrefix(name, "gres/") || name == "gres/gpumem" || name == "gres/gpuutil" {
			continue
		}
		count, err := strconv.ParseUint(value, 10, 40)
		if err != nil {
			return nil, fmt.Errorf("AllocTRES %.60q: expected a number of devices", part)
		}
		if err := named("gres type", resource); err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		switch {
		case !isTyped:
			all[name] = count
		case count > 0:
			typed[name], list = typed[name]+count, append(list, gres{gresWord(name, kind), count})
		}
	}
	for _, name := range names {
		if all[name] > typed[name] {
			list = append(list, gres{gresWord(name, ""), all[name] - typed[name]})
		}
	}
	return list, nil
}

// gresWord is what a site calls a device: of a GPU its type alone.
func gresWord(name, kind string) string {
	switch {
	case name == "gres/gpu":
		return kind
	case kind == "":
		return name
	}
	return name + ":" + kind
}
