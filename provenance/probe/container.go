package probe

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
)

// Container is what this process runs in, as far as its files tell.
type Container struct {
	Runtime string `json:"runtime"`       // docker, podman, containerd, cri-o, lxc, kubernetes, or unknown
	ID      string `json:"id,omitempty"`  // 64 hexadecimal digits
	Pod     string `json:"pod,omitempty"` // UID of the Kubernetes pod
	Cgroups string `json:"cgroups"`       // v1, v2 or unknown
	Seen    string `json:"seen"`          // the file that says so
	Job     string `json:"job,omitempty"` // such as slurm job 4242, by the control group
}

var (
	containerID = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	podUID      = regexp.MustCompile(`pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})`)
	slurmJob    = regexp.MustCompile(`/slurm(?:stepd\.scope)?(?:_[^/]*)?/(?:uid_\d+/)?job_(\d+)`)
)

// container looks for the marks that container runtimes leave. None is normal.
func (r *reader) container() *Container {
	groups := r.cgroups()
	c := Container{Cgroups: groups.version(), Job: groups.job()}
	c.fromPaths(groups.text, "/proc/"+r.Process+"/cgroup")
	switch {
	case r.exists(".dockerenv"):
		c.seen("docker", "/.dockerenv")
	case r.exists("run/.containerenv"):
		c.seen("podman", "/run/.containerenv")
	}
	if data, err := r.read("proc/"+r.Process+"/mountinfo", maxTable); err == nil {
		c.fromMounts(string(data), "/proc/"+r.Process+"/mountinfo")
	}
	if r.exists("var/run/secrets/kubernetes.io/serviceaccount") || r.exists("run/secrets/kubernetes.io/serviceaccount") {
		c.seen("kubernetes", "/run/secrets/kubernetes.io/serviceaccount")
	}
	if c.Runtime == "" && c.Job == "" {
		return nil
	}
	return &c
}

// seen keeps the first runtime that a file names.
func (c *Container) seen(runtime, file string) {
	if c.Runtime == "" || c.Runtime == "unknown" {
		c.Runtime, c.Seen = runtime, file
	}
}

// fromPaths reads the names that runtimes give control groups: /docker/ID,
// docker-ID.scope, libpod-ID.scope, cri-containerd-ID.scope, crio-ID.scope,
// /kubepods/.../podUID/ID, /lxc/NAME.
func (c *Container) fromPaths(text, file string) {
	switch {
	case strings.Contains(text, "kubepods"):
		c.seen("kubernetes", file)
	case strings.Contains(text, "/docker"):
		c.seen("docker", file)
	case strings.Contains(text, "libpod"):
		c.seen("podman", file)
	case strings.Contains(text, "cri-containerd"):
		c.seen("containerd", file)
	case strings.Contains(text, "crio-"):
		c.seen("cri-o", file)
	case strings.Contains(text, "/lxc"):
		c.seen("lxc", file)
	}
	c.identify(text)
	if c.ID != "" {
		c.seen("unknown", file)
	}
}

// fromMounts finds, in a control-group name space that hides the paths, the
// files that runtimes and kubelet bind into the container.
func (c *Container) fromMounts(text, file string) {
	for line := range strings.Lines(text) {
		switch {
		case strings.Contains(line, "/kubelet/pods/"):
			if at := strings.Index(line, "/kubelet/pods/"); c.Pod == "" {
				c.pod("pod" + line[at+len("/kubelet/pods/"):])
			}
			c.seen("kubernetes", file)
		case strings.Contains(line, "/docker/containers/"):
			c.identify(line)
			c.seen("docker", file)
		case strings.Contains(line, "/overlay-containers/"):
			c.identify(line)
			c.seen("podman", file)
		}
	}
}

func (c *Container) identify(text string) {
	if c.ID == "" {
		c.ID = containerID.FindString(text)
	}
	c.pod(text)
}

func (c *Container) pod(text string) {
	if m := podUID.FindStringSubmatch(text); c.Pod == "" && m != nil {
		c.Pod = strings.ReplaceAll(m[1], "_", "-")
	}
}

func (r *reader) exists(name string) bool {
	_, err := fs.Stat(r.host, name)
	return err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid)
}

// cgroups is the control groups of a process (cgroups(7), /proc/PID/cgroup).
type cgroups struct {
	text    string
	devices string // v1: path in the hierarchy of the devices controller
	unified bool
	legacy  bool
}

func (r *reader) cgroups() cgroups {
	data, err := r.read("proc/"+r.Process+"/cgroup", maxTable)
	if err != nil {
		return cgroups{}
	}
	return parseCgroups(string(data))
}

// parseCgroups reads "hierarchy:controllers:path" lines.
func parseCgroups(text string) cgroups {
	g := cgroups{text: text}
	for line := range strings.Lines(text) {
		number, rest, ok := strings.Cut(strings.TrimRight(line, "\n"), ":")
		controllers, path, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || !strings.HasPrefix(path, "/") {
			continue
		}
		if number == "0" && controllers == "" {
			g.unified = true
			continue
		}
		g.legacy = true
		for c := range strings.SplitSeq(controllers, ",") {
			if c == "devices" {
				g.devices = path
			}
		}
	}
	return g
}

func (g cgroups) version() string {
	switch {
	case g.legacy:
		return "v1"
	case g.unified:
		return "v2"
	}
	return "unknown"
}

func (g cgroups) job() string {
	if m := slurmJob.FindStringSubmatch(g.text); m != nil {
		return "slurm job " + m[1]
	}
	return ""
}
