package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/weighbridge/weighbridge/"

// top is the root of the checkout, seen from this package.
const top = "../.."

// mayImport is the table of who may import whom inside the project, and which
// modules from outside a package may name. A package that is not in it is an
// error: a new one needs a line, and a reason that a reader can say.
var mayImport = map[string]struct{ inside, outside []string }{
	"meter/canonical":       {},
	"meter":                 {inside: []string{"meter/canonical"}},
	"meter/estimate":        {inside: []string{"meter", "meter/tensors"}},
	"meter/trainlog":        {inside: []string{"meter"}},
	"meter/tensors":         {},
	"meter/wrap":            {inside: []string{"meter", "meter/canonical"}, outside: []string{"golang.org/x/sys", "golang.org/x/term", "github.com/creack/pty"}},
	"meter/proof":           {outside: []string{"github.com/transparency-dev/merkle"}},
	"meter/entry":           {inside: []string{"meter", "meter/canonical"}},
	"meter/ledger":          {inside: []string{"meter", "meter/canonical", "meter/entry", "meter/epoch", "meter/proof"}, outside: []string{"go.etcd.io/bbolt", "github.com/transparency-dev/merkle", "golang.org/x/sys"}},
	"meter/epoch":           {inside: []string{"meter/canonical", "meter/entry", "meter/proof"}},
	"meter/audit":           {inside: []string{"meter", "meter/canonical", "meter/entry", "meter/ledger", "meter/proof"}},
	"provenance":            {},
	"provenance/probe":      {inside: []string{"provenance"}},
	"provenance/accounting": {inside: []string{"provenance"}},
	"fdp":                   {inside: []string{"meter", "meter/canonical", "provenance"}, outside: []string{"go.yaml.in/yaml/v3"}},
	"fdp/delivery":          {inside: []string{"meter", "meter/canonical", "provenance", "fdp"}},
	"fdp/quota":             {inside: []string{"provenance", "fdp"}, outside: []string{"golang.org/x/text"}},
	"attest":                {inside: []string{"meter", "meter/canonical", "meter/entry", "provenance", "fdp", "attest/disclosure"}},
	"attest/disclosure":     {inside: []string{"meter/canonical"}},
	"attest/bom":            {inside: []string{"meter", "attest"}, outside: []string{"github.com/CycloneDX/cyclonedx-go"}},
	"attest/weights":        {inside: []string{"attest"}, outside: []string{"golang.org/x/sync", "golang.org/x/crypto", "golang.org/x/sys", "lukechampine.com/blake3"}},
	"attest/sign":           {inside: []string{"attest"}, outside: []string{"github.com/sigstore", "google.golang.org/protobuf"}},
	"attest/sign/kms":       {outside: []string{"github.com/sigstore"}},
	"attest/sign/pkcs11":    {outside: []string{"github.com/miekg/pkcs11"}},
	"attest/witness":        {inside: []string{"meter/proof"}, outside: []string{"github.com/transparency-dev/formats", "golang.org/x/mod"}},
	"attest/verify":         {inside: []string{"attest", "attest/witness", "meter", "meter/entry", "meter/epoch", "meter/proof", "fdp"}, outside: []string{"github.com/sigstore", "google.golang.org/protobuf", "github.com/digitorus/timestamp"}},
	"attest/oci":            {inside: []string{"attest", "attest/weights"}, outside: []string{"oras.land/oras-go/v2", "github.com/opencontainers", "golang.org/x/sys"}},
	"attest/policy":         {inside: []string{"attest", "attest/verify", "attest/witness", "fdp"}},
	"attest/sign/signtest": {outside: []string{"github.com/sigstore", "google.golang.org/protobuf", "github.com/digitorus/timestamp", "github.com/cyberphone/json-canonicalization",
		"github.com/transparency-dev", "golang.org/x/mod"}},
	"attest/oci/ocitest":      {outside: []string{"github.com/opencontainers"}},
	"cmd/weighbridge/trainer": {},

	"provenance/probe/nvml":     {inside: []string{"provenance/probe"}, outside: []string{"github.com/NVIDIA/go-nvml"}},
	"provenance/probe/sampling": {inside: []string{"provenance/probe/nvml"}, outside: []string{"github.com/prometheus"}},

	"cmd/weighbridge": {
		inside: []string{
			"meter", "meter/estimate", "meter/trainlog", "meter/tensors", "meter/wrap", "meter/epoch", "meter/ledger", "meter/proof", "meter/audit", "provenance", "provenance/probe",
			"provenance/accounting", "provenance/probe/nvml", "provenance/probe/sampling",
			"fdp", "fdp/delivery", "fdp/quota", "attest", "attest/bom", "attest/disclosure", "attest/weights", "attest/sign", "attest/sign/kms", "attest/sign/pkcs11", "attest/verify", "attest/witness", "attest/oci", "attest/policy", "cmd/weighbridge/trainer",
		},
		outside: []string{"github.com/spf13", "golang.org/x/term", "golang.org/x/sys", "github.com/schollz/progressbar"},
	},
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = top
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 3 {
		t.Fatalf("only %d packages were listed", len(packages))
	}
	return packages
}

// TestImportTable holds mayImport against the imports of every package.
func TestImportTable(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %s is not in the import table", name)
			continue
		}
		for _, problem := range forbidden(p, allowed.inside, allowed.outside) {
			t.Errorf("package %s %s", name, problem)
		}
	}
}

func forbidden(p goPackage, inside, outside []string) []string {
	var problems []string
	for _, imported := range p.Imports {
		if local, ours := strings.CutPrefix(imported, module); ours {
			if !slices.Contains(inside, local) {
				problems = append(problems, "may not import "+local)
			}
			continue
		}
		fromOutside := strings.Contains(strings.Split(imported, "/")[0], ".")
		if fromOutside && !slices.ContainsFunc(outside, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }) {
			problems = append(problems, "may not import "+imported)
		}
	}
	return problems
}

// TestImportTableIsTight: what the table allows and nothing uses is a door left
// open. Packages that do not exist yet come with another branch.
func TestImportTableIsTight(t *testing.T) {
	packages := listPackages(t)
	exists := map[string]bool{}
	for _, p := range packages {
		exists[strings.TrimPrefix(p.ImportPath, module)] = true
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, entry := range unused(p, mayImport[name].inside, mayImport[name].outside, exists) {
			t.Errorf("package %s does not import %s: take it out of the table", name, entry)
		}
	}
}

func unused(p goPackage, inside, outside []string, exists map[string]bool) []string {
	var entries []string
	for _, local := range inside {
		if exists[local] && !slices.Contains(p.Imports, module+local) {
			entries = append(entries, local)
		}
	}
	for _, m := range outside {
		if !slices.ContainsFunc(p.Imports, func(imported string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }) {
			entries = append(entries, m)
		}
	}
	return entries
}

// TestImportTableSeesAPlantedImport shows that the checks above can fail.
func TestImportTableSeesAPlantedImport(t *testing.T) {
	planted := goPackage{ImportPath: module + "meter", Imports: []string{"fmt", module + "fdp", "go.etcd.io/bbolt"}}
	if got := forbidden(planted, nil, nil); len(got) != 2 {
		t.Errorf("found %q, expected the two planted imports", got)
	}
	exists := map[string]bool{"fdp": true, "meter": true}
	if got := unused(planted, []string{"fdp", "meter", "not/yet"}, []string{"go.etcd.io/bbolt", "golang.org/x/sys"}, exists); len(got) != 2 {
		t.Errorf("found %q, expected meter and golang.org/x/sys", got)
	}
}

// TestVerifyNeverLinksTheLedger: a recipient who embeds attest/verify must not
// link a database.
func TestVerifyNeverLinksTheLedger(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath == module+"attest/verify" && slices.Contains(p.Deps, "go.etcd.io/bbolt") {
			t.Error("attest/verify links bbolt")
		}
	}
}

func goFiles(t *testing.T, visit func(path string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		count++
		visit(path, file, set)
		return nil
	})
	if err != nil || count < 10 {
		t.Fatalf("%d Go files read: %v", count, err)
	}
}

// TestEdgesEnterInOnePlace: the clock, the streams and the exit belong to
// cmd/weighbridge alone, in main.go and env.go.
func TestEdgesEnterInOnePlace(t *testing.T) {
	edges := map[string][]string{
		"os":   {"Exit", "Stdin", "Stdout", "Stderr", "Args", "Getenv", "Environ", "LookupEnv"},
		"time": {"Now", "Since", "Until"},
		"http": {"DefaultClient", "Get", "Post"},
	}
	goFiles(t, func(path string, file *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") || path == filepath.Join(top, "cmd/weighbridge/main.go") || path == filepath.Join(top, "cmd/weighbridge/env.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Obj == nil && slices.Contains(edges[pkg.Name], sel.Sel.Name) {
					t.Errorf("%s uses %s.%s: pass it in from cmd/weighbridge/env.go", set.Position(n.Pos()), pkg.Name, sel.Sel.Name)
				}
			}
			return true
		})
	})
}

// TestDocumentation: every package has a comment, every exported symbol too;
// nothing has an init function.
func TestDocumentation(t *testing.T) {
	documented := map[string]bool{}
	goFiles(t, func(path string, file *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || file.Doc != nil
		for _, decl := range file.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: exported %s has no comment", set.Position(decl.Pos()), name)
			}
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init functions are not used here", set.Position(decl.Pos()))
			}
		}
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package in %s has no package comment", dir)
		}
	}
}

func undocumented(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !wellKnownMethod(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
				names = append(names, ts.Name.Name)
			}
		}
		return names
	}
	return nil
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

// wellKnownMethod: the contract of these is the standard library's.
func wellKnownMethod(f *ast.FuncDecl) bool {
	return f.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "Is", "Len", "Less", "Swap"}, f.Name.Name)
}

// TestFormatted: every file is as gofmt writes it.
func TestFormatted(t *testing.T) {
	goFiles(t, func(path string, _ *ast.File, _ *token.FileSet) {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		formatted, err := format.Source(source)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(source, formatted) {
			t.Errorf("%s is not formatted: gofmt -w %[1]s", path)
		}
	})
}

// TestNoSkippedTests: a test that does not run keeps nothing true.
func TestNoSkippedTests(t *testing.T) {
	goFiles(t, func(path string, file *ast.File, set *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
				t.Errorf("%s skips", set.Position(n.Pos()))
			}
			return true
		})
	})
}
