package sampling

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkSecond is one second of sampling: a scrape of a node with eight
// devices and sixty metrics of each, and its addition to the sums. The share is
// of the second.
func BenchmarkSecond(b *testing.B) {
	var text strings.Builder
	var units []Unit
	for i := range 8 {
		uuid := fmt.Sprintf("GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3%d", i)
		units = append(units, Unit{Product: "NVIDIA H100 SXM5 80GB", UUID: uuid, Chip: uuid, Instance: -1, Share: 1})
		labels := fmt.Sprintf(`{gpu="%d",UUID="%s",pci_bus_id="00000000:0F:00.0",device="nvidia%d",modelName="NVIDIA H100 80GB HBM3",Hostname="host01",container="train",namespace="ml",pod="l8-0"}`, i, uuid, i)
		for name := range dcgmMetrics {
			fmt.Fprintf(&text, "# HELP %s of use\n# TYPE %s gauge\n%s%s 0.412\n", name, name, name, labels)
		}
		for n := range 60 - len(dcgmMetrics) {
			fmt.Fprintf(&text, "DCGM_FI_DEV_OTHER_%d%s 5\n", n, labels)
		}
	}
	c := NewCollector(Options{Units: units, Start: time.UnixMilli(0), Gap: time.Minute})
	at := time.UnixMilli(0)
	for b.Loop() {
		readings, err := ParseExporter(SourceDCGM, strings.NewReader(text.String()))
		if err != nil {
			b.Fatal(err)
		}
		at = at.Add(time.Second)
		c.Observe(SourceDCGM, at, readings)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*100, "%-of-one-core")
	b.ReportMetric(float64(text.Len())/1e3, "kB/scrape")
}
