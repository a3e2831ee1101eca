package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// exporterHandler is an exporter of metrics, good or bad by its path, for the
// devices of the stories' machines.
func exporterHandler(w http.ResponseWriter, r *http.Request) {
	switch strings.TrimSuffix(r.URL.Path, "/metrics") {
	case "/dcgm":
		for i := range 2 {
			labels := fmt.Sprintf(`{gpu="%d",UUID="GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3%d",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"}`, i, i)
			fmt.Fprintf(w, "# TYPE DCGM_FI_PROF_PIPE_TENSOR_ACTIVE gauge\nDCGM_FI_PROF_PIPE_TENSOR_ACTIVE%s 0.4\nDCGM_FI_DEV_GPU_UTIL%s 100\n", labels, labels)
			fmt.Fprintf(w, "DCGM_FI_PROF_SM_ACTIVE%s 9223372036854775794\n", labels)
		}
	case "/dcgm-new":
		fmt.Fprintf(w, "DCGM_FI_PROF_TENSOR_UTIL_RATIO{UUID=\"GPU-9221d5d1-b60b-a624-bf14-0a1819cfda30\"} 0.25\n")
	case "/amd":
		labels := `{card_series="AMD Instinct MI300X OAM",gpu_compute_partition_type="spx",gpu_uuid="a3ff74a1-0000-1000-80c1-d2e4b5f60718",serial_number="692409005400"}`
		fmt.Fprintf(w, "gpu_prof_tensor_active_percent%s 31.25\ngpu_prof_total_16_ops%s %d\n", labels, labels, 1_000_000_000_000*exporterScrapes.Add(1))
	case "/html":
		io.WriteString(w, "<html><body>Sign in</body></html>\n")
	case "/nan":
		io.WriteString(w, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{UUID=\"GPU-9221d5d1-b60b-a624-bf14-0a1819cfda30\"} NaN\n")
	case "/redirect":
		http.Redirect(w, r, "/dcgm/metrics", http.StatusFound)
	case "/stall":
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case "/huge":
		line := []byte(strings.Repeat("DCGM_FI_X{} 1\n", 4096))
		for range (1 << 30) / len(line) {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	default: // it dies
		panic(http.ErrAbortHandler)
	}
}

// exporterScrapes counts what the counter of operations grows by.
var exporterScrapes atomic.Int64
