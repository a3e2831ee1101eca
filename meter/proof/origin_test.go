package proof

import "testing"

func TestOrigin(t *testing.T) {
	const id = "000102030405060708090a0b0c0d0e0f"
	ledger, name, ok := ParseOrigin(Origin(id, "acme/atlas@1"))
	if ledger != id || name != "acme/atlas@1" || !ok {
		t.Errorf("%q, %q, %v", ledger, name, ok)
	}
	for _, origin := range []string{"", "acme/atlas@1", Origin("", "x"), Origin(id, ""), Origin(id[1:], "x"), Origin("g"+id[1:], "x"), Origin("A"+id[1:], "x"), "x" + Origin(id, "x")} {
		if _, _, ok := ParseOrigin(origin); ok {
			t.Errorf("%q is taken", origin)
		}
	}
}
