package main

import (
	"testing"

	"github.com/weighbridge/weighbridge/attest"
)

// TestStatementWithoutLog: of a statement that names no log it is said that nothing of it
// was compared.
func TestStatementWithoutLog(t *testing.T) {
	var r auditResult
	var s auditStatement
	r.compare("claims.jsonl", &s, attest.TrainingCompute{Model: "acme/atlas@1"}, nil)
	if got := s.outcome(); s.Compared || s.HeadCompared || got != ": nothing of it was compared: it names no log" {
		t.Errorf("%q %+v", got, s)
	}
}
