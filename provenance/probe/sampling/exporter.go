package sampling

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Bounds of one scrape. A node of eight devices in 64 partitions takes about
// 10 MB, of which the lines that are read are a few hundred.
const (
	maxScrape = 64 << 20
	maxLine   = 64 << 10
	maxLines  = 1 << 16
)

// metric says what one metric of an exporter is.
type metric struct {
	name  string
	kind  Kind
	scale float64 // to a share, or to the counter's unit
}

// dcgmMetrics are the fields of NVIDIA's DCGM, which dcgm-exporter names its
// metrics after: the legacy names and, with _RATIO, their successors
// (dcgm_fields.h).
var dcgmMetrics = map[string]metric{
	"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE":      {"tensor-active", Rate, 1},
	"DCGM_FI_PROF_TENSOR_UTIL_RATIO":       {"tensor-active", Rate, 1},
	"DCGM_FI_PROF_PIPE_TENSOR_HMMA_ACTIVE": {"hmma-active", Rate, 1},
	"DCGM_FI_PROF_HMMA_UTIL_RATIO":         {"hmma-active", Rate, 1},
	"DCGM_FI_PROF_PIPE_TENSOR_IMMA_ACTIVE": {"imma-active", Rate, 1},
	"DCGM_FI_PROF_IMMA_UTIL_RATIO":         {"imma-active", Rate, 1},
	"DCGM_FI_PROF_PIPE_TENSOR_DFMA_ACTIVE": {"dfma-active", Rate, 1},
	"DCGM_FI_PROF_DFMA_UTIL_RATIO":         {"dfma-active", Rate, 1},
	"DCGM_FI_PROF_SM_ACTIVE":               {"sm-active", Rate, 1},
	"DCGM_FI_PROF_SM_UTIL_RATIO":           {"sm-active", Rate, 1},
	"DCGM_FI_PROF_PIPE_FP64_ACTIVE":        {"fp64-active", Rate, 1},
	"DCGM_FI_PROF_PIPE_FP32_ACTIVE":        {"fp32-active", Rate, 1},
	"DCGM_FI_PROF_PIPE_FP16_ACTIVE":        {"fp16-active", Rate, 1},
	"DCGM_FI_PROF_SM_OCCUPANCY":            {"sm-occupancy", Occupancy, 1},
	"DCGM_FI_PROF_SM_OCCUPANCY_RATIO":      {"sm-occupancy", Occupancy, 1},
	"DCGM_FI_PROF_GR_ENGINE_ACTIVE":        {"graphics-active", Occupancy, 1},
	"DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO":    {"graphics-active", Occupancy, 1},
	"DCGM_FI_DEV_GPU_UTIL":                 {"gpu-util", Occupancy, 0.01},
	"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": {"energy", Energy, 1}, // mJ

	elapsedCycles:                           {cyclesElapsed, cyclesKind, 1},
	"DCGM_FI_PROF_SM_CYCLES_ACTIVE_TOTAL":   {"sm-active", cyclesKind, 1},
	"DCGM_FI_PROF_MMA_CYCLES_ACTIVE_TOTAL":  {"tensor-active", cyclesKind, 1},
	"DCGM_FI_PROF_HMMA_CYCLES_ACTIVE_TOTAL": {"hmma-active", cyclesKind, 1},
	"DCGM_FI_PROF_IMMA_CYCLES_ACTIVE_TOTAL": {"imma-active", cyclesKind, 1},
	"DCGM_FI_PROF_DFMA_CYCLES_ACTIVE_TOTAL": {"dfma-active", cyclesKind, 1},
	"DCGM_FI_PROF_FP64_CYCLES_ACTIVE_TOTAL": {"fp64-active", cyclesKind, 1},
	"DCGM_FI_PROF_FP32_CYCLES_ACTIVE_TOTAL": {"fp32-active", cyclesKind, 1},
	"DCGM_FI_PROF_FP16_CYCLES_ACTIVE_TOTAL": {"fp16-active", cyclesKind, 1},
}

// amdMetrics are those of AMD's device-metrics-exporter, in lower case and
// without a prefix (docs/configuration/metricslist.md). FP8 and INT8 are in none
// of the operation counters.
var amdMetrics = map[string]metric{
	"gpu_prof_tensor_active_percent": {"tensor-active", Rate, 0.01}, // MFMA
	"gpu_prof_occupancy_percent":     {"sm-occupancy", Occupancy, 0.01},
	"gpu_gfx_activity":               {"gpu-util", Occupancy, 0.01},
	"gpu_prof_total_16_ops":          {"operations-16bit", Operations, 1},
	"gpu_prof_total_32_ops":          {"operations-32bit", Operations, 1},
	"gpu_prof_total_64_ops":          {"operations-64bit", Operations, 1},
	"gpu_energy_consumed":            {"energy", Energy, 0.001}, // microjoules
}

const (
	elapsedCycles = "DCGM_FI_PROF_SM_CYCLES_ELAPSED_TOTAL"
	cyclesElapsed = "cycles-elapsed"
	cyclesKind    = Kind("cycles") // a monotonic counter, used only as a ratio to the cycles elapsed
)

// known finds a metric by its name in a scrape.
func known(source, name string) (metric, bool) {
	if source == SourceDCGM {
		m, ok := dcgmMetrics[name]
		return m, ok
	}
	m, ok := amdMetrics[strings.TrimPrefix(strings.ToLower(name), "amd_")]
	return m, ok
}

// ParseExporter reads one scrape in Prometheus' text format. Lines of other
// metrics, lines that break the format and values that stand for none are left
// out; the error is for what is no scrape at all, or has no end.
func ParseExporter(source string, body io.Reader) ([]Reading, error) {
	limited := &io.LimitedReader{R: body, N: maxScrape + 1}
	scan := bufio.NewScanner(limited)
	scan.Buffer(make([]byte, 0, 4096), maxLine)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	var readings []Reading
	lines, markup := 0, false
	for scan.Scan() {
		line := bytes.TrimSpace(scan.Bytes())
		lines++
		markup = markup || lines <= 3 && bytes.HasPrefix(line, []byte("<"))
		name, _, _ := strings.Cut(string(line[:min(len(line), 128)]), "{")
		m, ok := known(source, name)
		if !ok || len(readings) >= maxLines {
			continue
		}
		families, err := parser.TextToMetricFamilies(strings.NewReader(string(line) + "\n"))
		if err != nil {
			continue
		}
		for _, family := range families {
			for _, sample := range family.GetMetric() {
				if r, ok := reading(source, m, sample); ok {
					readings = append(readings, r)
				}
			}
		}
	}
	switch err := scan.Err(); {
	case limited.N <= 0:
		return nil, fmt.Errorf("its answer has more than %d MB", maxScrape>>20)
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("a line of its answer has more than %d kB", maxLine>>10)
	case err != nil:
		return nil, err
	case markup:
		return nil, errors.New("it answered with a page for a browser (HTML) and not with metrics: is it the right address, and its path /metrics?")
	case len(readings) == 0:
		return nil, fmt.Errorf("none of %d lines has a metric of use with a value", lines)
	}
	return readings, nil
}

func reading(source string, m metric, sample *dto.Metric) (Reading, bool) {
	value := sample.GetUntyped().GetValue() // lines come without their type
	if blank(value) {
		return Reading{}, false
	}
	labels := map[string]string{}
	for _, l := range sample.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	r := Reading{Name: m.name, Kind: m.kind, Value: value * m.scale, Instance: -1}
	if source == SourceDCGM {
		r.UUID, r.Instance = labels["UUID"], number(labels["GPU_I_ID"])
	} else {
		r.UUID, r.Serial = amdUUID(labels["gpu_uuid"]), labels["serial_number"]
		if p := labels["gpu_compute_partition_type"]; p != "" && !strings.EqualFold(p, "spx") {
			r.Instance = number(labels["gpu_partition_id"])
		}
	}
	return r, r.UUID != "" || r.Serial != ""
}

func number(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return -1
	}
	return int(n)
}

// blank reports whether a value stands for none: not a number, or one of DCGM's
// blank values, INT32 from 0x7ffffff0, INT64 from 0x7ffffffffffffff0 and FP64
// from 2^47 (dcgm_fields.h). Energy counters stay below 2^47 mJ for 4 years of
// 1 kW; operation counters do not, and are AMD's, which has no blank values.
func blank(v float64) bool {
	return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v >= 0x7ffffff0 && v <= 0x7fffffff || v >= 0x7ffffffffffffff0
}

// amdUUID turns the UUID that AMD's exporter prints, ccff74a1-0000-1000-80e0-
// c6d49f5b0d86, into ROCm's GPU-cce0c6d49f5b0d86: the unique id's first byte
// begins it, and its others end it, as the samples in public trackers have it.
func amdUUID(text string) string {
	digits := strings.ReplaceAll(strings.ToLower(text), "-", "")
	if len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return ""
	}
	return "GPU-" + digits[:2] + digits[18:]
}
