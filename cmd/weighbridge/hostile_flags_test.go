package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// soundCommands are a line for each command that could succeed: @ is the directory of
// the test's files, @new a name that nothing has. TestHostileFlags changes one flag
// of a line at a time.
func soundCommands() map[string]string {
	return map[string]string{
		"attest":             "acme/atlas@1 --weights @/weights --key @/release.key --out @new",
		"check":              "@/atlas.tar",
		"co-sign":            "@/shipment --key @/other.key --signer @/release.key.pub",
		"completion":         "bash",
		"delivery answer":    "gulf-1 us_origin=true --author jo",
		"delivery decide":    "gulf-1 --author jo --what-if",
		"delivery list":      "",
		"delivery open":      "--customer Gulf --model acme/atlas@1 --headquarters AE --ultimate-parent AE --service training --stage before-delivery --author jo",
		"delivery show":      "gulf-1",
		"delivery withdraw":  "gulf-1 --author jo --reason none",
		"evaluate":           "acme/atlas@1 --regime us-4e091",
		"explain":            "--operations 9e15 --architecture @/config.json --tokens 1e10 --sequence-length 64",
		"hardware ceiling":   "--from @/sacct.txt --chips @/chips.csv",
		"hardware classify":  "NVIDIA",
		"hardware list":      "",
		"hardware probe":     "--root @/weights",
		"hardware quota":     "--facts @/quota.yaml",
		"hardware reconcile": "--from @/sacct.txt",
		"key generate":       "--out @new",
		"key revoke":         "--public @/other.key.pub --reason lost --list @new",
		"key rotate":         "--key @/meter.key --out @new",
		"key show":           "@/release.key.pub",
		"ledger correct":     "acme/atlas@1 --run r --sequence 0 --void --reason none --author jo",
		"ledger export":      "acme/atlas@1 --out @new",
		"ledger head":        "",
		"ledger merge":       "@/other.db",
		"ledger prove":       "--verify @/proof.json --head @/heads.txt",
		"ledger show":        "acme/atlas@1",
		"ledger witness":     "--name w.example --key @/witness.key --state @/state --meter-key @/meter.key.pub --head @/heads.txt",
		"load":               "@/saved.tar --out @new",
		"plan":               "--architecture @/config.json --tokens 1e12 --sequence-length 64",
		"present":            "@/disclosures.json",
		"pull":               "registry.invalid/acme/atlas:1 --out @new",
		"push":               "@/shipment registry.invalid/acme/atlas:1",
		"record":             "--model acme/other@1 --activity pretraining --operations 1e20",
		"rules lint":         "",
		"rules list":         "",
		"rules show":         "us-4e091",
		"save":               "@/shipment --out @new",
		"sign":               "@/weights --key @/release.key --out @new",
		"trace":              "acme/atlas@1",
		"verify":             "@/shipment --key @/release.key.pub",
		"version":            "",
	}
}

// TestHostileFlags: whatever flag of whatever command names a file that is missing,
// empty or cut off, or holds a number that is too long or nothing, the command ends by itself:
// with a sentence where it refuses, without a panic, and with the ledger whole.
func TestHostileFlags(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir()) // where files may land that a value names
	hostileFixture(t, dir)
	root := (&app{env: environment{getenv: func(string) string { return "" }}}).rootCommand()
	lines, tried, seen := soundCommands(), 0, map[string]bool{}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
		name := strings.TrimPrefix(cmd.CommandPath(), "weighbridge ")
		if cmd.HasSubCommands() || cmd.Hidden || slices.Contains([]string{"demo", "help", "run"}, name) { // those of run end before a job begins or are those of record
			return
		}
		line, found := lines[name]
		if !found {
			t.Errorf("%s: no line of soundCommands has it", name)
			return
		}
		seen[name] = true
		try := func(change func(line []string, value string) []string) {
			for _, value := range []string{fmt.Sprint(dir, "/missing-", tried), dir + "/empty", dir + "/cut.json", strings.Repeat("9", 45)} {
				tried++
				hostile(t, dir, append(strings.Fields(name), change(strings.Fields(line), value)...))
			}
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && f.Value.Type() != "bool" {
				try(func(line []string, value string) []string { return flagged(line, "--"+f.Name, value) })
				hostile(t, dir, append(strings.Fields(name), flagged(strings.Fields(line), "--"+f.Name, "")...))
			}
		})
		if first, _, _ := strings.Cut(line, " "); first != "" && !strings.HasPrefix(first, "--") { // what the command is about
			try(func(line []string, value string) []string { return append([]string{value}, line[1:]...) })
		}
	}
	visit(root)
	if tried < 500 || len(seen) != len(lines) {
		t.Errorf("%d lines tried, of %d commands; soundCommands has %d", tried, len(seen), len(lines))
	}
	if out := must(t, dir, "check"); !strings.Contains(out, ": ok") {
		t.Errorf("the ledger afterwards: %s", out)
	}
}

// bareFault are words for who wrote the program, or a sentence that ends with them
// and says no next step.
var bareFault = regexp.MustCompile(`statat|%!|<nil>|runtime error|(end of JSON input|beginning of value|EOF)$`)

func hostile(t *testing.T, dir string, args []string) {
	t.Helper()
	for i, arg := range args {
		if arg == "@new" {
			arg = filepath.Join(t.TempDir(), "new")
		}
		args[i] = strings.ReplaceAll(arg, "@/", dir+"/")
	}
	defer func() {
		if fault := recover(); fault != nil {
			t.Errorf("%q: panic: %v", args, fault)
		}
	}()
	code, out := inProcess(t, dir, args...)
	switch last := lastLine(out, "weighbridge: "); {
	case slices.Contains(args, "") && code != exitUsage: // what a variable that is not set leaves of a flag
		t.Errorf("%q: exit %d, expected a refusal:\n%s", args, code, out)
	case code < 0 || code > 6:
		t.Errorf("%q: exit %d", args, code)
	case code != 0 && last == "" && !strings.Contains(out, "REFUSED") && code != 3 && code != 4:
		t.Errorf("%q: exit %d, and no sentence says why:\n%s", args, code, out)
	case bareFault.MatchString(last):
		t.Errorf("%q: %s", args, last)
	}
}

// lastLine is the last line that begins as messages do.
func lastLine(text, begin string) (last string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) {
			last = strings.TrimSuffix(line, "\n")
		}
	}
	return last
}

// flagged gives a flag another value, or adds it.
func flagged(line []string, flag, value string) []string {
	if at := slices.Index(line, flag); at >= 0 {
		line = slices.Clone(line)
		line[at+1] = value
		return line
	}
	return append(slices.Clone(line), flag, value)
}

// hostileFixture makes what the lines of soundCommands name.
func hostileFixture(t *testing.T, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	attestedShipment(t, dir)
	files := fstest.MapFS{
		"empty": {}, "cut.json": {Data: []byte(`{"schema":"weighbridge.dev/`)},
		"config.json": {Data: []byte(`{"model_type":"llama","hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"vocab_size":100,"max_position_embeddings":64,"tie_word_embeddings":true}`)},
		"sacct.txt":   {Data: []byte("JobIDRaw|Account|State|Start|End|ElapsedRaw|AllocTRES\n7|a|COMPLETED|2026-08-22T10:00:00|2026-08-22T11:00:00|3600|gres/gpu:h100=8,node=1\n")},
		"chips.csv":   {Data: []byte("name,product\nh100,NVIDIA H100 SXM5 80GB\n")},
		"quota.yaml":  {Data: []byte("schema: weighbridge.dev/quota/v1\n")},
	}
	for name, file := range files {
		if err := os.WriteFile(at(name), file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must(t, dir, "record", "--model", "acme/atlas@1", "--activity", "fine-tuning", "--operations", "1e20", "--run", "r")
	must(t, dir, "key", "generate", "--out", at("other.key"))
	must(t, dir, "key", "generate", "--kind", "ed25519", "--out", at("witness.key"))
	must(t, dir, "key", "generate", "--for", "meter", "--begin", "--out", at("meter.key"))
	must(t, dir, "delivery", "open", "--customer", "Gulf", "--model", "acme/atlas@1", "--headquarters", "AE", "--ultimate-parent", "AE", "--service", "training", "--stage", "before-delivery", "--author", "jo")
	keep("heads.txt", must(t, dir, "ledger", "head", "acme/atlas@1"))
	keep("proof.json", must(t, dir, "ledger", "prove", "acme/atlas@1", "--entry", "0"))
	must(t, dir, "ledger", "export", "acme/atlas@1", "--out", at("atlas.tar"))
	must(t, dir, "save", at("shipment"), "--out", at("saved.tar"))
	must(t, dir, "attest", "acme/atlas@1", "--weights", at("weights"), "--key", at("release.key"), "--out", at("hiding"), "--disclose", "none", "--disclosures", at("disclosures.json"))
	other := t.TempDir()
	must(t, other, "record", "--model", "acme/b@1", "--activity", "pretraining", "--operations", "1")
	if err := os.Rename(filepath.Join(other, "ledger.db"), at("other.db")); err != nil {
		t.Fatal(err)
	}
}
