package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// deliveryStep is one step as show and the commands that make one print it.
type deliveryStep struct {
	Index    uint64           `json:"index"`
	What     string           `json:"what"`
	Author   string           `json:"author"`
	Time     time.Time        `json:"time"`
	Evidence []meter.Evidence `json:"evidence"`
	Step     delivery.Step    `json:"step"`
}

type deliveryResult struct {
	Schema    string              `json:"schema"`
	ID        string              `json:"id"`
	Customer  string              `json:"customer"`
	Model     meter.ModelRef      `json:"model,omitempty"`
	State     delivery.State      `json:"state"`
	Again     bool                `json:"decide_again"`      // facts or rules changed since the decision that the state rests on
	Changes   *delivery.Changes   `json:"changes"`           // what is otherwise than it was decided; null: nothing, or it cannot be decided now
	Trouble   string              `json:"trouble,omitempty"` // why it cannot be decided now
	Origin    string              `json:"origin"`            // of its log: another ledger's when it was merged
	Steps     []deliveryStep      `json:"steps"`
	Questions []fdp.DeskQuestion  `json:"questions"`          // as the facts answer them now
	Signers   []string            `json:"signers"`            // keys of a release: preparer, approver
	Stated    []delivery.Stated   `json:"stated"`             // by the delivery; the records of the model say the rest
	Weights   string              `json:"weights,omitempty"`  // OMS root of those that are handed over
	RestsOn   []delivery.Unstated `json:"rests_on,omitempty"` // of the last decision, a release: what nobody stated and could turn it round

	reasons []string // why it has to be decided again, in words
}

func (a *app) deliveryShowCommand() *cobra.Command {
	var letter, notes string
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Everything that was done in a delivery, and the questions that are open",
		Long: `Show prints what is stated in a delivery, every step with who and when, its decisions, and the questions that nobody has answered.
--release-note FILE writes the signed release note, one bundle per signer and line; both signatures are verified first. The last decision is made again on
what is known now, under the rules as they are now, without keeping anything: where it comes out otherwise that is said, and no release
note is written. --letter FILE drafts the letter that informs
the customer, from the last decision.

` + exitCodes,
		Example: "  weighbridge delivery show gulf-compute-1\n  weighbridge delivery show gulf-compute-1 --release-note release.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withHistory(func(h *history) error { return a.showDelivery(h, args[0], letter, notes) })
		},
	}
	cmd.Flags().StringVar(&notes, "release-note", "", "write the signed release note to `FILE`; it must not exist")
	cmd.Flags().StringVar(&letter, "letter", "", "write the letter to the customer to `FILE`; it must not exist")
	a.rulesFlag(cmd)
	return cmd
}

func (a *app) showDelivery(h *history, id, letter, notes string) error {
	if err := delivery.ValidID(id); err != nil {
		return usage("%w", err)
	}
	var found map[string]delivery.Delivery
	if h.ledger != nil {
		var err error
		if found, err = deliveriesIn(h.ledger, deliveryLogs+id); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("delivery %s: not in this ledger; delivery list shows those that are", id)
	}
	for _, origin := range sortedKeys(found) {
		d := found[origin]
		now, err := a.stands(h, d)
		if err != nil {
			return err
		}
		if notes != "" {
			if err := writeReleaseNote(h.ledger, d, now, notes); err != nil {
				return err
			}
		}
		if letter != "" {
			if err := writeLetter(h.ledger, d, now, letter); err != nil {
				return err
			}
		}
		result, err := a.deliveryResult(d, origin, now)
		if err != nil {
			return err
		}
		if a.json {
			err = a.printJSON(result)
		} else {
			a.printf("%s", result)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeReleaseNote verifies both signatures, over the same bytes, and writes them,
// where the release would be decided again as it was.
func writeReleaseNote(l *ledger.Ledger, d delivery.Delivery, now standsNow, path string) error {
	if d.Release == nil {
		return fmt.Errorf("delivery %s: it was never released: there is no release note", d.ID)
	}
	if err := stale(d, now); err != nil {
		return err
	}
	approved := d.Release.Step.Approved
	prepared := d.Entries[approved.Decided].Step.Decided.Signature
	note, one, err := openedNote(l, *prepared)
	if err != nil {
		return err
	}
	if made := day(d.Entries[approved.Decided].Time); note.AsOf != made {
		return fmt.Errorf("delivery %s: its release was decided on %s as of %s, which is a what-if: decide it again, and have it approved", d.ID, made, note.AsOf)
	}
	_, two, err := openedNote(l, approved.Signature)
	if err != nil {
		return err
	}
	if !bytes.Equal(one, two) {
		return fmt.Errorf("delivery %s: preparer and approver have signed different notes: nothing was released; see weighbridge check", d.ID)
	}
	var lines bytes.Buffer
	for _, s := range []delivery.Signature{*prepared, approved.Signature} {
		bundle, err := evidenceBytes(l, s.Bundle)
		if err != nil {
			return err
		}
		lines.Write(append(bytes.TrimSpace(bundle), '\n'))
	}
	return writeNew(path, lines.Bytes(), 0o644)
}

// writeLetter drafts the letter from the last decision, where that would be made again
// as it was.
func writeLetter(l *ledger.Ledger, d delivery.Delivery, now standsNow, path string) error {
	if d.Last == nil {
		return fmt.Errorf("delivery %s: nothing was decided yet: decide first, the letter rests on it", d.ID)
	}
	if now.again {
		return fmt.Errorf("delivery %s: what its last decision rests on has changed since, and the letter would say what was: decide it again (weighbridge delivery decide %s --author WHO --letter FILE)\n  %s",
			d.ID, d.ID, strings.Join(now.reasons(), "\n  "))
	}
	facts, err := decidedFacts(l, *d.Last)
	if err != nil {
		return err
	}
	return writeNew(path, []byte(delivery.Letter(d.Last.Step.Decided.Decision, facts)), 0o644)
}

func (a *app) deliveryResult(d delivery.Delivery, origin string, now standsNow) (deliveryResult, error) {
	r := deliveryResult{Schema: "weighbridge.dev/delivery/v1", ID: d.ID, Customer: d.Opened.Customer, Model: d.Opened.Model, State: d.State, Again: now.again, Changes: now.changes, Trouble: now.trouble, reasons: now.reasons(), Origin: origin,
		Steps: []deliveryStep{}, Questions: []fdp.DeskQuestion{}, Signers: []string{}}
	for _, e := range d.Entries {
		r.Steps = append(r.Steps, deliveryStep{e.Index, stepText(e.Step), e.Author, e.Time, append([]meter.Evidence{}, e.Evidence...), e.Step})
	}
	r.Weights = d.Opened.Weights
	if d.Last != nil {
		r.RestsOn = d.Last.Step.Decided.Decision.RestsOn
	}
	var err error
	if r.Stated, err = d.Stated(); err != nil {
		return r, err
	}
	if d.Release != nil {
		approved := d.Release.Step.Approved
		r.Signers = append(r.Signers, d.Entries[approved.Decided].Step.Decided.Signature.Key, approved.Signature.Key)
	}
	q, err := a.deskQuestion(deliveryDecideFlags{standing: "codified"})
	if err != nil {
		return r, err
	}
	facts, err := d.Join(nil)
	if err != nil {
		return r, err
	}
	desks, err := fdp.EvaluateDesk(q.rules, q.catalogue, facts, q.question)
	for _, one := range desks {
		for _, question := range one.Questions {
			if !slices.ContainsFunc(r.Questions, func(have fdp.DeskQuestion) bool { return have.Fact == question.Fact }) {
				r.Questions = append(r.Questions, question)
			}
		}
	}
	return r, err
}

// stepText says in a line what a step did.
func stepText(s delivery.Step) string {
	switch {
	case s.Opened != nil:
		text := "opened for " + s.Opened.Customer
		if s.Opened.Plan != nil {
			text += fmt.Sprintf("; a plan of %s %s", s.Opened.Plan.Operations.String(), s.Opened.Plan.Activity)
		}
		return text
	case s.Answered != nil:
		var answers []string
		for _, one := range s.Answered.Answers {
			answers = append(answers, fmt.Sprintf("%s = %s", one.Path, one.Value))
		}
		return fmt.Sprintf("answered %s (%s)", strings.Join(answers, ", "), s.Answered.Source)
	case s.Decided != nil:
		d := s.Decided.Decision
		text := fmt.Sprintf("decided %s under %s (codified %s, due %s, enforced %s)", d.Decision, d.Standing, d.ByStanding.Codified, d.ByStanding.Due, d.ByStanding.Enforced)
		if s.Decided.Signature != nil {
			text += "; prepared by key " + s.Decided.Signature.Key
		}
		return text
	case s.Approved != nil:
		return fmt.Sprintf("approved step %d; by key %s", s.Approved.Decided, s.Approved.Signature.Key)
	}
	return "withdrawn: " + s.Withdrawn.Reason
}

func (r deliveryResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.ID, againText(strings.ToUpper(string(r.State)), r.Again))
	if r.Again {
		fmt.Fprintf(&b, "  changed since it was decided: weighbridge delivery decide %s --author WHO\n", r.ID)
		for _, line := range r.reasons {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	fmt.Fprintf(&b, "  customer  %s\n", printable(r.Customer))
	if r.Model != "" {
		fmt.Fprintf(&b, "  model     %s\n", r.Model)
	}
	for i, signer := range r.Signers {
		fmt.Fprintf(&b, "  %-8s  %s\n", []string{"prepared", "approved"}[i], signer)
	}
	r.writeStated(&b)
	b.WriteString("steps\n")
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "  %d  %s  %s  %s\n", s.Index, s.Time.Format(time.RFC3339), printable(s.Author), printable(s.What))
		for _, e := range s.Evidence {
			fmt.Fprintf(&b, "       %s %s, %d bytes\n", e.Kind, e.Digest, e.Size)
		}
	}
	writeRestsOn(&b, r.RestsOn)
	writeQuestions(&b, r.Questions)
	return b.String()
}

// writeStated shows what is known, so that who approves sees what is approved.
func (r deliveryResult) writeStated(b *strings.Builder) {
	if r.Weights != "" {
		fmt.Fprintf(b, "  weights   %s\n", r.Weights)
	}
	b.WriteString("stated\n")
	for _, one := range r.Stated {
		fmt.Fprintf(b, "  %-36s %s\n", printable(one.Path), printable(one.Value))
	}
	if len(r.Stated) == 0 {
		b.WriteString("  nothing\n")
	}
	if r.Model != "" {
		fmt.Fprintf(b, "  and what the ledger's records say: weighbridge trace %s\n", r.Model)
	}
}

// againText is a state, with a mark where it rests on facts that have changed.
func againText(state string, again bool) string {
	if again {
		return state + ", to be decided again"
	}
	return state
}

// writeQuestions lists what nobody has answered.
func writeQuestions(b *strings.Builder, questions []fdp.DeskQuestion) {
	open := openQuestions(questions)
	if len(open) == 0 {
		return
	}
	b.WriteString("to be asked, and not answered here\n")
	for _, q := range open {
		fmt.Fprintf(b, "  %-36s the %s: %s  [%s]\n", q.Fact, q.Of, q.Question, q.Cite)
	}
}

// showStep prints a delivery after a step was added. That it was added is said also
// where the rest cannot be.
func (a *app) showStep(d delivery.Delivery, did string, _ time.Time) error {
	var result deliveryResult
	err := a.withHistory(func(h *history) error {
		now, err := a.stands(h, d)
		if err != nil {
			return err
		}
		result, err = a.deliveryResult(d, "", now)
		return err
	})
	if err != nil {
		return fmt.Errorf("delivery %s: %s, and the step is kept: do not do it again; what follows from it cannot be shown: %w", d.ID, did, err)
	}
	if a.json {
		return a.printJSON(result)
	}
	last := result.Steps[len(result.Steps)-1]
	a.printf("%s: %s, step %d: %s\n  state     %s\n", d.ID, did, last.Index, printable(last.What), againText(string(d.State), result.Again))
	a.printf("%s", result.asked(did == "opened"))
	return nil
}

// asked lists the questions that are open or, where they were listed before, says how many.
func (r deliveryResult) asked(all bool) string {
	var b strings.Builder
	open := openQuestions(r.Questions)
	switch {
	case all:
		writeQuestions(&b, r.Questions)
	case len(open) > 0:
		fmt.Fprintf(&b, "  open      %d questions: weighbridge delivery show %s lists them\n", len(open), r.ID)
	}
	return b.String()
}

func openQuestions(questions []fdp.DeskQuestion) []fdp.DeskQuestion {
	return slices.DeleteFunc(slices.Clone(questions), func(q fdp.DeskQuestion) bool { return q.Answer != "" })
}
