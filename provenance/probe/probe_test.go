package probe

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/weighbridge/weighbridge/provenance"
)

func catalogue(t testing.TB) *provenance.Catalogue {
	t.Helper()
	c, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestHosts reads every tree in testdata/hosts and compares what was found with
// the archive's own "expected".
func TestHosts(t *testing.T) {
	archives, err := filepath.Glob("testdata/hosts/*.txtar")
	if err != nil || len(archives) < 8 {
		t.Fatalf("%d host trees: %v", len(archives), err)
	}
	sources, err := os.ReadFile("testdata/hosts/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range archives {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(sources), "`"+name+"`") {
				t.Error("README.md does not say where the tree's shape comes from")
			}
			sources, want := hostTree(t, path)
			inventory, err := Read(sources)
			if err != nil {
				t.Fatal(err)
			}
			if got := render(inventory); got != want {
				t.Errorf("found:\n%s\nexpected:\n%s", got, want)
			}
		})
	}
}

// guarded is a tree in which some files cannot be read, and some have no end:
// what a MapFS cannot be.
type guarded struct{ fstest.MapFS }

func (g guarded) Open(name string) (fs.File, error) {
	if file, ok := g.MapFS[name]; ok {
		switch string(file.Data) {
		case "!permission\n":
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		case "!huge\n":
			return endless{}, nil
		}
	}
	return g.MapFS.Open(name)
}

// endless is a file of zeros without end.
type endless struct{}

func (endless) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }
func (endless) Close() error               { return nil }

// hostTree reads a tree. The files environ, nvidia-smi-q-x and nvidia-smi-L are no
// part of it: they are what the job's environment and NVIDIA's tool say.
func hostTree(t testing.TB, path string) (Sources, string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tree, want, smi := fstest.MapFS{}, "", map[string][]byte{}
	sources := Sources{Catalogue: catalogue(t), Host: guarded{tree}}
	for _, f := range archive.Files {
		link, target, isLink := strings.Cut(f.Name, " -> ")
		switch {
		case f.Name == "expected":
			want = string(f.Data)
		case f.Name == "environ":
			sources.Environment = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case strings.HasPrefix(f.Name, "nvidia-smi-"):
			smi[f.Name] = f.Data
		case isLink:
			tree[link] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
		default:
			tree[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	if document, ok := smi["nvidia-smi-q-x"]; ok {
		report, err := ParseSMI(document, smi["nvidia-smi-L"])
		if err != nil {
			t.Fatal(err)
		}
		sources.NVIDIA = &report
	}
	return sources, want
}

func render(i Inventory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cpu %q, %d cores, %d bytes, kernel %q, machine %q\n", i.CPU, i.Cores, i.Memory, i.Kernel, i.Machine)
	for _, g := range i.Groups() {
		fmt.Fprintf(&b, "%d x %s (%s) %s, %d held\n", g.Count, g.Product, g.PCI, g.ECCN, g.Held)
	}
	if i.Container != nil {
		fmt.Fprintf(&b, "container %+v\n", *i.Container)
	}
	if i.NVIDIA+i.Source+i.Confidential+i.AMD != "" {
		fmt.Fprintf(&b, "nvidia driver %q by %q, confidential computing %q, amd driver %q\n", i.NVIDIA, i.Source, i.Confidential, i.AMD)
	}
	for _, d := range i.Devices {
		fmt.Fprintf(&b, "device %s %s/%s known=%t %q driver %q calls it %q uuid %q", d.Address, d.PCI, d.Subsystem, d.Known, d.Classification.Clause, d.Driver, d.DriverName, d.UUID)
		if len(d.Candidates) > 0 {
			fmt.Fprintf(&b, " one of %q", d.Candidates)
		}
		if d.Serial+d.VBIOS != "" || d.Memory > 0 || d.NVLinks > 0 || d.Fabric != nil {
			fmt.Fprintf(&b, " serial %q vbios %q memory %d nvlinks %d fabric %+v", d.Serial, d.VBIOS, d.Memory, d.NVLinks, d.Fabric)
		}
		if !d.Held {
			b.WriteString(" NOT HELD")
		}
		b.WriteByte('\n')
		for _, s := range d.Slices {
			fmt.Fprintf(&b, "  slice %s %q %d/%d of computation, %d bytes, held=%t\n", s.UUID, s.Profile, s.Compute, s.ComputeOf, s.Memory, s.Held)
		}
	}
	for _, f := range i.Findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Code, f.Message)
	}
	return b.String()
}

// TestTreeOnDisk: the same tree as real files and relative links under os.DirFS,
// and under os.Root, gives the same inventory as in memory.
func TestTreeOnDisk(t *testing.T) {
	for _, name := range []string{"h100-sxm8", "mi300x-vm8", "no-accelerator", "container"} {
		sources, want := hostTree(t, "testdata/hosts/"+name+".txtar")
		dir := t.TempDir()
		for path, file := range sources.Host.(guarded).MapFS {
			writeFile(t, filepath.Join(dir, path), file)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		for kind, files := range map[string]fs.FS{"os.DirFS": os.DirFS(dir), "os.Root": root.FS()} {
			sources.Host = files
			inventory, err := Read(sources)
			got := strings.ReplaceAll(strings.ReplaceAll(render(inventory), "openat ", "open "), "no such file or directory", "file does not exist")
			if err != nil || got != want {
				t.Errorf("%s under %s: %v, found:\n%s\nexpected:\n%s", name, kind, err, got, want)
			}
		}
	}
}

// TestLinkToItself: the kernel ends such a loop with an error, a tree in memory
// does not, so this one is on disk.
func TestLinkToItself(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "sys/bus/pci/devices/0000:01:00.0"), &fstest.MapFile{Data: []byte("0000:01:00.0"), Mode: fs.ModeSymlink})
	inventory, err := Read(Sources{Host: os.DirFS(dir), Catalogue: catalogue(t)})
	if err != nil || len(inventory.Devices) != 0 || !slices.ContainsFunc(inventory.Findings, func(f Finding) bool { return f.Code == "device-unreadable" }) {
		t.Errorf("found %+v, %v", inventory, err)
	}
}

func writeFile(t *testing.T, path string, file *fstest.MapFile) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil && file.Mode&fs.ModeSymlink != 0 {
		err = os.Symlink(string(file.Data), path)
	} else if err == nil {
		err = os.WriteFile(path, file.Data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestThisMachine: whatever runs the tests has processors, or says that it
// could not see them.
func TestThisMachine(t *testing.T) {
	inventory, err := Read(Sources{Host: os.DirFS("/"), Catalogue: catalogue(t)})
	if err != nil {
		t.Fatal(err)
	}
	if inventory.Cores == 0 && len(inventory.Findings) == 0 {
		t.Errorf("neither processors nor a finding: %+v", inventory)
	}
	t.Logf("\n%s", render(inventory))
}

// crowd is a bus with many devices: a MapFS walks all its files for each one
// that is missing.
type crowd struct {
	fstest.MapFS
	entries []fs.DirEntry
}

func (c crowd) ReadDir(string) ([]fs.DirEntry, error) { return c.entries, nil }

func (c crowd) Open(name string) (fs.File, error) {
	if _, ok := c.MapFS[name]; !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return c.MapFS.Open(name)
}

// TestManyDevices: 50 000 devices are listed, and 50 000 broken ones give a
// page of findings.
func TestManyDevices(t *testing.T) {
	bus := crowd{MapFS: fstest.MapFS{}}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const each = 50_000
	for i := range 2 * each {
		address := fmt.Sprintf("%04x:%02x:00.0", i>>8, i&0xff)
		dir := "sys/bus/pci/devices/" + address + "/"
		bus.entries = append(bus.entries, entry(address))
		bus.MapFS[dir+"class"], bus.MapFS[dir+"vendor"], bus.MapFS[dir+"device"] = file("0x030200\n"), file("0x10de\n"), file("0x2330\n")
		if i%2 == 1 {
			bus.MapFS[dir+"vendor"] = file("rubbish\n")
		}
	}
	inventory, err := Read(Sources{Host: bus, Catalogue: catalogue(t), Environment: []string{"CUDA_VISIBLE_DEVICES=0,GPU-none,5"}})
	if err != nil {
		t.Fatal(err)
	}
	if groups := inventory.Groups(); len(groups) != 1 || groups[0].Count != each || groups[0].ECCN != provenance.ECCN3A090A {
		t.Errorf("found %v, expected %d H100", groups, each)
	}
	if len(inventory.Findings) > 40 {
		t.Errorf("%d findings, expected a page", len(inventory.Findings))
	}
	if !slices.Contains(inventory.Findings, Finding{"device-absurd", fmt.Sprintf("and %d more of this kind", each-maxPerCode)}) {
		t.Errorf("the findings do not count what they leave out: %v", inventory.Findings)
	}
}

// entry is a directory entry of which only the name is asked.
type entry string

func (e entry) Name() string               { return string(e) }
func (e entry) IsDir() bool                { return false }
func (e entry) Type() fs.FileMode          { return fs.ModeSymlink }
func (e entry) Info() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

func TestMissingArguments(t *testing.T) {
	if _, err := Read(Sources{Catalogue: catalogue(t)}); err == nil {
		t.Error("no files were read without an error")
	}
	if _, err := Read(Sources{Host: fstest.MapFS{}}); err == nil {
		t.Error("no catalogue was taken without an error")
	}
}

func TestCountList(t *testing.T) {
	for text, want := range map[string]int{"0": 1, "0-3": 4, "0-3,8": 5, "0-63,65,70-71": 67} {
		if got, ok := countList(text); !ok || got != want {
			t.Errorf("%q: found %d, %t, expected %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", "3-0", "0-", "a", "0-99999999", "0,,1", "0-1048575,0-1048575", " 0"} {
		if got, ok := countList(text); ok {
			t.Errorf("%q: counted as %d", text, got)
		}
	}
}

// FuzzRead: whatever the files hold, there is an inventory, every device has a
// product, and nothing that a terminal obeys gets through.
func FuzzRead(f *testing.F) {
	f.Add("0x030200\n", "0x10de\n", "0x2330\n", "0x16c1\n", "DRIVER=nvidia\n", "Model: \t\t NVIDIA H100 80GB HBM3\nGPU UUID: \t GPU-1\n", "processor\t: 0\nmodel name\t: X\n", "MemTotal: 1 kB\n", "0-3\n")
	f.Add("0x120000\n", "0x1002\n", "0x740c\n", "0x0b0c\n", "DRIVER=\n", "", "CPU part\t: 0xd40\n", "MemTotal: -1 kB\n", "0-\n")
	f.Add("", "\x00", "0x", "zz", "\x1b[31m", ":", ":", ":", ",")
	c := catalogue(f)
	f.Fuzz(func(t *testing.T, class, vendor, device, subsystem, uevent, information, cpuinfo, meminfo, online string) {
		file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
		dir := "sys/bus/pci/devices/0000:01:00.0/"
		inventory, err := Read(Sources{Catalogue: c, Environment: []string{"CUDA_VISIBLE_DEVICES=" + online, "ROCR_VISIBLE_DEVICES=" + online}, Host: fstest.MapFS{
			dir + "class": file(class), dir + "vendor": file(vendor), dir + "device": file(device), dir + "subsystem_vendor": file("0x10de"),
			dir + "subsystem_device": file(subsystem), dir + "uevent": file(uevent), dir + "product_name": file(information), dir + "unique_id": file(information),
			"proc/driver/nvidia/gpus/0000:01:00.0/information": file(information), "proc/cpuinfo": file(cpuinfo), "proc/meminfo": file(meminfo),
			"sys/devices/system/cpu/online": file(online), "proc/sys/kernel/osrelease": file(information), "proc/self/cgroup": file(uevent), "proc/self/mountinfo": file(uevent),
			"sys/class/kfd/kfd/topology/nodes/1/gpu_id": file("7"), "sys/class/kfd/kfd/topology/nodes/1/properties": file(meminfo),
		}})
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join([]string{inventory.CPU, inventory.Kernel}, "")
		for _, d := range inventory.Devices {
			if d.Product == "" || d.ECCN() == "" {
				t.Errorf("a device without a product or class: %+v", d)
			}
			if d.Known && len(d.Candidates) > 0 {
				t.Errorf("known, and one of several: %+v", d)
			}
			text += d.Product + d.DriverName + d.UUID + d.Driver
		}
		for _, finding := range inventory.Findings {
			text += finding.Message
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
			t.Errorf("a control character came through: %q", text)
		}
	})
}
