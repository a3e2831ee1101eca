package probe

import (
	"strings"
	"testing"
)

// TestSMIRefused: what is no document of nvidia-smi.
func TestSMIRefused(t *testing.T) {
	gpu := "<gpu id=\"1\"></gpu>"
	vectors := map[string]string{
		"empty":           "",
		"text":            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
		"HTML":            "<html><body>502</body></html>",
		"cut short":       "<nvidia_smi_log><gpu id=\"1\"><uuid>GPU-1</uuid>",
		"another charset": "<?xml version=\"1.0\" encoding=\"UTF-16\"?><nvidia_smi_log></nvidia_smi_log>",
		"too many GPUs":   "<nvidia_smi_log>" + strings.Repeat(gpu, maxReported+1) + "</nvidia_smi_log>",
		"too many slices": "<nvidia_smi_log><gpu><mig_devices>" + strings.Repeat("<mig_device></mig_device>", maxSlices+1) + "</mig_devices></gpu></nvidia_smi_log>",
		"an entity bomb":  `<!DOCTYPE x [<!ENTITY a "aaaa">]><nvidia_smi_log><gpu><uuid>&a;</uuid></gpu></nvidia_smi_log>`,
	}
	for name, document := range vectors {
		if r, err := ParseSMI([]byte(document), nil); err == nil {
			t.Errorf("%s: read as %+v", name, r)
		} else if !strings.HasPrefix(err.Error(), "nvidia-smi: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSMIWithoutAnswers: what nvidia-smi prints where it has no answer is not
// taken for one.
func TestSMIWithoutAnswers(t *testing.T) {
	document := `<nvidia_smi_log><driver_version>470.1</driver_version><gpu id="00000000:01:00.0"><product_name>Tesla T4</product_name><serial>N/A</serial>
		<uuid>GPU-1</uuid><minor_number>N/A</minor_number><vbios_version>[Unknown Error]</vbios_version><mig_mode><current_mig>N/A</current_mig></mig_mode>
		<fb_memory_usage><total>N/A</total></fb_memory_usage><pci><pci_device_id>rubbish</pci_device_id></pci>
		<fabric><state>N/A</state><status>N/A</status></fabric></gpu></nvidia_smi_log>`
	r, err := ParseSMI([]byte(document), nil)
	if err != nil || len(r.GPUs) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	g := r.GPUs[0]
	if g.Serial != "" || g.VBIOS != "" || g.Minor != -1 || g.Memory != 0 || g.MIG || g.PCI != "" || g.Fabric != (Fabric{}) || g.Address != "0000:01:00.0" {
		t.Errorf("found %+v", g)
	}
}

func TestConfidential(t *testing.T) {
	for output, want := range map[string]string{"CC status: ON\n": "on", "CC status: OFF\n": "off", "": "", "CC status: maybe": "", "ERROR: Option conf-compute is not recognized.": ""} {
		if got := ParseConfidential([]byte(output)); got != want {
			t.Errorf("%q: %q, expected %q", output, got, want)
		}
	}
}

func TestProfileShare(t *testing.T) {
	for _, v := range []struct {
		profile, gpu string
		compute, of  uint64
	}{
		{"1g.10gb", "NVIDIA H100 80GB HBM3", 1, 7}, {"3g.40gb", "NVIDIA H100 80GB HBM3", 3, 7}, {"7g.80gb", "NVIDIA A100-SXM4-80GB", 7, 7},
		{"1c.3g.40gb", "NVIDIA H100 80GB HBM3", 1, 7}, {"1g.5gb+me", "A100-PCIE-40GB", 1, 7}, {"1g.10gb-me", "NVIDIA H200", 1, 7}, {"2g.12gb", "NVIDIA A30", 2, 4},
		{"4g.96gb", "NVIDIA RTX PRO 6000 Blackwell Server Edition", 4, 4}, {"7g.24gb", "NVIDIA A30", 0, 0}, {"3g.40gb", "NVIDIA L40S", 0, 0},
		{"3g.40gb", "NVIDIA H1000", 0, 0}, {"9g.40gb", "NVIDIA H100", 0, 0}, {"", "NVIDIA H100", 0, 0}, {"3g", "NVIDIA H100", 0, 0},
	} {
		if c, of := profileShare(v.profile, v.gpu); c != v.compute || of != v.of {
			t.Errorf("%s of %s: %d/%d, expected %d/%d", v.profile, v.gpu, c, of, v.compute, v.of)
		}
	}
}

func FuzzSMI(f *testing.F) {
	f.Add("<nvidia_smi_log><gpu id=\"00000000:01:00.0\"><uuid>GPU-1</uuid><mig_devices><mig_device><fb_memory_usage><total>1 MiB</total></fb_memory_usage></mig_device></mig_devices></gpu></nvidia_smi_log>", "GPU 0: X (UUID: GPU-1)\n  MIG 1g.10gb Device 0: (UUID: MIG-1)\n")
	f.Add("<nvidia_smi_log/>", "")
	f.Add("\x00", "MIG")
	f.Fuzz(func(t *testing.T, document, listing string) {
		r, err := ParseSMI([]byte(document), []byte(listing))
		if err != nil {
			return
		}
		for _, g := range r.GPUs {
			for _, text := range []string{g.Name, g.UUID, g.Serial, g.VBIOS, g.Fabric.State} {
				if strings.ContainsAny(text, "\x1b\n\x00") {
					t.Errorf("a control character came through: %q", text)
				}
			}
			for _, s := range g.Slices {
				if s.Compute > s.Of {
					t.Errorf("a slice of %d of %d", s.Compute, s.Of)
				}
			}
		}
	})
}

// TestSMIStopsAtTheLimit: what stands after one GPU or slice too many is not read.
func TestSMIStopsAtTheLimit(t *testing.T) {
	for _, document := range []string{
		"<nvidia_smi_log>" + strings.Repeat("<gpu/>", maxReported+1) + "<<<",
		"<nvidia_smi_log><gpu><mig_devices>" + strings.Repeat("<mig_device/>", maxSlices+1) + "<<<",
	} {
		if _, err := ParseSMI([]byte(document), nil); err == nil || !strings.Contains(err.Error(), ": more than ") {
			t.Errorf("found %v, expected more than the limit", err)
		}
	}
}

// TestSMIOnATerminal: what turns text round or moves a cursor is shown as a question mark.
func TestSMIOnATerminal(t *testing.T) {
	r, err := ParseSMI([]byte("<nvidia_smi_log><gpu><uuid>GPU-\u202e1\u200b\u00852</uuid></gpu></nvidia_smi_log>"), nil)
	if err != nil || len(r.GPUs) != 1 || r.GPUs[0].UUID != "GPU-?1??2" {
		t.Errorf("found %+v, %v", r, err)
	}
}
