package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest/verify"
)

// checkFlags say whose statements in an auditor's file are believed.
type checkFlags struct {
	keys       []string
	identities identityFlags
	set        *pflag.FlagSet
}

func (f *checkFlags) add(flags *pflag.FlagSet) {
	f.set = pflag.NewFlagSet("check", pflag.ContinueOnError)
	f.set.StringArrayVar(&f.keys, "key", nil, "for an auditor's file: a public key (PEM `FILE`) whose statements in it are believed; repeatable")
	f.identities.add(f.set)
	flags.AddFlagSet(f.set)
}

// given reports whether any of the flags was used.
func (f checkFlags) given() bool {
	given := false
	f.set.VisitAll(func(flag *pflag.Flag) { given = given || flag.Changed })
	return given
}

// policy is whom the flags name; it trusts nobody where they name nobody. now is the
// time as of which certificates are judged.
func (f checkFlags) policy(now time.Time) (verify.Policy, error) {
	p := verify.Policy{Now: now}
	err := f.identities.check(false)
	if err != nil {
		return p, err
	}
	if p.Keys, err = readPublicKeys("--key", f.keys); err != nil {
		return p, err
	}
	if err = f.identities.policy(&p); err != nil {
		return p, err
	}
	if f.given() && len(p.Keys)+len(p.Identities) == 0 {
		return p, usage("--key FILE or --identity is required beside what says whom to believe about times: without somebody that you trust, no signature means anything")
	}
	return p, nil
}
