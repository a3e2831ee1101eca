package trainlog

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

func fileGenerators() map[string]generator {
	return map[string]generator{
		"hf_trainer_state.json": makeHFState, "hf_all_results.json": makeHFResults, "aws_flops_meter.json": makeAWS, "axolotl_tokens_state.json": makeAxolotlState,
		"olmo_core_metrics_step1000.json": makeOLMoMetrics, "maxtext_metrics.jsonl": makeMaxTextMetrics, "wandb/wandb-history.jsonl": makeWandbHistory,
		"wandb/wandb-summary.json": makeWandbSummary, "wandb/wandb-metadata.json": makeWandbMetadata, "litgpt_metrics.csv": makeLitGPTMetrics,
		"deepspeed_flops_profiler.txt": makeProfiler, "mlperf_mllog.log": makeMLPerf, "dcgm_exporter.prom": makeDCGM, "amd_exporter.prom": makeAMD, "nvidia_smi_query.csv": makeNvidiaSMI,
		"focus_billing.csv": makeFocus, "slurm_sacct.txt": makeSlurm,
		"megatron_progress.txt": makeMegatronProgress, "levanter_tracker_metrics.jsonl": makeLevanterMetrics,
		"mlflow/0/8f0000000000000000000000000000aa/metrics/total_flos": makeMLflow,
		"tensorboard/events.out.tfevents.1789000000.host01.12345.0":    makeEvents,
	}
}

// jsonText writes an object compact or indented, its keys sorted.
func jsonText(rng *rand.Rand, object map[string]any) string {
	var data []byte
	var err error
	switch rng.IntN(3) {
	case 0:
		data, err = json.Marshal(object)
	case 1:
		data, err = json.MarshalIndent(object, "", "  ")
	default:
		data, err = json.MarshalIndent(object, "", "\t")
	}
	if err != nil {
		panic(err)
	}
	return string(data) + "\n"
}

// total is a random total of operations as the Trainer keeps it: a float64.
func total(rng *rand.Rand) (json.Number, string) {
	v := math.Floor(rng.Float64() * math.Pow(10, 12+float64(rng.IntN(12))))
	text := strconv.FormatFloat(v, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e+")
	digits := strings.Replace(mantissa, ".", "", 1)
	n, err := strconv.Atoi(exponent)
	if err != nil {
		panic(err)
	}
	return json.Number(text), digits + strings.Repeat("0", max(0, n+1-len(digits)))
}

func makeHFState(rng *rand.Rand) made {
	value, whole := total(rng)
	step, tokens := 1+rng.Uint64N(1e6), rng.Uint64N(2)*rng.Uint64N(1<<40)
	var history []any
	for i := range rng.IntN(40) {
		history = append(history, map[string]any{"epoch": 0.5, "loss": rng.Float64(), "step": i, "total_flos": 5, "note": "a } in \" text"})
	}
	want := map[string]string{"operations_stated": whole, "last_step": text(step), "tokens_seen": text(tokens)}
	if tokens == 0 {
		want["tokens_seen"] = ""
	}
	if rng.IntN(4) == 0 {
		value, want["operations_stated"] = "0.0", ""
	}
	return made{jsonText(rng, map[string]any{"global_step": step, "log_history": history, "max_steps": step, "num_input_tokens_seen": tokens, "total_flos": value,
		"stateful_callbacks": map[string]any{"TrainerControl": map[string]any{"args": map[string]any{"global_step": 7}}}, "best_metric": nil}), want, asFile}
}

func makeHFResults(rng *rand.Rand) made {
	value, whole := total(rng)
	samples := 1 + rng.Uint64N(1e9)
	return made{jsonText(rng, map[string]any{"epoch": 1.0, "total_flos": value, "train_loss": 1.3, "train_runtime": 1812.4431, "train_samples": samples, "train_samples_per_second": 7.062}),
		map[string]string{"operations_stated": whole, "samples": text(samples), "seconds": "1812.4431"}, asFile}
}

func makeAWS(rng *rand.Rand) made {
	all, trainable, tokens := rng.Uint64N(1<<40), rng.Uint64N(1<<38), 1+rng.Uint64N(1<<40)
	return made{jsonText(rng, map[string]any{"N_total": all, "N_trainable": trainable, "tokens_processed": tokens, "Flops_architecture": " 1.66e+13", "gpu_name": "NVIDIA X", "model_name": nil}),
		map[string]string{"operations_stated": product(4*all+2*trainable, tokens), "tokens": text(tokens), "device": "NVIDIA X"}, asFile}
}

func makeAxolotlState(rng *rand.Rand) made {
	all, trainable := 1+rng.Uint64N(1<<50), 1+rng.Uint64N(1<<40)
	return made{jsonText(rng, map[string]any{"total": all, "trainable": trainable}), map[string]string{"tokens": text(all), "tokens_trainable": text(trainable)}, asFile}
}

func makeOLMoMetrics(rng *rand.Rand) made {
	tokens, petaflops := 1+rng.Uint64N(1<<50), fmt.Sprintf("%.4f", 1+rng.Float64()*1e6)
	return made{jsonText(rng, map[string]any{"optim/total grad norm": 0.41, "throughput/total tokens": tokens, "throughput/total petaflops": json.Number(petaflops)}),
		map[string]string{"tokens": text(tokens), "petaflops_stated": petaflops}, asFile}
}

func lines(objects []map[string]any) string {
	var b strings.Builder
	for _, o := range objects {
		data, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		b.Write(append(data, '\n'))
	}
	return b.String()
}

func makeMaxTextMetrics(rng *rand.Rand) made {
	var objects []map[string]any
	var sum uint64
	perDevice := 1 + rng.Uint64N(1<<20)
	count := 2 + rng.Uint64N(20)
	for step := range count {
		tokens := 1 + rng.Uint64N(1<<24)
		sum += tokens
		objects = append(objects, map[string]any{"learning/loss": rng.Float64(), "learning/total_weights": json.Number(fmt.Sprintf("%d.0", tokens)), "perf/per_device_tflops": 1686.5,
			"perf/per_device_tokens": json.Number(fmt.Sprintf("%d.0", perDevice)), "step": json.Number(fmt.Sprintf("%d.0", step)), "run_name": "x"})
	}
	return made{lines(objects), map[string]string{"tokens": text(sum), "steps": text(count), "tokens_per_step_per_device": text(perDevice)}, asFile}
}

func makeWandbHistory(rng *rand.Rand) made {
	var objects []map[string]any
	each, interval, count := 1+rng.Uint64N(1<<24), 1+rng.Uint64N(30), 2+rng.Uint64N(30)
	for i := range count {
		step := (i + 1) * interval
		objects = append(objects, map[string]any{"_step": step, "_runtime": 26.1, "_timestamp": 1788990026.1, "loss": rng.Float64(), "epoch": 1, "throughput/total_tokens": step * each})
	}
	return made{lines(objects), map[string]string{"last_step": text(count * interval), "tokens": product(count, interval, each)}, asFile}
}

func makeWandbSummary(rng *rand.Rand) made {
	tokens, step := 1+rng.Uint64N(1<<45), rng.Uint64N(1e6)
	return made{jsonText(rng, map[string]any{"_runtime": 5231, "_step": step, "_timestamp": 1789000000.12, "_wandb": map[string]any{"runtime": 5231}, "throughput/total_tokens": tokens, "train/loss": 2.91}),
		map[string]string{"tokens": text(tokens), "last_step": text(step)}, asFile}
}

func makeWandbMetadata(rng *rand.Rand) made {
	devices := 1 + rng.Uint64N(16)
	return made{jsonText(rng, map[string]any{"os": "Linux", "python": "3.11", "startedAt": "2026-08-22T10:00:00Z", "gpu": "NVIDIA H200", "gpu_count": devices,
		"gpu_nvidia": []any{map[string]any{"name": "NVIDIA H20", "uuid": "GPU-1"}}, "args": []any{"--x", "{"}}), map[string]string{"device": "NVIDIA H200", "devices": text(devices)}, asFile}
}

func makeLitGPTMetrics(rng *rand.Rand) made {
	b := strings.Builder{}
	b.WriteString("epoch,iter,iter_time,step,tokens,total_tokens,batches\n")
	each, count := 1+rng.Uint64N(1<<20), 2+rng.Uint64N(30)
	for i := range count {
		fmt.Fprintf(&b, "0,%d,0.8,%d,%d,%d,8\n", i, i, (i+1)*each/8, (i+1)*each)
	}
	return made{b.String(), map[string]string{"tokens": product(count, each)}, asFile}
}

func makeProfiler(rng *rand.Rand) made {
	hundredths, factor, world := 100+rng.Uint64N(99899), rng.Uint64N(2), 1+rng.Uint64N(4096)
	b := strings.Builder{}
	row := func(label, value string) { fmt.Fprintf(&b, "%-72s%-8s\n", label, value) }
	b.WriteString("\n-------------------------- DeepSpeed Flops Profiler --------------------------\nProfile Summary at step 10:\nNotations:\n\n")
	row("world size:", text(world))
	row("params per GPU:", "8.03 B")
	row("fwd flops per GPU:", fmt.Sprintf("%d.%02d T", hundredths/100, hundredths%100))
	row(fmt.Sprintf("bwd FLOPS per GPU = %d * fwd flops per GPU / bwd latency:", 2+factor), "398.97 TFLOPS")
	row(fmt.Sprintf("fwd+bwd FLOPS per GPU = %d * fwd flops per GPU / (fwd+bwd latency):", 3+factor), "397.61 TFLOPS")
	b.WriteString("\n------------------------------------------------------------------------------\n")
	return made{b.String(), map[string]string{"operations_forward": product(hundredths, 10_000_000_000), "recompute_factor": text(factor), "world_size": text(world)}, asFile}
}

func makeMLPerf(rng *rand.Rand) made {
	samples, length, start, took := 1+rng.Uint64N(1e8), 1+rng.Uint64N(1<<17), 1789000000000+rng.Uint64N(1e9), 1+rng.Uint64N(1e8)
	b := strings.Builder{}
	event := func(at uint64, key, value, metadata string) {
		fmt.Fprintf(&b, ":::MLLOG {\"namespace\": \"\", \"time_ms\": %d, \"event_type\": \"POINT_IN_TIME\", \"key\": %q, \"value\": %s, \"metadata\": {\"file\": \"t.py\", \"lineno\": 1%s}}\n", at, key, value, metadata)
	}
	event(start-10, "global_batch_size", "128", "")
	event(start-9, "max_sequence_length", text(length), "")
	event(start, "run_start", "null", "")
	event(start+took-1, "train_samples", text(samples), "")
	event(start+took, "run_stop", "null", ", \"status\": \"success\"")
	return made{b.String(), map[string]string{"samples": text(samples), "sequence_length": text(length), "tokens": product(samples, length),
		"seconds": fmt.Sprintf("%d.%03d", took/1000, took%1000)}, asLog}
}

func makeDCGM(rng *rand.Rand) made {
	b := strings.Builder{}
	b.WriteString("# HELP DCGM_FI_PROF_PIPE_TENSOR_ACTIVE Ratio of cycles.\n# TYPE DCGM_FI_PROF_PIPE_TENSOR_ACTIVE gauge\n")
	name := []string{"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_TENSOR_UTIL_RATIO"}[rng.IntN(2)]
	var ratios []string
	count := 1 + rng.IntN(8)
	for i := range count {
		labels := fmt.Sprintf(`gpu="%d",UUID="GPU-%d",device="nvidia%d",modelName="NVIDIA H200",Hostname="h"`, i, i, i)
		ratio := fmt.Sprintf("0.%03d1", rng.IntN(1000))
		ratios = append(ratios, ratio)
		fmt.Fprintf(&b, "%s{%s} %s\n", name, labels, ratio)
		if rng.IntN(2) == 0 {
			fmt.Fprintf(&b, "%s{%s,GPU_I_PROFILE=\"1g.10gb\",GPU_I_ID=\"7\"} 0.05\n", name, labels)
		}
		if rng.IntN(2) == 0 {
			fmt.Fprintf(&b, "DCGM_FI_DEV_MEMORY_TEMP{%s} %d\n", labels, uint64(0x7ffffffffffffff0)+rng.Uint64N(8))
		}
	}
	return made{b.String(), map[string]string{"tensor_active_ratio": "[" + strings.Join(ratios, " ") + "]", "devices": fmt.Sprint(count)}, asFile}
}

func makeAMD(rng *rand.Rand) made {
	b := strings.Builder{}
	prefix := []string{"", "amd_"}[rng.IntN(2)]
	b.WriteString("# HELP " + prefix + "gpu_prof_tensor_active_percent MFMA.\n# TYPE " + prefix + "gpu_prof_tensor_active_percent gauge\n")
	var percents, ops []string
	count := 1 + rng.IntN(8)
	for i := range count {
		labels := func(partition string) string {
			return fmt.Sprintf(`card_series="AMD Instinct MI300X OAM",gpu_compute_partition_type="%s",gpu_id="%d",gpu_uuid="%032x",serial_number="69%d"`, partition, i, i, i)
		}
		percent, op := fmt.Sprintf("%d.%d1", rng.IntN(100), rng.IntN(10)), fmt.Sprint(rng.Uint64N(1<<40)*10+1)
		percents, ops = append(percents, percent), append(ops, op)
		fmt.Fprintf(&b, "%sgpu_prof_tensor_active_percent{%s} %s\n%sgpu_prof_total_16_ops{%s} %s\n", prefix, labels("spx"), percent, prefix, labels("spx"), op)
		if rng.IntN(2) == 0 {
			fmt.Fprintf(&b, "%sgpu_prof_tensor_active_percent{%s} 5\n", prefix, labels("cpx"))
		}
	}
	return made{b.String(), map[string]string{"tensor_active_percent": "[" + strings.Join(percents, " ") + "]", "devices": fmt.Sprint(count),
		"operations_16bit_counter": "[" + strings.Join(ops, " ") + "]"}, asFile}
}

func makeNvidiaSMI(rng *rand.Rand) made {
	b := strings.Builder{}
	b.WriteString("timestamp, index, name, uuid, utilization.gpu [%], power.draw [W], clocks.current.sm [MHz]\n")
	seen := map[int]bool{}
	for range 1 + rng.IntN(60) {
		device := rng.IntN(20)
		seen[device] = true
		power := []string{"512.31 W", "[N/A]"}[rng.IntN(2)]
		fmt.Fprintf(&b, "2026/08/22 10:00:01.123, %d, NVIDIA H200, GPU-%020d, 100 %%, %s, 1830 MHz\n", device%4, device, power)
	}
	return made{b.String(), map[string]string{"devices": fmt.Sprint(len(seen)), "device": "NVIDIA H200"}, asFile}
}

func makeFocus(rng *rand.Rand) made {
	b := strings.Builder{}
	b.WriteString("BillingAccountId,ChargeCategory,ChargeClass,CommitmentDiscountStatus,ConsumedQuantity,ConsumedUnit,PricingQuantity,Tags\n")
	sum := 0
	for range 1 + rng.IntN(40) {
		halves := 1 + rng.IntN(48)
		switch rng.IntN(4) {
		case 0:
			fmt.Fprintf(&b, "1,Usage,,Unused,,,%d,{}\n", halves)
		case 1:
			sum -= halves
			fmt.Fprintf(&b, "1,Usage,Correction,,-%.1f,Hours,-1,{}\n", float64(halves)/2)
		case 2:
			fmt.Fprintf(&b, "1,Tax,,,%d,Hours,1,\"a, b\"\n", halves)
			fallthrough
		default:
			sum += halves
			fmt.Fprintf(&b, "1,Usage,,Used,%.1f,Hours,8,\"{\"\"lineage\"\":\"\"a, b\"\"}\"\n", float64(halves)/2)
		}
	}
	want := map[string]string{"instance_hours": fmt.Sprintf("%.1f", float64(sum)/2)}
	if !strings.Contains(b.String(), "Hours") {
		want["instance_hours"] = ""
	}
	return made{b.String(), want, asFile}
}

func makeSlurm(rng *rand.Rand) made {
	end := []string{"", "|"}[rng.IntN(2)] // -P or -p
	b := strings.Builder{}
	b.WriteString("JobIDRaw|JobName|State|ElapsedRaw|AllocTRES|TRESUsageInTot" + end + "\n")
	var sum uint64
	for i := range 1 + rng.IntN(20) {
		devices, seconds := 1+rng.Uint64N(512), rng.Uint64N(1e6)
		sum += devices * seconds
		both := []string{"gres/gpu:h100=%d,gres/gpu=%[1]d", "gres/gpu=%d", "gres/gpu:h100=%d"}[rng.IntN(3)]
		fmt.Fprintf(&b, "%d|x|%s|%d|billing=768,cpu=768,"+typed(both, devices)+",mem=8T,node=8|cpu=12:00:00%s\n", 1000+i, []string{"FAILED", "COMPLETED", "CANCELLED by 5"}[rng.IntN(3)], seconds, end)
		fmt.Fprintf(&b, "%d.batch|batch|COMPLETED|%d|cpu=96,gres/gpu=%d,mem=1T,node=1|%s\n", 1000+i, seconds, devices, end)
	}
	return made{b.String(), map[string]string{"device_seconds": text(sum)}, asFile}
}

func typed(format string, devices uint64) string { return fmt.Sprintf(format, devices) }

func makeMLflow(rng *rand.Rand) made {
	b := strings.Builder{}
	var want string
	step := 0
	for i := range 1 + rng.IntN(20) {
		value, whole := total(rng)
		step += 1 + rng.IntN(50)
		want = whole
		fmt.Fprintf(&b, "%d %s %d\n", 1789001000000+i*1000, value, step)
	}
	return made{b.String(), map[string]string{"operations_stated": want, "last_step": fmt.Sprint(step)}, asFile}
}

// makeEvents writes an event file with a frame of its own.
func makeEvents(rng *rand.Rand) made {
	var file []byte
	mask := func(b []byte) uint32 {
		sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
		return (sum>>15 | sum<<17) + 0xa282ead8
	}
	frame := func(data []byte) {
		head := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
		file = append(file, head...)
		file = binary.LittleEndian.AppendUint32(file, mask(head))
		file = append(file, data...)
		file = binary.LittleEndian.AppendUint32(file, mask(data))
	}
	bytesField := func(number int, b []byte) []byte {
		return append(binary.AppendUvarint([]byte{byte(number<<3 | 2)}, uint64(len(b))), b...)
	}
	frame(append([]byte{9, 0, 0, 0, 0, 0, 0, 0, 0}, bytesField(3, []byte("brain.Event:2"))...))
	records := 1
	var last float32
	step := 0
	for range 1 + rng.IntN(20) {
		step += 1 + rng.IntN(300)
		last = float32(rng.IntN(100000)) / 100
		value := append(bytesField(1, []byte("tflops")), 0x15)
		value = binary.LittleEndian.AppendUint32(value, math.Float32bits(last))
		event := binary.AppendUvarint([]byte{9, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}, uint64(step))
		frame(append(event, bytesField(5, bytesField(1, value))...))
		records++
	}
	cut := rng.IntN(12)
	whole := len(file)
	frame([]byte("a record that is being written"))
	file = file[:whole+cut]
	return made{string(file), map[string]string{"records": fmt.Sprint(records), "last_step": fmt.Sprint(step), "bytes_unread": fmt.Sprint(cut),
		"last_tflops": strconv.FormatFloat(float64(last), 'g', -1, 32), "last_tag": "tflops"}, asData}
}
