package provenance

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	c := embedded(t)
	for name, want := range map[string]string{
		"H20":                                "NVIDIA H20 96GB", // "NVIDIA H20", as old drivers print it
		"NVIDIA H20":                         "NVIDIA H20 96GB",
		"H200":                               "NVIDIA H200 SXM 141GB",
		"NVIDIA H200":                        "NVIDIA H200 SXM 141GB",
		"H100 SXM5 80GB":                     "NVIDIA H100 SXM5 80GB",
		"nvidia  h100 sxm5   80gb":           "NVIDIA H100 SXM5 80GB",
		" NVIDIA H100 80GB HBM3 ":            "NVIDIA H100 SXM5 80GB",
		"H100 80GB HBM3":                     "NVIDIA H100 SXM5 80GB",
		"10de:2330":                          "NVIDIA H100 SXM5 80GB",
		"10DE:2330":                          "NVIDIA H100 SXM5 80GB",
		"10de:2330/10de:16c1":                "NVIDIA H100 SXM5 80GB",
		"A100-SXM4-80GB":                     "NVIDIA A100 SXM4 80GB",
		"A10":                                "NVIDIA A10",
		"A2":                                 "NVIDIA A2",
		"10de:25b6/10de:157e":                "NVIDIA A2",
		"10de:25b6/10de:14a9":                "NVIDIA A16 (board: 4x GA107)",
		"Tesla T4":                           "NVIDIA T4",
		"NVIDIA GH200 144G HBM3e":            "NVIDIA GH200 (Hopper GPU part)",
		"GB200":                              "NVIDIA GB200 (per GPU)",
		"Gaudi3":                             "Intel Gaudi3 (HL-325L)",
		"Intel Gaudi3 (HL-325L)":             "Intel Gaudi3 (HL-325L)",
		"AMD Instinct MI300X VF":             "AMD Instinct MI300X",
		"GeForce RTX 4080":                   "NVIDIA GeForce RTX 4080 (negative control)",
		"NVIDIA GeForce RTX 4090 D":          "NVIDIA GeForce RTX 4090 D",
		"NVIDIA GeForce RTX 4090":            "NVIDIA GeForce RTX 4090",
		"1002:7408":                          "AMD Instinct MI250X",
		"Ascend 910":                         "Huawei Ascend 910 (2019)",
		"RTX PRO 6000 Blackwell Workstation": "NVIDIA RTX PRO 6000 Blackwell Workstation",
	} {
		if got, err := c.Find(name); err != nil || got.Name() != want {
			t.Errorf("%q: found %q, %v, expected %q", name, got.Name(), err, want)
		}
	}
}

// TestFindsNoParts: a name inside another one, or a family, is no product.
func TestFindsNoParts(t *testing.T) {
	for name, nearest := range map[string]string{
		"H100": "NVIDIA H100 SXM5 80GB", "NVIDIA H100": "NVIDIA H100 SXM5 80GB", "A100": "NVIDIA A100 SXM4 40GB", "MI300X": "AMD Instinct MI300X",
		"H2": "NVIDIA H20 96GB", "GeForce RTX 409": "NVIDIA GeForce RTX 4090", "H100 SXM5": "NVIDIA H100 SXM5 80GB", "Ascend 910B": "Huawei Ascend 910B2",
		"": "", "10de:ffff": "", "zzzzzzzz": "", "(": "", "NVIDIA": "NVIDIA T4", "TPU": "Google TPU v2", "H100 80GB HBM2": "NVIDIA H100 SXM5 80GB",
	} {
		a, err := embedded(t).Find(name)
		var unknown *UnknownProductError
		if !errors.As(err, &unknown) {
			t.Errorf("%q: found %q, %v, expected an unknown product", name, a.Name(), err)
			continue
		}
		if nearest != "" && !slices.Contains(unknown.Nearest, nearest) {
			t.Errorf("%q: nearest are %q, expected %q among them", name, unknown.Nearest, nearest)
		}
		if len(unknown.Nearest) > maxNearest {
			t.Errorf("%q: %d nearest names", name, len(unknown.Nearest))
		}
	}
}

func TestFindDoesNotChoose(t *testing.T) {
	for name, want := range map[string][]string{
		"10de:25b6": {"NVIDIA A2", "NVIDIA A16 (board: 4x GA107)"},
		"1002:740c": {"AMD Instinct MI250", "AMD Instinct MI250X"},
		"1ae0:0027": {"Google TPU v2", "Google TPU v3"},
		"19e5:d802": {"Huawei Ascend 910B2", "Huawei Ascend 910B3", "Huawei Ascend 910B4"},
		"1002:744c": {"AMD Radeon RX 7900 XTX", "AMD Radeon RX 7900 XT (not in the catalogue)", "AMD Radeon RX 7900 GRE (not in the catalogue)"},
	} {
		a, err := embedded(t).Find(name)
		var ambiguous *AmbiguousProductError
		if !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Products, want) {
			t.Errorf("%q: found %q, %v, expected %q", name, a.Name(), err, want)
		}
	}
}

// TestEveryNameFindsItsProduct: each name and each id of each product.
func TestEveryNameFindsItsProduct(t *testing.T) {
	c := embedded(t)
	for _, a := range c.All() {
		for _, name := range a.wholeNames() {
			if got, err := c.Find(name); err != nil || got.Name() != a.Name() {
				t.Errorf("%q of %s: found %q, %v", name, a.Name(), got.Name(), err)
			}
		}
		for _, id := range a.PCI {
			if !slices.ContainsFunc(c.FindPCI(id), func(b Accelerator) bool { return b.Name() == a.Name() }) {
				t.Errorf("%s of %s is not found", id, a.Name())
			}
		}
	}
}

func TestParsePCI(t *testing.T) {
	for _, text := range []string{"10de", "10de:", ":2330", "10de:233", "10de:23300", "10de:233g", "10de-2330", "0x10de:0x2330", "10de:2330/", "10de:2330/10de", "10de:2330/10de:16c1/", "10de:2330 "} {
		if m, err := ParsePCI(text); err == nil {
			t.Errorf("%q was read as %s", text, m)
		}
	}
}

func FuzzFind(f *testing.F) {
	c := embedded(f)
	for _, seed := range []string{"H100", "10de:2330", "10de:25b6/10de:157e", "", "nvidia", "\xff\x00", strings.Repeat("H", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		a, err := c.Find(name)
		if (err == nil) != (a.Product != "") {
			t.Errorf("%q: product %q with error %v", name, a.Product, err)
		}
	})
}
