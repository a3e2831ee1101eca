package main

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// samples are the logs of the formats that are read, with what each must give.
const samples = "../../meter/trainlog/testdata/samples"

// importSample is record --from on a sample, as a dry run.
func importSample(t *testing.T, f recordFlags) fromResult {
	t.Helper()
	f.from.dryRun = true
	if f.from.read == "" {
		f.from.read = "auto"
	}
	_, reader, err := readFile(f.from)
	if err != nil {
		t.Fatal(err)
	}
	i, err := f.imported(reader.Observation(), reader.Figures())
	if err != nil {
		t.Fatal(err)
	}
	record, err := f.recordOf(i, "log-0", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return i.result(f.from.path, record)
}

// figureTexts are the figures as their JSON says them, without quotes.
func figureTexts(t *testing.T, r fromResult) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, figure := range r.Figures {
		data, err := json.Marshal(figure)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = strings.Trim(string(data), `"`)
	}
	return texts
}

// TestEverySampleGivesWhatIsExpected walks EXPECTED.json: with the architecture
// of the samples each one gives every figure that stands there, exactly.
func TestEverySampleGivesWhatIsExpected(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(samples, "EXPECTED.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for file, want := range expected {
		f := recordFlags{from: fromFlags{path: filepath.Join(samples, file)}, architecture: architectureFlags{sequence: "8192"}}
		if !otherModel[file] {
			f.architecture.config = filepath.Join(samples, "config.json")
		}
		result := importSample(t, f)
		got := figureTexts(t, result)
		for name, value := range want {
			switch name {
			case "note":
			case "reject":
				var rejected []string
				if err := json.Unmarshal(value, &rejected); err != nil || len(result.Findings) < len(rejected) {
					t.Errorf("%s: %d findings for %d things to reject: %v", file, len(result.Findings), len(rejected), err)
				}
			default:
				compared++
				if !sameFigure(got[name], strings.Trim(string(value), `"`)) {
					t.Errorf("%s: %s is %q, want %s", file, name, got[name], value)
				}
			}
		}
	}
	t.Logf("%d figures of %d samples compared", compared, len(expected))
	if compared < 70 || len(expected) < 33 {
		t.Errorf("only %d figures of %d samples were compared", compared, len(expected))
	}
}

// otherModel are the samples of another model than that of config.json: their
// parameters are their own.
var otherModel = map[string]bool{"llmc_stdout.log": true}

// sameFigure compares as numbers what are numbers, and lists element by element.
func sameFigure(got, want string) bool {
	strip := strings.NewReplacer(" ", "", `"`, "", "\n", "", "[", "", "]", "")
	a, b := strings.Split(strip.Replace(got), ","), strings.Split(strip.Replace(want), ",")
	return slices.EqualFunc(a, b, func(x, y string) bool {
		m, isNumber := new(big.Rat).SetString(x)
		n, both := new(big.Rat).SetString(y)
		if isNumber && both {
			return m.Cmp(n) == 0
		}
		return x == y
	})
}

// TestComputedFiguresNeedTheArchitecture: without it a file gives only what it
// states.
func TestComputedFiguresNeedTheArchitecture(t *testing.T) {
	computed := []string{"operations_per_token", "overstatement", "operations_committed", "operations_executed", "operations_exact", "tokens_exact", "tokens_implied"}
	files := 0
	for _, pattern := range []string{"*.*", "wandb/*", "tensorboard/*"} {
		paths, err := filepath.Glob(filepath.Join(samples, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if base := filepath.Base(path); base == "EXPECTED.json" || base == "config.json" {
				continue
			}
			files++
			result := importSample(t, recordFlags{from: fromFlags{path: path}, architecture: architectureFlags{sequence: "8192"}})
			for _, name := range computed {
				if figure, found := result.Figures[name]; found {
					t.Errorf("%s: %s is %s without an architecture", path, name, figure.Text)
				}
			}
		}
	}
	if files < 30 {
		t.Errorf("only %d files", files)
	}
}
