package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/audit"
	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// epochsName begins the name of a document of key epochs in an auditor's file.
const epochsName = "epochs-"

// auditEpochs are the meter keys of one ledger, as a document in the file has them.
type auditEpochs struct {
	Ledger string   `json:"ledger"`
	Keys   []string `json:"keys"` // ids, by epoch
}

// epochDocuments are the key epochs of the ledgers that wrote the logs of models,
// with the heads of these logs alone.
func epochDocuments(l *ledger.Ledger, models []meter.ModelRef) ([]audit.Further, error) {
	shown := map[string]bool{}
	for _, m := range models {
		heads, err := l.Heads(m)
		if err != nil {
			return nil, err
		}
		for _, head := range heads {
			shown[head.Origin] = true
		}
	}
	logs, err := l.KeyLogs()
	if err != nil {
		return nil, err
	}
	var all []audit.Further
	for _, log := range logs {
		id, _, _ := proof.ParseOrigin(log.Origin)
		wrote := false
		for origin := range shown {
			by, _, _ := proof.ParseOrigin(origin)
			wrote = wrote || by == id
		}
		if !wrote {
			continue
		}
		document, err := epoch.NewDocument(log.Origin, log.Notes, func(origin string) bool { return shown[origin] })
		if err != nil {
			return nil, err
		}
		data, err := document.Encode()
		if err != nil {
			return nil, err
		}
		all = append(all, audit.Further{Kind: audit.KindKeys, Name: epochsName + id + ".json", Data: data})
	}
	return all, nil
}

// epochs holds a document of key epochs to meter/epoch/SPEC.md, and the heads that it
// names to the logs in the file.
func (r *auditResult) epochs(f audit.Further) {
	_, history, err := epoch.ParseDocument(f.Data)
	if err != nil {
		r.Add("epochs-differ", f.Name, err.Error())
		return
	}
	sizes := map[string]uint64{}
	for _, log := range r.Logs {
		sizes[log.Origin] = log.Size
	}
	history.Boundaries(func(index uint64, named proof.Head) {
		size, there := sizes[named.Origin]
		head, had := r.Head(named.Origin, named.Size)
		switch {
		case !there:
		case !had:
			r.Add("epochs-differ", f.Name, fmt.Sprintf("step %d names %d entries of %s, the file has %d: entries are missing", index, named.Size, named.Origin, size))
		case head != named:
			r.Add("epochs-differ", f.Name, fmt.Sprintf("step %d names the root %x of %d entries of %s, the entries give %x: a fork", index, named.Root, named.Size, named.Origin, head.Root))
		}
	})
	found := auditEpochs{Ledger: strings.TrimSuffix(history.Ledger(), "/")}
	for _, e := range history.Epochs {
		found.Keys = append(found.Keys, proof.KeyID(e.Key))
	}
	r.Epochs = append(r.Epochs, found)
}

// String is a line for people.
func (e auditEpochs) String() string {
	return fmt.Sprintf("%s of %s, the newest by %s", plural(len(e.Keys), "epoch"), e.Ledger, e.Keys[len(e.Keys)-1])
}
