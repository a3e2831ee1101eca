// Package delivery is the desk of a provider who gives a computing service to a
// customer: may these weights be trained for it, or handed to it (Red Flag 28)?
//
// A delivery is a fold over an append-only list of steps: it was opened, facts
// were answered, it was decided, a release was approved, it was withdrawn. Each
// step says who did it, when, and on what evidence; [Fold] accepts only the
// order that SPEC.md gives. A decision stays when a later one says otherwise, and
// [Compare] shows what changed between the two.
//
// The package is pure. It keeps nothing and reads no clock: whoever keeps the
// steps gives them as [Entry] values. A decision is a function of rules, facts,
// question and standing ([Decide]), and is recomputed from what is kept.
package delivery
