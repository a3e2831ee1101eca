package bom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

// PredicateType is that of an in-toto statement with such a document.
const PredicateType = attest.TypeBOM

// prefix begins the names of properties (CycloneDX property taxonomy: a namespace
// of one's own). SPEC.md lists them.
const prefix = "weighbridge:"

// Options say what a document is made from. Compute must be a statement of training
// compute; Hardware may be the zero value.
type Options struct {
	Compute  attest.Statement
	Hardware attest.Statement
	PURLs    map[meter.ModelRef]string // package URLs of models of the lineage; see ValidPURL
}

// Make returns the document, as JSON without white space. The same statements give the
// same bytes.
func Make(o Options) ([]byte, error) {
	c := o.Compute.TrainingCompute
	if c == nil {
		return nil, fmt.Errorf("bom: expected a statement of training compute, found one of type %q", o.Compute.PredicateType)
	}
	for m, purl := range o.PURLs {
		if err := ValidPURL(purl); err != nil {
			return nil, fmt.Errorf("bom: package URL of %s: %w", m, err)
		}
	}
	b := cdx.NewBOM()
	model := o.model(c.Lineage.Models[0], "lineage.models[0]")
	model.Pedigree = o.pedigree()
	model.ModelCard = card(*c)
	model.Properties = joined(model.Properties, weights(c.Weights), period(c.Period), convention(c.Convention), methods(c.Methods))
	b.Metadata = &cdx.Metadata{Timestamp: c.CreatedAt.Format(time.RFC3339), Component: &model,
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: c.Tool.Name, Version: c.Tool.Version}}}}
	components := append(files(c.Weights), o.devices()...)
	b.Components = &components
	b.Dependencies = dependencies(model.BOMRef, components)
	return encode(b)
}

// model is one model of the lineage, with the operations of its own work.
func (o Options) model(m attest.LineageModel, path string) cdx.Component {
	out := o.named(m.Model)
	properties := []cdx.Property{}
	for i, w := range m.Work {
		name := fmt.Sprintf("%swork:%d:", prefix, i)
		add := func(field, value string) {
			properties = append(properties, cdx.Property{Name: name + field, Value: value})
		}
		add("activity", string(w.Activity))
		add("weights", w.Weights)
		if w.Generator != "" {
			add("generator", string(w.Generator))
		}
		if w.Grade != "" {
			add("grade", string(w.Grade))
		}
		at := fmt.Sprintf("%s.work[%d].", path, i)
		if !o.Compute.Disclosed.Hides(at+"operations") || !w.Low.IsZero() {
			add("operations:low", w.Low.String())
		}
		if w.Estimate.Known {
			add("operations:estimate", w.Estimate.Ops.String())
		}
		if w.High.Known {
			add("operations:high", w.High.Ops.String())
		}
		if !o.Compute.Disclosed.Hides(at + "records") {
			add("records", strconv.FormatUint(w.Records, 10))
		}
	}
	out.Properties = &properties
	return out
}

// named is a model by its parts, with the package URL that was given for it.
func (o Options) named(m meter.ModelRef) cdx.Component {
	group, rest, _ := strings.Cut(string(m), "/")
	name, version, _ := strings.Cut(rest, "@")
	return cdx.Component{Type: cdx.ComponentTypeMachineLearningModel, BOMRef: "model:" + string(m), Group: group, Name: name, Version: version, PackageURL: o.PURLs[m]}
}

// pedigree holds every known ancestor, and those of which nothing is known.
func (o Options) pedigree() *cdx.Pedigree {
	c := o.Compute.TrainingCompute
	var ancestors []cdx.Component
	var notes []string
	for i, m := range c.Lineage.Models {
		if i > 0 {
			ancestors = append(ancestors, o.model(m, fmt.Sprintf("lineage.models[%d]", i)))
		}
		for _, p := range m.Parents {
			line := fmt.Sprintf("%s %s %s", m.Model, p.Relation, p.Model)
			if p.Input != "" {
				line += " (weights " + p.Input + ")"
			}
			notes = append(notes, line)
		}
	}
	for _, m := range c.Lineage.Missing {
		unknown := o.named(m)
		unknown.Properties = &[]cdx.Property{{Name: prefix + "recorded", Value: "nothing"}}
		ancestors = append(ancestors, unknown)
	}
	if len(ancestors) == 0 {
		return nil
	}
	return &cdx.Pedigree{Ancestors: &ancestors, Notes: strings.Join(notes, "\n")}
}

// card says what the attestation cannot, and what was found.
func card(c attest.TrainingCompute) *cdx.MLModelCard {
	limits := []string{c.Completeness}
	for _, f := range c.Findings {
		limits = append(limits, f.Code+": "+f.Message)
	}
	return &cdx.MLModelCard{Considerations: &cdx.MLModelCardConsiderations{TechnicalLimitations: &limits}}
}

func weights(w attest.Weights) []cdx.Property {
	return []cdx.Property{{Name: prefix + "weights:oms-root", Value: w.Root}, {Name: prefix + "weights:names-digest", Value: w.NamesDigest},
		{Name: prefix + "weights:files", Value: strconv.FormatUint(w.Count, 10)}, {Name: prefix + "weights:bytes", Value: strconv.FormatInt(w.Bytes, 10)}}
}

func period(p *meter.Period) []cdx.Property {
	if p == nil {
		return nil
	}
	return []cdx.Property{{Name: prefix + "period", Value: p.Start.Format(time.RFC3339) + "/" + p.End.Format(time.RFC3339)}}
}

func convention(c attest.Convention) []cdx.Property {
	return []cdx.Property{{Name: prefix + "convention", Value: meter.Convention(c).String()}}
}

func methods(methods []meter.Method) []cdx.Property {
	var out []cdx.Property
	for _, m := range methods {
		out = append(out, cdx.Property{Name: prefix + "method", Value: string(m)})
	}
	return out
}

func joined(first *[]cdx.Property, more ...[]cdx.Property) *[]cdx.Property {
	out := *first
	for _, m := range more {
		out = append(out, m...)
	}
	return &out
}

// files are the files of the weights, as far as the statement lists them.
func files(w attest.Weights) []cdx.Component {
	var out []cdx.Component
	for _, f := range w.Files {
		out = append(out, cdx.Component{Type: cdx.ComponentTypeFile, BOMRef: "file:" + f.Name, Name: f.Name,
			Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: strings.TrimPrefix(f.Digest, "sha256:")}},
			Properties: &[]cdx.Property{{Name: prefix + "bytes", Value: strconv.FormatInt(f.Size, 10)}}})
	}
	return out
}

// devices are the kinds of accelerator that worked on the lineage.
func (o Options) devices() []cdx.Component {
	if o.Hardware.Hardware == nil {
		return nil
	}
	var out []cdx.Component
	for i, d := range o.Hardware.Hardware.Devices {
		properties := []cdx.Property{{Name: prefix + "grade", Value: string(d.Grade)}, {Name: prefix + "eccn", Value: d.ECCN}}
		for _, p := range []cdx.Property{{Name: prefix + "pci", Value: d.PCI}, {Name: prefix + "tpp", Value: d.TPP},
			{Name: prefix + "performance-density", Value: d.PD}, {Name: prefix + "clause", Value: d.Clause}} {
			if p.Value != "" {
				properties = append(properties, p)
			}
		}
		if !o.Hardware.Disclosed.Hides(fmt.Sprintf("devices[%d].count", i)) {
			properties = append(properties, cdx.Property{Name: prefix + "count", Value: strconv.FormatUint(d.Count, 10)})
		}
		out = append(out, cdx.Component{Type: cdx.ComponentTypeDevice, BOMRef: fmt.Sprintf("device:%d", i), Name: d.Product, Properties: &properties})
	}
	return out
}

func dependencies(model string, components []cdx.Component) *[]cdx.Dependency {
	var on []string
	for _, c := range components {
		if c.Type == cdx.ComponentTypeFile {
			on = append(on, c.BOMRef)
		}
	}
	return &[]cdx.Dependency{{Ref: model, Dependencies: &on}}
}

// encode gives the document a serial number that follows from its contents (a UUID
// of version 8, RFC 9562, section 5.8), so that no two documents share one.
func encode(b *cdx.BOM) ([]byte, error) {
	data, err := compact(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	id := hex.EncodeToString(sum[:16])
	b.SerialNumber = "urn:uuid:" + id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
	return compact(b)
}

func compact(b *cdx.BOM) ([]byte, error) {
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetEscapeHTML(false).EncodeVersion(b, cdx.SpecVersion1_7); err != nil {
		return nil, fmt.Errorf("bom: %w", err)
	}
	var small bytes.Buffer
	err := json.Compact(&small, out.Bytes())
	return small.Bytes(), err
}
