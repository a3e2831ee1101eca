package attest

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestHostsHaveNoNames: what a site calls its machines and jobs is not attested.
func TestHostsHaveNoNames(t *testing.T) {
	for _, host := range []meter.Host{{Name: "n1"}, {Cluster: "north"}, {Job: "7"}, {Task: "7_1"}} {
		h := exampleHardware()
		h.Hosts = append(h.Hosts, host)
		if err := h.Validate(); err == nil || !strings.Contains(err.Error(), "hosts[1]: found the name or the job of a machine") {
			t.Errorf("%+v: %v", host, err)
		}
	}
}
