// Package policy reads a recipient's policy file: which signers are trusted for
// which models, which statements must be there, how many of whom must have signed
// them, how high a verdict may be and how far the claims must be trustworthy.
//
// SPEC.md beside this file documents the format. The first rule whose patterns
// match decides alone; a model that no rule matches is refused, because absence is
// never a pass. The package reads no file, no clock and no network: the caller
// gives the document and the means to read the key files that it names.
package policy
