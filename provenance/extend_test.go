package provenance_test

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/provenance"
)

const header = "vendor,product,form_factor,marketed_for_datacenter,released,process,die_area_mm2,fp64,fp32,tf32,fp16,bf16,fp8,fp6,fp4,int8,int4,memory_gb,memory_bw_gbs,tdp_w,pci_ids,nvml_names,source_urls,confidence,notes\n"

// TestExtend: a user's file adds products, says what looks wrong in it, and
// never changes an entry that is there.
func TestExtend(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	own := header + "Acme,Loom 1,OAM,yes,2026-01,TSMC N3,900,,,,500,500,1000,,,1000,,96,4000,700,,Acme Loom 1,(datasheet),A,\n"
	extended, suspicions, err := catalogue.Extend([]byte(own))
	if err != nil || len(suspicions) != 0 {
		t.Fatalf("%v, %v", suspicions, err)
	}
	found, err := extended.Find("Loom 1")
	if err != nil || found.Classify().ECCN != provenance.ECCN3A090A || found.Classify().TPP.String() != "8000" {
		t.Fatalf("%v, %v", found, err)
	}
	if _, err := catalogue.Find("Loom 1"); err == nil {
		t.Error("the catalogue itself was changed")
	}
	if extended.Digest() == catalogue.Digest() || len(extended.All()) != len(catalogue.All())+1 {
		t.Error("the extended catalogue is not told from the other")
	}
	sparse := strings.Replace(own, ",1000,,,1000,", ",2000,,,2000,", 1)
	if _, suspicions, err = catalogue.Extend([]byte(sparse)); err != nil || len(suspicions) != 1 || suspicions[0].Code != "sparse-rate" {
		t.Errorf("a sparse rate in a dense column: %v, %v", suspicions, err)
	}
	for name, c := range map[string]struct{ data, want string }{
		"known-product": {header + "nvidia,h100 sxm5 80gb,SXM,yes,2022-09,N4,814,,,,1,1,,,,,,80,3350,700,,,(x),A,\n", "is in the catalogue already"},
		"no-header":     {"Acme,Loom 1\n", "expected the columns"},
		"twice":         {own + strings.TrimPrefix(own, header), "a second time"},
		"negative-rate": {strings.Replace(own, ",500,500,", ",-500,500,", 1), "line 2"},
		"empty":         {"", "expected the columns"},
	} {
		if _, _, err := catalogue.Extend([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

// TestSystem: a system is classified by its circuits, never by their number.
func TestSystem(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		holds     map[string]uint32
		eccn      provenance.ECCN
		tpp, says string
	}{
		{map[string]uint32{"NVIDIA H100 SXM5 80GB": 8}, provenance.ECCN4A090A, "126656", "any one such circuit is enough"},
		{map[string]uint32{"NVIDIA H20": 8}, provenance.None, "18944", "none of its circuits"},
		{map[string]uint32{"NVIDIA A30": 1, "NVIDIA H20": 7}, provenance.ECCN4A090B, "19220", "3A090.b"},
		{map[string]uint32{"NVIDIA H100 SXM5 80GB": 1, "H800 PCIe": 1}, provenance.ECCN4A090A, "unknown", "3A090.a"},
		{map[string]uint32{"NVIDIA A30": 1, "H800 PCIe": 1}, provenance.Undetermined, "unknown", "undetermined"},
		{nil, provenance.None, "0", "none of its circuits"},
	}
	for _, c := range cases {
		var holdings []provenance.Holding
		for name, count := range c.holds {
			found, err := catalogue.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			holdings = append(holdings, provenance.Holding{Accelerator: found, Count: count})
		}
		s := provenance.ClassifySystem(holdings)
		if s.ECCN != c.eccn || s.TPP.String() != c.tpp || !strings.Contains(s.Reasons[len(s.Reasons)-1], c.says) {
			t.Errorf("%v: %s, TPP %s, %q; expected %s, %s, %q", c.holds, s.ECCN, s.TPP, s.Reasons, c.eccn, c.tpp, c.says)
		}
	}
}
