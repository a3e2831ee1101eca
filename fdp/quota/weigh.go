package quota

import (
	"math/big"

	"github.com/weighbridge/weighbridge/provenance"
)

// amount is a sum of TPP, from the least to the greatest reading of the
// products' figures; open when something in it could not be weighed.
type amount struct {
	low, high big.Rat
	open      bool
}

func (a *amount) add(b amount) {
	a.low.Add(&a.low, &b.low)
	a.high.Add(&a.high, &b.high)
	a.open = a.open || b.open
}

// alsoPerhaps adds what may or may not count.
func (a *amount) alsoPerhaps(b amount) {
	a.high.Add(&a.high, &b.high)
	a.open = a.open || b.open
}

// weighed is what one line amounts to: TPP of 3A090.a-class circuits.
type weighed struct {
	amount
	outside string // why it does not count whatever the limit: a class other than .a
	unknown string // why it cannot be weighed
}

// weigh applies the catalogue: only 3A090.a-class items count in any limit of
// the framework. A reading under which the class or the TPP would be another one
// widens the range.
func weigh(x item, catalogue *provenance.Catalogue) weighed {
	if tpp, stated := x.stated(); stated {
		if x.eccn != string(provenance.ECCN3A090A) && x.eccn != "4A090.a" {
			return weighed{outside: "stated as " + x.eccn + ", not of 3A090.a"}
		}
		return exactly(tpp, x.count)
	}
	found, err := catalogue.Find(x.product)
	if err != nil {
		return weighed{unknown: err.Error(), amount: amount{open: true}}
	}
	c := found.Classify()
	readings := []provenance.Alternative{{ECCN: c.ECCN, TPP: c.TPP}}
	for _, other := range c.Alternatives {
		if !other.TPP.Known() {
			other.TPP = c.TPP
		}
		readings = append(readings, other)
	}
	return overReadings(found.Name(), readings, x.count)
}

func exactly(tpp *big.Rat, count int) weighed {
	var w weighed
	w.low.Mul(tpp, new(big.Rat).SetInt64(int64(count)))
	w.high.Set(&w.low)
	return w
}

func overReadings(product string, readings []provenance.Alternative, count int) weighed {
	var w weighed
	counts := false
	for i, r := range readings {
		if r.ECCN == provenance.Undetermined || r.ECCN == provenance.ECCN3A090A && !r.TPP.Known() {
			return weighed{unknown: "the class of " + product + " is undetermined: state its tpp and eccn under the name its maker gives it", amount: amount{open: true}}
		}
		one := new(big.Rat)
		if r.ECCN == provenance.ECCN3A090A {
			one, counts = r.TPP.Rat(), true
		}
		one.Mul(one, new(big.Rat).SetInt64(int64(count)))
		if i == 0 || one.Cmp(&w.low) < 0 {
			w.low.Set(one)
		}
		if one.Cmp(&w.high) > 0 {
			w.high.Set(one)
		}
	}
	if !counts {
		w.outside = product + " is " + string(readings[0].ECCN) + " under 3A090, not .a"
	}
	return w
}
