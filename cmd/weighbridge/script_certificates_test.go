package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/weighbridge/weighbridge/attest/sign/signtest"
)

// certifyCommand is "certify KEY.pub E-MAIL CERTIFICATE ROOTS [MONTHS]": an authority
// of its own, so many months ago (0 where left out), certifies the key for the
// address, for the half year before and after. ROOTS get its root and the one between.
func certifyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: certify KEY.pub E-MAIL CERTIFICATE ROOTS [MONTHS]")
	}
	at := time.Now()
	if len(args) > 4 {
		months, err := strconv.Atoi(args[4])
		ts.Check(err)
		at = at.AddDate(0, -months, 0)
	}
	authority, err := signtest.NewAuthority(at)
	ts.Check(err)
	block, _ := pem.Decode([]byte(ts.ReadFile(args[0])))
	if block == nil {
		ts.Fatalf("%s is no PEM", args[0])
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	ts.Check(err)
	certificate, err := authority.Issue(key, args[1], nil)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), pemOf(certificate), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), pemOf(authority.Chain()...), 0o644))
}

func pemOf(all ...*x509.Certificate) (text []byte) {
	for _, c := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}
