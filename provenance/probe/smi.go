package probe

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// MaxSMI bounds what is read of nvidia-smi: an answer for one GPU takes about
// 20 kB, and 120 kB with all its supported clocks.
const MaxSMI = 64 << 20

// maxReported bounds the GPUs, and the slices of one, that a report may name.
const (
	maxReported = 4096
	maxSlices   = 64
)

type smiLog struct {
	XMLName xml.Name `xml:"nvidia_smi_log"`
	Driver  string   `xml:"driver_version"`
	CUDA    string   `xml:"cuda_version"`
	GPUs    smiGPUs  `xml:"gpu"`
}

type smiGPU struct {
	ID     string `xml:"id,attr"`
	Name   string `xml:"product_name"`
	UUID   string `xml:"uuid"`
	Serial string `xml:"serial"`
	VBIOS  string `xml:"vbios_version"`
	Minor  string `xml:"minor_number"`
	MIG    string `xml:"mig_mode>current_mig"`
	Memory string `xml:"fb_memory_usage>total"`
	PCI    struct {
		Address string `xml:"pci_bus_id"`
		Device  string `xml:"pci_device_id"`
		Board   string `xml:"pci_sub_system_id"`
	} `xml:"pci"`
	Slices smiSlices `xml:"mig_devices>mig_device"`
	Fabric struct {
		State   string `xml:"state"`
		Clique  string `xml:"cliqueId"`
		Cluster string `xml:"clusterUuid"`
	} `xml:"fabric"`
}

type smiSlice struct {
	UUID            string `xml:"uuid"`
	GPUInstance     string `xml:"gpu_instance_id"`
	ComputeInstance string `xml:"compute_instance_id"`
	Memory          string `xml:"fb_memory_usage>total"`
}

type (
	smiGPUs   []smiGPU
	smiSlices []smiSlice
)

// UnmarshalXML reads one more GPU, up to the limit: a document of empty ones would
// take a hundred times its size.
func (all *smiGPUs) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	if len(*all) == maxReported {
		return fmt.Errorf("more than %d GPUs", maxReported)
	}
	*all = append(*all, smiGPU{})
	return dec.DecodeElement(&(*all)[len(*all)-1], &start)
}

// UnmarshalXML reads one more slice, up to the limit.
func (all *smiSlices) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	if len(*all) == maxSlices {
		return fmt.Errorf("more than %d MIG slices of one GPU", maxSlices)
	}
	*all = append(*all, smiSlice{})
	return dec.DecodeElement(&(*all)[len(*all)-1], &start)
}

// ParseSMI reads the document that `nvidia-smi -q -x` prints (schemas v11 to
// v13). listing is what `nvidia-smi -L` prints, which alone has the UUIDs and
// profiles of MIG slices; it may be empty. An error says why the document is
// none of nvidia-smi's.
func ParseSMI(document, listing []byte) (Report, error) {
	if len(document) > MaxSMI || len(listing) > MaxSMI {
		return Report{}, fmt.Errorf("nvidia-smi: more than %d bytes", MaxSMI)
	}
	dec := xml.NewDecoder(bytes.NewReader(document))
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("expected UTF-8") }
	var log smiLog
	if err := dec.Decode(&log); err != nil {
		return Report{}, fmt.Errorf("nvidia-smi: no document of -q -x: %w; expected what nvidia-smi -q -x printed, whole", err)
	}
	report := Report{Source: "nvidia-smi", Driver: said(log.Driver), CUDA: said(log.CUDA)}
	slices := parseListing(listing)
	for _, g := range log.GPUs {
		report.GPUs = append(report.GPUs, g.reported(slices))
	}
	return report, nil
}

// said drops what nvidia-smi prints where it has no answer.
func said(text string) string {
	text = printable(strings.TrimSpace(text), 256)
	switch {
	case text == "N/A", text == "[N/A]", text == "None", strings.HasPrefix(text, "Requested functionality"),
		strings.HasPrefix(text, "Unknown"), strings.HasPrefix(text, "["):
		return ""
	}
	return text
}

func (g smiGPU) reported(listed map[string][]ReportedSlice) ReportedGPU {
	r := ReportedGPU{Name: said(g.Name), UUID: said(g.UUID), Serial: said(g.Serial), VBIOS: said(g.VBIOS), Minor: smallNumber(g.Minor),
		Address: busAddress(first(g.PCI.Address, g.ID)), PCI: swappedID(g.PCI.Device), Board: swappedID(g.PCI.Board),
		Memory: mebibytes(g.Memory), MIG: said(g.MIG) == "Enabled",
		Fabric: Fabric{said(g.Fabric.State), said(g.Fabric.Cluster), said(g.Fabric.Clique)}}
	named := listed[r.UUID]
	for i, s := range g.Slices {
		slice := ReportedSlice{UUID: said(s.UUID), Memory: mebibytes(s.Memory), GPUInstance: smallNumber(s.GPUInstance), ComputeInstance: smallNumber(s.ComputeInstance)}
		if len(named) == len(g.Slices) { // both are in the order of the index
			slice.UUID, slice.Profile = named[i].UUID, named[i].Profile
			slice.Compute, slice.Of = profileShare(slice.Profile, r.Name)
		}
		r.Slices = append(r.Slices, slice)
	}
	return r
}

func first(texts ...string) string {
	for _, t := range texts {
		if said(t) != "" {
			return said(t)
		}
	}
	return ""
}

// busAddress turns "00000000:18:00.0", in either case, into the kernel's
// "0000:18:00.0"; "" when it is no address.
func busAddress(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) == len("00000000:18:00.0") && strings.HasPrefix(text, "0000") {
		text = text[4:]
	}
	if !pciAddress.MatchString(text) {
		return ""
	}
	return text
}

var swapped = regexp.MustCompile(`^(?:0x)?([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})$`)

// swappedID turns "233010DE", device before vendor, into "10de:2330".
func swappedID(text string) string {
	parts := swapped.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil || parts[1]+parts[2] == "00000000" {
		return ""
	}
	return strings.ToLower(parts[2] + ":" + parts[1])
}

func smallNumber(text string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 20)
	if err != nil {
		return -1
	}
	return int(n)
}

// mebibytes reads "81559 MiB" as bytes; 0 is not said.
func mebibytes(text string) uint64 {
	number, ok := strings.CutSuffix(strings.TrimSpace(text), " MiB")
	n, err := strconv.ParseUint(number, 10, 40)
	if err != nil || !ok {
		return 0
	}
	return n << 20
}

var (
	listedGPU   = regexp.MustCompile(`^GPU \d+: .*\(UUID: (GPU-[0-9a-f-]+)\)$`)
	listedSlice = regexp.MustCompile(`^\s+MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-[0-9A-Za-z/-]+)\)$`)
)

// parseListing reads `nvidia-smi -L`: the slices by the UUID of their GPU.
func parseListing(listing []byte) map[string][]ReportedSlice {
	slices, gpu := map[string][]ReportedSlice{}, ""
	for line := range strings.Lines(string(listing)) {
		line = strings.TrimRight(line, "\r\n")
		if m := listedGPU.FindStringSubmatch(line); m != nil {
			gpu = m[1]
		} else if m := listedSlice.FindStringSubmatch(line); m != nil && gpu != "" && len(slices[gpu]) < maxSlices {
			slices[gpu] = append(slices[gpu], ReportedSlice{UUID: m[2], Profile: m[1]})
		}
	}
	return slices
}

var sliceProfile = regexp.MustCompile(`^(?:([1-7])c\.)?([1-7])g\.\d+gb(?:[+-]\S+)?$`)

var ccStatus = regexp.MustCompile(`(?m)^\s*CC status:\s*(ON|OFF)\s*$`)

// ParseConfidential reads what "nvidia-smi conf-compute -f" prints (NVIDIA's
// deployment guide for confidential computing): on, off, or "" for anything else.
// Untested on hardware.
func ParseConfidential(output []byte) string {
	if m := ccStatus.FindSubmatch(output); m != nil {
		return strings.ToLower(string(m[1]))
	}
	return ""
}

// profileShare is the compute share that a profile's name states: "3g.40gb" is
// three compute slices, "1c.3g.40gb" one of those three; of seven, and of four
// on the A30 and the RTX PRO 6000 (NVIDIA MIG user guide, "Supported MIG
// profiles"). 0 of 0 where the name or the GPU is not known.
func profileShare(profile, gpu string) (compute, of uint64) {
	m := sliceProfile.FindStringSubmatch(profile)
	if m == nil {
		return 0, 0
	}
	compute = uint64(m[2][0] - '0')
	if m[1] != "" {
		compute = min(compute, uint64(m[1][0]-'0'))
	}
	switch of = wholeSlices(gpu); {
	case of == 0 || compute > of:
		return 0, 0
	}
	return compute, of
}

func wholeSlices(gpu string) uint64 {
	for _, word := range strings.FieldsFunc(gpu, func(r rune) bool { return r == ' ' || r == '-' }) {
		switch word {
		case "A100", "A800", "H100", "H800", "H20", "H200", "GH200", "B200", "B300", "GB200", "GB300":
			return 7
		case "A30":
			return 4
		}
	}
	if strings.Contains(gpu, "RTX PRO 6000 Blackwell") {
		return 4
	}
	return 0
}
