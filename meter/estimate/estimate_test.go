package estimate

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func ops(t testing.TB, text string) meter.Ops {
	t.Helper()
	o, err := meter.ParseOps(strings.ReplaceAll(text, ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func load(t testing.TB, path string) Architecture {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseConfig(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return a
}

func rows(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%s: %d rows: %v", path, len(all), err)
	}
	var list []map[string]string
	for _, record := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = record[i]
		}
		list = append(list, row)
	}
	return list
}

// TestWorkedExample: the dense example of the facts, by hand, to the last
// operation.
func TestWorkedExample(t *testing.T) {
	a := load(t, "worked-example.json")
	var attention, feed, head meter.Ops
	var s sum
	for _, p := range a.Products() {
		switch w := p.weights(&s); {
		case strings.HasPrefix(p.Name, "attention."):
			attention = s.add(attention, w)
		case strings.HasPrefix(p.Name, "mlp."):
			feed = s.add(feed, w)
		case p.Name == "head":
			head = w
		}
	}
	p := a.Parameters()
	c, err := a.Training(meter.NewOps(73_400_320), 8192)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what string
		got  meter.Ops
		want string
	}{
		{"attention weights", attention, fmt.Sprint(32 * 41_943_040)},
		{"feed-forward weights", feed, fmt.Sprint(32 * 176_160_768)},
		{"head weights", head, "525,336,576"},
		{"W", p.Weights, "7,504,658,432"},
		{"input embedding", p.Embedding, "525,336,576"},
		{"norms", p.Norms, "266,240"},
		{"parameters", p.Total, "8,030,261,248"},
		{"active parameters", p.Active, "7,504,924,672"},
		{"operations per token", c.PerToken.Estimate.Ops, "51,470,401,536"},
		{"operations of 73,400,320 tokens", c.Operations.Estimate.Ops, "3,777,943,943,270,891,520"},
		{"context", meter.NewOps(a.ContextLength()), "8192"},
	} {
		if x.got != ops(t, x.want) {
			t.Errorf("%s: %s, want %s", x.what, x.got, x.want)
		}
	}
	if c.PerToken != meter.Exact(c.PerToken.Low) || c.Operations != meter.Exact(c.Operations.Low) {
		t.Errorf("a stated length leaves no interval: %v", c)
	}
	if want := "6 x 7504658432 weights applied per token + 12 x 32 layers x 4096 x 4096 keys"; c.Source != want {
		t.Errorf("source %q, want %q", c.Source, want)
	}
	if want := "multiply-accumulate 2, attention causal, keys s/2, window none, embedding excluded, head included, recomputation excluded, experts none, evaluation excluded"; c.Convention.String() != want {
		t.Errorf("convention %q, want %q", c.Convention, want)
	}
	if want := "llama, 32 layers, 8030261248 parameters, context 8192"; a.String() != want {
		t.Errorf("%q, want %q", a, want)
	}
}

// TestWorkedExampleOfExperts: the example of the facts with attention through a
// low rank and experts, by hand, to the last operation.
func TestWorkedExampleOfExperts(t *testing.T) {
	a := load(t, "exact/deepseek-v3.json")
	groups := map[string]meter.Ops{}
	var s sum
	for _, p := range a.Products() {
		if group, _, _ := strings.Cut(p.Name, "."); !p.Prediction {
			groups[group] = s.add(groups[group], p.weights(&s))
		}
	}
	c, err := a.Training(meter.NewOps(1), 4096)
	if err != nil {
		t.Fatal(err)
	}
	p := a.Parameters()
	for _, x := range []struct {
		what string
		got  meter.Ops
		want string
	}{
		{"attention weights", groups["attention"], fmt.Sprint(61 * 187_105_280)},
		{"dense feed-forward weights", groups["mlp"], fmt.Sprint(3 * 396_361_728)},
		{"active weights of experts", s.add(groups["experts"], groups["shared"]), fmt.Sprint(58 * 396_361_728)},
		{"router", groups["router"], fmt.Sprint(58 * 1_835_008)},
		{"head", groups["head"], "926,679,040"},
		{"W", p.Weights, "36,624,596,992"},
		{"core", s.keep(c.PerToken.Low.Sub(s.times(p.Weights, meter.NewOps(6)))), "30,702,305,280"},
		{"operations per token", c.PerToken.Estimate.Ops, "250,449,887,232"},
		{"parameters", p.Total, "671,026,419,200"},
		// One layer (attention, 256 + 1 experts, router, norms, choice), the product that joins, three norms.
		{"prediction module", p.Prediction, fmt.Sprint(187_105_280 + 257*3*7168*2048 + 1_835_008 + 2*7168 + 1536 + 512 + 256 + 2*7168*7168 + 3*7168)},
	} {
		if x.got != ops(t, x.want) {
			t.Errorf("%s: %s, want %s", x.what, x.got, x.want)
		}
	}
	if want := "6 x 36624596992 weights applied per token + 12 x 61 layers x 20480 x 2048 keys; multi-token-prediction modules left out"; c.Source != want {
		t.Errorf("source %q, want %q", c.Source, want)
	}
	if c.Convention.Experts != "active" {
		t.Errorf("%v", c.Convention)
	}
	with, err := a.Count(Work{Tokens: meter.NewOps(1), Sequence: 4096, Prediction: true})
	if err != nil {
		t.Fatal(err)
	}
	// The module's layer, the product that joins and the head once more, 6 operations each; one core more.
	module := 6*(187_105_280+396_361_728+1_835_008+2*7168*7168+926_679_040) + 30_702_305_280/61
	if got := s.keep(with.PerToken.Low.Sub(c.PerToken.Low)); got != meter.NewOps(uint64(module)) || !strings.HasSuffix(with.Source, "prediction modules included") {
		t.Errorf("with the prediction module %s more, want %d: %s", got, module, with.Source)
	}
}

// TestExactParameters: published models of every family, to the last parameter
// of the family's class in Hugging Face transformers 5.24, built from the same
// configuration without its weights. For the two T5 models with a head of their
// own, which that version of the class ties, it is what their weights hold.
func TestExactParameters(t *testing.T) {
	families := map[string]bool{}
	seen := 0
	for _, row := range rows(t, "exact.csv") {
		a := load(t, "exact/"+row["config"]+".json")
		if got := a.Parameters().Total.String(); got != row["parameters"] {
			t.Errorf("%s: %s parameters, want %s", row["config"], got, row["parameters"])
		}
		families[a.Family()] = true
		seen++
	}
	files, err := filepath.Glob("testdata/exact/*.json")
	if err != nil || len(files) != seen || seen < 40 {
		t.Errorf("%d rows for %d configurations: %v", seen, len(files), err)
	}
	for _, family := range publishedTypes() {
		families[family] = true
	}
	families["arcee"] = true // by hand, in TestSmallShapes
	for _, name := range Families() {
		if !families[name] {
			t.Errorf("family %s is read but no model of it is checked", name)
		}
	}
	t.Logf("%d published configurations, exact", seen)
}

// small is a llama of 2 layers, width 8, 4 heads of 2, 2 key heads, feed-forward
// 16, vocabulary 32: W = 2 x (8 x (8 + 2 x 4) + 8 x 8 + 3 x 8 x 16) + 8 x 32.
const small = `{"model_type":"llama","hidden_size":8,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":16,"vocab_size":32,"max_position_embeddings":64}`

// with returns small with other fields; a value of "" takes the field away.
func with(t testing.TB, changes ...string) []byte {
	t.Helper()
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(small), &fields); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if delete(fields, changes[i]); changes[i+1] != "" {
			fields[changes[i]] = json.RawMessage(changes[i+1])
		}
	}
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSmallShapes: small models by hand. Matrices of the llama shape: 128 (query
// 64, key 32, value 32) + 64 + 384 = 576 per layer, head 256: W = 1408.
func TestSmallShapes(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []string
		want    string // weights, embedding, positions, norms, biases, other, total
	}{
		{"llama", nil, "1408 256 0 40 0 0 1704"},
		{"tied", []string{"tie_word_embeddings", "true"}, "1408 0 0 40 0 0 1448"},
		{"biases", []string{"attention_bias", "true", "mlp_bias", "true"}, "1408 256 0 40 128 0 1832"}, // 2 x (8+4+4+8 + 16+16+8)
		{"key heads default to heads", []string{"num_key_value_heads", ""}, "1536 256 0 40 0 0 1832"},
		{"null is absent", []string{"num_key_value_heads", "null", "head_dim", "null"}, "1536 256 0 40 0 0 1832"},
		{"own head width", []string{"head_dim", "3"}, "1600 256 0 40 0 0 1896"}, // 2 x (96 + 2 x 48 + 96 + 384) + 256
		{"arcee", []string{"model_type", `"arcee"`}, "1152 256 0 40 0 0 1448"},
		{"qwen2", []string{"model_type", `"qwen2"`}, "1408 256 0 40 32 0 1736"},
		{"qwen3", []string{"model_type", `"qwen3"`, "head_dim", "2"}, "1408 256 0 48 0 0 1712"},
		{"olmo", []string{"model_type", `"olmo"`}, "1408 256 0 0 0 0 1664"},
		{"olmo2", []string{"model_type", `"olmo2"`}, "1408 256 0 64 0 0 1728"},
		{"gemma2", []string{"model_type", `"gemma2"`, "head_dim", "2", "sliding_window", "8"}, "1408 0 0 72 0 0 1480"},
		{"apertus", []string{"model_type", `"apertus"`, "hidden_act", `"xielu"`}, "1152 256 0 48 0 4 1460"},
		{"nemotron", []string{"model_type", `"nemotron"`}, "1152 256 0 80 0 0 1488"},
		{"starcoder2", []string{"model_type", `"starcoder2"`}, "1152 0 0 80 96 0 1328"}, // 2 x (8+4+4+8 + 16+8)
		{"gpt_neox", []string{"model_type", `"gpt_neox"`}, "1280 256 0 80 112 0 1728"},
		{"phi", []string{"model_type", `"phi"`}, "1152 256 0 48 128 0 1584"},
		{"stablelm", []string{"model_type", `"stablelm"`, "qk_layernorm", "true", "use_parallel_residual", "true"}, "1408 256 0 72 0 0 1736"},
		{"cohere", []string{"model_type", `"cohere"`, "use_qk_norm", "true"}, "1408 0 0 48 0 0 1456"},
		{"falcon, old", []string{"model_type", `"falcon"`}, "1600 0 0 48 0 0 1648"}, // 2 x (64 + 2 x 16 + 64 + 2 x 8 x 32) + 256
	} {
		a, err := ParseConfig(with(t, c.changes...))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		p := a.Parameters()
		got := fmt.Sprint(p.Weights, " ", p.Embedding, " ", p.Positions, " ", p.Norms, " ", p.Biases, " ", p.Other, " ", p.Total)
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
