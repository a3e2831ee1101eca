package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSpec: the example of SPEC.md is a policy, and every rule of it is cited by a
// test of this package or of the command.
func TestSpec(t *testing.T) {
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("no example")
	}
	p, err := Parse([]byte(example), "SPEC.md", func(name string) ([]byte, error) {
		keys := map[string]string{"acme.key.pub": keyA, "cloud.key.pub": keyB, "cert.key.pub": keyC, "cert-2027.key.pub": keyD}
		return []byte(keys[name]), nil
	})
	if err != nil || len(p.Rules) != 2 || len(p.Signers) != 3 || len(p.Signers[2].Keys) != 2 || p.Rules[0].MinLedger != 10 {
		t.Fatalf("%+v %v", p, err)
	}
	var cited strings.Builder
	for _, pattern := range []string{"*_test.go", "../../cmd/weighbridge/testdata/script/verify_policy.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cited.Write(text)
		}
	}
	for _, rule := range regexp.MustCompile(`\*\*(P\d+)\*\*`).FindAllStringSubmatch(string(text), -1) {
		if !regexp.MustCompile(`[( ]` + rule[1] + `[,) ]`).MatchString(cited.String()) {
			t.Errorf("no test cites %s", rule[1])
		}
	}
}
