package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// showEpochs shows the key epochs of the ledger; those that were merged are shown
// to people, and only where it has none of its own as a document.
func (a *app) showEpochs(logs []string) error {
	return a.reading(func(l *ledger.Ledger) error {
		held, err := l.KeyLogs()
		if err != nil {
			return err
		}
		if len(held) == 0 {
			return fmt.Errorf("the ledger has no key epochs yet: begin with `weighbridge key generate --for meter --begin`, or hand over from a key that signs its heads already with `weighbridge key rotate --key OLD --out NEW`")
		}
		heads := headsResult{}
		if err := a.addHeads(&heads, l, logs); err != nil {
			return err
		}
		wanted := func(origin string) bool {
			return slices.ContainsFunc(heads.Heads, func(h headLine) bool { return h.Origin == origin })
		}
		if a.json {
			if own := l.NoteOrigin(epoch.Log); held[0].Origin != own {
				return fmt.Errorf("the ledger has no key epochs of its own: those of %s were merged into it; show them where they were begun", strings.TrimSuffix(held[0].Origin, "/"+epoch.Log))
			}
			document, err := epoch.NewDocument(held[0].Origin, held[0].Notes, wanted)
			if err != nil {
				return err
			}
			data, err := document.Encode()
			if err == nil {
				a.printf("%s", data)
			}
			return err
		}
		epochs, err := readKeyEpochs(l)
		for _, h := range epochs.histories {
			a.printf("%s", epochsText(h, heads))
		}
		return err
	})
}

func epochsText(h epoch.History, heads headsResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "meter keys of %s, %s\n", strings.TrimSuffix(h.Ledger(), "/"), pluralAs(int(h.Size), "entry", "entries"))
	for _, e := range h.Epochs {
		fmt.Fprintf(&b, "epoch %d  %s, began %s by %s\n", e.Number, proof.KeyID(e.Key), e.Time.Format(time.RFC3339), printable(e.Author))
		if r := e.Revoked; r != nil {
			fmt.Fprintf(&b, "  revoked %s by %s: %s\n", r.Time.Format(time.RFC3339), printable(r.Author), printable(r.Reason))
		}
		for _, head := range heads.Heads {
			if strings.HasPrefix(head.Origin, h.Ledger()) {
				fmt.Fprintf(&b, "  %s\n", epochReach(h, e, proof.Head{Origin: head.Origin, Size: head.Size}))
			}
		}
	}
	return b.String()
}

// epochReach says which heads of a log a key is right for.
func epochReach(h epoch.History, e epoch.Epoch, now proof.Head) string {
	from := h.First(e, now.Origin).Size
	name := logModel(now.Origin)
	switch until, ended := h.Last(e, now.Origin); {
	case !ended:
		return fmt.Sprintf("%s: from %s on", name, pluralAs(int(max(from, 1)), "entry", "entries"))
	case until.Size == 0 || until.Size < from:
		return fmt.Sprintf("%s: no head", name)
	default:
		return fmt.Sprintf("%s: up to %s", name, pluralAs(int(until.Size), "entry", "entries"))
	}
}
