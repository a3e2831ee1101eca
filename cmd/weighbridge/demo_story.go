package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/weighbridge/weighbridge/cmd/weighbridge/trainer"
)

const (
	demoBase  = "demo/scribe@1"
	demoTuned = "demo/scribe@2"
)

// whatIf is the same tuned model as if it had taken 10^26 operations, and what
// the law would want to know besides.
const whatIf = `# What if: the tuned model at the threshold, on its way from a lab in Japan to a company in Singapore.
model: demo/scribe@2
weights: {publication: unpublished}
operations:
  - {activity: pretraining, estimate: "9.9e25", weights: kept}
  - {activity: fine-tuning, estimate: "1e24", weights: kept}
parents: []
synthetic_data: []
most_advanced_published: {operations: "5e25", evidence: none}
training: {location: JP, hardware: [{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]}
derived_from_controlled: false
us_origin: false
recipient: {headquarters: SG, ultimate_parent: SG, location: SG, storage_compliant: false, receives: weights}
`

// demoSteps is the story. Its commands run in dir, on files that are written
// here or by the steps before.
func demoSteps(self, dir string) ([]demoStep, error) {
	if err := writeDemoInputs(dir); err != nil {
		return nil, err
	}
	return append(demoTraining(self), demoShipping(dir)...), nil
}

func writeDemoInputs(dir string) error {
	characters, err := trainer.Characters()
	if err != nil {
		return err
	}
	config, err := trainer.Demo(characters.Size()).Encode()
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"shape.json": config, "what-if.yaml": []byte(whatIf)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

func demoTraining(self string) []demoStep {
	sequence := fmt.Sprint(trainer.Demo(2).Context)
	run := func(flags ...string) []string {
		return append([]string{"run", "--architecture", "shape.json", "--sequence-length", sequence}, flags...)
	}
	return []demoStep{
		{
			title: "Weigh a real training run",
			tells: "A small character-level transformer is trained here and now; `run` reads its log as it passes. At the end: what was counted,\nonce by the counter inside the job's matrix products and once by the formula from its shape, and how far apart the two are.",
			args:  run("--model", demoBase, "--weights", "base", "--", self, "train-demo", "--out", "base"),
		},
		{
			title: "Fine-tune it: a second run, with the first as its parent",
			tells: "Further training makes a new version. It adds to the lineage; it never starts from zero.",
			args: run("--model", demoTuned, "--activity", "fine-tuning", "--parent", demoBase+":fine-tunes", "--input", "base", "--weights", "tuned",
				"--", self, "train-demo", "--init", "base", "--out", "tuned", "--seed", "2"),
		},
		{
			title: "Trace the lineage",
			tells: "Every ancestor counts once. Evaluation is recorded apart: whether it counts is the law's business, not the meter's.",
			args:  []string{"trace", demoTuned},
		},
		{
			title: "Check the ledger",
			tells: "Every entry, hash, total and link is recomputed from the raw file by code that did not write it.",
			args:  []string{"check"},
		},
		{
			title: "Decide: is this model controlled?",
			tells: "ECCN 4E091 begins at 10^26 operations. This model is far below, whatever else is not known of it.",
			args:  []string{"evaluate", demoTuned, "--regime", "us-4e091"},
		},
		{
			title: "Decide: and at 10^26?",
			tells: "The same question about facts in a file (what-if.yaml), gated: exit code 3 says that the rule applies.",
			shows: "what-if.yaml",
			args:  []string{"evaluate", "--facts", "what-if.yaml", "--regime", "us-4e091", "--gate"},
			exit:  exitApplies,
		},
	}
}

func demoShipping(dir string) []demoStep {
	weights := filepath.Join("tuned", "model.safetensors")
	return []demoStep{
		{
			title: "Make a key",
			tells: "The lab signs with the private key; everybody who verifies needs the public one.",
			args:  []string{"key", "generate", "--out", "release.key"},
		},
		{
			title: "Attest and pack",
			tells: "Every file is read once. The statements are about exactly these bytes, and travel with them in an OCI image layout.",
			args: []string{"attest", demoTuned, "--weights", "tuned", "--key", "release.key", "--out", "shipment", "--claims", "claims.jsonl",
				"--include", "training-compute,hardware,determination"},
		},
		{
			title: "Verify what arrived",
			tells: "Offline, with the public key alone: bytes, names, signatures, subjects; the determination is recomputed, not believed.",
			args:  []string{"verify", "shipment", "--key", "release.key.pub", "--require", "training-compute,hardware,determination"},
		},
		{
			title: "Verify the plain directory too",
			tells: "The same statements, for a recipient who got a directory and the claims file.",
			args:  []string{"verify", "tuned", "--claims", "claims.jsonl", "--key", "release.key.pub"},
			after: func() error { return flipOneByte(filepath.Join(dir, weights)) },
		},
		{
			title: "One byte of the weights is flipped: refused",
			tells: "The demo has just changed one byte of " + weights + ". Exit code 5 says that verification failed, and the text says which file.",
			args:  []string{"verify", "tuned", "--claims", "claims.jsonl", "--key", "release.key.pub"},
			exit:  exitVerification,
		},
	}
}

// flipOneByte changes the middle byte of a file, in place, as a bad disk or a
// bad actor would.
func flipOneByte(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	if _, err := file.ReadAt(b, info.Size()/2); err != nil {
		return err
	}
	b[0] ^= 1
	_, err = file.WriteAt(b, info.Size()/2)
	return err
}
