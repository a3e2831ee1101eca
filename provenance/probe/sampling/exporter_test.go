package sampling

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

const labels = `{gpu="0",UUID="GPU-a",pci_bus_id="00000000:0F:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="host01"}`

// TestDCGMNames: both spellings are one signal, shares are shares, and what
// stands for no value is none.
func TestDCGMNames(t *testing.T) {
	for line, want := range map[string]string{
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " 0.412":                              "tensor-active rate 0.412",
		"DCGM_FI_PROF_TENSOR_UTIL_RATIO" + labels + " 0.412 1764000000000":                 "tensor-active rate 0.412",
		"DCGM_FI_PROF_SM_UTIL_RATIO" + labels + " 1":                                       "sm-active rate 1",
		"DCGM_FI_PROF_SM_ACTIVE" + labels + " 0":                                           "sm-active rate 0",
		"DCGM_FI_DEV_GPU_UTIL" + labels + " 100":                                           "gpu-util occupancy 1",
		"DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO" + labels + " 0.99":                             "graphics-active occupancy 0.99",
		"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION" + labels + " 912345678901":                  "energy energy 9.12345678901e+11",
		"DCGM_FI_PROF_MMA_CYCLES_ACTIVE_TOTAL" + labels + " 1.5e12":                        "tensor-active cycles 1.5e+12",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " 9223372036854775794":                "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " 140737488355328.0":                  "tensor-active rate 1.40737488355328e+14", // refused as a share
		"DCGM_FI_DEV_GPU_UTIL" + labels + " 2147483632":                                    "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " NaN":                                "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " +Inf":                               "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " -0.1":                               "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " <<<NOT_SUPPORTED>>>":                "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE 0.5":                                              "", // of no device
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{UUID=\"GPU-a\" 0.5":                               "",
		"DCGM_FI_DEV_MEMORY_TEMP" + labels + " 40":                                         "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE_X" + labels + " 0.5":                              "",
		"# TYPE DCGM_FI_PROF_PIPE_TENSOR_ACTIVE gauge":                                     "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{UUID=\"GPU-a\",Hostname=\"a\\\"}b\"} 0.25":        "tensor-active rate 0.25",
		"  DCGM_FI_PROF_PIPE_TENSOR_ACTIVE  {UUID=\"GPU-a\"}  0.25":                        "",
		"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{GPU_I_ID=\"7\",UUID=\"GPU-a\",pod=\"l8-0\"} 0.05": "tensor-active rate 0.05",
	} {
		readings, err := ParseExporter(SourceDCGM, strings.NewReader("# HELP x\n"+line+"\n"))
		got := ""
		for _, r := range readings {
			got += fmt.Sprintf("%s %s %v", r.Name, r.Kind, r.Value)
			if r.UUID != "GPU-a" {
				t.Errorf("%s: of %q", line, r.UUID)
			}
		}
		if got != want {
			t.Errorf("%s: found %q (%v), expected %q", line, got, err, want)
		}
		if (err == nil) != (want != "") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestAMDNames: the labels are those of the exporter's samples in public
// trackers (silogen/kaiwo, for an MI300X whole and in partitions).
func TestAMDNames(t *testing.T) {
	whole := `{card_model="102-G30211-0C",card_series="AMD Instinct MI300X OAM",gpu_compute_partition_type="spx",gpu_id="2",gpu_partition_id="0",gpu_uuid="ccff74a1-0000-1000-80e0-c6d49f5b0d86",hostname="n1",serial_number="692409005408"}`
	part := strings.NewReplacer(`"spx"`, `"cpx"`, `gpu_partition_id="0"`, `gpu_partition_id="3"`).Replace(whole)
	text := "gpu_prof_tensor_active_percent" + whole + " 11\namd_gpu_gfx_activity" + whole + " 98\nGPU_PROF_TOTAL_16_OPS" + part + " 1e15\ngpu_energy_consumed" + whole + " 5000000\ngpu_power_usage" + whole + " 700\n"
	readings, err := ParseExporter(SourceAMD, strings.NewReader(text))
	if err != nil || len(readings) != 4 {
		t.Fatalf("%+v, %v", readings, err)
	}
	want := []Reading{
		{"GPU-cce0c6d49f5b0d86", "692409005408", -1, "tensor-active", Rate, 0.11}, {"GPU-cce0c6d49f5b0d86", "692409005408", -1, "gpu-util", Occupancy, 0.98},
		{"GPU-cce0c6d49f5b0d86", "692409005408", 3, "operations-16bit", Operations, 1e15}, {"GPU-cce0c6d49f5b0d86", "692409005408", -1, "energy", Energy, 5000},
	}
	for i := range want {
		if readings[i] != want[i] {
			t.Errorf("found %+v, expected %+v", readings[i], want[i])
		}
	}
}

// endless repeats a text for ever.
type endless struct{ text string }

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.text)
	}
	return n, nil
}

// TestNoScrape: what is no answer of an exporter.
func TestNoScrape(t *testing.T) {
	for name, v := range map[string]struct {
		body io.Reader
		want string
	}{
		"empty":             {strings.NewReader(""), "none of 0 lines"},
		"other metrics":     {strings.NewReader("node_cpu_seconds_total 5\n"), "none of 1 lines"},
		"HTML":              {strings.NewReader("<!DOCTYPE html>\n<html><body>DCGM_FI_PROF_SM_ACTIVE</body></html>\n"), "HTML"},
		"no end":            {endless{"x y 1\n"}, "more than 64 MB"},
		"no end of a line":  {endless{"x"}, "more than 64 kB"},
		"binary":            {bytes.NewReader([]byte{0, 1, 2, 0xff}), "none of"},
		"a line per device": {endless{"DCGM_FI_PROF_SM_ACTIVE{UUID=\"GPU-a\",x=\"" + strings.Repeat("y", 6000) + "\"} 0.5\n"}, "more than 64 MB"},
	} {
		if readings, err := ParseExporter(SourceDCGM, v.body); err == nil || !strings.Contains(err.Error(), v.want) || len(readings) > 0 {
			t.Errorf("%s: %v, %d readings: expected an error on %q", name, err, len(readings), v.want)
		}
	}
}

func FuzzExporter(f *testing.F) {
	f.Add("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"+labels+" 0.412\n", true)
	f.Add("gpu_prof_total_16_ops{gpu_uuid=\"ccff74a1-0000-1000-80e0-c6d49f5b0d86\"} 1e15\n", false)
	f.Add("<html>", true)
	f.Add("DCGM_FI_PROF_SM_ACTIVE{UUID=\"\\", true)
	f.Fuzz(func(t *testing.T, text string, dcgm bool) {
		source := SourceAMD
		if dcgm {
			source = SourceDCGM
		}
		readings, err := ParseExporter(source, strings.NewReader(text))
		if (err == nil) != (len(readings) > 0) {
			t.Errorf("%d readings and %v", len(readings), err)
		}
		for _, r := range readings {
			if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || r.Value < 0 || r.UUID+r.Serial == "" {
				t.Errorf("found %+v", r)
			}
		}
	})
}
