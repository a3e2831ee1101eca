package trainlog

import "github.com/weighbridge/weighbridge/meter"

// Telemetry reports whether files of a format tell what hardware was held or
// paid for. They add to a run's hardware and to no count.
func Telemetry(format string) bool {
	switch format {
	case "dcgm", "amd-exporter", "nvidia-smi", "focus", "slurm", "wandb-metadata":
		return true
	}
	return false
}

// Sampled reports whether the tokens that a log of the format shows are those of
// reinforcement learning: of steps that hold more than one update over them.
func Sampled(format string) bool { return format == "verl" }

// ConventionOf returns how the framework behind a format counts the total of
// operations that it states, as far as its source says; the zero value for one
// that is not known. Sources: the commits named beside each reader.
func ConventionOf(format string) meter.Convention {
	switch format {
	case "hf", "trl", "axolotl", "hf-state", "hf-results": // 6 x parameters without embeddings x input elements
		return meter.Convention{MultiplyAccumulate: "2", Attention: "none", Embedding: "excluded", Padding: "included", Recomputation: "excluded", Experts: "total"}
	case "aws-flops-meter": // (4 x total + 2 x trainable) x tokens; its search for the padding token never finds it
		return meter.Convention{MultiplyAccumulate: "2", Attention: "none", Embedding: "included", Head: "included", Padding: "included", Recomputation: "excluded", Experts: "total"}
	case "megatron-progress": // real tokens, causal, skipped iterations included, no sliding window
		return meter.Convention{MultiplyAccumulate: "2", Attention: "causal", Keys: "s/2", Window: "ignored", Embedding: "excluded", Head: "included",
			Padding: "excluded", Recomputation: "excluded", Experts: "active", Evaluation: "excluded"}
	case "olmo-core", "olmo-core-metrics": // 6 x active parameters + 12 x heads x width x min(window, length)
		return meter.Convention{MultiplyAccumulate: "2", Attention: "full", Keys: "s", Window: "applied", Recomputation: "excluded", Experts: "active"}
	case "levanter", "levanter-metrics": // 3 x the forward pass of every sequence, attention over all keys, softmax and masks too
		return meter.Convention{MultiplyAccumulate: "2", Attention: "full", Keys: "s", Embedding: "excluded", Head: "included", Padding: "included",
			Recomputation: "excluded", Experts: "active", Evaluation: "excluded"}
	}
	return meter.Convention{}
}
