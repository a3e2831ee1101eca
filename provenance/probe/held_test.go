package probe

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestVisibleDevices: what CUDA_VISIBLE_DEVICES leaves of four devices, the last
// of them in MIG mode with two slices.
func TestVisibleDevices(t *testing.T) {
	vectors := []struct{ name, value, held string }{
		{"indices", "0,2", "a c"},
		{"order does not matter", "2,0", "a c"},
		{"twice", "1,1", "b"},
		{"spaces", " 0 , 1 ", "a b"},
		{"empty", "", ""},
		{"minus one", "-1", ""},
		{"stops at minus one", "1,-1,0", "b"},
		{"stops at what is not there", "1,9,0", "b"},
		{"stops at nonsense", "0,zero,1", "a"},
		{"stops at an empty entry", "0,,1", "a"},
		{"none", "none", ""},
		{"a UUID", "GPU-b1", "b"},
		{"a prefix of one", "GPU-a", "a"},
		{"a prefix of two", "GPU-c,0", ""},
		{"the bare word", "GPU-", ""},
		{"no such UUID", "GPU-x,0", ""},
		{"a slice", "MIG-d1", "d/MIG-d1"},
		{"a slice by its older name", "MIG-GPU-cd/2/0", "d/MIG-d2"},
		{"a partitioned device by its number", "3", "d/MIG-d1 d/MIG-d2"},
		{"a partitioned device by its UUID", "GPU-cd", "d/MIG-d1 d/MIG-d2"},
		{"hexadecimal", "0x1", ""},
		{"a number of 20 digits", "99999999999999999999", ""},
		{"a plus sign", "+1", ""},
	}
	for _, v := range vectors {
		devices := []Device{
			{Address: "a", UUID: "GPU-a1", PCI: "10de:2330", Held: true, order: 0}, {Address: "b", UUID: "GPU-b1", PCI: "10de:2330", Held: true, order: 1},
			{Address: "c", UUID: "GPU-cc", PCI: "10de:2330", Held: true, order: 2},
			{Address: "d", UUID: "GPU-cd", PCI: "10de:2330", Held: true, order: 3, Partitioned: true, Slices: []Slice{
				{UUID: "MIG-d1", GPUInstance: 1, Held: true}, {UUID: "MIG-d2", GPUInstance: 2, Held: true}}},
		}
		r := &reader{host: fstest.MapFS{}, counts: map[string]int{}, Sources: Sources{Environment: []string{"CUDA_VISIBLE_DEVICES=" + v.value}}}
		r.settleHeld(devices)
		if got := heldNames(devices); got != v.held {
			t.Errorf("%s (%s): held %q, expected %q", v.name, v.value, got, v.held)
		}
	}
}

func heldNames(devices []Device) string {
	var names []string
	for _, d := range devices {
		if !d.Held {
			continue
		}
		if !d.Partitioned {
			names = append(names, d.Address)
		}
		for _, s := range d.Slices {
			if s.Held {
				names = append(names, d.Address+"/"+s.UUID)
			}
		}
	}
	return strings.Join(names, " ")
}

// TestOtherFences: what else keeps a job from devices, and what does not.
func TestOtherFences(t *testing.T) {
	nodes := fstest.MapFS{"dev/nvidiactl": {}, "dev/nvidia1": {}}
	group := func(rules string) fstest.MapFS {
		return fstest.MapFS{"proc/self/cgroup": {Data: []byte("4:cpu,devices:/job\n")}, "sys/fs/cgroup/devices/job/devices.list": {Data: []byte(rules)}}
	}
	vectors := []struct {
		name string
		host fstest.MapFS
		env  []string
		held string
	}{
		{"nothing", fstest.MapFS{}, nil, "a b c m n"},
		{"device nodes", nodes, nil, "b m n"},
		{"device nodes, and void for the runtime", nodes, []string{"NVIDIA_VISIBLE_DEVICES=void"}, "b m n"},
		{"void, and no nodes", fstest.MapFS{}, []string{"NVIDIA_VISIBLE_DEVICES=void"}, "m n"},
		{"all", fstest.MapFS{}, []string{"NVIDIA_VISIBLE_DEVICES=all"}, "a b c m n"},
		{"named to the runtime", fstest.MapFS{}, []string{"NVIDIA_VISIBLE_DEVICES=1,GPU-c"}, "b c m n"},
		{"device group", group("c 195:0 rwm\nc 195:2 rw\nc 226:* rwm\n"), nil, "a c m n"},
		{"device group without writing", group("c 195:0 r\nc 195:* m\n"), nil, ""},
		{"device group that allows all", group("a *:* rwm\n"), nil, "a b c m n"},
		{"device group of nonsense", group("c 195\nd 195:0 rwm\nc x:y rwm\n"), nil, ""},
		{"device group, and its numbers again", group("c 195:1 rwm\nc 195:2 rwm\n"), []string{"SLURM_JOB_GPUS=1,2", "CUDA_VISIBLE_DEVICES=0"}, "b"},
		{"Slurm alone, on one vendor's devices only", fstest.MapFS{}, []string{"SLURM_JOB_GPUS=1"}, "a b c m n"},
		{"ROCR, then HIP on what is left", fstest.MapFS{}, []string{"ROCR_VISIBLE_DEVICES=1", "HIP_VISIBLE_DEVICES=0"}, "a b c n"},
		{"ROCR by UUID", fstest.MapFS{}, []string{"ROCR_VISIBLE_DEVICES=GPU-00000000000000aa"}, "a b c m"},
		{"HIP reads CUDA's where its own is not set", fstest.MapFS{}, []string{"CUDA_VISIBLE_DEVICES=1"}, "b n"},
		{"HIP's own first", fstest.MapFS{}, []string{"CUDA_VISIBLE_DEVICES=1", "HIP_VISIBLE_DEVICES=0"}, "b m"},
		{"the last value of a variable", fstest.MapFS{}, []string{"CUDA_VISIBLE_DEVICES=1", "CUDA_VISIBLE_DEVICES=0", "HIP_VISIBLE_DEVICES="}, "a"},
		{"render nodes", fstest.MapFS{"dev/kfd": {}, "dev/dri/renderD129": {}}, nil, "a b c n"},
	}
	for _, v := range vectors {
		devices := []Device{
			{Address: "a", UUID: "GPU-a1", PCI: "10de:2330", minor: 0, order: 0, render: -1}, {Address: "b", UUID: "GPU-b1", PCI: "10de:2330", minor: 1, order: 1, render: -1},
			{Address: "c", UUID: "GPU-c1", PCI: "10de:2330", minor: 2, order: 2, render: -1},
			{Address: "m", UUID: "GPU-00000000000000aa", PCI: "1002:74a1", minor: -1, order: 0, render: 128}, {Address: "n", UUID: "GPU-00000000000000ab", PCI: "1002:74a1", minor: -1, order: 1, render: 129},
		}
		for i := range devices {
			devices[i].Held = true
		}
		r := &reader{host: v.host, counts: map[string]int{}, Sources: Sources{Process: "self", Environment: v.env}}
		r.settleHeld(devices)
		if got := heldNames(devices); got != v.held {
			t.Errorf("%s: held %q, expected %q", v.name, got, v.held)
		}
		for _, d := range devices {
			if d.Held == (d.NotHeldBy != "") {
				t.Errorf("%s: %s is held=%t because of %q", v.name, d.Address, d.Held, d.NotHeldBy)
			}
		}
	}
}

// TestSoftwareThatShowsLess: under control groups v2 NVIDIA's software shows only
// what the job may open. Slurm's numbers of the whole machine, and an order to a
// container runtime, are not read against that shorter list.
func TestSoftwareThatShowsLess(t *testing.T) {
	devices := []Device{
		{Address: "a", UUID: "GPU-a1", PCI: "10de:2330", Held: true, minor: 0, order: -1}, {Address: "b", UUID: "GPU-b1", PCI: "10de:2330", Held: true, minor: 1, order: 0},
		{Address: "c", UUID: "GPU-c1", PCI: "10de:2330", Held: true, minor: 2, order: 1},
	}
	devices[0].hide("nvidia-smi does not show it to this process")
	r := &reader{host: fstest.MapFS{}, counts: map[string]int{}, Sources: Sources{Process: "self", NVIDIA: &Report{},
		Environment: []string{"SLURM_JOB_GPUS=1,2", "NVIDIA_VISIBLE_DEVICES=void", "CUDA_VISIBLE_DEVICES=0,1"}}}
	r.settleHeld(devices)
	if got := heldNames(devices); got != "b c" {
		t.Errorf("held %q, expected b and c", got)
	}
}

func TestContainers(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	vectors := map[string]struct{ cgroup, mounts, runtime, id, pod, job string }{
		"docker v1":       {"12:devices:/docker/" + id + "\n", "", "docker", id, "", ""},
		"docker, systemd": {"0::/system.slice/docker-" + id + ".scope\n", "", "docker", id, "", ""},
		"pod v1":          {"3:cpu:/kubepods/burstable/pod3f6c2a1b-9d47-4f6e-8a52-5b1f0c9d7e10/" + id + "\n", "", "kubernetes", id, "3f6c2a1b-9d47-4f6e-8a52-5b1f0c9d7e10", ""},
		"pod v2":          {"0::/kubepods.slice/kubepods-pod3f6c2a1b_9d47_4f6e_8a52_5b1f0c9d7e10.slice/cri-containerd-" + id + ".scope\n", "", "kubernetes", id, "3f6c2a1b-9d47-4f6e-8a52-5b1f0c9d7e10", ""},
		"podman":          {"0::/user.slice/libpod-" + id + ".scope\n", "", "podman", id, "", ""},
		"hidden paths":    {"0::/\n", "1 1 8:2 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw - ext4 x rw\n", "docker", id, "", ""},
		"slurm v2":        {"0::/system.slice/slurmstepd.scope/job_4242/step_0/user/task_0\n", "", "", "", "", "slurm job 4242"},
		"slurm, nodes":    {"4:devices:/slurm_node12/uid_5/job_7/step_batch\n", "", "", "", "", "slurm job 7"},
	}
	for name, v := range vectors {
		r := &reader{counts: map[string]int{}, Sources: Sources{Process: "self"}, host: fstest.MapFS{
			"proc/self/cgroup": {Data: []byte(v.cgroup)}, "proc/self/mountinfo": {Data: []byte(v.mounts)}}}
		c := r.container()
		if c == nil || c.Runtime != v.runtime || c.ID != v.id || c.Pod != v.pod || c.Job != v.job {
			t.Errorf("%s: found %+v, expected %+v", name, c, v)
		}
	}
	bare := &reader{counts: map[string]int{}, Sources: Sources{Process: "self"}, host: fstest.MapFS{"proc/self/cgroup": {Data: []byte("0::/user.slice/session-1.scope\n")}}}
	if c := bare.container(); c != nil {
		t.Errorf("a login session is taken for a container: %+v", c)
	}
}

func FuzzVisibleDevices(f *testing.F) {
	for _, seed := range []string{"0,1", "-1", "GPU-a1,MIG-d", "", ",", "MIG-GPU-cd/1/0", strings.Repeat("0,", 5000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		device := Device{UUID: "GPU-a1"}
		units := numbered([]unit{{device: &device}, {device: &Device{UUID: "GPU-cd"}, slice: &Slice{UUID: "MIG-d1", GPUInstance: 1}}})
		chosen, stopped := visibleList(value, units)
		for at := range chosen {
			if at < 0 || at >= len(units) {
				t.Errorf("%q chose %d of %d", value, at, len(units))
			}
		}
		if stopped == "" && len(chosen) == 0 && strings.TrimSpace(value) != "" {
			t.Errorf("%q chose nothing and did not stop", value)
		}
	})
}

func FuzzCgroup(f *testing.F) {
	f.Add("11:devices:/slurm/uid_1/job_2/step_0\n0::/\n", "c 195:3 rwm\nc 195:* rw\n")
	f.Add("0::/kubepods.slice/x", "a *:* rwm\n")
	f.Add(":::", "c : ")
	f.Fuzz(func(t *testing.T, groups, rules string) {
		g := parseCgroups(groups)
		if g.devices != "" && !strings.HasPrefix(g.devices, "/") {
			t.Errorf("the devices group is %q", g.devices)
		}
		if r, limited := parseDeviceRules(rules); limited {
			for key := range r.allowed {
				if key[0] < 0 || key[1] < anyMinor {
					t.Errorf("%q allows %v", rules, key)
				}
			}
		}
		r := &reader{counts: map[string]int{}, Sources: Sources{Process: "self"}, host: fstest.MapFS{"proc/self/cgroup": {Data: []byte(groups)}, "proc/self/mountinfo": {Data: []byte(groups)}}}
		if c := r.container(); c != nil && strings.ContainsAny(fmt.Sprint(*c), "\n\x1b") {
			t.Errorf("a control character came through: %+v", c)
		}
	})
}

// TestKFDHides: a GPU whose node a control group keeps from this process is not
// the job's (kfd_devcgroup_check_permission), nor is one that KFD does not know.
func TestKFDHides(t *testing.T) {
	node := func(n int, id, location string) fstest.MapFS {
		dir := fmt.Sprintf("sys/class/kfd/kfd/topology/nodes/%d/", n)
		return fstest.MapFS{dir + "gpu_id": {Data: []byte(id)}, dir + "properties": {Data: []byte("simd_count 1216\nlocation_id " + location + "\ndomain 0\nunique_id 7\n")}}
	}
	host := guarded{fstest.MapFS{}}
	for _, files := range []fstest.MapFS{node(0, "0", "0"), node(1, "51140", "1280"), node(2, "!permission\n", "9728")} {
		for name, file := range files {
			host.MapFS[name] = file
		}
	}
	devices := []Device{{Address: "0000:05:00.0", PCI: "1002:74a1", Held: true}, {Address: "0000:26:00.0", PCI: "1002:74a1", Held: true}, {Address: "0000:46:00.0", PCI: "1002:164e", Held: true}}
	r := &reader{host: host, counts: map[string]int{}}
	r.addKFD(devices)
	if got := heldNames(devices); got != "0000:05:00.0" || devices[0].UUID != "GPU-0000000000000007" || len(r.notes) != 0 {
		t.Errorf("held %q, UUID %q, %v", got, devices[0].UUID, r.notes)
	}
}

// TestKFDRefused: lines that no GPU has.
func TestKFDRefused(t *testing.T) {
	good := "simd_count 4\nlocation_id 256\ndomain 0\ndrm_render_minor 128\n"
	if n, ok := parseKFD([]byte(good)); !ok || n.address != "0000:01:00.0" || n.render != 128 {
		t.Errorf("found %+v, %t", n, ok)
	}
	if n, ok := parseKFD([]byte(good + "location_id 1879048448\n")); !ok || n.address != "0000:01:00.0" {
		t.Errorf("a partition is at %q, %t: expected the address of its device", n.address, ok)
	}
	for _, bad := range []string{"", "simd_count 0\n", good + "location_id 65536\n", good + "location_id 99999999999\n", good + "domain 4294967296\n", "simd_count -1\n", good + "simd_count 99999999999\n"} {
		if n, ok := parseKFD([]byte(bad)); ok {
			t.Errorf("%q: found %+v", bad, n)
		}
	}
}

func FuzzKFD(f *testing.F) {
	f.Add("simd_count 4\nlocation_id 256\ndomain 0\n")
	f.Add("simd_count\x00 4")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := parseKFD([]byte(text)); ok && (n.simds == 0 || !slices.Contains([]int{12, 16}, len(n.address)) && !pciAddress.MatchString(n.address)) {
			t.Errorf("found %+v", n)
		}
	})
}
