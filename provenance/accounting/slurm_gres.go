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

// allocated is what a job's AllocTRES says of its generic resources.
type allocated struct {
	held   []gres
	unread []string // of other resources than GPUs, whose number is none of devices
	others bool     // some are known to hold no accelerators
}

// gresOf reads the devices in AllocTRES. gres/gpu and gres/gpu:TYPE hold the same
// devices: what the first holds beyond the types has no name. Of every other
// generic resource the same is true, and its word is the one that sacct prints,
// as in gres/shard: a shard or an MPS percentage is a part of a GPU, a site may
// call its accelerators gres/npu, and whether a resource holds chips is for the
// table to say. gres/gpumem and gres/gpuutil are readings and no devices. What is
// wrong with another resource says nothing of the GPUs beside it.
func gresOf(tres string) (allocated, error) {
	var names []string
	all, typed := map[string]uint64{}, map[string]uint64{}
	var a allocated
	for part := range strings.SplitSeq(tres, ",") {
		resource, value, _ := strings.Cut(part, "=")
		name, kind, isTyped := strings.Cut(resource, ":")
		if !strings.HasPrefix(name, "gres/") || name == "gres/gpumem" || name == "gres/gpuutil" {
			continue
		}
		if noAccelerator(strings.TrimPrefix(name, "gres/")) {
			a.others = true
			continue
		}
		count, err := gresCount(resource, value)
		if err != nil && name == "gres/gpu" {
			return allocated{}, err
		}
		if err != nil {
			a.unread = append(a.unread, err.Error())
			continue
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		switch {
		case !isTyped:
			all[name] = count
		case count > 0:
			typed[name], a.held = typed[name]+count, append(a.held, gres{gresWord(name, kind), count})
		}
	}
	for _, name := range names {
		if all[name] > typed[name] {
			a.held = append(a.held, gres{gresWord(name, ""), all[name] - typed[name]})
		}
	}
	return a, nil
}

func gresCount(resource, value string) (uint64, error) {
	count, err := strconv.ParseUint(value, 10, 40)
	if err != nil {
		return 0, fmt.Errorf("AllocTRES %.60q: expected a number of devices; sacct prints it whole with its option noconvert, and a --chips table may say that %.40q holds 0 chips", resource+"="+value, resource)
	}
	return count, named("gres type", resource)
}

// noAccelerator tells the names that sites give to what is no accelerator:
// room, networks and licences. A name that is not here stays a word to explain.
func noAccelerator(name string) bool {
	switch strings.ToLower(name) {
	case "tmp", "tmpdisk", "tmpfs", "localtmp", "local_tmp", "localdisk", "local_disk", "localscratch", "local_scratch", "scratch", "disk", "ssd", "nvme", "bb", "hugepages",
		"nic", "nics", "hca", "ib", "craynetwork", "bandwidth", "network", "license", "licenses", "licence", "lic":
		return true
	}
	return false
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
