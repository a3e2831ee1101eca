package quota

import (
	"fmt"
	"math/big"
	"regexp"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/provenance"
)

// Document is what is asked about: shipments of hardware and the fleets that
// exist. An absent list is unknown, an empty one is none.
type Document struct {
	AsOf       string        `json:"as_of,omitzero"`      // the day; shipments after it do not count yet
	Assurances []fdp.Country `json:"assurances,omitzero"` // countries that have given government assurances
	Shipments  []Shipment    `json:"shipments,omitzero"`
	Fleet      []Holding     `json:"fleet,omitzero"`

	places fdp.Places
}

// Shipment is one line of what was exported, reexported or transferred. Lines
// with the same reference are one shipment.
type Shipment struct {
	Reference         string      `json:"reference,omitzero"`                         // of the licence, invoice or consignment
	UltimateConsignee string      `json:"ultimate_consignee,omitzero" required:"yes"` // by name
	Headquarters      fdp.Country `json:"headquarters,omitzero"`                      // of the ultimate consignee
	UltimateParent    fdp.Country `json:"ultimate_parent,omitzero"`                   // where its ultimate parent has its headquarters
	Operator          string      `json:"operator,omitzero"`                          // toward whose LPP limit it goes, when not the consignee's: 740.29(a)
	Destination       fdp.Country `json:"destination,omitzero" required:"yes"`
	Date              string      `json:"date,omitzero" required:"yes"`
	Authority         string      `json:"authority,omitzero" required:"yes" oneof:"licence|LPP|AIA|NVEU|UVEU|ACM|NAC|ACA"`
	Product           string      `json:"product,omitzero" required:"yes"`
	Count             int         `json:"count,omitzero" required:"yes"`
	TPP               string      `json:"tpp,omitzero"`                                       // of one, for what the catalogue does not hold
	ECCN              string      `json:"eccn,omitzero" oneof:"3A090.a|3A090.b|4A090.a|none"` // stated with tpp

	day time.Time
}

// Holding is one line of what an entity owns on the day.
type Holding struct {
	Entity       string      `json:"entity,omitzero" required:"yes"`
	Group        string      `json:"group,omitzero"` // its ultimate parent by name, whose subsidiaries are added up; the entity itself when absent
	Headquarters fdp.Country `json:"headquarters,omitzero"`
	Location     fdp.Country `json:"location,omitzero" required:"yes"`
	Product      string      `json:"product,omitzero" required:"yes"`
	Count        int         `json:"count,omitzero" required:"yes"`
	TPP          string      `json:"tpp,omitzero"`
	ECCN         string      `json:"eccn,omitzero" oneof:"3A090.a|3A090.b|4A090.a|none"`
}

// Parse reads a document, YAML or JSON, strictly. The error has file, line and
// column. catalogue says which products need no figures.
func Parse(data []byte, name string, catalogue *provenance.Catalogue) (Document, error) {
	var d Document
	places, err := fdp.DecodeDocument(data, name, &d)
	if err != nil {
		return d, err
	}
	d.places = places
	if d.AsOf != "" {
		if _, err := fdp.ParseDate(d.AsOf); err != nil {
			return d, places.Errorf("as_of", "as_of: %v", err)
		}
	}
	if err := d.checkNames(); err != nil {
		return d, err
	}
	seen := map[Shipment]int{}
	for i := range d.Shipments {
		if err := d.checkShipment(i, seen, catalogue); err != nil {
			return d, err
		}
	}
	for i, h := range d.Fleet {
		if err := d.checkItem(fmt.Sprintf("fleet[%d]", i), item{h.Product, h.Count, h.TPP, h.ECCN}, catalogue); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (d *Document) checkShipment(i int, seen map[Shipment]int, catalogue *provenance.Catalogue) error {
	s, at := &d.Shipments[i], fmt.Sprintf("shipments[%d]", i)
	var err error
	if s.day, err = fdp.ParseDate(s.Date); err != nil {
		return d.places.Errorf(at+".date", "%s.date: %v", at, err)
	}
	if first, again := seen[*s]; again {
		return d.places.Errorf(at, "%s is the same as shipments[%d] in every field: one line entered twice counts twice; take it out, or give each shipment its reference", at, first)
	}
	seen[*s] = i
	if s.Operator != "" && s.Authority != "LPP" {
		return d.places.Errorf(at+".operator", "%s.operator: only TPP under LPP is applied toward another entity's limit (15 CFR 740.29(a)), not under %s", at, s.Authority)
	}
	return d.checkItem(at, item{s.Product, s.Count, s.TPP, s.ECCN}, catalogue)
}

// item is so many of one product.
type item struct {
	product   string
	count     int
	tpp, eccn string
}

// maxCount bounds the circuits of one line: more than were ever made.
const maxCount = 1_000_000_000

var plainNumber = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,9})?$`)

func (d *Document) checkItem(at string, x item, catalogue *provenance.Catalogue) error {
	if x.count < 1 || x.count > maxCount {
		return d.places.Errorf(at+".count", "%s.count: found %d, expected 1 to %d", at, x.count, maxCount)
	}
	if (x.tpp == "") != (x.eccn == "") {
		return d.places.Errorf(at, "%s: tpp and eccn are stated together, or neither", at)
	}
	if x.tpp == "" {
		return nil
	}
	if !plainNumber.MatchString(x.tpp) {
		return d.places.Errorf(at+".tpp", "%s.tpp: found %q, expected a plain number, as in 15832", at, x.tpp)
	}
	if known, err := catalogue.Find(x.product); err == nil {
		return d.places.Errorf(at+".tpp", "%s.tpp: the catalogue has figures for %s; leave tpp and eccn out, or name the product otherwise if it is another one", at, known.Name())
	}
	return nil
}

func (x item) stated() (*big.Rat, bool) {
	if x.tpp == "" {
		return nil, false
	}
	return new(big.Rat).SetString(x.tpp)
}
